//! Secrets that cannot be what was meant, found before any I/O.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{KeyPath, Problem};
use http::header::{AUTHORIZATION, HeaderName, PROXY_AUTHORIZATION};

/// The place that a secret is for. Each place has its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretUse {
    /// The value of a request header: visible ASCII, spaces and tabs (RFC 9110 §5.5).
    HeaderValue,
    /// A bearer token, without its scheme (RFC 6750 §2.1).
    BearerToken,
    /// The user of Basic authentication (RFC 7617 §2).
    BasicUser,
    /// The password of Basic authentication.
    BasicPassword,
}

/// What is wrong with a secret. `Display` does not repeat the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFault {
    /// A line break, as a secret from a file or from a cluster has at its end.
    #[error("has a line break")]
    LineBreak,
    /// A character that the place cannot carry.
    #[error("has a character that a header cannot carry")]
    Character,
    /// A bearer token with the name of its scheme in front.
    #[error("begins with its own `Bearer `")]
    OwnScheme,
    /// A colon in a user, which would end there.
    #[error("must not contain a colon (RFC 7617 §2)")]
    Colon,
}

impl SecretFault {
    /// The remedy.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::LineBreak => {
                "a secret from a file often ends in a line break: remove it where the secret comes \
                 from"
            }
            Self::Character => "give visible ASCII characters",
            Self::OwnScheme => "give the token alone: the scheme is put in front of it",
            Self::Colon => "give the user and the password in their own places",
        }
    }

    /// The problem at the key that holds the secret.
    pub fn at(self, path: impl Into<KeyPath>) -> Problem {
        Problem::invalid(path, self.to_string()).help(self.advice())
    }
}

/// Checks a secret for its place.
///
/// # Errors
/// The first fault.
pub fn check_secret(place: SecretUse, text: &str) -> Result<(), SecretFault> {
    if text.contains(['\r', '\n']) {
        return Err(SecretFault::LineBreak);
    }
    let carried = match place {
        SecretUse::HeaderValue | SecretUse::BearerToken => {
            text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'))
        }
        SecretUse::BasicUser | SecretUse::BasicPassword => !text.contains(char::is_control),
    };
    match place {
        _ if !carried => Err(SecretFault::Character),
        SecretUse::BearerToken if after_scheme(text, "Bearer").is_some() => {
            Err(SecretFault::OwnScheme)
        }
        SecretUse::BasicUser if text.contains(':') => Err(SecretFault::Colon),
        _ => Ok(()),
    }
}

/// Checks the value of a header, and the credentials inside if the header carries some.
///
/// # Errors
/// The first fault.
pub fn check_header_value(name: &HeaderName, value: &str) -> Result<(), SecretFault> {
    check_secret(SecretUse::HeaderValue, value)?;
    if name != AUTHORIZATION && name != PROXY_AUTHORIZATION {
        return Ok(());
    }
    if let Some(token) = after_scheme(value, "Bearer") {
        return check_secret(SecretUse::BearerToken, token);
    }
    let encoded = after_scheme(value, "Basic").and_then(|text| STANDARD.decode(text).ok());
    match encoded {
        Some(decoded) => check_secret(SecretUse::BasicPassword, &String::from_utf8_lossy(&decoded)),
        None => Ok(()),
    }
}

/// The text behind the name of a scheme and the blanks after it.
fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = text.trim_start().split_once([' ', '\t'])?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_rules() {
        use SecretFault::{Character, Colon, LineBreak, OwnScheme};
        use SecretUse::{BasicPassword, BasicUser, BearerToken, HeaderValue};
        for (place, text, fault) in [
            (HeaderValue, "a b\t~", None),
            (HeaderValue, "a\n", Some(LineBreak)),
            (HeaderValue, "a\rb", Some(LineBreak)),
            (HeaderValue, "a\0", Some(Character)),
            (HeaderValue, "é", Some(Character)),
            (HeaderValue, "Bearer a", None),
            (BearerToken, "t0k", None),
            (BearerToken, "t0k\n", Some(LineBreak)),
            (BearerToken, "bearer t0k", Some(OwnScheme)),
            (BearerToken, " Bearer\tt0k", Some(OwnScheme)),
            (BearerToken, "Bearertoken", None),
            (BasicUser, "é", None),
            (BasicUser, "a:b", Some(Colon)),
            (BasicUser, "a\u{7f}", Some(Character)),
            (BasicPassword, "a:b", None),
            (BasicPassword, "pass\r\n", Some(LineBreak)),
        ] {
            assert_eq!(check_secret(place, text).err(), fault, "{place:?} {text:?}");
        }
    }

    #[test]
    fn credentials_inside_a_header_are_checked() {
        for (name, value, fault) in [
            (AUTHORIZATION, "Bearer t0k", None),
            (AUTHORIZATION, "Bearer Bearer t0k", Some(SecretFault::OwnScheme)),
            (PROXY_AUTHORIZATION, "bearer bearer t0k", Some(SecretFault::OwnScheme)),
            (AUTHORIZATION, "Basic dTpw", None),
            // u:pass\n
            (AUTHORIZATION, "Basic dTpwYXNzCg==", Some(SecretFault::LineBreak)),
            (AUTHORIZATION, "Custom x", None),
            (HeaderName::from_static("x-key"), "Bearer Bearer t0k", None),
        ] {
            assert_eq!(check_header_value(&name, value).err(), fault, "{name}: {value}");
        }
    }
}
