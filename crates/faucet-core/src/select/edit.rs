//! Members and elements kept, dropped and renamed, with the rest of the text byte for byte.

use std::ops::Range;

use super::choice::{Choice, EditError, check_renames};
use super::cursor::{Broken, Cursor, MAX_DEPTH};
use super::pointer::Pointer;
use super::tree::Tree;

/// Keeps or drops places of a JSON text and renames members, in one pass. All other bytes, such as
/// whitespace inside of values, the spelling of numbers and the order of members, stay as they are.
///
/// All places are those of the text before the edit. An object or array in which no kept place is
/// found goes too, but for the outermost. A text that is neither object nor array has no places
/// inside and is never changed. Of members with one name all are kept, dropped or renamed alike.
/// A new name that another member of the object has already gives the object two members of that
/// name; drop or rename the other one as well.
#[derive(Debug, Clone)]
pub struct Edit {
    tree: Tree,
    /// The rule of each node of the tree.
    rules: Vec<Rule>,
    keeps_all: bool,
}

#[derive(Debug, Clone, Default)]
struct Rule {
    keep: bool,
    drop: bool,
    /// The new name as a JSON string.
    name: Option<Box<str>>,
}

impl Edit {
    /// Prepares an edit; `rename` gives the member at a place a new name. A place that is an element
    /// of an array has no name to change.
    ///
    /// # Errors
    /// An edit without a place, or with places that contradict each other.
    pub fn new(choice: &Choice, rename: &[(Pointer, String)]) -> Result<Self, EditError> {
        let (keep, drop): (&[Pointer], &[Pointer]) = match choice {
            Choice::All if rename.is_empty() => return Err(EditError::NoPlace),
            Choice::Keep(places) | Choice::Drop(places) if places.is_empty() => {
                return Err(EditError::NoPlace);
            }
            Choice::All => (&[], &[]),
            Choice::Keep(places) => (places, &[]),
            Choice::Drop(places) => (&[], places),
        };
        check_renames(choice, rename)?;
        let mut edit = Self {
            tree: Tree::new(),
            rules: Vec::new(),
            keeps_all: !matches!(choice, Choice::Keep(_)),
        };
        for place in keep {
            edit.rule(place).keep = true;
        }
        for place in drop {
            if place.is_whole() {
                return Err(EditError::WholeValue);
            }
            edit.rule(place).drop = true;
        }
        for (place, name) in rename {
            let name = serde_json::Value::from(name.as_str()).to_string();
            if edit.rule(place).name.replace(name.into()).is_some() {
                return Err(EditError::RenamedTwice(place.clone()));
            }
        }
        for place in keep.iter().chain(drop).chain(rename.iter().map(|(place, _)| place)) {
            let mut node = edit.tree.insert(place);
            while node != 0 {
                node = edit.tree.parent(node);
                if edit.tree.counts_from_both_ends(node) {
                    return Err(EditError::BothEnds(place.clone()));
                }
            }
        }
        Ok(edit)
    }

    fn rule(&mut self, place: &Pointer) -> &mut Rule {
        let node = self.tree.insert(place);
        self.rules.resize_with(self.tree.len(), Rule::default);
        &mut self.rules[node]
    }

    /// Appends the edited text of `json` to `out`. Returns `false` where there is no change:
    /// then `out` stays as it is, and the caller goes on with `json`. Text that is not JSON is never
    /// changed; see [`Pointer::find`].
    pub fn apply(&self, json: &[u8], out: &mut Vec<u8>) -> bool {
        let from = out.len();
        let cursor = Cursor::new(json);
        let mut pass =
            Pass { edit: self, json, cursor, out, copied: 0, changed: false, stayed: Vec::new() };
        let done = pass.value(0, self.keeps_all, 0).and_then(|_| pass.cursor.end());
        if done.is_err() || !pass.changed {
            out.truncate(from);
            return false;
        }
        pass.copy(json.len());
        true
    }
}

