//! Bytes as hexadecimal digits. Pure.

/// The digits, without anything between them.
pub(crate) fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows of an offset, the digits and the letters, `room` columns wide.
pub(crate) fn rows(bytes: &[u8], room: usize) -> impl Iterator<Item = String> {
    // Offset and two blanks, three columns a byte, two bars and a letter a byte.
    let fits = room.saturating_sub(12) / 4;
    let a_row = if fits >= 16 { 16 } else { fits.clamp(1, 8) };
    bytes.chunks(a_row).enumerate().map(move |(number, row)| {
        let mut text = format!("{:08x}  ", number * a_row);
        for at in 0..a_row {
            match row.get(at) {
                Some(byte) => text.push_str(&format!("{byte:02x} ")),
                None => text.push_str("   "),
            }
        }
        let letter = |byte: &u8| if matches!(byte, b' '..=b'~') { *byte as char } else { '.' };
        text.push('|');
        text.extend(row.iter().map(letter));
        text.push('|');
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_the_room() {
        assert_eq!(digits(b"\x00\xffA"), "00ff41");
        let bytes: Vec<u8> = (0..20).map(|n| n + 0x3a).collect();
        for (room, first) in [
            (80, "00000000  3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 |:;<=>?@ABCDEFGHI|"),
            (44, "00000000  3a 3b 3c 3d 3e 3f 40 41 |:;<=>?@A|"),
            (20, "00000000  3a 3b |:;|"),
            (0, "00000000  3a |:|"),
        ] {
            assert_eq!(rows(&bytes, room).next().as_deref(), Some(first));
            assert!(rows(&bytes, room).all(|row| row.len() <= room.max(16)), "{room}");
        }
        assert_eq!(rows(&bytes, 80).last().unwrap().trim_end_matches("|JKLM|").len(), 58);
        assert_eq!(rows(b"", 80).count(), 0);
    }
}
