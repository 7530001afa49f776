//! Several places in a JSON text, found in one pass.

use std::borrow::Cow;
use std::ops::Range;

use super::pointer::{Element, Pointer, Token, read_string};
use super::scan::{Broken, Cursor, Key, Kind, MAX_DEPTH, kind, unescape};

/// The steps of several pointers as one tree; node 0 is the whole value.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    token: Option<Token>,
    parent: usize,
    depth: usize,
    children: Vec<usize>,
    /// The child that is the last element of an array.
    last: Option<usize>,
    /// Whether a child is an element counted from the front.
    counted: bool,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new(None, 0, 0)] }
    }

    /// The node of `pointer`, which is made where it is missing.
    pub(super) fn insert(&mut self, pointer: &Pointer) -> usize {
        let mut at = 0;
        for token in pointer.tokens() {
            let known = self.nodes[at].children.iter().copied();
            let known = known.into_iter().find(|&c| self.nodes[c].token.as_ref() == Some(token));
            at = known.unwrap_or_else(|| {
                let child = self.nodes.len();
                self.nodes.push(Node::new(Some(token.clone()), at, self.nodes[at].depth + 1));
                let node = &mut self.nodes[at];
                node.children.push(child);
                match token.element {
                    Element::Last => node.last = Some(child),
                    Element::At(_) => node.counted = true,
                    Element::No => {}
                }
                child
            });
        }
        at
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn is_leaf(&self, node: usize) -> bool {
        self.nodes[node].children.is_empty()
    }

    pub(super) fn parent(&self, node: usize) -> usize {
        self.nodes[node].parent
    }

    /// The child of `node` that is the last element of an array.
    pub(super) fn last(&self, node: usize) -> Option<usize> {
        self.nodes[node].last
    }

    /// Whether children of `node` count the elements of one array from both ends.
    pub(super) fn counts_from_both_ends(&self, node: usize) -> bool {
        self.nodes[node].last.is_some() && self.nodes[node].counted
    }

    /// The child of `node` for the member `key`. Senders keep the order of their members, so the
    /// search begins at the child number `hint`, the one behind the last hit.
    pub(super) fn member(&self, node: usize, key: Key<'_>, hint: &mut usize) -> Option<usize> {
        let children = &self.nodes[node].children;
        let is = |child: &usize| {
            self.nodes[*child].token.as_ref().is_some_and(|token| key.is(&token.name))
        };
        let (before, behind) = children.split_at_checked(*hint)?;
        let number = match behind.iter().position(is) {
            Some(number) => number + before.len(),
            None => before.iter().position(is)?,
        };
        *hint = number + 1;
        Some(children[number])
    }

    /// The child of `node` for the element `index`, counted from the front.
    pub(super) fn element(&self, node: usize, index: usize) -> Option<usize> {
        if !self.nodes[node].counted {
            return None;
        }
        let wanted = Element::At(index);
        let is = |c: &usize| self.nodes[*c].token.as_ref().is_some_and(|t| t.element == wanted);
        self.nodes[node].children.iter().copied().find(is)
    }
}

impl Node {
    fn new(token: Option<Token>, parent: usize, depth: usize) -> Self {
        Self { token, parent, depth, children: Vec::new(), last: None, counted: false }
    }
}

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

type Slot = Option<Range<usize>>;

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
        let mut few = [const { None }; FEW];
        let mut many = Vec::new();
        let slots = match few.get_mut(..self.tree.len()) {
            Some(slots) => slots,
            None => {
                many.resize(self.tree.len(), None);
                &mut many[..]
            }
        };
        let mut search = Search { tree: &self.tree, json, cursor: Cursor::new(json), slots };
        if search.value(0, 0).and_then(|()| search.cursor.end()).is_err() {
            search.slots.fill(None);
        }
        read(&Found { pointers: self, json, slots: search.slots })
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
    let (sort, bytes) = match unescape(value) {
        Some(content) => (1, Cow::Owned(content.into_owned().into_bytes())),
        None => (2, Cow::Borrowed(value)),
    };
    out.push(sort);
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(&bytes);
}

/// The places that [`Pointers::find_all`] found.
#[derive(Debug)]
pub struct Found<'p, 'a> {
    pointers: &'p Pointers,
    json: &'a [u8],
    slots: &'p [Slot],
}

impl<'a> Found<'_, 'a> {
    /// The range of the value at the pointer number `index`; `None` where it is not there.
    pub fn range(&self, index: usize) -> Option<Range<usize>> {
        self.slots[*self.pointers.ends.get(index)?].clone()
    }

    /// The value at the pointer number `index`, as [`Pointer::find`] finds it.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.json.get(self.range(index)?)
    }

    /// The value at the pointer number `index`, as [`Pointer::read`] reads it, through strings.
    pub fn read(&self, index: usize) -> Option<Cow<'a, [u8]>> {
        if let Some(value) = self.get(index) {
            return Some(Cow::Borrowed(value));
        }
        let tree = &self.pointers.tree;
        let mut node = *self.pointers.ends.get(index)?;
        while self.slots[node].is_none() && node != 0 {
            node = tree.parent(node);
        }
        let value = self.json.get(self.slots[node].clone()?)?;
        if kind(value) != Some(Kind::String) {
            return None;
        }
        let tokens = self.pointers.pointers[index].tokens();
        read_string(value, &tokens[tree.nodes[node].depth..]).map(Cow::Owned)
    }
}

struct Search<'s, 'a> {
    tree: &'s Tree,
    json: &'a [u8],
    cursor: Cursor<'a>,
    /// The place of each node.
    slots: &'s mut [Slot],
}

impl Search<'_, '_> {
    /// Reads the value at the cursor, which is at `node`.
    fn value(&mut self, node: usize, depth: usize) -> Result<(), Broken> {
        if self.slots[node].is_some() {
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
                self.cursor.value()?;
            }
        }
        self.slots[node] = Some(from..self.cursor.at());
        Ok(())
    }

    fn object(&mut self, node: usize, depth: usize) -> Result<(), Broken> {
        self.cursor.take(b'{');
        if self.cursor.take(b'}') {
            return Ok(());
        }
        let mut hint = 0;
        loop {
            let (key, _) = self.cursor.key()?;
            match self.tree.member(node, key, &mut hint) {
                Some(child) => self.value(child, depth + 1)?,
                None => {
                    self.cursor.value()?;
                }
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
            self.cursor.peek_token();
            let from = self.cursor.at();
            match self.tree.element(node, index) {
                Some(child) => self.value(child, depth + 1)?,
                None => {
                    self.cursor.value()?;
                }
            }
            if !self.cursor.more(b']')? {
                // Only the bracket behind an element tells that the element is the last.
                if let Some(child) = self.tree.last(node) {
                    let behind =
                        std::mem::replace(&mut self.cursor, Cursor::new_at(self.json, from));
                    self.value(child, depth + 1)?;
                    self.cursor = behind;
                }
                break;
            }
        }
        Ok(())
    }

    fn forget(&mut self, node: usize) {
        self.slots[node] = None;
        for &child in &self.tree.nodes[node].children {
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
