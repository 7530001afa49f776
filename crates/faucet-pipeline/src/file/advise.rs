//! The slip behind a value of the wrong type.

use faucet_core::{KeyPath, ProblemKind, Step};

use crate::diagnostic::{Advice, Diagnostic};
use crate::file::slips::quoted;

/// What the user probably meant with a value of the wrong type. `written` is the value as it stands
/// in the text.
pub(crate) fn advice(found: &Diagnostic, written: &str) -> Option<Advice> {
    let given = match &found.problem.kind {
        ProblemKind::WrongType { found } => found,
        ProblemKind::UnknownKey { near: None } if is_own_key(&found.problem.path) => {
            return Some(Advice::OwnKey);
        }
        _ => return None,
    };
    let expected = found.problem.expected.as_deref().unwrap_or_default();
    let bare = written.trim_matches(['"', '\'']);
    let is_quoted = bare.len() + 2 == written.len();
    match *given {
        "text" if expected.contains("true or false") => match &*bare.to_lowercase() {
            "true" | "false" if is_quoted => Some(Advice::Unquote),
            "yes" | "on" | "y" | "true" => Some(Advice::Boolean { meant: true }),
            "no" | "off" | "n" | "false" => Some(Advice::Boolean { meant: false }),
            _ => None,
        },
        "text" if expected.contains("number") && bare.parse::<f64>().is_ok() && is_quoted => {
            Some(Advice::Unquote)
        }
        "text" if expected.starts_with("a map with a `type`") && is_name(bare) => {
            Some(Advice::ConnectorAlone { name: bare.to_owned() })
        }
        "text" if expected.starts_with("a list") => {
            Some(Advice::AsList { list: format!("[{written}]") })
        }
        "a map" if expected.contains("text") && is_placeholder(written) => Some(Advice::Quote {
            quoted: Some(quoted(written)),
            because: "a value that begins with `{` is a map",
        }),
        "a whole number" | "a number" | "true or false"
            if expected.contains("text") && !expected.contains("number") =>
        {
            Some(Advice::Quote {
                quoted: Some(format!("\"{written}\"")),
                because: "without quotes this is no text",
            })
        }
        _ => None,
    }
}

/// Whether this is a key at the top that no tool reads, as other tools have them for anchors.
fn is_own_key(path: &KeyPath) -> bool {
    match path.steps() {
        [Step::Key(key)] => key.starts_with("x-") || key.starts_with('.'),
        _ => false,
    }
}

/// Whether this could be the name of a connector.
fn is_name(word: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    !word.is_empty() && word.len() <= 30 && word.chars().all(good)
}

/// Whether this is one name in braces.
fn is_placeholder(written: &str) -> bool {
    let name = written.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use faucet_core::Problem;

    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn the_way_a_value_is_written_shows_the_slip() {
        let whole = "a whole number of at least 1";
        for (given, expected, written, advice_found) in [
            ("text", "true or false", "yes", Some(Advice::Boolean { meant: true })),
            ("text", "true or false", "'Off'", Some(Advice::Boolean { meant: false })),
            ("text", "true or false", "\"true\"", Some(Advice::Unquote)),
            ("text", "true or false", "maybe", None),
            ("text", whole, "\"5\"", Some(Advice::Unquote)),
            ("text", whole, "many", None),
            (
                "text",
                "a map with a `type`",
                "websocket",
                Some(Advice::ConnectorAlone { name: "websocket".into() }),
            ),
            ("text", "a map with a `type`", "ws://u:p@h", None),
            ("text", "a list", "v1.json", Some(Advice::AsList { list: "[v1.json]".into() })),
            (
                "a map",
                "text",
                "{symbol}",
                Some(Advice::Quote {
                    quoted: Some("\"{symbol}\"".into()),
                    because: "a value that begins with `{` is a map",
                }),
            ),
            ("a map", "text", "{a: 1}", None),
        ] {
            let kind = ProblemKind::WrongType { found: given };
            let problem = Problem::new("key", kind).expected(expected);
            let found = Diagnostic::new(Severity::Error, problem);
            assert_eq!(advice(&found, written), advice_found, "{written}");
        }
    }
}
