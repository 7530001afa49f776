//! The parts of a pipeline file that hold secrets.

use faucet_core::template;
use faucet_core::{KeyPath, Problem, ProblemKind, Registry, SchemaView, Step};
use serde_json::Value;

use crate::diagnostic::{Owner, Span, is_secret_name};
use crate::file::findings::Findings;
use crate::file::interpolate::Variables;
use crate::file::places::Places;

/// Looks for secrets in a file.
pub(crate) struct Secrets<'a> {
    pub(crate) tree: &'a Value,
    pub(crate) owners: &'a [Owner],
    pub(crate) registry: &'a Registry,
    /// Unknown keys, and those that were probably meant.
    pub(crate) meant: Vec<(KeyPath, KeyPath)>,
}

impl<'a> Secrets<'a> {
    /// Looks for secrets in the tree of a file with these components.
    pub(crate) fn of(tree: &'a Value, owners: &'a [Owner], registry: &'a Registry) -> Self {
        Self { tree, owners, registry, meant: Vec::new() }
    }

    /// Whether no message may show the value at `path`: it is a secret, or stands below a key that
    /// may hold some.
    pub(crate) fn is_hidden(&self, path: &KeyPath) -> bool {
        let meant = self.meant.iter().find(|(unknown, _)| path.is_within(unknown));
        meant.is_some_and(|(unknown, meant)| self.hides(&path.rebased(unknown, meant)))
            || self.hides(path)
    }

    fn hides(&self, path: &KeyPath) -> bool {
        let around = std::iter::successors(Some(path.clone()), KeyPath::parent);
        let mut around = around.take_while(|path| !path.is_root());
        let is_auth = |path: &KeyPath| path.last_key() == Some("auth");
        // A word that chooses a kind is no secret.
        if path.last_key() == Some("type") {
            return false;
        }
        // A message that is a map or a list shows itself, but for what the names in it say.
        if self.is_in_message(path) {
            return self.is_secret(path);
        }
        around.any(|path| self.is_secret(&path) || is_auth(&path))
    }

    /// The component that has the key at `path`, as a schema, and the path in it.
    fn component(&self, path: &KeyPath) -> Option<(SchemaView<'_>, KeyPath)> {
        let owner = self.owners.iter().rev().find(|owner| path.is_within(&owner.place))?;
        let inner = path.relative_to(&owner.place);
        let schema = owner.schema(self.registry)?;
        (owner.place != *path).then_some((schema, inner))
    }

    /// Whether the value at `path` is a message as text.
    fn is_message(&self, path: &KeyPath) -> bool {
        let found = self.component(path).and_then(|(schema, inner)| schema.find(&inner));
        found.is_some_and(|found| found.resolve().value().get("title") == Some(&"message".into()))
    }

    /// Whether the value at `path` is a part of a message that is a map or a list.
    fn is_in_message(&self, path: &KeyPath) -> bool {
        let Some((schema, inner)) = self.component(path) else { return false };
        let is_message = |path: &KeyPath| {
            let found = schema.find(path);
            found.is_some_and(|found| {
                found.resolve().value().get("title") == Some(&"message".into())
            })
        };
        // The content of a message with a `type` is as secret as a message that is text.
        let is_content = matches!(inner.last_key(), Some("data" | "text"));
        if is_content && inner.parent().as_ref().is_some_and(is_message) {
            return false;
        }
        let around = std::iter::successors(inner.parent(), KeyPath::parent);
        around.take_while(|path| !path.is_root()).any(|path| is_message(&path))
    }

    /// Whether the value at `path` is a secret: by the schema of its key, and where it has none by
    /// its name. The names of the keys above it that no schema has count too.
    pub(crate) fn is_secret(&self, path: &KeyPath) -> bool {
        let Some((schema, inner)) = self.component(path) else {
            return is_named_secret(path.steps());
        };
        if let Some(found) = schema.find(&inner) {
            return found.is_secret();
        }
        // The schema knows the keys up to here.
        let around = std::iter::successors(inner.parent(), KeyPath::parent);
        let known = around.into_iter().find(|path| path.is_root() || schema.find(path).is_some());
        let known = known.map_or(0, |path| path.steps().len());
        // The last of them counts too: a list in the place of `headers` hides its items.
        is_named_secret(&inner.steps()[known.saturating_sub(1)..])
    }

    /// Whether the value at `path` is a URL or the path of a file.
    pub(crate) fn is_address(&self, path: &KeyPath) -> bool {
        let schema = self.component(path).and_then(|(schema, inner)| schema.find(&inner));
        schema.is_some_and(|schema| schema.has_placeholders() || schema.file_use().is_some())
    }

