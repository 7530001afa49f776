//! The names of keys that hold secrets.

use faucet_core::nearest;

/// Words in such names, without `_` and `-`.
const WORDS: [&str; 17] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "authorization",
    "cookie",
    "apikey",
    "accesskey",
    "privatekey",
    "signature",
    "bearer",
    "session",
    "jwt",
    "pwd",
    "apisecret",
];

/// Names whose values are secrets where they are long enough to be one.
const NAMES: [&str; 4] = ["key", "sign", "sig", "auth"];

/// Whether a key of this name probably holds a secret, also where the name is misspelled.
pub(crate) fn is_secret_name(name: &str) -> bool {
    /// Shorter parts are too close to other words.
    const PART: usize = 4;
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    let plain = plain.to_lowercase();
    let parts = name.split(['_', '-', '.', '/', ' ']).filter(|part| part.len() >= PART);
    // `session` is too close to `section`, and `token` to `broken`.
    let alike = |part: &str| {
        let first = part.chars().next();
        let known = WORDS
            .iter()
            .copied()
            .filter(|word| word.len() > PART && *word != "session" && word.chars().next() == first);
        nearest(part, known).is_some()
    };
    let mut parts = parts.map(str::to_lowercase).chain([plain.clone()]);
    WORDS.iter().any(|word| plain.contains(word)) || parts.any(|part| alike(&part))
}

/// Whether a long value of a key of this name may be a secret.
pub(crate) fn may_be_secret(name: &str) -> bool {
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_also_misspelled() {
        for name in [
            "token",
            "tokn",
            "X-Api-Key",
            "Authorisation",
            "pasword",
            "passwrod",
            "secrt",
            "pwd",
            "access_key",
            "client-secret",
            "Proxy-Authorization",
            "listen_tokn",
            "Cookie",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "url",
            "path",
            "type",
            "symbol",
            "origin",
            "key",
            "host",
            "user",
            "data",
            "message",
            "reconnect",
            "stale_timeout",
            "subscribe_messages",
            "topic",
            "keep",
            "section",
            "version",
            "compression",
            "flush",
            "records",
            "interval",
            "context",
            "dead_letter",
            "stop",
            "take",
            "option",
            "question",
            "market",
            "broken",
            "open",
            "lines",
            "sorted",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(may_be_secret("Key") && !may_be_secret("keys"));
    }
}
