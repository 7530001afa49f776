//! Request headers.

use std::collections::BTreeMap;

use faucet_core::{KeyPath, Problem, ProblemKind, Problems, Secret};
use http::header::{self, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};

use crate::secret_fault::{SecretFault, check_header_value};

/// Names that an upgrade request sets itself (RFC 6455 §4.1).
const RESERVED: [HeaderName; 2] = [CONNECTION, UPGRADE];

/// Names whose values are no secrets, so that an answer may repeat them.
const PUBLIC: [HeaderName; 2] = [HOST, header::USER_AGENT];

/// The `User-Agent` of a request that has none of its own: some gateways refuse a request without one.
pub const USER_AGENT: &str = concat!("faucet/", env!("CARGO_PKG_VERSION"));

/// Whether the connector sets this header itself, so that no configuration may.
pub fn is_reserved(name: &HeaderName) -> bool {
    RESERVED.contains(name) || name.as_str().starts_with("sec-websocket-")
}

/// Checks the headers that stand at `path` and makes a map of them. The values are marked as
/// sensitive, but for those of `Host` and `User-Agent`. A problem is at the header's name and does not
/// show the value.
pub fn check_headers(
    path: &KeyPath,
    headers: &BTreeMap<String, Secret>,
    problems: &mut Problems,
) -> HeaderMap {
    let mut checked = HeaderMap::new();
    // The paths of the headers so far. Names are compared without case.
    let mut paths: BTreeMap<String, KeyPath> = BTreeMap::new();
    for (written, value) in headers {
        // The path is printed: a name with a line break must not break a line.
        let at = path.clone().then(written.escape_debug().to_string());
        let Ok(name) = HeaderName::from_bytes(written.as_bytes()) else {
            let why = "not the name of a header".to_owned();
            let help =
                "a name has letters, digits and marks such as `-`, and no blank and no colon";
            problems.push(Problem::new(at, ProblemKind::InvalidKey { why }).help(help));
            continue;
        };
        if is_reserved(&name) {
            let why = "reserved for the request itself".to_owned();
            problems.push(Problem::new(at, ProblemKind::InvalidKey { why }).help("leave it out"));
            continue;
        }
        if let Some(of) = paths.get(name.as_str()) {
            problems.push(Problem::new(at, ProblemKind::Duplicate { of: of.clone() }));
            continue;
        }
        match header_value(&name, value.expose()) {
            Ok(value) => drop(checked.insert(&name, value)),
            Err(fault) => problems.push(fault.at(at.clone())),
        }
        paths.insert(name.as_str().to_owned(), at);
    }
    checked
}

/// The value of a header, checked. It is marked as sensitive unless its name says otherwise.
pub(crate) fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, SecretFault> {
    check_header_value(name, text)?;
    let mut value = HeaderValue::from_str(text).map_err(|_| SecretFault::Character)?;
    value.set_sensitive(!PUBLIC.contains(name));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&str, &str)]) -> Result<HeaderMap, String> {
        let mut problems = Problems::new();
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), Secret::from(*v))).collect();
        let headers = check_headers(&"headers".into(), &headers, &mut problems);
        problems.into_result().map(|()| headers).map_err(|problems| problems.to_string())
    }

    #[test]
    fn headers_are_checked_by_name_and_their_values_never_shown() {
        let headers = checked(&[("X-Key", "a b~"), ("Host", "feed"), ("Expect", "")]).unwrap();
        assert_eq!(headers["x-key"], "a b~");
        assert!(headers["x-key"].is_sensitive() && !headers["host"].is_sensitive());
        for (name, value) in [
            ("X-Foo", "a\r\nX: s3cret"),
            ("X-Foo", "s3cret\0"),
            ("X-Foo", "s3cret\u{e9}"),
            ("", "s3cret"),
            ("X Foo", "s3cret"),
            ("X\r\nFoo", "s3cret"),
            ("Connection", "s3cret"),
            ("upgrade", "s3cret"),
            ("Sec-WebSocket-Key", "s3cret"),
            ("Sec-WebSocket-Anything", "s3cret"),
        ] {
            let error = checked(&[(name, value)]).unwrap_err();
            assert!(error.starts_with("headers."), "{error}");
            assert!(!error.contains("s3cret") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_name_is_given_once_whatever_its_case() {
        assert_eq!(
            checked(&[("X-Key", "1"), ("x-key", "2")]).unwrap_err(),
            "headers.x-key: means the same as headers.X-Key; give one of them"
        );
    }
}
