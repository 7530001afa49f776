//! Places in a configuration.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// One step into a configuration tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Into a map, to this key.
    Key(Arc<str>),
    /// Into a list, to this place, from 0.
    Index(usize),
}

/// A place in a configuration tree, such as `tls.ca_file` or `headers[2]`. The empty path is the
/// whole tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    /// The whole tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// The key `name` of the tree. Dots in the name are part of it.
    pub fn key(name: impl Into<Arc<str>>) -> Self {
        Self::root().then(name)
    }

    /// The key `name` of what stands here.
    #[must_use]
    pub fn then(mut self, name: impl Into<Arc<str>>) -> Self {
        self.0.push(Step::Key(name.into()));
        self
    }

    /// The item `index`, from 0, of the list that stands here.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The same place in a tree that has the tree of this path at `outer`.
    #[must_use]
    pub fn under(mut self, outer: &Self) -> Self {
        let mut steps = outer.0.clone();
        steps.append(&mut self.0);
        Self(steps)
    }

    /// The place around this one. `None` for the whole tree.
    pub fn parent(&self) -> Option<Self> {
        let (_, steps) = self.0.split_last()?;
        Some(Self(steps.to_vec()))
    }

    /// The steps from the outside to the inside.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the whole tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the outermost key.
    pub fn first_key(&self) -> Option<&str> {
        match self.0.first()? {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }

    /// The name of the innermost key, if a key stands last.
    pub fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }

    /// The same place with another name for the outermost key.
    #[must_use]
    pub fn with_first_key(mut self, name: impl Into<Arc<str>>) -> Self {
        if let Some(first) = self.0.first_mut() {
            *first = Step::Key(name.into());
        }
        self
    }

    /// Whether `outer` is this place or stands around it.
    pub fn is_within(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }

    /// The same place as seen from `outer`; the place itself where it is not below `outer`.
    #[must_use]
    pub fn relative_to(&self, outer: &Self) -> Self {
        match self.0.strip_prefix(outer.0.as_slice()) {
            Some(rest) if !rest.is_empty() => Self(rest.to_vec()),
            _ => self.clone(),
        }
    }

    /// The same place below `to`, for a place below `from`; the place itself where it is not below
    /// `from`.
    #[must_use]
    pub fn rebased(&self, from: &Self, to: &Self) -> Self {
        match self.0.strip_prefix(from.0.as_slice()) {
            Some(rest) => Self([to.0.as_slice(), rest].concat()),
            None => self.clone(),
        }
    }

    /// The value of `tree` at this place.
    pub fn get<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(tree, |value, step| match step {
            Step::Key(key) => value.get(&**key),
            Step::Index(index) => value.get(*index),
        })
    }

    /// The value of `tree` at this place, to be changed.
    pub fn get_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value> {
        self.0.iter().try_fold(tree, |value, step| match step {
            Step::Key(key) => value.get_mut(&**key),
            Step::Index(index) => value.get_mut(*index),
        })
    }

    /// Puts a step before the others.
    pub(crate) fn behind(&mut self, step: Step) {
        self.0.insert(0, step);
    }
}

impl From<&str> for KeyPath {
    /// The key of this name.
    fn from(name: &str) -> Self {
        Self::key(name)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if n == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_together_and_shown() {
        let inner = KeyPath::key("auth").then("config").then("token");
        assert_eq!(inner.to_string(), "auth.config.token");
        let outer = KeyPath::key("sources").then("a");
        let path = inner.clone().under(&outer);
        assert_eq!(path.to_string(), "sources.a.auth.config.token");
        assert!(path.is_within(&outer) && !inner.is_within(&outer));
        assert_eq!(KeyPath::key("from").at(1).to_string(), "from[1]");
        assert_eq!((path.first_key(), path.last_key()), (Some("sources"), Some("token")));
        assert_eq!(KeyPath::root().parent(), None);
        assert_eq!(KeyPath::key("a").at(0).parent(), Some("a".into()));
        assert_eq!(inner.with_first_key("x.auth").to_string(), "x.auth.config.token");
    }

    #[test]
    fn a_path_leads_to_a_value_and_moves() {
        let mut tree = serde_json::json!({"a": [{"b": 1}]});
        let path = KeyPath::key("a").at(0).then("b");
        assert_eq!(path.get(&tree), Some(&1.into()));
        *path.get_mut(&mut tree).unwrap() = 2.into();
        assert_eq!(tree["a"][0]["b"], 2);
        assert_eq!(KeyPath::key("a").at(1).get(&tree), None);
        let moved = path.rebased(&KeyPath::key("a").at(0), &"x".into());
        assert_eq!(moved.to_string(), "x.b");
        assert_eq!(moved.rebased(&"y".into(), &"z".into()), moved);
    }
}
