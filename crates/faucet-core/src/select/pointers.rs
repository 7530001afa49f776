//! Several places in a JSON text, found in one pass.

use std::borrow::Cow;
use std::ops::Range;

use super::cursor::{Broken, Cursor, MAX_DEPTH};
use super::pointer::{Pointer, read_string};
use super::tree::Tree;
use super::unescape::unescape_into;
use super::value::{Kind, kind};

/// Several pointers that are found in one pass over a JSON text.
#[derive(Debug, Clone)]
pub struct Pointers {
    pointers: Vec<Pointer>,
    tree: Tree,
    /// The node of each pointer.
    ends: Vec<usize>,
}

/// The most nodes whose places need no allocation.
const FEW: usize = 24;

/// The nodes of most searches. Less memory takes less time to clear.
const VERY_FEW: usize = 8;

/// Where the value of a node stands. No JSON value is empty, so an empty range is nowhere.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    from: usize,
    to: usize,
}

impl Slot {
    #[inline]
    fn range(self) -> Option<Range<usize>> {
        (self.from < self.to).then_some(self.from..self.to)
    }
}

impl Pointers {
    /// Prepares the search. [`Found`] names a value by the index of its pointer.
    pub fn new(pointers: impl IntoIterator<Item = Pointer>) -> Self {
        let pointers: Vec<Pointer> = pointers.into_iter().collect();
        let mut tree = Tree::new();
        let ends = pointers.iter().map(|pointer| tree.insert(pointer)).collect();
        Self { pointers, tree, ends }
    }

    /// The pointers, in the order in which they were given.
    pub fn as_slice(&self) -> &[Pointer] {
        &self.pointers
    }

    /// Finds all places of the JSON text `json` in one pass and hands them to `read`. A search for
    /// up to about twenty pointers allocates no memory. Text that is not JSON has none of the
    /// places; see [`Pointer::find`].
    pub fn find_all<'a, T>(&self, json: &'a [u8], read: impl FnOnce(&Found<'_, 'a>) -> T) -> T {
        let nodes = self.tree.len();
        if nodes <= VERY_FEW {
            self.find_in(&mut [Slot::default(); VERY_FEW], json, read)
        } else if nodes <= FEW {
            self.find_in(&mut [Slot::default(); FEW], json, read)
        } else {
            self.find_in(&mut vec![Slot::default(); nodes], json, read)
        }
    }

    /// [`find_all`](Self::find_all) with memory for the place of each node.
    fn find_in<'a, T>(
        &self,
        slots: &mut [Slot],
        json: &'a [u8],
        read: impl FnOnce(&Found<'_, 'a>) -> T,
    ) -> T {
        let cursor = Cursor::new(json);
        let mut search = Search { tree: &self.tree, cursor, slots, has_strings: false };
        if search.value(0, 0).and_then(|()| search.cursor.end()).is_err() {
            search.slots.fill(Slot::default());
        }
        let has_strings = search.has_strings;
        read(&Found { pointers: self, json, slots: search.slots, has_strings })
    }

    /// Appends to `out` the values of all places as one key: equal keys come only from equal values
    /// in equal places, and an absent place is unlike any value. Strings are equal by content; other
    /// values by their JSON text, so `1` and `1.0` differ. Returns whether any place is there;
    /// `out` stays as it is where none is.
    pub fn key_of(&self, json: &[u8], out: &mut Vec<u8>) -> bool {
        let from = out.len();
        let any = self.find_all(json, |found| {
            let mut any = false;
            for index in 0..self.pointers.len() {
                let value = found.read(index);
                any |= value.is_some();
                push_part(value.as_deref(), out);
            }
            any
        });
        if !any {
            out.truncate(from);
        }
        any
    }
}

/// Appends one part of a key: its sort, its length, its bytes.
fn push_part(value: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(value) = value else { return out.push(0) };
    let sort = out.len();
    out.push(1);
    out.extend_from_slice(&[0; 8]);
    let from = out.len();
    if !unescape_into(value, out) {
        out[sort] = 2;
        out.extend_from_slice(value);
    }
    let length = (out.len() - from) as u64;
    out[sort + 1..from].copy_from_slice(&length.to_le_bytes());
}

/// The places that [`Pointers::find_all`] found.
#[derive(Debug)]
pub struct Found<'p, 'a> {
    pointers: &'p Pointers,
    json: &'a [u8],
    slots: &'p [Slot],
    /// Whether a string stands on the way to a place.
    has_strings: bool,
}

impl<'a> Found<'_, 'a> {
    /// The range of the value at the pointer number `index`; `None` where it is not there.
    pub fn range(&self, index: usize) -> Option<Range<usize>> {
        self.slots[*self.pointers.ends.get(index)?].range()
    }

    /// The value at the pointer number `index`, as [`Pointer::find`] finds it.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.json.get(self.range(index)?)
    }

    /// The value at the pointer number `index`, as [`Pointer::read`] reads it, through strings.
    pub fn read(&self, index: usize) -> Option<Cow<'a, [u8]>> {
        match self.get(index) {
            Some(value) => Some(Cow::Borrowed(value)),
            None => self.read_inside(index).map(Cow::Owned),
        }
    }

    /// The value at the pointer number `index`, where it stands inside of a string.
    #[inline]
    pub(super) fn read_inside(&self, index: usize) -> Option<Vec<u8>> {
        if self.has_strings { self.read_in_strings(index) } else { None }
    }

    fn read_in_strings(&self, index: usize) -> Option<Vec<u8>> {
        let tree = &self.pointers.tree;
        let mut node = *self.pointers.ends.get(index)?;
        while self.slots[node].range().is_none() && node != 0 {
            node = tree.parent(node);
        }
        let value = self.json.get(self.slots[node].range()?)?;
        if kind(value) != Some(Kind::String) {
            return None;
        }
        let tokens = self.pointers.pointers[index].tokens();
        read_string(value, &tokens[tree.depth(node)..])
    }
}

