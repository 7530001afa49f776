//! Reading, position, repeated records and numbers.

use super::check;

#[test]
fn a_position_is_used_somewhere() {
    let unused = "resume: neither {cursor} nor a kept name stands in url, query, session or a message: nothing would be resumed";
    check(&[
        (r#"{"resume": {}}"#, &["resume: at least one of cursor or keep must be set"]),
        (r#"{"resume": {"cursor": "/a"}}"#, &[unused]),
        (r#"{"resume": {"cursor": "/a"}, "query": {"since": "{cursor?}"}}"#, &[]),
        (r#"{"resume": {"cursor": "/a"}, "session": [{"send": {"json": "{cursor}"}}]}"#, &[]),
        (
            r#"{"resume": {"cursor": "/a"}, "values": {"v": "{cursor}"}, "query": {"q": "{v}"}}"#,
            &[],
        ),
        (
            r#"{"resume": {"keep": ["id"]}, "session": [{"expect": {"/a": 1}, "take": {"id": "/id"}}]}"#,
            &[unused],
        ),
        (
            r#"{"resume": {"keep": ["id", "no"]}, "session": [{"expect": {"/a": 1}, "take": {"id": "/id"}}, {"send": {"text": "{id}"}}]}"#,
            &["resume.keep[1]: no step takes this name"],
        ),
        (
            r#"{"resume": {"keep": ["id"], "rewind": 5}, "session": [{"expect": {"/a": 1}, "take": {"id": "/id"}}, {"send": {"text": "{id}"}}]}"#,
            &["resume.rewind: needs resume.cursor"],
        ),
        (
            r#"{"resume": {"keep": ["id"], "start": 5}, "session": [{"expect": {"/a": 1}, "take": {"id": "/id"}}, {"send": {"text": "{id}"}}]}"#,
            &["resume.start: needs resume.cursor"],
        ),
        (
            r#"{"resume": {"keep": ["u"], "url": "{u}"}, "url_hosts": ["h.example"], "session": [{"expect": {"/a": 1}, "take": {"u": "/u"}}]}"#,
            &[],
        ),
    ]);
}

#[test]
fn reading() {
    check(&[
        (
            r#"{"decompress_dictionary": "d", "data_prefix": ""}"#,
            &["data_prefix: out of range, expected text of at least one character"],
        ),
        (r#"{"decompress_dictionary": "d", "decompress": "zstd"}"#, &[]),
    ]);
}

#[test]
fn repeated_records_and_numbers() {
    check(&[
        (
            r#"{"dedup": {"records": 0}}"#,
            &["dedup.records: out of range, expected from 1 to 10,000,000"],
        ),
        (
            r#"{"reconnect": false, "sequence": {"last": "/a", "first": "/b", "previous": "/c", "on_gap": "reconnect", "reset": {"a": 1}}}"#,
            &[
                "sequence.reset.a: a JSON pointer begins with `/`, such as `/data/price`; `` is the whole value; or a place is one of `text`, `prefix`, `binary`",
                "sequence.previous: not together with sequence.first",
                "sequence.on_gap: needs reconnect",
            ],
        ),
        (
            r#"{"sequence": {"last": "/a", "reset": {"/a": "{room}"}}}"#,
            &["sequence.reset: has placeholders, which are not filled here"],
        ),
    ]);
}
