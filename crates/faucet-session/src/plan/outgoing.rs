//! A message to send, parsed.

use bytes::Bytes;
use faucet_core::MessageKind;

use crate::keys::SessionMessage;
use crate::template::{BadPlaceholder, Filling, Placeholder, TextTemplate, TreeTemplate, Unfilled};

/// A message to send, parsed.
#[derive(Clone, PartialEq)]
pub(crate) struct Outgoing {
    form: Form,
    /// Ends a text message, where the framing asks for one.
    end: Option<u8>,
}

#[derive(Clone, PartialEq)]
enum Form {
    Fixed(MessageKind, Bytes),
    Json { prefix: Box<str>, tree: TreeTemplate },
    Text(TextTemplate),
}

/// A message that leaves. `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// The kind of message.
    pub kind: MessageKind,
    /// The payload; UTF-8 for a text message.
    pub payload: Bytes,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of {} bytes", self.kind, self.payload.len())
    }
}

/// Shows no content.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({} placeholders)", self.placeholders().len())
    }
}

impl Outgoing {
    /// Parses a message. `end` ends each text message.
    ///
    /// # Errors
    /// A `{/…}` that is no JSON pointer.
    pub(crate) fn parse(message: &SessionMessage, end: Option<u8>) -> Result<Self, BadPlaceholder> {
        let fixed =
            |text: &str| Form::Fixed(MessageKind::Text, Bytes::copy_from_slice(text.as_bytes()));
        let form = match message {
            SessionMessage::Text(text) => fixed(text),
            SessionMessage::Binary(bytes) => Form::Fixed(MessageKind::Binary, bytes.clone()),
            SessionMessage::Plain(tree) => fixed(&tree.to_string()),
            SessionMessage::Json { tree, prefix } => {
                let prefix = prefix.as_deref().unwrap_or_default();
                let tree = TreeTemplate::parse(tree)?;
                match tree.as_fixed() {
                    Some(json) => fixed(&format!("{prefix}{json}")),
                    None => Form::Json { prefix: prefix.into(), tree },
                }
            }
            SessionMessage::Filled(text) => {
                let text = TextTemplate::parse(text)?;
                match text.as_fixed() {
                    Some(text) => fixed(text),
                    None => Form::Text(text),
                }
            }
        };
        Ok(Self { form, end })
    }

    /// The placeholders in order.
    pub(crate) fn placeholders(&self) -> Vec<&Placeholder> {
        match &self.form {
            Form::Fixed(..) => Vec::new(),
            Form::Json { tree, .. } => tree.placeholders(),
            Form::Text(text) => text.placeholders().collect(),
        }
    }

    /// The message, where it has no placeholders and no end.
    pub(crate) fn as_fixed(&self) -> Option<Sent> {
        match &self.form {
            Form::Fixed(kind, payload) if self.end.is_none() => {
                Some(Sent { kind: *kind, payload: payload.clone() })
            }
            _ => None,
        }
    }

    /// The message with its placeholders filled; `None` where all of it is left out.
    ///
    /// # Errors
    /// A placeholder without a value, or a value that may not stand there.
    pub(crate) fn fill(&self, names: &dyn Filling) -> Result<Option<Sent>, Unfilled> {
        let mut text = match &self.form {
            Form::Fixed(kind, payload) if *kind == MessageKind::Binary || self.end.is_none() => {
                return Ok(Some(Sent { kind: *kind, payload: payload.clone() }));
            }
            Form::Fixed(_, payload) => String::from_utf8_lossy(payload).into_owned(),
            Form::Json { prefix, tree } => {
                let mut out = prefix.to_string();
                if !tree.fill(names, &mut out)? {
                    return Ok(None);
                }
                out
            }
            Form::Text(text) => match text.fill_line(names)? {
                Some(text) => text,
                None => return Ok(None),
            },
        };
        text.extend(self.end.map(char::from));
        Ok(Some(Sent { kind: MessageKind::Text, payload: text.into() }))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;
    use crate::template::{Reference, Token};

    /// Every name is its own value.
    struct Echo;

    impl Filling for Echo {
        fn token(&self, of: &Reference) -> Option<Cow<'_, Token>> {
            match of {
                Reference::Name(name) if &**name == "none" => None,
                Reference::Name(name) => Some(Cow::Owned(Token::text(&**name))),
                Reference::Answered(_) => Some(Cow::Owned(Token::text("\n"))),
            }
        }
    }

    #[test]
    fn each_form_is_sent_as_what_it_says() {
        let json = |tree, prefix: Option<&str>| SessionMessage::Json {
            tree,
            prefix: prefix.map(str::to_owned),
        };
        for (message, end, expected) in [
            (SessionMessage::from("{a}"), None, Ok(Some("{a}"))),
            (SessionMessage::Plain(json!({"op": "{a}"})), None, Ok(Some(r#"{"op":"{a}"}"#))),
            (json(json!({"op": "{a}"}), None), None, Ok(Some(r#"{"op":"a"}"#))),
            (json(json!(["sub", "{a}"]), Some("42")), None, Ok(Some(r#"42["sub","a"]"#))),
            (json(json!([1]), Some("42")), Some(0x1e), Ok(Some("42[1]\u{1e}"))),
            (json(json!("{none?}"), None), None, Ok(None)),
            (SessionMessage::Filled("SUB {a}".into()), Some(0x1e), Ok(Some("SUB a\u{1e}"))),
            (SessionMessage::Filled("SUB {none?}".into()), None, Ok(None)),
            (SessionMessage::Filled("SUB {/x}".into()), None, Err(())),
            (SessionMessage::Filled("SUB {none}".into()), None, Err(())),
        ] {
            let sent = Outgoing::parse(&message, end).unwrap().fill(&Echo).map_err(drop);
            let text =
                sent.map(|sent| sent.map(|sent| String::from_utf8(sent.payload.to_vec()).unwrap()));
            assert_eq!(text, expected.map(|text| text.map(str::to_owned)), "{message:?}");
        }
        let binary = SessionMessage::Binary(Bytes::from_static(&[1, 0xff]));
        let sent = Outgoing::parse(&binary, Some(0x1e)).unwrap().fill(&Echo).unwrap().unwrap();
        assert_eq!((sent.kind, &*sent.payload), (MessageKind::Binary, &[1, 0xff][..]));
    }
}