struct Search<'s, 'a> {
    tree: &'s Tree,
    cursor: Cursor<'a>,
    /// The place of each node.
    slots: &'s mut [Slot],
    /// Whether a string stands on the way to a place.
    has_strings: bool,
}

impl Search<'_, '_> {
    /// Reads the value at the cursor, which is at `node`.
    fn value(&mut self, node: usize, depth: usize) -> Result<(), Broken> {
        if self.slots[node].range().is_some() {
            // A second member of one name replaces the first and all places inside of the first.
            self.forget(node);
        }
        let opening = self.cursor.peek_token();
        let from = self.cursor.at();
        match opening {
            Some(b'{') if !self.tree.is_leaf(node) && depth < MAX_DEPTH => {
                self.object(node, depth)?;
            }
            Some(b'[') if !self.tree.is_leaf(node) && depth < MAX_DEPTH => {
                self.array(node, depth)?;
            }
            _ => {
                self.has_strings |= opening == Some(b'"') && !self.tree.is_leaf(node);
                self.cursor.value()?;
            }
        }
        self.slots[node] = Slot { from, to: self.cursor.at() };
        Ok(())
    }

    fn object(&mut self, node: usize, depth: usize) -> Result<(), Broken> {
        self.cursor.take(b'{');
        if self.cursor.take(b'}') {
            return Ok(());
        }
        let mut hint = 0;
        loop {
            let key = self.cursor.key()?;
            match self.tree.member(node, key, &mut hint) {
                Some(child) => self.value(child, depth + 1)?,
                None => self.cursor.skip()?,
            }
            if !self.cursor.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, node: usize, depth: usize) -> Result<(), Broken> {
        self.cursor.take(b'[');
        if self.cursor.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            if self.tree.ends_before(node, index) {
                return self.cursor.leave(b']');
            }
            let from = self.cursor.at();
            match self.tree.element(node, index) {
                Some(child) => self.value(child, depth + 1)?,
                None => self.cursor.skip()?,
            }
            if !self.cursor.more(b']')? {
                // Only the bracket behind an element tells that the element is the last.
                if let Some(child) = self.tree.last(node) {
                    self.cursor.back_to(from);
                    self.value(child, depth + 1)?;
                    self.cursor.more(b']')?;
                }
                break;
            }
        }
        Ok(())
    }

    fn forget(&mut self, node: usize) {
        self.slots[node] = Slot::default();
        for &child in self.tree.children(node) {
            self.forget(child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(texts: &[&str]) -> Pointers {
        Pointers::new(texts.iter().map(|text| Pointer::parse(text).unwrap()))
    }

    #[test]
    fn finds_several_in_any_order() {
        let json = br#"{"b":[{"x":1},{"x":2}],"a":"{\"k\":[3]}","a\u0062":true,"b":[{"y":4}]}"#;
        let places = ["", "/b/-1/y", "/b/0/y", "/b/1/x", "/a", "/a/k/0", "/ab", "/zz", "/ab"];
        let values = [None, Some("4"), Some("4"), None, None, Some("3"), Some("true"), None];
        pointers(&places).find_all(json, |found| {
            assert_eq!(found.get(0), Some(&json[..]));
            for (index, value) in values.iter().enumerate().skip(1) {
                if index != 4 {
                    let read = found.read(index);
                    assert_eq!(read.as_deref(), value.map(str::as_bytes), "{}", places[index]);
                }
            }
            assert_eq!(found.get(4), Some(&br#""{\"k\":[3]}""#[..]));
            assert_eq!(found.get(5), None, "a string is entered by `read` only");
            assert_eq!(found.get(8), Some(&b"true"[..]), "one pointer may be given twice");
            assert_eq!(found.get(9), None);
        });
    }

    #[test]
    fn many_pointers() {
        let names: Vec<String> = (0..300).map(|n| format!("/k{n}")).collect();
        let pointers = pointers(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let members: Vec<String> = (0..300).rev().map(|n| format!("\"k{n}\": {n}")).collect();
        let json = format!("{{{}}}", members.join(","));
        pointers.find_all(json.as_bytes(), |found| {
            for n in 0..300 {
                assert_eq!(found.get(n), Some(n.to_string().as_bytes()));
            }
        });
    }

    #[test]
    fn keys_are_equal_only_for_equal_values() {
        let pointers = pointers(&["/a", "/b"]);
        let key = |json: &str| {
            let mut out = vec![b'#'];
            let any = pointers.key_of(json.as_bytes(), &mut out);
            assert_eq!(any, out.len() > 1);
            out
        };
        assert_eq!(key(r#"{"a":1,"b":"x"}"#), key(r#"{ "b":"\u0078", "c":0, "a" : 1 }"#));
        let unlike = [
            r#"{"a":1}"#,
            r#"{"b":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"a":1,"b":null}"#,
            r#"{"a":"x","b":"yz"}"#,
            r#"{"a":"xy","b":"z"}"#,
            r#"{"c":1}"#,
        ];
        for (i, a) in unlike.iter().enumerate() {
            for b in &unlike[..i] {
                assert_ne!(key(a), key(b));
            }
        }
        assert_eq!(key("ping"), b"#");
    }
}
