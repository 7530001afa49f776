//! The values of the names of one connection.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use faucet_core::Scope;

use crate::keys::ValuePer;
use crate::names::errand::{Call, Errand};
use crate::names::maker_failed::{MakerFailed, ValueFailed};
use crate::plan::{Hmac, KeySource, Maker, ValuePlan};
use crate::template::{Filling, Placeholder, Reference, TextTemplate, Token, Unfilled};
use crate::values::ClockAs;
use crate::values::{Argument, CommandCall};

/// The named values of a configuration.
pub(crate) type Values = BTreeMap<Arc<str>, ValuePlan>;

/// The values of the names of one connection. `Debug` shows no content.
#[derive(Debug, Clone)]
pub struct Book {
    values: Arc<Values>,
    context: Arc<BTreeMap<Arc<str>, Token>>,
    made: BTreeMap<Arc<str>, Token>,
    taken: BTreeMap<Arc<str>, Token>,
    cursor: Option<Token>,
}

/// The time and the randomness of a step.
pub struct Moment<'a> {
    /// The time of the wall clock.
    pub wall: SystemTime,
    /// Fills a buffer with random bytes.
    pub entropy: &'a mut dyn FnMut(&mut [u8]),
}

/// Why a value is not there yet.
#[derive(Debug)]
pub enum Blocked {
    /// A call must be made first.
    Errand(Box<Errand>),
    /// The value cannot be made.
    Failed(ValueFailed),
}

impl Book {
    pub(crate) fn new(values: Arc<Values>, scope: &Scope) -> Self {
        let context = scope
            .names()
            .filter_map(|name| Some((Arc::from(name), Token::text(scope.value(name)?))));
        Self {
            values,
            context: Arc::new(context.collect()),
            made: BTreeMap::new(),
            taken: BTreeMap::new(),
            cursor: None,
        }
    }

    /// The book of the next connection: nothing is made or taken but the kept values.
    pub(crate) fn fresh(&self, kept: &BTreeMap<Arc<str>, Token>, cursor: Option<Token>) -> Self {
        Self {
            values: Arc::clone(&self.values),
            context: Arc::clone(&self.context),
            made: BTreeMap::new(),
            taken: kept.clone(),
            cursor,
        }
    }

    /// Notes a taken value.
    pub fn take(&mut self, name: Arc<str>, token: Token) {
        self.taken.insert(name, token);
    }

    /// A taken value.
    pub(crate) fn taken(&self, name: &str) -> Option<&Token> {
        self.taken.get(name)
    }

    pub(crate) fn set_cursor(&mut self, cursor: Option<Token>) {
        self.cursor = cursor;
    }

    /// How many values were made.
    pub(crate) fn made(&self) -> usize {
        self.made.len()
    }

    /// Notes the value that an errand brought.
    pub fn bring(&mut self, name: Arc<str>, token: Token) {
        self.made.insert(name, token);
    }

    /// The value of a name; `None` while there is none.
    pub fn token(&self, name: &str) -> Option<&Token> {
        if name == "cursor" {
            return self.cursor.as_ref();
        }
        let found = self.made.get(name).or_else(|| self.taken.get(name));
        found.or_else(|| self.context.get(name))
    }

    /// The texts that no message may show.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let fixed = self.values.values().filter_map(|plan| match &plan.maker {
            Maker::Secret(secret) => Some(secret.expose()),
            Maker::Hmac(Hmac { key: KeySource::Fixed(key), .. }) => Some(key.expose()),
            Maker::Jwt(jwt) => match &jwt.key {
                KeySource::Fixed(key) => Some(key.expose()),
                KeySource::Named(_) => None,
            },
            _ => None,
        });
        let tokens = self.made.values().chain(self.taken.values());
        let tokens = tokens.filter(|token| token.is_secret()).map(Token::words);
        fixed.chain(tokens)
    }

    /// Makes the values that stand in `placeholders`, and those that they are made of.
    ///
    /// # Errors
    /// A call must be made first, or a value cannot be made.
    pub fn make<'a>(
        &mut self,
        placeholders: impl IntoIterator<Item = &'a Placeholder>,
        at: &mut Moment<'_>,
    ) -> Result<(), Blocked> {
        for placeholder in placeholders {
            if let Reference::Name(name) = &placeholder.of {
                self.make_one(name, at)?;
            }
        }
        Ok(())
    }

    fn make_one(&mut self, name: &Arc<str>, at: &mut Moment<'_>) -> Result<(), Blocked> {
        if self.made.contains_key(name) {
            return Ok(());
        }
        let values = Arc::clone(&self.values);
        let Some(plan) = values.get(name) else { return Ok(()) };
        self.make(plan.placeholders(), at)?;
        if plan.per == ValuePer::Message {
            return Ok(());
        }
        let made = match &plan.maker {
            Maker::File { path, pointer } => {
                let call = Call::File(path.clone());
                let errand = Errand { name: Arc::clone(name), call, pointer: pointer.clone() };
                return Err(Blocked::Errand(Box::new(errand)));
            }
            Maker::Command { program, arguments, pointer, limit } => {
                let arguments: Result<_, _> =
                    arguments.iter().map(|argument| self.argument(argument)).collect();
                let failed = |why: Unfilled| self.failed(name, why.into());
                let call = Call::Command(CommandCall {
                    program: program.clone(),
                    arguments: arguments.map_err(failed)?,
                    limit: *limit,
                });
                let errand = Errand { name: Arc::clone(name), call, pointer: pointer.clone() };
                return Err(Blocked::Errand(Box::new(errand)));
            }
            maker => make_now(maker, self, at).map_err(|why| self.failed(name, why))?,
        };
        self.made.insert(Arc::clone(name), made);
        Ok(())
    }

    /// The values among those that `placeholders` are made of that a program or a file brings.
    pub(crate) fn called(&self, placeholders: &[&Placeholder]) -> Vec<Placeholder> {
        let mut seen = BTreeSet::new();
        let mut rest: Vec<&Placeholder> = placeholders.to_vec();
        let mut called = Vec::new();
        while let Some(placeholder) = rest.pop() {
            let Some(plan) = placeholder.name().and_then(|name| self.values.get(name)) else {
                continue;
            };
            if !seen.insert(placeholder.name()) {
                continue;
            }
            match plan.maker {
                Maker::File { .. } | Maker::Command { .. } => called.push(placeholder.clone()),
                _ => rest.extend(plan.placeholders()),
            }
        }
        called
    }

    fn failed(&self, name: &Arc<str>, why: MakerFailed) -> Blocked {
        Blocked::Failed(ValueFailed { name: Arc::clone(name), why })
    }

    fn argument(&self, template: &TextTemplate) -> Result<Argument, Unfilled> {
        if let Some(text) = template.as_fixed() {
            return Ok(Argument::configured(text));
        }
        let text = template.fill(self)?.unwrap_or_default();
        Ok(Argument::filled(text, template.begins_filled()))
    }

    /// The value of a name for one message.
    pub(crate) fn plan_for_message(&self, name: &str) -> Option<&ValuePlan> {
        self.values.get(name).filter(|plan| plan.per == ValuePer::Message)
    }
}

