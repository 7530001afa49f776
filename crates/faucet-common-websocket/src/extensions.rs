//! The negotiation of permessage-deflate (RFC 6455 §9.1, RFC 7692 §7.1).

use faucet_connect::Secrets;
use http::header::HeaderName;

use crate::compression::Compression;
use crate::machine::deflate::{Agreed, WINDOW_BITS};
use faucet_connect::Quote;

/// The name of the header that offers extensions and chooses among them.
pub(crate) const HEADER: &str = "Sec-WebSocket-Extensions";
const DEFLATE: &str = "permessage-deflate";
const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
/// All parameters of permessage-deflate.
const PARAMETERS: [&str; 4] = [SERVER_TAKEOVER, CLIENT_TAKEOVER, SERVER_BITS, CLIENT_BITS];

/// Why the server's choice of extensions is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadChoice {
    /// The header breaks its grammar.
    #[error("the header {HEADER} of the answer is malformed")]
    Malformed,
    /// An extension that nobody offered.
    #[error("the server chose an extension that was not offered: {0}")]
    NotOffered(Quote),
    /// An extension or a parameter that may stand there once.
    #[error("{HEADER} has {0} more than once")]
    Twice(&'static str),
    /// A parameter that permessage-deflate does not have.
    #[error("{HEADER}: {DEFLATE} has no parameter {0}")]
    Unknown(Quote),
    /// A parameter without the value that it needs.
    #[error("{HEADER}: {0} has no value")]
    NoValue(&'static str),
    /// A parameter with a value that it may not have.
    #[error("{HEADER}: {0} takes no value")]
    Value(&'static str),
    /// A size of the window that permessage-deflate does not have.
    #[error("{HEADER}: {name} is {value}, not a whole number from {} to {}", WINDOW_BITS.start(), WINDOW_BITS.end())]
    WindowBits {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: Quote,
    },
}

/// The value of [`HEADER`] in the request.
pub(crate) fn offer(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        // Any parameter may be answered without being offered, but for this one.
        Compression::Deflate => Some("permessage-deflate; client_max_window_bits"),
    }
}

/// The server's choice of the offer; `values` are those of [`HEADER`] in its answer, which may
/// repeat `secrets`.
///
/// # Errors
/// Why the choice is refused.
pub(crate) fn judge<'a>(
    compression: Compression,
    values: impl Iterator<Item = &'a str>,
    secrets: &Secrets,
) -> Result<Option<Agreed>, BadChoice> {
    let mut agreed = None;
    // An empty element names no extension (RFC 9110 §5.6.1).
    let elements = values.flat_map(|value| value.split(',')).map(str::trim);
    for element in elements.filter(|element| !element.is_empty()) {
        let mut parts = element.split(';').map(str::trim);
        match parts.next().unwrap_or_default() {
            name if !is_token(name) => return Err(BadChoice::Malformed),
            DEFLATE if compression == Compression::Deflate => {}
            _ => return Err(BadChoice::NotOffered(Quote::new(element, secrets))),
        }
        if agreed.is_some() {
            return Err(BadChoice::Twice(DEFLATE));
        }
        agreed = Some(parameters(parts, secrets)?);
    }
    Ok(agreed)
}

/// The parameters of permessage-deflate, each at most once (RFC 7692 §7.1).
fn parameters<'a>(
    parts: impl Iterator<Item = &'a str>,
    secrets: &Secrets,
) -> Result<Agreed, BadChoice> {
    let mut agreed = Agreed::default();
    let mut seen = Vec::new();
    for part in parts {
        let (name, value) = parameter(part)?;
        let parameter = PARAMETERS.into_iter().find(|known| *known == name);
        let parameter = parameter.ok_or_else(|| BadChoice::Unknown(Quote::new(name, secrets)))?;
        if seen.contains(&parameter) {
            return Err(BadChoice::Twice(parameter));
        }
        seen.push(parameter);
        let direction = match parameter {
            SERVER_TAKEOVER | SERVER_BITS => &mut agreed.inbound,
            _ => &mut agreed.outbound,
        };
        match parameter {
            SERVER_TAKEOVER | CLIENT_TAKEOVER => direction.takeover = flag(parameter, value)?,
            _ => direction.window_bits = window_bits(parameter, value, secrets)?,
        }
    }
    Ok(agreed)
}

/// A name, and a value behind an equals sign. The value may be in quotation marks.
fn parameter(part: &str) -> Result<(&str, Option<&str>), BadChoice> {
    let (name, value) = match part.split_once('=') {
        Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
        None => (part, None),
    };
    let value = value.map(|value| {
        let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inside.unwrap_or(value)
    });
    let well_formed = is_token(name) && value.is_none_or(is_token);
    well_formed.then_some((name, value)).ok_or(BadChoice::Malformed)
}

fn is_token(text: &str) -> bool {
    HeaderName::from_bytes(text.as_bytes()).is_ok()
}

/// Whether messages may refer to those before them: not where the parameter is there.
fn flag(name: &'static str, value: Option<&str>) -> Result<bool, BadChoice> {
    match value {
        None => Ok(false),
        Some(_) => Err(BadChoice::Value(name)),
    }
}

