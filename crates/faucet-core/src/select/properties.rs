//! The selection held against `serde_json`'s trees, and against bytes that are no JSON.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::*;

/// A JSON text in parts: keys and scalars as they are spelled.
#[derive(Debug, Clone)]
enum Part {
    Scalar(&'static str),
    Array(Vec<Part>),
    Object(Vec<(&'static str, Part)>),
}

const KEYS: [&str; 9] = [
    r#""a""#,
    r#""\u0061""#,
    r#""b""#,
    r#""0""#,
    r#""-1""#,
    r#""é""#,
    r#""\u00e9""#,
    r#""a\/b""#,
    r#""~""#,
];
const SCALARS: [&str; 16] = [
    "null",
    "true",
    "false",
    "1",
    "1.0",
    "-0",
    "2.50e1",
    "12345678901234567890123",
    r#""a""#,
    r#""\u0061""#,
    r#""]},\"{[\\""#,
    r#""{\"a\":1,\"0\":[true]}""#,
    r#""[[1],{\"a\":\"x\"}]""#,
    r#""""#,
    r#""a text of more than a block of sixty-four bytes, with {\"brackets\", [quotes\\\" and commas,""#,
    r#""\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"""#,
];
const STEPS: [&str; 8] = ["a", "b", "0", "1", "-1", "é", "a~1b", "~0"];

fn part() -> impl Strategy<Value = Part> {
    select(&SCALARS[..]).prop_map(Part::Scalar).prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Part::Array),
            proptest::collection::vec((select(&KEYS[..]), inner), 0..6).prop_map(Part::Object),
        ]
    })
}

fn pointer() -> impl Strategy<Value = Pointer> {
    proptest::collection::vec(select(&STEPS[..]), 0..5).prop_map(|steps| {
        let text: String = steps.iter().map(|step| format!("/{step}")).collect();
        Pointer::parse(&text).unwrap()
    })
}

fn text() -> impl Strategy<Value = String> {
    const LONG: &str = "                                                                       ";
    let spaces = select(&["", "", "", " ", "\n", "\t \r\n", LONG][..]);
    let spaces = proptest::collection::vec(spaces, 1..8);
    (part(), spaces).prop_map(|(part, spaces)| {
        let mut text = String::new();
        write(&part, &mut spaces.iter().cycle(), &mut text);
        text
    })
}

fn write<'a>(part: &Part, spaces: &mut impl Iterator<Item = &'a &'static str>, out: &mut String) {
    let mut token = |token: &str, out: &mut String| {
        out.push_str(token);
        out.push_str(spaces.next().unwrap());
    };
    token("", out);
    match part {
        Part::Scalar(scalar) => token(scalar, out),
        Part::Array(items) => {
            token("[", out);
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number > 0 { "," } else { "" });
                write(item, spaces, out);
            }
            out.push(']');
        }
        Part::Object(members) => {
            token("{", out);
            for (number, (key, value)) in members.iter().enumerate() {
                out.push_str(if number > 0 { "," } else { "" });
                out.push_str(spaces.next().unwrap());
                out.push_str(key);
                out.push_str(spaces.next().unwrap());
                out.push(':');
                write(value, spaces, out);
            }
            out.push('}');
        }
    }
    out.push_str(spaces.next().unwrap());
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(list) if step == "-1" => list.last(),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn find(value: &Value, steps: &[&str]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    find(child(value, step)?, rest)
}

fn read(value: &Value, steps: &[&str]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match value {
        Value::String(text) => read(&serde_json::from_str(text).ok()?, steps),
        value => read(child(value, step)?, rest),
    }
}

/// What of `value` is kept.
fn keep(value: &Value, rules: &[Vec<&str>]) -> Option<Value> {
    if rules.iter().any(Vec::is_empty) {
        return Some(value.clone());
    }
    match value {
        Value::Object(map) => {
            let member = |(key, value): (&String, &Value)| {
                let inner = behind(rules, |step| step == key);
                Some((key.clone(), keep(value, &inner)?))
            };
            let kept: Map<_, _> = map.iter().filter_map(member).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(list) => {
            let element =
                |(index, value)| keep(value, &behind(rules, is_element(index, list.len())));
            let kept: Vec<_> = list.iter().enumerate().filter_map(element).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

fn dropped(value: &Value, rules: &[Vec<&str>]) -> Option<Value> {
    if rules.iter().any(Vec::is_empty) {
        return None;
    }
    Some(match value {
        Value::Object(map) => {
            let member = |(key, value): (&String, &Value)| {
                Some((key.clone(), dropped(value, &behind(rules, |step| step == key))?))
            };
            Value::Object(map.iter().filter_map(member).collect())
        }
        Value::Array(list) => {
            let element =
                |(index, value)| dropped(value, &behind(rules, is_element(index, list.len())));
            Value::Array(list.iter().enumerate().filter_map(element).collect())
        }
        scalar => scalar.clone(),
    })
}

fn is_element(index: usize, length: usize) -> impl Fn(&str) -> bool {
    move |step| step == index.to_string() || (step == "-1" && index + 1 == length)
}

/// The rests of the rules whose first step `fits`.
fn behind<'r>(rules: &[Vec<&'r str>], fits: impl Fn(&str) -> bool) -> Vec<Vec<&'r str>> {
    rules.iter().filter(|rule| fits(rule[0])).map(|rule| rule[1..].to_vec()).collect()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|e| panic!("{e}: {}", bytes.escape_ascii()))
}

