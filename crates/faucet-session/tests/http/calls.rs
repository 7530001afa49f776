//! The functions that the tests share.

use std::time::Duration;

use faucet_connect::{ProxyChoice, TlsConfig};
use faucet_session::http::{HttpAnswer, HttpCall, HttpClient, HttpFailed, HttpMethod, HttpUrl};
use faucet_testkit::ScriptedTcp;
use http::HeaderMap;

/// A call of `url` without headers and body.
pub(crate) fn call(method: HttpMethod, url: &str) -> HttpCall {
    HttpCall {
        method,
        url: HttpUrl::parse(url).unwrap(),
        shown: "shown".into(),
        headers: HeaderMap::new(),
        body: None,
        timeout: Duration::from_secs(10),
    }
}

/// A client without a proxy.
pub(crate) fn client() -> HttpClient {
    HttpClient::new(ProxyChoice::Direct, TlsConfig::default())
}

/// Gets `/` of a server.
pub(crate) async fn get(server: &ScriptedTcp) -> Result<HttpAnswer, HttpFailed> {
    client().send(call(HttpMethod::Get, &server.url("http", "/"))).await
}