fn window_bits(
    name: &'static str,
    value: Option<&str>,
    secrets: &Secrets,
) -> Result<u8, BadChoice> {
    let Some(value) = value else { return Err(BadChoice::NoValue(name)) };
    // Neither a sign nor a leading zero is allowed.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    let bits = value.parse().ok().filter(|bits| digits && WINDOW_BITS.contains(bits));
    bits.ok_or_else(|| BadChoice::WindowBits { name, value: Quote::new(value, secrets) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::deflate::Direction;

    fn judged(value: &str) -> Result<Option<Agreed>, BadChoice> {
        judge(Compression::Deflate, [value].into_iter(), Secrets::NONE)
    }

    #[test]
    fn each_parameter_says_what_holds_for_its_direction() {
        let direction = |window_bits, takeover| Direction { window_bits, takeover };
        for (value, inbound, outbound) in [
            ("permessage-deflate", (15, true), (15, true)),
            (" permessage-deflate ;server_no_context_takeover", (15, false), (15, true)),
            ("permessage-deflate; client_no_context_takeover", (15, true), (15, false)),
            ("permessage-deflate; server_max_window_bits=8", (8, true), (15, true)),
            ("permessage-deflate; client_max_window_bits = \"10\"", (15, true), (10, true)),
            (
                "permessage-deflate; client_max_window_bits=9; server_max_window_bits=15; \
                 client_no_context_takeover; server_no_context_takeover",
                (15, false),
                (9, false),
            ),
            (", ,permessage-deflate,", (15, true), (15, true)),
        ] {
            let agreed = judged(value).unwrap().unwrap();
            let [inbound, outbound] = [inbound, outbound].map(|(b, t)| direction(b, t));
            assert_eq!(agreed, Agreed { inbound, outbound }, "{value}");
        }
    }

    #[test]
    fn no_extension_is_a_choice() {
        for value in ["", ",", " , "] {
            assert_eq!(judged(value), Ok(None));
        }
        assert_eq!(judge(Compression::None, [].into_iter(), Secrets::NONE), Ok(None));
        assert_eq!((offer(Compression::None), offer(Compression::default())), (None, None));
    }

    #[test]
    fn what_was_not_offered_or_is_not_in_the_standard_is_refused() {
        for (value, why) in [
            (
                "permessage-bzip2",
                "the server chose an extension that was not offered: permessage-bzip2",
            ),
            ("x-webkit-deflate-frame; a=b", "not offered: x-webkit-deflate-frame; a=b"),
            ("Permessage-Deflate", "not offered: Permessage-Deflate"),
            ("permessage-deflate, foo", "not offered: foo"),
            ("permessage-deflate, permessage-deflate", "has permessage-deflate more than once"),
            ("permessage-deflate; foo", "permessage-deflate has no parameter foo"),
            ("permessage-deflate; Server_No_Context_Takeover", "has no parameter Server_No"),
            ("permessage-deflate; foo=1", "permessage-deflate has no parameter foo"),
            (
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                "Sec-WebSocket-Extensions has server_no_context_takeover more than once",
            ),
            (
                "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9",
                "has client_max_window_bits more than once",
            ),
            (
                "permessage-deflate; server_no_context_takeover=1",
                "Sec-WebSocket-Extensions: server_no_context_takeover takes no value",
            ),
            ("permessage-deflate; client_max_window_bits", "client_max_window_bits has no value"),
            ("permessage-deflate; server_max_window_bits", "server_max_window_bits has no value"),
            (
                "permessage-deflate; server_max_window_bits=7",
                "server_max_window_bits is 7, not a whole number from 8 to 15",
            ),
            ("permessage-deflate; client_max_window_bits=16", "client_max_window_bits is 16, not"),
            ("permessage-deflate; client_max_window_bits=010", "is 010, not"),
            ("permessage-deflate; client_max_window_bits=+9", "is +9, not"),
            ("permessage-deflate; client_max_window_bits=1x", "is 1x, not"),
            ("permessage-deflate; client_max_window_bits=999", "is 999, not"),
            ("permessage-deflate; client_max_window_bits=", "is malformed"),
            ("permessage-deflate; client_max_window_bits=\"9", "is malformed"),
            ("permessage-deflate;", "is malformed"),
            ("permessage-deflate; ;", "is malformed"),
            ("permessage deflate", "is malformed"),
            ("; server_no_context_takeover", "is malformed"),
        ] {
            let error = judged(value).unwrap_err().to_string();
            assert!(error.contains(why), "{value}: {error}");
        }
        let unasked = judge(Compression::None, [DEFLATE].into_iter(), Secrets::NONE).unwrap_err();
        assert_eq!(unasked, BadChoice::NotOffered(Quote::new(DEFLATE, Secrets::NONE)));
        let both = [DEFLATE, DEFLATE].into_iter();
        let twice = judge(Compression::Deflate, both, Secrets::NONE).unwrap_err();
        assert_eq!(twice, BadChoice::Twice(DEFLATE), "in two headers");
    }
}