/// One pass over a text. Kept text is copied late, in long runs.
struct Pass<'p, 'a> {
    edit: &'p Edit,
    json: &'a [u8],
    cursor: Cursor<'a>,
    out: &'p mut Vec<u8>,
    /// Up to here the text is copied or cut.
    copied: usize,
    changed: bool,
    /// The nodes of the members that stay, of all containers around the cursor.
    stayed: Vec<usize>,
}

/// The state of the output at one moment, to return to.
#[derive(Clone, Copy)]
struct Mark {
    length: usize,
    copied: usize,
    changed: bool,
}

impl Pass<'_, '_> {
    /// Edits the value at the cursor, which is at `node`; `kept` tells whether a place around the
    /// value is kept whole. Returns whether any part of the value is kept.
    fn value(&mut self, node: usize, kept: bool, depth: usize) -> Result<bool, Broken> {
        let kept = kept || self.edit.rules[node].keep;
        let inside = !self.edit.tree.is_leaf(node) && depth < MAX_DEPTH;
        match self.cursor.peek_token() {
            Some(b'{') if inside => self.container(node, kept, depth, b'}'),
            Some(b'[') if inside => self.container(node, kept, depth, b']'),
            _ => self.cursor.value().map(|_| kept),
        }
    }

    /// Edits the object or array at the cursor, whose last byte is `close`.
    fn container(
        &mut self,
        node: usize,
        kept: bool,
        depth: usize,
        close: u8,
    ) -> Result<bool, Broken> {
        let start = (self.cursor.at(), self.mark());
        let first = self.stayed.len();
        let mut gone = Vec::new();
        let mut any = self.items(node, kept, depth, close, &mut gone)?;
        if !gone.is_empty() {
            // Of members with one name the last counts. Here the last one goes and an earlier
            // one stayed, so all of them go.
            self.cursor.back_to(start.0);
            self.back_to(start.1);
            self.stayed.truncate(first);
            any = self.items(node, kept, depth, close, &mut gone)?;
        }
        self.stayed.truncate(first);
        Ok(kept || any)
    }

    /// Edits the items of a container and returns whether any stays. Members at the nodes `gone`
    /// go. Nodes of which an earlier member stays and the last one goes are added to `gone`.
    fn items(
        &mut self,
        node: usize,
        kept: bool,
        depth: usize,
        close: u8,
        gone: &mut Vec<usize>,
    ) -> Result<bool, Broken> {
        let edit = self.edit;
        let first = self.stayed.len();
        let known = gone.len();
        self.cursor.take(if close == b'}' { b'{' } else { b'[' });
        // An item begins with the whitespace in front of it.
        let mut from = self.cursor.at();
        if self.cursor.take(close) {
            return Ok(false);
        }
        let mut any = false;
        let mut hint = 0;
        for index in 0.. {
            let before = self.mark();
            let child = if close == b'}' {
                self.key(node, &mut hint)?
            } else {
                match edit.tree.element(node, index) {
                    None => self.last(node),
                    found => found,
                }
            };
            let dropped = |child: usize| edit.rules[child].drop || gone[..known].contains(&child);
            let stays = match child {
                Some(child) if !dropped(child) => self.value(child, kept, depth + 1)?,
                other => self.cursor.skip().map(|()| kept && other.is_none())?,
            };
            if let (Some(child), false) = (child, kept) {
                let stayed = self.stayed[first..].contains(&child);
                if stays {
                    self.stayed.extend((!stayed).then_some(child));
                    gone.retain(|other| *other != child);
                } else if stayed && !gone.contains(&child) {
                    gone.push(child);
                }
            }
            self.cursor.peek_token();
            let end = self.cursor.at();
            let more = self.cursor.more(close)?;
            if !stays {
                self.back_to(before);
                // The comma in front goes too, or the one behind where nothing stays in front.
                self.cut(if any { from - 1..end } else { from..end + usize::from(more) });
            }
            any |= stays;
            if !more {
                break;
            }
            from = self.cursor.at();
        }
        Ok(any)
    }

