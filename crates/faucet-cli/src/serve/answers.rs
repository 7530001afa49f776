//! Requests and their answers.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::json;

use crate::serve::desk::{Body, Desk};
use crate::serve::gate::Refusal;
use crate::serve::life::Life;
use crate::serve::metrics::Exposition;

/// The page with its script and style.
const PAGE: &str = include_str!("page.html");

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const EVENTS: &str = "text/event-stream";
const NOWHERE: &str = "there are /, /metrics, /healthz, /readyz and /report\n";

/// The resource at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Metrics,
    Health,
    Ready,
    Report,
    Records,
    Events,
    Page,
    Nowhere,
}

impl Place {
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/metrics" => Self::Metrics,
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/report" => Self::Report,
            "/records" => Self::Records,
            "/events" => Self::Events,
            "/" => Self::Page,
            _ => Self::Nowhere,
        }
    }

    /// Whether the answer says nothing about the run, so that it needs no token.
    fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::Page)
    }
}

/// Answers a request.
pub(crate) fn answer(
    desk: &Desk,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    life: &Life,
) -> Response<Body> {
    let place = Place::of(path);
    if let Err(refusal) = desk.gate.pass(method, headers, place.is_open()) {
        return refused(refusal);
    }
    let board = &desk.board;
    match place {
        Place::Metrics => {
            let format = Exposition::of(headers);
            whole(StatusCode::OK, format.content_type(), board.metrics(format))
        }
        Place::Health => whole(StatusCode::OK, TEXT, "ok\n"),
        Place::Ready => {
            let not_ready = board.not_ready();
            let status = match not_ready.is_empty() {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            };
            let ready = json!({"ready": not_ready.is_empty(), "not_ready": not_ready});
            whole(status, JSON, format!("{ready}\n"))
        }
        Place::Report => match serde_json::to_string_pretty(&board.report()) {
            Ok(report) => whole(StatusCode::OK, JSON, format!("{report}\n")),
            Err(error) => whole(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        },
        Place::Records => whole(StatusCode::OK, JSON, board.records().to_string()),
        Place::Events => match desk.watch(life.clone()) {
            Some(events) => with_headers(StatusCode::OK, EVENTS, events),
            None => whole(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many pages look already\n"),
        },
        Place::Page => page(),
        Place::Nowhere => whole(StatusCode::NOT_FOUND, TEXT, NOWHERE),
    }
}

/// The page. Its own script and style run, and nothing else.
fn page() -> Response<Body> {
    let nonce = RandomState::new().hash_one(PAGE.len());
    let nonce = format!("{nonce:016x}");
    let mut response = whole(StatusCode::OK, HTML, PAGE.replace("{{nonce}}", &nonce));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn refused(refusal: Refusal) -> Response<Body> {
    let mut response = whole(refusal.status(), TEXT, format!("{}\n", refusal.words()));
    if refusal == Refusal::Token {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// An answer that is there at once.
pub(crate) fn whole(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    with_headers(status, content_type, Full::new(body.into()).boxed_unsync())
}

/// An answer with the headers that all have.
pub(crate) fn with_headers(
    status: StatusCode,
    content_type: &'static str,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}
