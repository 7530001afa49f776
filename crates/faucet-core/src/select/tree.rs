//! The steps of several pointers as one tree.

use super::cursor::Key;
use super::pointer::{Element, Pointer, Token};

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
    /// The bits of the names of the children; see [`name_bit`].
    names: u64,
    /// The child that is the last element of an array.
    last: Option<usize>,
    /// Children are among so many elements counted from the front.
    counted: usize,
}

/// One of 64 bits for the length and the first byte of a name. Most members of a message are of no
/// interest, and most of them are known as such by this bit alone.
#[inline(always)]
fn name_bit(name: &[u8]) -> u64 {
    let first = name.first().copied().unwrap_or_default();
    1 << ((usize::from(first) + 8 * name.len()) % 64)
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
                node.names |= name_bit(token.name.as_bytes());
                match token.element {
                    Element::Last => node.last = Some(child),
                    Element::At(index) => node.counted = node.counted.max(index.saturating_add(1)),
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

    #[inline]
    pub(super) fn is_leaf(&self, node: usize) -> bool {
        self.nodes[node].children.is_empty()
    }

    pub(super) fn children(&self, node: usize) -> &[usize] {
        &self.nodes[node].children
    }

    pub(super) fn parent(&self, node: usize) -> usize {
        self.nodes[node].parent
    }

    /// The number of steps to `node`.
    pub(super) fn depth(&self, node: usize) -> usize {
        self.nodes[node].depth
    }

    /// The child of `node` that is the last element of an array.
    pub(super) fn last(&self, node: usize) -> Option<usize> {
        self.nodes[node].last
    }

    /// Whether children of `node` count the elements of one array from both ends.
    pub(super) fn counts_from_both_ends(&self, node: usize) -> bool {
        self.nodes[node].last.is_some() && self.nodes[node].counted > 0
    }

    /// The child of `node` for the member `key`. Senders keep the order of their members, so the
    /// search begins at the child number `hint`, the one behind the last hit.
    #[inline(always)]
    pub(super) fn member(&self, node: usize, key: Key<'_>, hint: &mut usize) -> Option<usize> {
        let node = &self.nodes[node];
        match key.plain() {
            Some(name) if node.names & name_bit(name) == 0 => None,
            _ => self.find_member(node, key, hint),
        }
    }

    fn find_member(&self, node: &Node, key: Key<'_>, hint: &mut usize) -> Option<usize> {
        let is = |child: &usize| {
            self.nodes[*child].token.as_ref().is_some_and(|token| key.is(&token.name))
        };
        let (before, behind) = node.children.split_at_checked(*hint)?;
        let number = match behind.iter().position(is) {
            Some(number) => number + before.len(),
            None => before.iter().position(is)?,
        };
        *hint = number + 1;
        Some(node.children[number])
    }

    /// The child of `node` for the element `index`, counted from the front.
    #[inline]
    pub(super) fn element(&self, node: usize, index: usize) -> Option<usize> {
        if self.nodes[node].counted <= index {
            return None;
        }
        let wanted = Element::At(index);
        let is = |c: &usize| self.nodes[*c].token.as_ref().is_some_and(|t| t.element == wanted);
        self.nodes[node].children.iter().copied().find(is)
    }

    /// Whether no child of `node` is the element `index` or one behind it.
    #[inline]
    pub(super) fn ends_before(&self, node: usize, index: usize) -> bool {
        self.nodes[node].counted <= index && self.nodes[node].last.is_none()
    }
}

impl Node {
    fn new(token: Option<Token>, parent: usize, depth: usize) -> Self {
        Self { token, parent, depth, children: Vec::new(), names: 0, last: None, counted: 0 }
    }
}
