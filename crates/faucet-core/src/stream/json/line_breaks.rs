//! Line breaks inside JSON.

/// Makes spaces of the line breaks in JSON: a raw one can only stand between tokens.
pub(crate) fn replace_line_breaks(json: &mut [u8]) {
    let Some(first) = memchr::memchr2(b'\n', b'\r', json) else { return };
    for byte in &mut json[first..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}
