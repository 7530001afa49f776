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

#[cfg(test)]
mod tests {
    use super::*;

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
