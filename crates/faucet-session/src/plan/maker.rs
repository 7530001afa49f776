//! The way to make a value, parsed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::select::Pointer;
use faucet_core::{KeyPath, Problem, ProblemKind, Problems, Secret};
use serde_json::Value;

use crate::keys::{MAKERS, MadeValue, NamedValue, ValuePer, WrittenAs};
use crate::template::{Placeholder, Reference, TextTemplate, TreeTemplate};
use crate::values::HmacAlgorithm;
use crate::values::JwtAlgorithm;
use crate::values::Offset;
use crate::values::RandomForm;
use crate::values::{ClockAs, ClockForm};
use crate::values::{DigestForm, Encoding, KeyForm};

/// A named value, parsed.
#[derive(Debug)]
pub(crate) struct ValuePlan {
    pub(crate) maker: Maker,
    pub(crate) per: ValuePer,
}

/// The way to make a value.
#[derive(Debug)]
pub(crate) enum Maker {
    Text(TextTemplate),
    Secret(Secret),
    Literal(Arc<str>),
    File {
        path: PathBuf,
        pointer: Option<Pointer>,
    },
    Command {
        program: String,
        arguments: Vec<TextTemplate>,
        pointer: Option<Pointer>,
        limit: Duration,
    },
    Clock {
        form: ClockForm,
        written_as: ClockAs,
        offset: Offset,
    },
    Random(RandomForm),
    Hmac(Hmac),
    Jwt(Box<Jwt>),
    Encode {
        encoding: Encoding,
        text: TextTemplate,
    },
}

/// A keyed hash.
#[derive(Debug)]
pub(crate) struct Hmac {
    pub(crate) algorithm: HmacAlgorithm,
    pub(crate) key: KeySource,
    pub(crate) key_form: KeyForm,
    pub(crate) text: TextTemplate,
    pub(crate) form: DigestForm,
}

/// A signed token.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "http"),
    expect(dead_code, reason = "only the feature `http` signs tokens")
)]
pub(crate) struct Jwt {
    pub(crate) algorithm: JwtAlgorithm,
    pub(crate) key: KeySource,
    pub(crate) header: TreeTemplate,
    pub(crate) claims: TreeTemplate,
    pub(crate) expires_in: Duration,
}

/// Where a key comes from.
#[derive(Debug)]
pub(crate) enum KeySource {
    Fixed(Secret),
    Named(Placeholder),
}

impl KeySource {
    fn parse(key: &Secret) -> Self {
        // A key may hold braces by chance: only a text that is nothing but one name is a placeholder.
        let whole = TextTemplate::parse(key.expose()).ok().and_then(|text| text.whole().cloned());
        match whole {
            Some(placeholder) if matches!(placeholder.of, Reference::Name(_)) => {
                Self::Named(placeholder)
            }
            _ => Self::Fixed(key.clone()),
        }
    }

    fn placeholder(&self) -> Option<&Placeholder> {
        match self {
            Self::Fixed(_) => None,
            Self::Named(placeholder) => Some(placeholder),
        }
    }
}

impl ValuePlan {
    /// Parses the value at `path`, noting every problem.
    pub(crate) fn parse(
        value: &NamedValue,
        path: &KeyPath,
        problems: &mut Problems,
    ) -> Option<Self> {
        match value {
            NamedValue::Text(text) => {
                let maker = Maker::Text(template(text, path.clone(), problems)?);
                Some(Self { maker, per: ValuePer::Connection })
            }
            NamedValue::Made(made) => {
                let before = problems.len();
                let maker = Reader { made, path, problems }.maker();
                let maker = maker.filter(|_| problems.len() == before)?;
                Some(Self { maker, per: made.per })
            }
        }
    }

