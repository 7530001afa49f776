//! The texts that keys take, as regular expressions for their schemas.
//!
//! Editors and the parser of a pipeline file judge alike. Hosts are the exception: which names are
//! valid is the matter of the URL standard.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A name of a header or subprotocol: a token (RFC 9110 §5.6.2).
pub const TOKEN: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
/// The value of a header: visible ASCII, spaces and tabs.
pub const HEADER_VALUE: &str = "^[\\t -~]*$";
/// A bearer token without the name of its scheme.
pub const BEARER_TOKEN: &str = "^(?![\\t ]*[bB][eE][aA][rR][eE][rR][\\t ])[\\t -~]+$";
/// The user of Basic authentication.
pub const BASIC_USER: &str = "^[^:\\u0000-\\u001f\\u007f-\\u009f]*$";
/// The password of Basic authentication.
pub const BASIC_PASSWORD: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// A DNS name or an IP address.
pub const SERVER_NAME: &str = "^(?:[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?\
     (?:\\.[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?)*\\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$";
/// The path of a file.
pub const PATH: &str = "^[^\\u0000]+$";

/// The host of a URL, and its port from 1 to 65535.
const HOST: &str = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#\\@:\[\]{}<>^|%\u0000-\u001f\u007f-\u009f]+)(?::(?:0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)?";
/// A character of a user or password in a URL: no `{name}`, no encoded control character.
const SECRET: &str =
    r"[^\s/?#\\:{%\u0000-\u001f\u007f-\u009f]|\{(?![A-Za-z_][0-9A-Za-z_]*\})|%(?![01]|7[fF])";

/// A URL with one of `schemes`, a regular expression, up to its path. `{name}` placeholders may not
/// stand in this part.
pub fn origin(schemes: &str) -> String {
    let user = format!("(?:(?:(?!%3[aA])(?:{SECRET}))*(?::(?:{SECRET}|:)*)?@)?");
    format!("(?:{schemes})://{user}{HOST}")
}

/// A word in upper or lower case.
pub fn any_case(word: &str) -> String {
    let letter = |c: char| match c.is_ascii_alphabetic() {
        true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        false => c.to_string(),
    };
    word.chars().map(letter).collect()
}

/// The setting of a proxy: `env`, `none`, or a URL.
pub(crate) fn proxy() -> String {
    let http = origin(&(any_case("http") + "[sS]?"));
    let socks = any_case("socks") + "5[hH]?";
    // A user of SOCKS5 has a password, and may have a colon in its encoded name.
    let user = format!("(?:(?:{SECRET})+:(?:{SECRET}|:)+@)?");
    format!("^(?:{}|{}|{http}/?|{socks}://{user}{HOST}/?)$", any_case("env"), any_case("none"))
}

/// The schema of headers that a configuration may set.
#[derive(Debug)]
pub struct HeadersSchema;

impl JsonSchema for HeadersSchema {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let reserved = ["connection", "upgrade"].map(any_case).join("|");
        let prefix = any_case("sec-websocket-");
        let name = TOKEN.trim_start_matches('^');
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": format!("^(?!(?:{reserved}|{prefix}.*)$){name}") },
            "additionalProperties": { "type": "string", "writeOnly": true, "pattern": HEADER_VALUE },
        })
    }
}
