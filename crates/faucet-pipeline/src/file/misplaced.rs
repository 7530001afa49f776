//! Keys in the wrong place, and keys with the names of other tools.
//!
//! The value of such a key is read from the place where it belongs: one slip of this kind does not
//! hide the mistakes in what it moved.

use faucet_core::{ComponentKind, KeyPath, Problem, ProblemKind, Registry, SchemaView, nearest};
use serde_json::{Map, Value};

use crate::diagnostic::{Advice, Diagnostic, Severity};
use crate::file::declared::section;
use crate::file::interpolate::Variables;
use crate::file::places::Places;

/// The keys of the file that are those of no component.
pub(crate) const SETTINGS: [&str; 5] = ["flush", "state", "grace", "parallel", "context"];

const KINDS: [ComponentKind; 3] =
    [ComponentKind::Source, ComponentKind::Transform, ComponentKind::Sink];

/// Keys at the top that hold a whole pipeline in other tools.
const WRAPPERS: [&str; 4] = ["pipeline", "pipelines", "config", "spec"];

/// What other tools call sources and sinks.
const OTHER_NAMES: [(&str, ComponentKind); 4] = [
    ("input", ComponentKind::Source),
    ("inputs", ComponentKind::Source),
    ("output", ComponentKind::Sink),
    ("outputs", ComponentKind::Sink),
];

/// A file whose keys are moved to where they belong.
pub(crate) struct Moved {
    pub(crate) tree: Value,
    pub(crate) places: Places,
    pub(crate) variables: Variables,
    pub(crate) found: Vec<Diagnostic>,
}

impl Moved {
    /// Moves the keys of a file. `known` are the keys that it may have.
    pub(crate) fn of(
        tree: &Value,
        places: &Places,
        variables: &Variables,
        known: &[&str],
        registry: &Registry,
    ) -> Self {
        let mut moved = Self {
            tree: tree.clone(),
            places: places.clone(),
            variables: variables.clone(),
            found: Vec::new(),
        };
        moved.wrapped(known);
        moved.other_names();
        moved.misspelled(known);
        moved.forms();
        for kind in KINDS {
            for place in moved.components(kind) {
                moved.type_key(&place);
                moved.in_component(kind, &place, registry);
            }
        }
        moved
    }

    fn map(&self, path: &KeyPath) -> Option<&Map<String, Value>> {
        path.get(&self.tree)?.as_object()
    }

    fn has(&self, path: &KeyPath) -> bool {
        path.get(&self.tree).is_some()
    }

    /// Moves the value at `from` to `to`, where nothing stands.
    fn take(&mut self, from: &KeyPath, to: &KeyPath) {
        let Some(value) = from.get_mut(&mut self.tree).map(Value::take) else { return };
        self.remove(from);
        let (Some(outer), Some(key)) = (to.parent(), to.last_key()) else { return };
        if let Some(Value::Object(map)) = outer.get_mut(&mut self.tree) {
            map.insert(key.to_owned(), value);
            self.places.rebase(from, to);
            self.variables.rebase(from, to);
        }
    }

    /// Notes that the key at `from` belongs to `to`.
    fn tell(&mut self, from: &KeyPath, to: Option<&KeyPath>, advice: Advice) {
        let kind = ProblemKind::Misplaced { to: to.cloned() };
        let mut found = Diagnostic::new(Severity::Error, Problem::new(from.clone(), kind));
        found.span = self.places.find(from, true);
        found.advice = Some(advice);
        self.found.push(found);
    }

    /// Moves everything below `outer` to `to`. What stands there already stays.
    fn take_all(&mut self, outer: &KeyPath, to: &KeyPath) {
        let keys: Vec<String> = self.map(outer).into_iter().flat_map(Map::keys).cloned().collect();
        for key in keys {
            let target = to.clone().then(key.as_str());
            if !self.has(&target) {
                self.take(&outer.clone().then(key.as_str()), &target);
            }
        }
        let (Some(above), Some(key)) = (outer.parent(), outer.last_key()) else { return };
        if let Some(Value::Object(map)) = above.get_mut(&mut self.tree) {
            map.remove(key);
        }
    }

