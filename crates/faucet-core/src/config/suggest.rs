//! The word that was probably meant.

/// The one of `known` that is closest to `word`, if one is close. Upper case, `-` and `_` make no
/// difference: `maxMessages` is close to `max_messages`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| -> String {
        word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(word);
    // One character is close to every other one.
    let limit = match wanted.chars().count() {
        0..=1 => 0,
        length => (length / 3).max(1),
    };
    let near = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= limit && !wanted.is_empty())
        .min();
    near.map(|(_, candidate)| candidate)
}

/// Other names that keys have elsewhere.
const SYNONYMS: [(&str, &[&str]); 5] = [
    ("path", &["file", "filename", "file_name", "filepath", "file_path"]),
    ("url", &["uri", "endpoint", "address", "server"]),
    ("username", &["user", "user_name", "login"]),
    ("password", &["pass"]),
    ("token", &["bearer", "access_token", "api_key"]),
];

/// The one of `known` that has the name `word` elsewhere.
pub(crate) fn synonym<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let (ours, _) = SYNONYMS.iter().find(|(_, theirs)| theirs.contains(&word.as_str()))?;
    known.into_iter().find(|known| known == ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_elsewhere_are_known() {
        let known = ["path", "mode"];
        for (word, ours) in [("File", Some("path")), ("uri", None), ("path", None), ("x", None)] {
            assert_eq!(synonym(word, known), ours, "{word}");
        }
    }

    #[test]
    fn close_words_are_found_and_others_are_not() {
        let known = ["max_messages", "tls", "url"];
        for (word, near) in [
            ("max_mesages", Some("max_messages")),
            ("tlz", Some("tls")),
            ("ulr", Some("url")),
            ("zzz", None),
            ("maxMessages", Some("max_messages")),
            ("max-mesages", Some("max_messages")),
            ("URL", Some("url")),
            ("u", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
    }
}
