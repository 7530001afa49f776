//! How messages look.

use MessageKind::{Binary as Bin, Text};

use super::*;

const AT: Timestamp = Timestamp::from_unix_millis(1_700_000_000_123);

fn screen(width: usize) -> Screen {
    let paper = Paper { width: Some(width), colors: false };
    Screen { paper, zone: TimeZone::UTC, pretty: false, hex: false }
}

fn shown(screen: &Screen, kind: MessageKind, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    screen.message(AT, Direction::Received, (kind, bytes), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn on_a_terminal_a_message_is_a_line_with_time_and_direction() {
    for (kind, bytes, line) in [
        (Text, "{\"a\":\n1}".as_bytes(), "{\"a\": 1}"),
        (Text, b"\x1b[31mred\n", "\\u{1b}[31mred\\n"),
        (Text, b"", ""),
        (Bin, b"bytes that are text", "binary, 19 B: bytes that are text"),
        (Bin, b"a\x07", "binary, 2 B, base64: YQc="),
        (Bin, b"\xff\x00", "binary, 2 B, base64: /wA="),
        (Text, b"\xff", "binary, 1 B, base64: /w=="),
    ] {
        assert_eq!(shown(&screen(80), kind, bytes), format!("22:13:20.123 < {line}\n"));
    }
    let mut out = Vec::new();
    screen(80).message(AT, Direction::Sent, (Text, b"[1]"), &mut out);
    screen(80).note(AT, Direction::Received, "ping \"\x1b\"", &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, "22:13:20.123 > [1]\n22:13:20.123 < ping \"\\u{1b}\"\n");
}

#[test]
fn a_narrow_terminal_cuts_each_line() {
    assert_eq!(shown(&screen(20), Text, br#"{"abc":1}"#), "22:13:20.123 < {\"ab…\n");
    let pretty = Screen { pretty: true, ..screen(24) };
    assert_eq!(
        shown(&pretty, Text, br#"{"long key":"long text","b":2}"#),
        "22:13:20.123 < {\n  \"long key\": \"long tex…\n  \"b\": 2\n}\n"
    );
    let hex = Screen { hex: true, ..screen(44) };
    let rows = "22:13:20.123 < binary, 9 B\n00000000  41 41 41 41 41 41 41 41 |AAAAAAAA|\n\
                00000008  41                      |A|\n";
    assert_eq!(shown(&hex, Bin, b"AAAAAAAAA"), rows);
    assert_eq!(shown(&hex, Text, b"AA"), "22:13:20.123 < AA\n", "text stays text");
}

#[test]
fn a_pipe_gets_the_bytes_and_marks_what_is_binary() {
    for (form, kind, bytes, expected, looks_marked) in [
        (Binary::Base64, Text, &b"{\"a\":\n1}\x1b"[..], &b"{\"a\":\n1}\x1b\n"[..], false),
        (Binary::Base64, Text, b"binary:AA==", b"binary:AA==\n", true),
        (Binary::Hex, Text, b"binary:AA==", b"binary:AA==\n", false),
        (Binary::Hex, Text, b"hex:00", b"hex:00\n", true),
        (Binary::Raw, Text, b"binary:AA==", b"binary:AA==\n", false),
        (Binary::Base64, Bin, b"\xff\x00", b"binary:/wA=\n", false),
        (Binary::Hex, Bin, b"\xff\x00", b"hex:ff00\n", false),
        (Binary::Raw, Bin, b"\xff\x00", b"\xff\x00", false),
    ] {
        let mut out = Vec::new();
        assert_eq!(to_pipe(kind, bytes, form, &mut out), looks_marked, "{expected:?}");
        assert_eq!(out, expected);
    }
}

#[test]
fn a_recording_has_time_kind_and_data() {
    let mut out = Vec::new();
    to_recording(AT, Text, "\"π\n\u{1b}".as_bytes(), &mut out);
    to_recording(AT, Bin, b"\xff\x00", &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text,
        "{\"at\":1700000000123,\"kind\":\"text\",\"data\":\"\\\"π\\n\\u001b\"}\n\
         {\"at\":1700000000123,\"kind\":\"binary\",\"data\":\"/wA=\"}\n"
    );
}