    /// `pipeline: {source: …, sink: …}`.
    fn wrapped(&mut self, known: &[&str]) {
        for wrapper in WRAPPERS {
            let path = KeyPath::key(wrapper);
            let ends = ["source", "sources", "sink", "sinks", "input", "output"];
            let holds = |map: &Map<String, Value>| ends.iter().any(|end| map.contains_key(*end));
            if !known.contains(&wrapper) && self.map(&path).is_some_and(holds) {
                self.tell(&path, Some(&KeyPath::root()), Advice::TooDeep);
                self.take_all(&path, &KeyPath::root());
            }
        }
    }

    fn other_names(&mut self) {
        for (theirs, kind) in OTHER_NAMES {
            let path = KeyPath::key(theirs);
            let typed = |value: &Value| value.get("type").is_some_and(Value::is_string);
            let (ours, from) = match path.get(&self.tree) {
                None => continue,
                // A list of one component is that component.
                Some(Value::Array(items)) if items.len() == 1 && typed(&items[0]) => {
                    (kind.as_str(), path.clone().at(0))
                }
                Some(Value::Object(map)) if !map.get("type").is_some_and(Value::is_string) => {
                    (section(kind), path.clone())
                }
                Some(Value::Array(_)) => (section(kind), path.clone()),
                Some(_) => (kind.as_str(), path.clone()),
            };
            let to = KeyPath::key(ours);
            self.tell(&path, Some(&to), Advice::OtherTool { ours });
            if !self.has(&to) {
                self.take(&from, &to);
            }
            self.remove(&path);
        }
    }

    /// A key at the top that is probably misspelled.
    fn misspelled(&mut self, known: &[&str]) {
        let keys: Vec<String> =
            self.map(&KeyPath::root()).into_iter().flat_map(Map::keys).cloned().collect();
        for key in keys.iter().filter(|key| !known.contains(&key.as_str())) {
            let Some(near) = nearest(key, known.iter().copied()) else { continue };
            let (from, to) = (KeyPath::key(key.as_str()), KeyPath::key(near));
            if self.has(&to) {
                continue;
            }
            self.misspelt(&from, &to);
        }
    }

    /// Notes that the key at `from` is probably a misspelling of the one at `to`, and moves it there.
    fn misspelt(&mut self, from: &KeyPath, to: &KeyPath) {
        let near = to.last_key().map(str::to_owned);
        let kind = ProblemKind::UnknownKey { near };
        let mut found = Diagnostic::new(Severity::Error, Problem::new(from.clone(), kind));
        found.span = self.places.find(from, true);
        self.found.push(found);
        self.take(from, to);
    }

    /// `sinks: {type: …}`, and `sink: {a: {type: …}, b: {type: …}}`.
    fn forms(&mut self) {
        let typed = |value: &Value| value.get("type").is_some_and(Value::is_string);
        for kind in KINDS {
            let one = KeyPath::key(kind.as_str());
            let again = one.clone().then(kind.as_str());
            // `source: {source: {type: …}}`
            if self.map(&one).is_some_and(|map| map.len() == 1)
                && again.get(&self.tree).is_some_and(typed)
            {
                self.tell(&again, Some(&one), Advice::TooDeep);
                self.take_all(&again, &one);
            }
            let (short, long) = (kind.as_str(), section(kind));
            let (one, many) = (KeyPath::key(short), KeyPath::key(long));
            if self.map(&many).is_some_and(|map| map.get("type").is_some_and(Value::is_string))
                && !self.has(&one)
            {
                self.tell(&many, Some(&one), Advice::OneComponent { short });
                self.take(&many, &one);
            } else if self.map(&one).is_some_and(|map| {
                !map.is_empty() && !map.contains_key("type") && map.values().all(typed)
            }) && !self.has(&many)
            {
                self.tell(&one, Some(&many), Advice::SeveralComponents { long });
                self.take(&one, &many);
            }
        }
    }

    /// `Type: websocket`.
    fn type_key(&mut self, place: &KeyPath) {
        let Some(map) = self.map(place).filter(|map| !map.contains_key("type")) else { return };
        let is_type = |(key, value): &(&String, &Value)| {
            nearest(key, ["type"]).is_some() && value.is_string()
        };
        let Some(key) = map.iter().find(is_type).map(|(key, _)| key.clone()) else { return };
        self.misspelt(&place.clone().then(key), &place.clone().then("type"));
    }

