//! Secrets that a far end may send back to us.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All characters but the unreserved ones (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Texts that no message may show, although the far end may repeat them (in an error's body, in a
/// close reason). `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Shorter texts stay: to hide them would hide ordinary words.
    const SHORTEST: usize = 4;

    /// No secrets.
    pub const NONE: &'static Self = &Self(Vec::new());

    /// The values of sensitive headers, with and without their scheme, and `more`.
    pub fn new(headers: &HeaderMap, more: Vec<String>) -> Self {
        let sensitive = headers.values().filter(|value| value.is_sensitive());
        let mut found = more;
        for text in sensitive.filter_map(|value| value.to_str().ok()) {
            found.extend([text, text.rsplit(' ').next().unwrap_or(text)].map(str::to_owned));
        }
        found.retain(|text| text.len() >= Self::SHORTEST);
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        // A connection keeps them for as long as it lives.
        found.shrink_to_fit();
        Self(found)
    }

    /// These, and `texts` in all the ways in which a message may spell them: as they are, inside of a JSON
    /// string, percent-encoded, in base64.
    #[must_use]
    pub fn with<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = self.0.clone();
        for text in texts {
            let json = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let encoded = utf8_percent_encode(text, RESERVED).to_string();
            let slashes = json.replace('/', "\\/");
            let base64 = [STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)];
            // Short texts stay in every spelling.
            let is_short = text.len() < Self::SHORTEST;
            let spellings = [text.to_owned(), json, encoded, slashes].into_iter().chain(base64);
            for spelling in spellings.filter(|_| !is_short) {
                if !all.contains(&spelling) {
                    all.push(spelling);
                }
            }
        }
        Self::new(&HeaderMap::new(), all)
    }

    /// `text` with `***` in the place of each secret.
    pub fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_values_are_hidden_with_and_without_their_scheme() {
        let mut headers = HeaderMap::new();
        let mut value = http::HeaderValue::from_static("Bearer s3cret");
        value.set_sensitive(true);
        headers.insert("authorization", value);
        headers.insert("x-plain", http::HeaderValue::from_static("visible"));
        let secrets = Secrets::new(&headers, vec!["hunter2".into(), "abc".into()]);
        let text = "Bearer s3cret, s3cret, hunter2, visible, abc";
        assert_eq!(secrets.scrub(text), "***, ***, ***, visible, abc");
        assert_eq!(format!("{secrets:?}"), "Secrets(3)");
        let more = secrets.with(["a/b=c\"d"]);
        let text = r#"a/b=c"d {"a\/b=c\"d"} a%2Fb%3Dc%22d a/b=c\"d hunter2"#;
        assert_eq!(more.scrub(text), r#"*** {"***"} *** *** ***"#);
        let more = Secrets::NONE.with(["key\nof>>>?two lines", "abc"]);
        let text =
            r"key\nof>>>?two lines a2V5Cm9mPj4+P3R3byBsaW5lcw== a2V5Cm9mPj4-P3R3byBsaW5lcw YWJj";
        assert_eq!(more.scrub(text), "*** ***== *** YWJj");
    }
}