impl Filling for Book {
    fn token(&self, of: &Reference) -> Option<Cow<'_, Token>> {
        match of {
            Reference::Name(name) => self.token(name).map(Cow::Borrowed),
            Reference::Answered(_) => None,
        }
    }
}

/// Whether a value that is made of `placeholders` is a secret.
fn is_made_of_secrets<'a>(
    placeholders: impl IntoIterator<Item = &'a Placeholder>,
    names: &dyn Filling,
) -> bool {
    placeholders.into_iter().any(|p| names.token(&p.of).is_some_and(|token| token.is_secret()))
}

/// Makes a value that needs no call.
pub(crate) fn make_now(
    maker: &Maker,
    names: &dyn Filling,
    at: &mut Moment<'_>,
) -> Result<Token, MakerFailed> {
    let filled = |text: &TextTemplate| text.fill(names).map(Option::unwrap_or_default);
    let tainted =
        |token: Token, text: &TextTemplate| match is_made_of_secrets(text.placeholders(), names) {
            true => token.secret(),
            false => token,
        };
    Ok(match maker {
        Maker::Text(text) => tainted(Token::text(filled(text)?), text),
        Maker::Secret(secret) => Token::text(secret.expose()).secret(),
        Maker::Literal(text) => Token::text(Arc::clone(text)),
        Maker::Clock { form, written_as, offset } => {
            let time = form.read(at.wall, *offset);
            match form.is_number() && *written_as == ClockAs::Number {
                true => Token::number(time),
                false => Token::text(time),
            }
        }
        Maker::Random(form) => {
            let value = form.make(at.entropy);
            if form.is_number() { Token::number(value) } else { Token::text(value) }
        }
        Maker::Encode { encoding, text } => {
            tainted(Token::text(encoding.encode(&filled(text)?)), text)
        }
        Maker::Hmac(hmac) => {
            let key = key_of(&hmac.key, names)?;
            let key = hmac.key_form.decode(&key).map_err(MakerFailed::Key)?;
            let digest = hmac.algorithm.sign(&key, filled(&hmac.text)?.as_bytes());
            Token::text(hmac.form.encode(&digest)).secret()
        }
        Maker::Jwt(jwt) => make_jwt(jwt, names, at)?,
        // A call is made for these.
        Maker::File { .. } | Maker::Command { .. } => Token::text(""),
    })
}

fn key_of(key: &KeySource, names: &dyn Filling) -> Result<faucet_core::Secret, Unfilled> {
    match key {
        KeySource::Fixed(key) => Ok(key.clone()),
        KeySource::Named(placeholder) => {
            let token = names.token(&placeholder.of);
            let token = token.ok_or_else(|| Unfilled::NoValue(placeholder.to_string()))?;
            Ok(token.words().into())
        }
    }
}

#[cfg(not(feature = "http"))]
fn make_jwt(
    _: &crate::plan::Jwt,
    _: &dyn Filling,
    _: &mut Moment<'_>,
) -> Result<Token, MakerFailed> {
    // The check of the configuration refuses the key in a build without the feature.
    Err(MakerFailed::NotSigned)
}

#[cfg(feature = "http")]
fn make_jwt(
    jwt: &crate::plan::Jwt,
    names: &dyn Filling,
    at: &mut Moment<'_>,
) -> Result<Token, MakerFailed> {
    use crate::values::{JwtKey, JwtParts};

    let members = |tree: &crate::template::TreeTemplate| {
        let mut json = String::new();
        tree.fill(names, &mut json)?;
        serde_json::from_str(&json).map_err(|_| MakerFailed::NotSigned)
    };
    let (header, claims) = (members(&jwt.header)?, members(&jwt.claims)?);
    let key = key_of(&jwt.key, names)?;
    let key = JwtKey::read(jwt.algorithm, &key).map_err(MakerFailed::JwtKey)?;
    let parts = JwtParts { header: &header, claims: &claims, expires_in: jwt.expires_in };
    let token = key.token(parts, at.wall).map_err(|_| MakerFailed::NotSigned)?;
    Ok(Token::text(token).secret())
}