    /// The places of all components of a kind.
    fn components(&self, kind: ComponentKind) -> Vec<KeyPath> {
        let (one, many) = (KeyPath::key(kind.as_str()), KeyPath::key(section(kind)));
        let mut all: Vec<KeyPath> = match one.get(&self.tree) {
            Some(Value::Array(items)) => (0..items.len()).map(|n| one.clone().at(n)).collect(),
            Some(_) => vec![one],
            None => Vec::new(),
        };
        let ids = self.map(&many).into_iter().flat_map(Map::keys);
        all.extend(ids.map(|id| many.clone().then(id.as_str())));
        all
    }

    fn in_component(&mut self, kind: ComponentKind, place: &KeyPath, registry: &Registry) {
        let Some(map) = self.map(place) else { return };
        let connector = map.get("type").and_then(Value::as_str).unwrap_or_default();
        let schema = match kind {
            ComponentKind::Source => registry.sources.find(connector).map(|entry| entry.schema()),
            ComponentKind::Transform => {
                registry.transforms.find(connector).map(|entry| entry.schema())
            }
            _ => registry.sinks.find(connector).map(|entry| entry.schema()),
        };
        let own: Vec<String> = schema.map_or_else(Vec::new, |schema| {
            let keys = SchemaView::new(schema).keys();
            keys.into_iter().map(|key| key.name.to_owned()).collect()
        });
        let has_own = |key: &str| own.iter().any(|own| own == key);
        let holds = |key: &str| map.get(key).is_some_and(Value::is_object) && !has_own(key);
        let deep = ["config", "options", "with"].into_iter().find(|key| holds(key));
        let inside: Vec<&str> = ["source", "sources", "transform", "transforms", "sink", "sinks"]
            .into_iter()
            .filter(|key| map.contains_key(*key) && !has_own(key))
            .collect();
        // The keys of a connector that is not known could be these.
        let settings: Vec<&str> = SETTINGS
            .into_iter()
            .filter(|key| schema.is_some() && map.contains_key(*key) && !has_own(key))
            .collect();
        let inputs = map.contains_key("inputs") && !has_own("inputs");
        let outputs = map.contains_key("outputs") && !has_own("outputs");
        for section in inside {
            let (from, to) = (place.clone().then(section), KeyPath::key(section));
            self.tell(&from, Some(&to), inside_of(section, place));
            match self.has(&to) {
                false => self.take(&from, &to),
                true => self.remove(&from),
            }
        }
        for setting in settings {
            let (from, to) = (place.clone().then(setting), KeyPath::key(setting));
            self.tell(&from, Some(&to), inside_of(setting, place));
            match self.has(&to) {
                false => self.take(&from, &to),
                true => self.take_all(&from, &to),
            }
        }
        if let Some(deep) = deep {
            let path = place.clone().then(deep);
            self.tell(&path, Some(place), Advice::TooDeep);
            self.take_all(&path, place);
        }
        if inputs && kind != ComponentKind::Source {
            let (from, to) = (place.clone().then("inputs"), place.clone().then("from"));
            self.tell(&from, Some(&to), Advice::OtherTool { ours: "from" });
            match self.has(&to) {
                false => self.take(&from, &to),
                true => self.remove(&from),
            }
        }
        if outputs && kind != ComponentKind::Sink {
            let from = place.clone().then("outputs");
            self.tell(&from, None, Advice::OtherTool { ours: "from" });
            self.remove(&from);
        }
    }

    fn remove(&mut self, path: &KeyPath) {
        let (Some(outer), Some(key)) = (path.parent(), path.last_key()) else { return };
        if let Some(Value::Object(map)) = outer.get_mut(&mut self.tree) {
            map.remove(key);
        }
    }
}

/// A key of the file stands inside the component at `place`.
fn inside_of(section: &str, place: &KeyPath) -> Advice {
    Advice::Inside { section: section.to_owned(), around: place.to_string() }
}
