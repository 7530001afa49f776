//! One HTTP call.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};

use crate::http::url::HttpUrl;
use crate::keys::HttpMethod;

/// One HTTP call. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct HttpCall {
    /// The method.
    pub method: HttpMethod,
    /// Where to.
    pub url: HttpUrl,
    /// The URL as log lines may show it: without user info, query values and filled secrets.
    pub shown: String,
    /// The headers. Those that [`is_reserved`] names are left out, since the client sets them.
    /// `User-Agent` is `faucet/VERSION` where it is not given.
    pub headers: HeaderMap,
    /// The body, sent with its length.
    pub body: Option<Bytes>,
    /// The time for the whole call, redirects included.
    pub timeout: Duration,
}

/// Whether the client sets this header itself: it is about the connection, the host, the length of the
/// body, or encodings that the client does not read.
pub fn is_reserved(name: &HeaderName) -> bool {
    const RESERVED: [HeaderName; 10] = [
        header::ACCEPT_ENCODING,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::HOST,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
    ];
    RESERVED.contains(name)
}

impl fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpCall({:?} {})", self.method, self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_shows_no_secret() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer s3cret".parse().unwrap());
        let call = HttpCall {
            method: HttpMethod::Post,
            url: HttpUrl::parse("https://h/s3cret?x=s3cret").unwrap(),
            shown: "https://h/***".into(),
            headers,
            body: Some("s3cret".into()),
            timeout: Duration::from_secs(10),
        };
        assert_eq!(format!("{call:?}"), "HttpCall(Post https://h/***)");
    }

    #[test]
    fn methods_are_written_in_capitals() {
        for word in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let method: HttpMethod = serde_json::from_value(word.into()).unwrap();
            assert_eq!(method.as_str(), word);
        }
        assert!(serde_json::from_value::<HttpMethod>("get".into()).is_err());
        assert_eq!(HttpMethod::default(), HttpMethod::Get);
    }
}
