//! Answers to a message.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::memory::Memory;
use super::template::Template;
use crate::scripted::wire::Frame;

/// Makes a frame of bytes.
type Make = Arc<dyn Fn(&[u8]) -> Frame + Send + Sync>;

/// The frames with which a [`Script`](crate::Script) answers a message of the client.
///
/// In JSON, a text that is exactly `{/pointer}` becomes the value at that place of the message, token
/// for token: numbers keep their digits. `{/pointer}` inside a longer text becomes the text of the
/// value. `{name}` stands for a [remembered](crate::Script::remember) value in both ways, `{{` for a
/// brace. The keys of objects stay as they are, in the order of [`serde_json::Value`].
///
/// A [`Value`] is a reply in JSON, a [`Frame`] a reply that is always the same.
///
#[doc = "```"]
#[doc = include_str!("example_client.txt")]
/// use faucet_testkit::{Frame, Reply, Script, ScriptedServer};
/// use serde_json::json;
///
/// let server = ScriptedServer::start([Script::accept()
///     .expect_json(json!({"/op": "subscribe"}))
///     .reply(Reply::json(json!({"ack": "{/id}"})).and(Frame::text("hello")))
///     .reply(Reply::packed_json(json!({"n": 1}), |json| Frame::binary([b"packed:", json].concat())))
///     .close(1000, "")])
/// .await;
/// let answers = talk(&server, &[r#"{"op":"subscribe","id":7.0}"#]).await;
/// assert_eq!(answers, [r#"{"ack":7.0}"#, "hello", r#"packed:{"n":1}"#]);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Reply(Vec<Answer>);

#[derive(Clone)]
enum Answer {
    Json(Template, Make),
    With(Make),
    Frame(Frame),
}

impl Reply {
    /// A text message with this JSON.
    ///
    /// # Panics
    /// When the text between `{/` and `}` is no JSON pointer.
    #[track_caller]
    pub fn json(template: Value) -> Self {
        Self::packed_json(template, |json| Frame::text(json.to_vec()))
    }

    /// A binary message with this JSON.
    ///
    /// # Panics
    /// As [`json`](Self::json).
    #[track_caller]
    pub fn binary_json(template: Value) -> Self {
        Self::packed_json(template, |json| Frame::binary(json.to_vec()))
    }

    /// A frame that `pack` makes of the JSON: for servers that compress or sign their messages.
    ///
    /// # Panics
    /// As [`json`](Self::json).
    #[track_caller]
    pub fn packed_json(
        template: Value,
        pack: impl Fn(&[u8]) -> Frame + Send + Sync + 'static,
    ) -> Self {
        Self(vec![Answer::Json(Template::new(template), Arc::new(pack))])
    }

    /// A frame that `make` makes of the message.
    pub fn with(make: impl Fn(&[u8]) -> Frame + Send + Sync + 'static) -> Self {
        Self(vec![Answer::With(Arc::new(make))])
    }

    /// No answer.
    pub fn none() -> Self {
        Self::default()
    }

    /// These frames, and then those of `reply`.
    #[must_use]
    #[track_caller]
    pub fn and(mut self, reply: impl Into<Self>) -> Self {
        self.0.extend(reply.into().0);
        self
    }

    /// The bytes of the frames that answer `message`, or why there are none.
    pub(crate) fn make(&self, message: Option<&[u8]>, memory: &Memory) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        for answer in &self.0 {
            match answer {
                Answer::Json(template, pack) => {
                    pack(&template.fill(message, memory)?).write(&mut out);
                }
                Answer::With(make) => {
                    let message = message.ok_or("it needs a message that an earlier step expects");
                    make(message?).write(&mut out);
                }
                Answer::Frame(frame) => frame.write(&mut out),
            }
        }
        Ok(out)
    }
}

impl From<Value> for Reply {
    #[track_caller]
    fn from(template: Value) -> Self {
        Self::json(template)
    }
}

impl From<Frame> for Reply {
    fn from(frame: Frame) -> Self {
        Self(vec![Answer::Frame(frame)])
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, answer) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " and " })?;
            match answer {
                Answer::Json(template, _) => write!(f, "{template:?}")?,
                Answer::With(_) => f.write_str("a frame made of the message")?,
                Answer::Frame(frame) => write!(f, "{} bytes", frame.to_bytes().len())?,
            }
        }
        if self.0.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}