    /// The placeholders that the value is made of.
    pub(crate) fn placeholders(&self) -> Vec<&Placeholder> {
        match &self.maker {
            Maker::Text(text) | Maker::Encode { text, .. } => text.placeholders().collect(),
            Maker::Command { arguments, .. } => {
                arguments.iter().flat_map(TextTemplate::placeholders).collect()
            }
            Maker::Hmac(hmac) => {
                hmac.key.placeholder().into_iter().chain(hmac.text.placeholders()).collect()
            }
            Maker::Jwt(jwt) => {
                let trees = jwt.header.placeholders().into_iter().chain(jwt.claims.placeholders());
                jwt.key.placeholder().into_iter().chain(trees).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Parses a text with placeholders at `path`.
pub(crate) fn template(text: &str, path: KeyPath, problems: &mut Problems) -> Option<TextTemplate> {
    let parsed = TextTemplate::parse(text);
    parsed.map_err(|error| problems.push(Problem::invalid(path, error.to_string()))).ok()
}

/// The problem of a key that this build leaves out.
pub(crate) fn needs_http(at: KeyPath, key: &str) -> Problem {
    let kind =
        ProblemKind::Unavailable { what: "key", name: key.to_owned(), feature: "session-http" };
    Problem::new(at, kind)
}

/// Reads the keys of a made value.
struct Reader<'a> {
    made: &'a MadeValue,
    path: &'a KeyPath,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn at(&self, key: &'static str) -> KeyPath {
        self.path.clone().then(key)
    }

    /// The keys that are given.
    fn given(&self) -> Vec<&'static str> {
        let made = self.made;
        let keys = [
            ("secret", made.secret.is_some()),
            ("literal", made.literal.is_some()),
            ("file", made.file.is_some()),
            ("command", made.command.is_some()),
            ("clock", made.clock.is_some()),
            ("random", made.random.is_some()),
            ("hmac", made.hmac.is_some()),
            ("jwt", made.jwt.is_some()),
            ("encode", made.encode.is_some()),
            ("pointer", made.pointer.is_some()),
            ("timeout", made.timeout.is_some()),
            ("offset", made.offset.is_some()),
            ("as", made.written_as.is_some()),
            ("key", made.key.is_some()),
            ("key_is", made.key_is.is_some()),
            ("text", made.text.is_some()),
            ("header", !made.header.is_empty()),
            ("claims", !made.claims.is_empty()),
            ("expires_in", made.expires_in.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    fn maker(&mut self) -> Option<Maker> {
        let given = self.given();
        let makers: Vec<&str> = MAKERS.into_iter().filter(|key| given.contains(key)).collect();
        let kind = match makers[..] {
            [] => {
                self.problems.push(Problem::missing_one_of(MAKERS).under(self.path));
                return None;
            }
            [kind] => kind,
            [first, second, ..] => {
                self.problems.push(Problem::conflict(
                    self.path.clone().then(second),
                    self.path.clone().then(first),
                ));
                return None;
            }
        };
        self.check_companions(kind, &given);
        self.check_durations();
        match kind {
            "secret" => self.made.secret.as_ref().map(|text| Maker::Secret(text.0.clone())),
            "literal" => self.made.literal.as_deref().map(|text| Maker::Literal(text.into())),
            "file" => Some(Maker::File {
                path: self.made.file.as_ref()?.into(),
                pointer: self.made.pointer.clone(),
            }),
            "command" => self.command(),
            "clock" => Some(Maker::Clock {
                form: self.made.clock?,
                written_as: self.written_as(WrittenAs::of_clock, "number or text")?,
                offset: self.made.offset.unwrap_or_default(),
            }),
            "random" => self.made.random.map(Maker::Random),
            "hmac" => self.hmac(),
            "jwt" => self.jwt(),
            _ => {
                let text = self.text();
                Some(Maker::Encode { encoding: self.made.encode?, text: text? })
            }
        }
    }

    /// Refuses keys that belong to another way.
    fn check_companions(&mut self, kind: &str, given: &[&'static str]) {
        let belongs: &[&str] = match kind {
            "file" => &["pointer"],
            "command" => &["pointer", "timeout"],
            "clock" => &["offset", "as"],
            "hmac" => &["key", "key_is", "text", "as"],
            "jwt" => &["key", "header", "claims", "expires_in"],
            "encode" => &["text"],
            _ => &[],
        };
        for key in given.iter().filter(|key| **key != kind && !belongs.contains(key)) {
            let (at, of) = (self.at(key), self.path.clone().then(kind));
            self.problems.push(Problem::conflict(at, of));
        }
        let needs: &[&'static str] = match kind {
            "hmac" => &["key", "text"],
            "jwt" => &["key"],
            "encode" => &["text"],
            _ => &[],
        };
        for key in needs.iter().filter(|key| !given.contains(key)) {
            let at = self.at(key);
            self.problems.push(Problem::missing(at));
        }
        let is_asked = matches!(kind, "file" | "command");
        if is_asked && self.made.per == ValuePer::Message {
            let what = "a file or a program is asked once for each connection";
            let at = self.at("per");
            self.problems.push(Problem::invalid(at, what).help("leave `per` out"));
        }
    }

    fn check_durations(&mut self) {
        for (key, value) in [("timeout", self.made.timeout), ("expires_in", self.made.expires_in)] {
            let mut found = Problems::new();
            faucet_core::duration::check(key, value, &mut found);
            let outer = self.path;
            self.problems.extend(found.into_iter().map(|problem| problem.under(outer)));
        }
    }

    fn written_as<T: Default>(
        &mut self,
        form: impl Fn(WrittenAs) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let Some(written_as) = self.made.written_as else { return Some(T::default()) };
        let form = form(written_as);
        if form.is_none() {
            let at = self.at("as");
            self.problems.push(Problem::out_of_range(at, expected));
        }
        form
    }

    fn text(&mut self) -> Option<TextTemplate> {
        let at = self.at("text");
        template(self.made.text.as_ref()?, at, self.problems)
    }

    fn command(&mut self) -> Option<Maker> {
        let words = self.made.command.as_ref()?;
        let at = self.at("command");
        let Some((program, arguments)) = words.split_first().filter(|(first, _)| !first.is_empty())
        else {
            self.problems.push(Problem::out_of_range(at, "a program and its arguments"));
            return None;
        };
        let mut parsed = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            parsed.extend(template(argument, at.clone().at(index + 1), self.problems));
        }
        Some(Maker::Command {
            program: program.clone(),
            arguments: parsed,
            pointer: self.made.pointer.clone(),
            limit: self.made.timeout.unwrap_or(Duration::from_secs(10)),
        })
    }

    fn hmac(&mut self) -> Option<Maker> {
        let form = self.written_as(WrittenAs::of_digest, "hex, base64 or base64url");
        let text = self.text();
        let key_form = self.made.key_is.unwrap_or_default();
        let key = KeySource::parse(&self.made.key.as_ref()?.0);
        if let KeySource::Fixed(key) = &key
            && let Err(fault) = key_form.decode(key)
        {
            let at = self.at("key");
            self.problems.push(Problem::invalid(at, fault.to_string()));
        }
        let (form, text) = (form?, text?);
        Some(Maker::Hmac(Hmac { algorithm: self.made.hmac?, key, key_form, text, form }))
    }

    fn jwt(&mut self) -> Option<Maker> {
        if cfg!(not(feature = "http")) {
            let at = self.at("jwt");
            self.problems.push(needs_http(at, "jwt"));
        }
        let key = KeySource::parse(&self.made.key.as_ref()?.0);
        #[cfg(feature = "http")]
        if let (KeySource::Fixed(key), Some(algorithm)) = (&key, self.made.jwt)
            && let Err(fault) = crate::values::JwtKey::read(algorithm, key)
        {
            let at = self.at("key");
            self.problems.push(Problem::invalid(at, fault.to_string()));
        }
        let header = self.members("header", &self.made.header);
        let claims = self.members("claims", &self.made.claims);
        Some(Maker::Jwt(Box::new(Jwt {
            algorithm: self.made.jwt?,
            key,
            header: header?,
            claims: claims?,
            expires_in: self.made.expires_in.unwrap_or(Duration::from_secs(120)),
        })))
    }

    fn members(
        &mut self,
        key: &'static str,
        members: &BTreeMap<String, Value>,
    ) -> Option<TreeTemplate> {
        let tree = Value::Object(members.clone().into_iter().collect());
        let at = self.at(key);
        let parsed = TreeTemplate::parse(&tree);
        parsed.map_err(|error| self.problems.push(Problem::invalid(at, error.to_string()))).ok()
    }
}