fn edited(edit: &Edit, json: &str) -> Value {
    let mut out = Vec::new();
    if edit.apply(json.as_bytes(), &mut out) { parse(&out) } else { parse(json.as_bytes()) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn places_are_those_of_the_tree(
        json in text(), places in proptest::collection::vec(pointer(), 1..6)
    ) {
        let tree = parse(json.as_bytes());
        let all = Pointers::new(places.clone());
        all.find_all(json.as_bytes(), |found| {
            for (index, place) in places.iter().enumerate() {
                let steps: Vec<_> = place.steps().collect();
                let value = place.find(json.as_bytes());
                prop_assert_eq!(value.map(parse), find(&tree, &steps), "{}", place);
                let slow = slow::find(json.as_bytes(), place);
                prop_assert_eq!(found.range(index), slow, "{} {}", place, json);
                prop_assert_eq!(found.get(index), value, "{}", place);
                let through = place.read(json.as_bytes());
                prop_assert_eq!(through.as_deref().map(parse), read(&tree, &steps), "{}", place);
                prop_assert_eq!(found.read(index), through, "{}", place);
            }
            Ok(())
        })?;
    }

    #[test]
    fn edits_are_those_of_the_tree(
        json in text(), places in proptest::collection::vec(pointer(), 1..4)
    ) {
        let tree = parse(json.as_bytes());
        let rules: Vec<Vec<&str>> = places.iter().map(|place| place.steps().collect()).collect();
        if let Ok(edit) = Edit::new(&Choice::Keep(places.clone()), &[]) {
            let expected = keep(&tree, &rules).unwrap_or_else(|| match &tree {
                Value::Object(_) => Value::Object(Map::new()),
                Value::Array(_) => Value::Array(Vec::new()),
                scalar => scalar.clone(),
            });
            prop_assert_eq!(edited(&edit, &json), expected, "keep {:?} of {}", places, json);
        }
        if let Ok(edit) = Edit::new(&Choice::Drop(places.clone()), &[]) {
            let expected = dropped(&tree, &rules).unwrap();
            prop_assert_eq!(edited(&edit, &json), expected, "drop {:?} of {}", places, json);
        }
        let place = places[0].clone();
        if let Ok(edit) = Edit::new(&Choice::All, &[(place.clone(), "new".to_owned())]) {
            let steps: Vec<_> = place.steps().collect();
            let (last, outer) = steps.split_last().unwrap();
            let found = find(&tree, &steps);
            let in_object = find(&tree, outer).is_some_and(|outer| outer.is_object());
            let renamed = edited(&edit, &json);
            let mut new = outer.to_vec();
            new.push("new");
            if in_object && found.is_some() {
                prop_assert_eq!(find(&renamed, &new), found);
                prop_assert!(find(&renamed, outer).unwrap().get(last).is_none());
            } else {
                prop_assert_eq!(&renamed, &tree);
            }
        }
    }

    #[test]
    fn equality_is_that_of_the_tree(
        json in text(), place in pointer(), scalar in select(&SCALARS[..])
    ) {
        let scalar: Value = serde_json::from_str(scalar).unwrap();
        let rule = Match::parse(&serde_json::json!({place.to_string(): scalar})).unwrap();
        let steps: Vec<_> = place.steps().collect();
        let found = read(&parse(json.as_bytes()), &steps);
        let equal = found.as_ref().is_some_and(|found| match (found.as_f64(), scalar.as_f64()) {
            (Some(found), Some(scalar)) => found == scalar,
            _ => *found == scalar,
        });
        // A number beyond 64 bits is rounded by the tree, but not by the match.
        if scalar.as_f64().is_none_or(|number| number < 1e20) {
            prop_assert_eq!(rule.is_match(json.as_bytes()), equal, "{} {} {}", place, scalar, json);
        }
        let not = Match::parse(&serde_json::json!({place.to_string(): {"not": scalar}})).unwrap();
        prop_assert_eq!(
            not.is_match(json.as_bytes()),
            found.is_some() && !rule.is_match(json.as_bytes())
        );
    }

    #[test]
    fn elements_are_those_of_the_tree(json in text(), place in pointer()) {
        let steps: Vec<_> = place.steps().collect();
        let mut ranges = Vec::new();
        let done = Split::Elements(place.clone()).split_into(json.as_bytes(), &mut ranges);
        match find(&parse(json.as_bytes()), &steps) {
            None => prop_assert_eq!(done.unwrap_err().problem(), SplitProblem::Absent),
            Some(Value::Array(list)) => {
                let pieces: Vec<_> = ranges.into_iter().map(|r| parse(json[r].as_bytes())).collect();
                prop_assert_eq!(pieces, list);
            }
            Some(_) => prop_assert!(matches!(
                done.unwrap_err().problem(),
                SplitProblem::NotAnArray(_)
            )),
        }
    }

    #[test]
    fn changed_text_that_is_still_json_has_its_places(
        json in text(),
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), select(&b"{}[],:\"\\a01 \n"[..])), 1..4
        ),
        places in proptest::collection::vec(pointer(), 1..6),
    ) {
        let mut bytes = json.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
        Pointers::new(places.clone()).find_all(&bytes, |found| {
            for (index, place) in places.iter().enumerate() {
                match is_json {
                    true => {
                        let slow = slow::find(&bytes, place);
                        prop_assert_eq!(place.find(&bytes), slow.clone().map(|range| &bytes[range]));
                        prop_assert_eq!(found.range(index), slow);
                    }
                    false => prop_assert_eq!(found.range(index).is_some(), found.get(index).is_some()),
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            proptest::collection::vec(select(&b"{}[],:\"\\a01-n \n\xff"[..]), 0..40),
            (text(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
                let mut bytes = text.into_bytes();
                let at = at.index(bytes.len());
                bytes[at] = byte;
                bytes
            }),
        ],
        places in proptest::collection::vec(pointer(), 1..4),
    ) {
        let inside = |part: &[u8]| part.len() <= bytes.len();
        for place in &places {
            prop_assert!(place.find(&bytes).is_none_or(inside));
            prop_assert!(place.read(&bytes).is_none_or(|value| inside(&value)));
            for split in [Split::Elements(place.clone()), Split::ElementsOfLines(place.clone())] {
                for piece in split.pieces(&bytes).flatten() {
                    prop_assert!(bytes.get(piece).is_some());
                }
            }
        }
        let lines: Vec<_> = Split::Lines.pieces(&bytes).map(Result::unwrap).collect();
        prop_assert!(lines.iter().all(|line| !bytes[line.clone()].contains(&b'\n')));
        kind(&bytes);
        text_of(&bytes);
        Number::new(&bytes);
        let all = Pointers::new(places.clone());
        let mut key = Vec::new();
        prop_assert_eq!(all.key_of(&bytes, &mut key), !key.is_empty());
        let _ = Seen::from_bytes(&bytes, NonZeroUsize::MIN);
        for choice in [Choice::Keep(places.clone()), Choice::Drop(places.clone())] {
            if let Ok(edit) = Edit::new(&choice, &[]) {
                let mut out = Vec::new();
                prop_assert_eq!(edit.apply(&bytes, &mut out), !out.is_empty());
                prop_assert!(inside(&out));
            }
        }
        let rule = Match::parse(&serde_json::json!({
            places[0].to_string(): [{"not": 1}, {"min": 0}, {"prefix": "a"}], "text": {"not": "a"},
        })).unwrap();
        rule.is_match(&bytes);
        rule.matches(Message::unchecked(&bytes));
    }
}

#[test]
fn the_deepest_json_is_entered() {
    let (mut text, mut place) = (String::new(), String::new());
    for level in 0..127 {
        text.push_str(if level % 2 == 0 { "[0, " } else { "{\"a\": " });
        place.push_str(if level % 2 == 0 { "/-1" } else { "/a" });
    }
    text.push('7');
    for level in (0..127).rev() {
        text.push_str(if level % 2 == 0 { " ]" } else { " }" });
    }
    let place = Pointer::parse(&place).unwrap();
    assert!(serde_json::from_str::<Value>(&text).is_ok());
    assert_eq!(place.find(text.as_bytes()), Some(&b"7"[..]));
    assert!(
        Match::parse(&serde_json::json!({place.to_string(): 7})).unwrap().is_match(text.as_bytes())
    );
    let mut out = Vec::new();
    let keep = Edit::new(&Choice::Keep(vec![place.clone()]), &[]).unwrap();
    assert!(keep.apply(text.as_bytes(), &mut out));
    assert_eq!(place.find(&out), Some(&b"7"[..]));
    assert!(!out.contains(&b'0'));
}