    /// The parts of the text that hold secrets.
    pub(crate) fn spans(&self, places: &Places) -> Vec<Span> {
        let scalars = places.iter().filter(|(path, _)| {
            path.get(self.tree).is_some_and(|value| !value.is_object() && !value.is_array())
        });
        let secret = scalars.filter(|(path, _)| self.is_hidden(path));
        secret.filter_map(|(_, place)| place.value).collect()
    }

    /// Warns of secrets that stand in the file itself.
    pub(crate) fn warn(&self, places: &Places, variables: &Variables, findings: &mut Findings<'_>) {
        for (path, place) in places.iter() {
            let Some(Value::String(text)) = path.get(self.tree) else { continue };
            if place.value.is_none() || text.is_empty() || variables.shown(path).is_some() {
                continue;
            }
            let name = path.last_key().unwrap_or_default();
            // A header, a parameter and a message are secrets for logs. Most of them are none for the users
            // of the machine.
            let mut around = std::iter::successors(path.parent(), KeyPath::parent);
            let is_shown = around.any(|key| matches!(key.last_key(), Some("headers" | "query")));
            let is_likely = !is_shown && !self.is_message(path);
            // A placeholder is the name of a secret, and none itself.
            let literal = template::placeholders(text).is_empty()
                && self.is_secret(path)
                && (is_likely || is_secret_name(name));
            if literal || has_password(text) {
                findings.warn(Problem::new(path.clone(), ProblemKind::LiteralSecret));
            }
        }
    }
}

/// Whether one of the keys has the name of a secret.
fn is_named_secret(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        // Everything below an unknown key, such as a misspelled `auth`, may be a secret.
        Step::Key(key) => is_secret_name(key) || matches!(&**key, "auth" | "headers"),
        _ => false,
    })
}

/// Whether the text is a URL with a password.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
}

/// The parts of a text that could not be parsed which probably hold secrets: what follows a name of
/// that kind in its line, and everything below such a line.
pub(crate) fn probable(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut below: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let is_below = below.is_some_and(|above| indent > above || line.trim().is_empty());
        if !is_below {
            below = None;
        }
        let value = match behind_secret_name(line) {
            Some(value) => {
                below = below.or(Some(indent));
                Some(value)
            }
            None if is_below => Some(line.find([':', '=']).map_or(indent, |at| at + 1)),
            None => None,
        };
        let end = line.trim_end().len();
        if let Some(value) = value.filter(|value| *value < end) {
            let blanks = line[value..end].len() - line[value..end].trim_start().len();
            found.push(Span::new(start + value + blanks, start + end));
        }
        start += line.len();
    }
    found
}

/// Where the value begins behind the first name of a secret in the line, or of a section that may hold
/// some. The colon may be missing: that may be what breaks the text.
fn behind_secret_name(line: &str) -> Option<usize> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    while let Some(start) = line[at..].find(is_word).map(|start| at + start) {
        let end = line[start..].find(|c| !is_word(c)).map_or(line.len(), |len| start + len);
        let word = &line[start..end];
        if is_secret_name(word) || is_section(word) {
            let marks = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':' | '=' | '\\');
            let rest = line[end..].trim_start_matches(marks);
            return Some(line.len() - rest.len());
        }
        at = end;
    }
    None
}

fn is_section(name: &str) -> bool {
    matches!(name, "auth" | "headers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceText;

    #[test]
    fn secrets_of_a_broken_text_are_found_by_their_names() {
        for text in [
            "source:\n  token: hunter2: x\n  url: ws://h\n",
            "auth: {type: bearer, config: {token: hunter2}\nurl: ws://h\n",
            "headers:\n  X-Plain: \"hunter2\n  Y: [hunter2\nurl: ws://h\n",
            "{\"auth\": {\"config\": {\"password\": \"hunter2\",}}\n\"url\": \"ws://h\"}",
            "[source]\npassword = hunter2\nurl = 'ws://h'\n",
        ] {
            let shown = SourceText::new(text).with_secrets(probable(text)).masked().text;
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("ws://h"), "{shown}");
        }
    }

    #[test]
    fn a_url_with_a_password_is_a_secret() {
        for (text, has) in
            [("ws://u:p@h/", true), ("ws://u@h/", false), ("ws://h/a:b@c", false), ("u:p@h", false)]
        {
            assert_eq!(has_password(text), has, "{text}");
        }
    }
}
