//! The words of an I/O error.

use std::io;

/// The words of an I/O error without the number that the operating system gives it. A refused
/// connection has the same words on every operating system.
pub fn io_words(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return "Connection refused".to_owned();
    }
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    if let Some(inner) = inner {
        return io_words(inner);
    }
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let words = number.and_then(|number| text.strip_suffix(&number));
    words.unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_operating_system_is_not_shown() {
        let error = io::Error::from_raw_os_error(2);
        let words = io_words(&error);
        assert!(error.to_string().starts_with(&words) && !words.contains('2'), "{words}");
        assert_eq!(io_words(&io::Error::other(error)), words);
        assert_eq!(io_words(&io::Error::other("no address")), "no address");
        assert_eq!(io_words(&io::ErrorKind::ConnectionRefused.into()), "Connection refused");
    }
}
