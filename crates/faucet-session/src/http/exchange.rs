//! One request and its answer on one connection.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use faucet_connect::{Io, StepLog, USER_AGENT};
use http::Request;
use http::header::{self, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::http::answer::HttpAnswer;
use crate::http::call::{HttpCall, is_reserved};
use crate::http::failed::{HttpFailed, HttpPhase};

/// The longest headers of an answer.
const LONGEST_HEAD: usize = 64 * 1024;
/// The longest body of an answer.
const LONGEST_BODY: usize = 1024 * 1024;

/// Sends the call on a stream of its own and reads the answer. Cancel safe: the stream ends with it.
pub(super) async fn exchange(
    io: Box<dyn Io>,
    call: &HttpCall,
    log: &mut StepLog,
) -> Result<HttpAnswer, HttpFailed> {
    log.begin("request");
    let failed = |error| HttpFailed::of_hyper(HttpPhase::Head, &error);
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(io)).await.map_err(failed)?;
    let request = request(call);
    let mut answering = pin!(async {
        let response = sender.send_request(request).await.map_err(failed)?;
        log.begin("body");
        answer(response).await
    });
    tokio::select! {
        answered = &mut answering => answered,
        // The library hands the reason of the end to the one who waits for the answer.
        _ = connection => answering.await,
    }
}

fn request(call: &HttpCall) -> Request<Full<Bytes>> {
    let body = call.body.clone();
    let has_length = body.is_some() || call.method.has_body();
    let body = body.unwrap_or_default();
    let length = HeaderValue::from(body.len());
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = call.method.to_http();
    *request.uri_mut() = call.url.resource().clone();
    let headers = request.headers_mut();
    headers.insert(header::HOST, call.url.host_header().clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    for name in call.headers.keys().filter(|name| !is_reserved(name)) {
        headers.remove(name);
        for value in call.headers.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    // There is one request on a connection.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if has_length {
        headers.insert(header::CONTENT_LENGTH, length);
    }
    request
}

async fn answer(response: http::Response<Incoming>) -> Result<HttpAnswer, HttpFailed> {
    let (head, mut body) = response.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpFailed::of_hyper(HttpPhase::Body, &error))?;
        // Trailers are not asked for.
        let Ok(piece) = frame.into_data() else { continue };
        if bytes.len() + piece.len() > LONGEST_BODY {
            return Err(HttpFailed::BodyTooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(HttpAnswer { status: head.status.as_u16(), headers: head.headers, body: bytes.freeze() })
}