    /// Reads a key, gives it its new name and finds the node of its value.
    fn key(&mut self, node: usize, hint: &mut usize) -> Result<Option<usize>, Broken> {
        let edit = self.edit;
        let key = self.cursor.key()?;
        let quotes = key.range();
        let child = edit.tree.member(node, key, hint);
        if let Some(name) = child.and_then(|child| edit.rules[child].name.as_ref())
            && self.json.get(quotes.clone()) != Some(name.as_bytes())
        {
            self.cut(quotes);
            self.out.extend_from_slice(name.as_bytes());
        }
        Ok(child)
    }

    /// The node of the element at the cursor, where it is the last and a place counts from the end.
    fn last(&mut self, node: usize) -> Option<usize> {
        let child = self.edit.tree.last(node)?;
        let from = self.cursor.at();
        let is_last = self.cursor.skip().is_ok() && self.cursor.peek_token() == Some(b']');
        self.cursor.back_to(from);
        is_last.then_some(child)
    }

    fn mark(&self) -> Mark {
        Mark { length: self.out.len(), copied: self.copied, changed: self.changed }
    }

    fn back_to(&mut self, mark: Mark) {
        self.out.truncate(mark.length);
        self.copied = mark.copied;
        self.changed = mark.changed;
    }

    fn copy(&mut self, end: usize) {
        self.out.extend_from_slice(self.json.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    fn cut(&mut self, range: Range<usize>) {
        self.copy(range.start);
        self.copied = range.end;
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(texts: &[&str]) -> Vec<Pointer> {
        texts.iter().map(|text| Pointer::parse(text).unwrap()).collect()
    }

    fn names(pairs: &[(&str, &str)]) -> Vec<(Pointer, String)> {
        pairs.iter().map(|(p, name)| (Pointer::parse(p).unwrap(), (*name).to_owned())).collect()
    }

    fn apply(choice: &Choice, rename: &[(&str, &str)], json: &str) -> Option<String> {
        let mut out = b"#".to_vec();
        let changed = Edit::new(choice, &names(rename)).unwrap().apply(json.as_bytes(), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(changed, text != "#", "{json}");
        changed.then(|| text[1..].to_owned())
    }

    #[test]
    fn keep() {
        let json = r#" { "a" : 1.50 , "b":[ {"x": 1,"y" :2} , 7, [ ]], "c":{"d":{"e" : null}} } "#;
        for (keep, expected) in [
            (&["/a"][..], Some(r#" { "a" : 1.50 } "#)),
            (&["/c/d/e"], Some(r#" { "c":{"d":{"e" : null}} } "#)),
            (&["/b/0/y", "/b/2"], Some(r#" { "b":[ {"y" :2} , [ ]]} "#)),
            (&["/b/-1"], Some(r#" { "b":[ [ ]]} "#)),
            (&["/a/x", "/c/zz", "/b/9"], Some(" {} ")),
            (&["/a", "/b", "/c"], None),
            (&["/a", "/b/0", "/b/1", "/b/2", "/c"], None),
            (&[""], None),
            (&["", "/a"], None),
        ] {
            let found = apply(&Choice::Keep(places(keep)), &[], json);
            assert_eq!(found.as_deref(), expected, "{keep:?}");
        }
        let twice = [
            (r#"{"a":{"b":1},"a":5}"#, "{}"),
            (r#"{"a":{"b":1},"a":5,"a":{"b":2,"c":3}}"#, r#"{"a":{"b":1},"a":{"b":2}}"#),
            (r#"{"c":0,"a":{"b":1,"b":2},"d":{"e":3},"a":{}}"#, r#"{"d":{"e":3}}"#),
        ];
        for (json, expected) in twice {
            let choice = Choice::Keep(places(&["/a/b", "/d/e"]));
            assert_eq!(apply(&choice, &[], json).as_deref(), Some(expected), "{json}");
        }
        let outer = Choice::Keep(places(&["/a"]));
        assert_eq!(apply(&outer, &[], "[1,2]").as_deref(), Some("[]"));
        assert_eq!(apply(&outer, &[], "{}"), None);
        assert_eq!(apply(&outer, &[], "5"), None);
    }

    #[test]
    fn drop() {
        let json = "{\n  \"a\": 1,\n  \"b\": [1, 2, 3],\n  \"a\": {\"x\": 1}\n}";
        for (drop, expected) in [
            (&["/a"][..], Some("{\n  \"b\": [1, 2, 3]}")),
            (&["/b"], Some("{\n  \"a\": 1,\n  \"a\": {\"x\": 1}\n}")),
            (&["/b/0"], Some("{\n  \"a\": 1,\n  \"b\": [ 2, 3],\n  \"a\": {\"x\": 1}\n}")),
            (&["/b/-1", "/a/x"], Some("{\n  \"a\": 1,\n  \"b\": [1, 2],\n  \"a\": {}\n}")),
            (&["/a", "/b", "/a/x"], Some("{}")),
            (&["/c", "/b/3", "/b/x"], None),
        ] {
            let found = apply(&Choice::Drop(places(drop)), &[], json);
            assert_eq!(found.as_deref(), expected, "{drop:?}");
        }
    }

    #[test]
    fn rename() {
        let json = r#"{"a": 1,"b":{"a":2}, "\u0063": [3]}"#;
        for (choice, rename, expected) in [
            (
                Choice::All,
                &[("/a", "b"), ("/b", "a")][..],
                r#"{"b": 1,"a":{"a":2}, "\u0063": [3]}"#,
            ),
            (Choice::All, &[("/c", "\"\n")], r#"{"a": 1,"b":{"a":2}, "\"\n": [3]}"#),
            (Choice::Keep(places(&["/b/a"])), &[("/b/a", "x"), ("/b", "y")], r#"{"y":{"x":2}}"#),
            (Choice::Keep(places(&["/b"])), &[("/b/a", "x")], r#"{"b":{"x":2}}"#),
            (Choice::Keep(places(&["/a", "/b/q"])), &[("/b", "x")], r#"{"a": 1}"#),
            (Choice::Drop(places(&["/a"])), &[("/b/a", "x")], r#"{"b":{"x":2}, "\u0063": [3]}"#),
        ] {
            assert_eq!(apply(&choice, rename, json).as_deref(), Some(expected), "{rename:?}");
        }
        assert_eq!(apply(&Choice::All, &[("/a", "a"), ("/c/0", "x"), ("/zz", "x")], json), None);
    }

    #[test]
    fn contradictions() {
        let place = |text| Pointer::parse(text).unwrap();
        for (choice, rename, error) in [
            (Choice::All, &[][..], EditError::NoPlace),
            (Choice::Keep(vec![]), &[("/a", "b")], EditError::NoPlace),
            (Choice::Drop(places(&[""])), &[], EditError::WholeValue),
            (Choice::All, &[("", "b")], EditError::WholeValue),
            (Choice::All, &[("/a", "b"), ("/a", "c")], EditError::RenamedTwice(place("/a"))),
            (
                Choice::All,
                &[("/a", "x"), ("/b/c", "x"), ("/b", "x")],
                EditError::SameName(place("/a"), place("/b")),
            ),
            (
                Choice::Drop(places(&["/a"])),
                &[("/a/b", "x")],
                EditError::RenameDropped(place("/a/b")),
            ),
            (Choice::Keep(places(&["/a"])), &[("/b", "x")], EditError::RenameNotKept(place("/b"))),
            (Choice::Drop(places(&["/a/0/x", "/a/-1"])), &[], EditError::BothEnds(place("/a/0/x"))),
        ] {
            assert_eq!(Edit::new(&choice, &names(rename)).unwrap_err(), error);
        }
    }

    #[test]
    fn text_that_is_not_json_stays() {
        for text in ["", "ping", "{\"a\":1", "{\"a\":1,}", "{\"a\":1} x", "{\"b\":{\"a\":1,\"a\"}"]
        {
            assert_eq!(apply(&Choice::Drop(places(&["/a", "/b/a"])), &[], text), None, "{text}");
        }
    }
}
