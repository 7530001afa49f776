//! Variables in pipeline files: what is wrong with them, and what is never shown of them.

use crate::connectors::{line, refused, registry, yaml};

#[test]
fn a_variable_that_is_not_set_hides_nothing_else() {
    for (text, expected) in [
        (
            "source: {type: feed, url: \"${ADDRESS}\", token: \"${T:?no token}\", max_messages: 0}\n",
            vec![
                "sink: missing",
                "source.url: the environment variable ADDRESS is not set",
                "source.token: the environment variable T is not set (hint: no token)",
                "source.max_messages: out of range, expected at least 1",
            ],
        ),
        // The number is unknown, not missing, and the rest is checked.
        (
            "source: {type: feed, url: x, max_messages: \"${M}\", unbounded: false}\nsink: {type: file, path: x}\n",
            vec![
                "source.url: must start with ws://",
                "source.max_messages: the environment variable M is not set",
            ],
        ),
        (
            "source: {type: \"${TYPE}\", url: x}\nsink: {type: file, pth: x}\n",
            vec![
                "source.type: the environment variable TYPE is not set",
                "sink.pth: unknown key (did you mean `path`?)",
            ],
        ),
        (
            "source: \"${SOURCE}\"\nsink: {type: file, pth: x}\n",
            vec![
                "source: the environment variable SOURCE is not set",
                "sink.pth: unknown key (did you mean `path`?)",
            ],
        ),
        (
            "sources: \"${SOURCE}\"\nsink: {type: file, path: x, from: a}\nflush: {records: 0}\n",
            vec![
                "sources: the environment variable SOURCE is not set",
                "flush.records: out of range, expected at least 1",
            ],
        ),
        (
            "source: {type: feed, url: ws://h, tokn: \"${T}\"}\n\
             transform: {type: choice, mode: \"${M}\"}\nsink: {type: file, path: x}\n",
            vec![
                "source.tokn: unknown key (did you mean `token`?)",
                "source.tokn: the environment variable T is not set",
                "transform.mode: the environment variable M is not set",
            ],
        ),
        // A sink takes the pages of b, perhaps.
        (
            "sources: {a: {type: feed, url: ws://h}, b: {type: feed, url: ws://h}}\n\
             sinks:\n  c: {type: file, path: x, from: [a, \"${B}\"]}\n  \
             d: {type: file, path: x, from: e}\n",
            vec![
                "sinks.c.from[1]: the environment variable B is not set",
                "sinks.d.from: unknown component \"e\"; known: a, b",
            ],
        ),
        (
            "source: {type: feed, url: ws://h, divert: true, dead_letter: \"${D}\"}\n\
             sinks:\n  a: {type: file, path: x, from: source}\n  b: {type: file, path: x}\n",
            vec!["source.dead_letter: the environment variable D is not set"],
        ),
        // `${HOSTS}` is no placeholder.
        (
            "source: {type: feed, url: \"ws://${HOSTS}/{a}\"}\nsink: {type: file, path: x}\n\
             context: {a: \"${A}\"}\n",
            vec![
                "source.url: the environment variable HOSTS is not set",
                "context.a: the environment variable A is not set",
            ],
        ),
        (
            "source: {type: feed, url: \"ws://h/{a}\"}\nsink: {type: file, path: x}\n\
             context: \"${A}\"\n",
            vec!["context: the environment variable A is not set"],
        ),
    ] {
        let lines = refused(text);
        let without_place: Vec<&str> =
            lines.iter().filter_map(|line| line.split(" at line ").next()).collect();
        assert_eq!(without_place, expected, "{text}");
    }
}

#[test]
fn what_comes_from_a_variable_is_never_printed() {
    for text in [
        "source: {type: feed, url: \"http://${HOST}\"}\nsink: {type: file, path: x}\n",
        "source: {type: feed, url: \"${URL}\"}\nsink: {type: file, path: x}\n",
        "source: {type: \"${HOST}\"}\nsink: {type: \"${TOKEN}\"}\n",
        "source: {type: \"${KAFKA}\"}\nsink: {type: \"${TOKEN}\"}\n",
        "source: {type: feed, url: ws://h, tls: \"${HOST}\"}\nsink: {type: file, path: x}\n",
        "source: \"${HOST}\"\nsink: \"${TOKEN}\"\ncontext: \"${TOKEN}\"\n",
        "source: {type: feed, url: ws://h, dead_letter: \"${HOST}\"}\nflush: \"${HOST}\"\n\
         sink: {type: file, path: x, from: \"${HOST}\", buffer: {when_full: \"${HOST}\"}}\n",
        "source: {type: feed, url: ws://h}\ngrace: \"${HOST}\"\n\
         sink: {type: file, path: x, from: [\"${HOST}\"], buffer: {bytes: \"${HOST}\", key: \"${HOST}\"}}\n",
    ] {
        let spec = yaml(text).unwrap();
        let errors = spec.build(&registry()).unwrap_err();
        let debug = format!("{errors} {errors:?} {spec:?}");
        let error = faucet_core::Error::from(errors);
        for shown in [debug, format!("{error:#} {error:?} {error}")] {
            assert!(!shown.contains("hunter2") && !shown.contains("12345"), "{shown}");
        }
    }
    let lines =
        refused("source: {type: feed, url: \"${URL}\"}\nsink: {type: file, path: \"{x}\"}\n");
    assert_eq!(
        lines[0],
        "source.url: a placeholder in the variable's value has no value in context at line 1"
    );
    let lines = refused("source: {type: \"x-${HOST}\", a: 1}\nsink: {type: file, path: x}\n");
    assert_eq!(lines, ["source.type: unknown source \"x-${HOST}\"; known: feed at line 1"]);
    let lines =
        refused("source: {type: \"${KAFKA}\"}\nsink: {type: file, path: x, from: \"${N}\"}\n");
    assert!(lines[0].starts_with("source.type: the source \"${KAFKA}\" is not part"), "{lines:?}");
    assert!(
        lines.iter().any(|l| l.starts_with("sink.from: unknown component \"${N}\"")),
        "{lines:?}"
    );
}

#[test]
fn a_variable_where_a_number_belongs_is_text_and_the_error_says_what_to_do() {
    let text = "source: {type: feed, url: ws://h, max_messages: \"${N}\"}\n\
                sink: {type: file, path: x}\n";
    assert_eq!(
        refused(text),
        ["source.max_messages: wrong type: text, expected a whole number that is not negative \
             (hint: `${…}` gives text; for another type use --set source.max_messages=…) at line 1"]
    );
    let lines = refused(
        "source: {type: feed, url: ws://h}\ntransform: [{type: filter, limit: \"${N}\"}]\nsink: {type: file, path: x}\n",
    );
    assert!(lines[0].contains("for another type write the value itself) at line 2"), "{lines:?}");
    let mut spec = yaml(text).unwrap();
    spec.set("source.max_messages=7").unwrap();
    assert!(spec.build(&registry()).is_ok());
    // What was set has no place in the file.
    spec.set("source.max_messages=0").unwrap();
    let problems = spec.check(&registry()).diagnostics;
    assert_eq!(problems.len(), 1);
    assert_eq!(line(&problems[0]), "source.max_messages: out of range, expected at least 1");
    assert_eq!(problems[0].span, None);
}
