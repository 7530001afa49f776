//! Where a redirect leads, and with which request.

use http::header::{self, HeaderMap};

use crate::http::failed::HttpFailed;
use crate::http::url::HttpUrl;
use crate::keys::HttpMethod;

/// Longest shown host.
const LONGEST: usize = 300;

/// The request that a redirect asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) method: HttpMethod,
    pub(super) url: HttpUrl,
    /// Whether the body is sent again.
    pub(super) has_body: bool,
}

/// The request that an answer with this status and these headers asks for. `None`: it is no redirect.
///
/// # Errors
/// The redirect leads to another scheme, host or port, or nowhere.
pub(super) fn next(
    method: HttpMethod,
    url: &HttpUrl,
    status: u16,
    headers: &HeaderMap,
) -> Result<Option<Next>, HttpFailed> {
    // Other statuses from 300 to 399 ask for no other request.
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let location = location.to_str().map_err(|_| HttpFailed::RedirectInvalid)?;
    // The origin comes first: that of a refused URL is told, too.
    let to = url.origin_of(location).ok_or(HttpFailed::RedirectInvalid)?;
    if to != url.origin() {
        return Err(HttpFailed::RedirectElsewhere { to: to.chars().take(LONGEST).collect() });
    }
    let target = url.join(location).map_err(|_| HttpFailed::RedirectInvalid)?;
    let becomes_get = match status {
        303 => method != HttpMethod::Head,
        301 | 302 => method == HttpMethod::Post,
        _ => false,
    };
    let method = if becomes_get { HttpMethod::Get } else { method };
    Ok(Some(Next { method, url: target, has_body: !becomes_get }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(
        method: HttpMethod,
        status: u16,
        location: Option<&str>,
    ) -> Result<Option<Next>, String> {
        let url = HttpUrl::parse("https://h:8443/a/b?c=d").unwrap();
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert("location", location.parse().unwrap());
        }
        next(method, &url, status, &headers).map_err(|failed| failed.to_string())
    }

    #[test]
    fn a_method_and_its_body_stay_or_become_get() {
        use HttpMethod::{Delete, Get, Head, Post, Put};
        for (method, status, expected) in [
            (Get, 301, (Get, true)),
            (Post, 301, (Get, false)),
            (Post, 302, (Get, false)),
            (Put, 302, (Put, true)),
            (Post, 303, (Get, false)),
            (Delete, 303, (Get, false)),
            (Head, 303, (Head, true)),
            (Post, 307, (Post, true)),
            (Post, 308, (Post, true)),
        ] {
            let next = follow(method, status, Some("/x")).unwrap().unwrap();
            assert_eq!((next.method, next.has_body), expected, "{method:?} {status}");
        }
    }

    #[test]
    fn a_location_is_read_from_the_url() {
        for (location, url) in [
            ("/x", "https://h:8443/x"),
            ("x?y=1", "https://h:8443/a/x?y=1"),
            ("?y", "https://h:8443/a/b?y"),
            ("", "https://h:8443/a/b?c=d"),
            ("https://H:8443/x#part", "https://h:8443/x"),
            ("//h:8443/x", "https://h:8443/x"),
        ] {
            let next = follow(HttpMethod::Get, 302, Some(location)).unwrap().unwrap();
            assert_eq!(next.url, HttpUrl::parse(url).unwrap(), "{location}");
        }
    }

    #[test]
    fn other_origins_are_refused() {
        let elsewhere =
            |to: &str| format!("the answer redirects elsewhere, to {to}; give the final URL");
        for (location, words) in [
            ("https://other:8443/s3cret", elsewhere("https://other:8443")),
            ("https://h/", elsewhere("https://h")),
            ("http://h:8443/", elsewhere("http://h:8443")),
            ("http://127.0.0.1:8443/", elsewhere("http://127.0.0.1:8443")),
            ("https://s3cret@other/", elsewhere("https://other")),
            ("//evil/", elsewhere("https://evil")),
            ("\\\\evil\\", elsewhere("https://evil")),
            ("ftp://h:8443/", elsewhere("ftp://h:8443")),
            ("https://s3cret@h:8443/", "the answer redirects to an invalid URL".into()),
            ("https://", "the answer redirects to an invalid URL".into()),
        ] {
            let found = follow(HttpMethod::Get, 302, Some(location)).unwrap_err();
            assert_eq!(found, words, "{location}");
        }
    }

    #[test]
    fn other_answers_are_no_redirects() {
        for (status, location) in [
            (200, Some("/x")),
            (201, Some("/x")),
            (300, Some("/x")),
            (304, Some("/x")),
            (302, None),
        ] {
            assert_eq!(follow(HttpMethod::Get, status, location), Ok(None), "{status}");
        }
    }
}
