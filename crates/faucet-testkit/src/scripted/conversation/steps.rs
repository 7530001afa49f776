//! The steps of a script that make a conversation.

use faucet_core::select::Pointer;
use serde_json::Value;

use super::matching::Matching;
use super::reply::Reply;
use super::saying::Saying;
use super::template::is_name;
use crate::scripted::script::Script;
use crate::scripted::step::{Expected, Step};
use crate::scripted::wire::Frame;

/// A conversation: what the client's messages hold, and answers with parts of them.
///
/// Matches are those of [`faucet_core::select::Match`], written with [`serde_json::json`]. They see
/// text and binary messages, whole and inflated. Replies belong to the last message that a step
/// expected; [`Reply`] says how they take values from it.
impl Script {
    /// Waits for a data message that matches. Others are logged and passed over.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let server = ScriptedServer::start([Script::accept()
    ///     .expect_json(json!({"/op": "login", "/args/0/apiKey": {"exists": true}}))
    ///     .reply_json(json!({"event": "login", "code": "0"}))
    ///     .close(1000, "")])
    /// .await;
    /// let messages = ["ping", r#"{"op":"login","args":[{"apiKey":"k"}]}"#];
    /// assert_eq!(talk(&server, &messages).await, [r#"{"code":"0","event":"login"}"#]);
    /// server.finish().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When `matches` is no match.
    #[must_use]
    #[track_caller]
    pub fn expect_json(self, matches: Value) -> Self {
        self.step(Step::Expect(Expected::Json(Matching::new(&matches))))
    }

    /// Waits for the next data message, which must match. The failure says each condition that does
    /// not hold, and what came instead.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let script = Script::accept().next_json(json!({"/op": "login"}));
    /// let server = ScriptedServer::start([script]).await;
    /// talk(&server, &[r#"{"op":"subscribe"}"#]).await;
    /// assert_eq!(
    ///     server.failures(),
    ///     ["connection 0: the next message does not match: \
    ///       /op: expected \"login\", got \"subscribe\"; the message is {\"op\":\"subscribe\"}"]
    /// );
    /// # }
    /// ```
    ///
    /// # Panics
    /// When `matches` is no match.
    #[must_use]
    #[track_caller]
    pub fn next_json(self, matches: Value) -> Self {
        self.step(Step::Expect(Expected::NextJson(Matching::new(&matches))))
    }

    /// Answers the last expected message with JSON in a text message. In a text of `template`,
    /// `{/pointer}` stands for a value of that message, and `{name}` for a remembered one.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let server = ScriptedServer::start([Script::accept()
    ///     .next_json(json!({"/method": "subscribe"}))
    ///     .reply_json(json!({"id": "{/id}", "result": "subscribed to {/params/0}"}))
    ///     .close(1000, "")])
    /// .await;
    /// let message = r#"{"id":1.50,"method":"subscribe","params":["trades"]}"#;
    /// let answers = talk(&server, &[message]).await;
    /// assert_eq!(answers, [r#"{"id":1.50,"result":"subscribed to trades"}"#]);
    /// server.finish().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the text between `{/` and `}` is no JSON pointer.
    #[must_use]
    #[track_caller]
    pub fn reply_json(self, template: Value) -> Self {
        self.reply(Reply::json(template))
    }

    /// The same in a binary message.
    ///
    /// # Panics
    /// As [`reply_json`](Self::reply_json).
    #[must_use]
    #[track_caller]
    pub fn reply_binary(self, template: Value) -> Self {
        self.reply(Reply::binary_json(template))
    }

    /// Answers the last expected message with a frame made of it.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Frame, Script, ScriptedServer};
    ///
    /// let server = ScriptedServer::start([Script::accept()
    ///     .expect_data(1)
    ///     .reply_with(|message| Frame::binary(message.to_ascii_uppercase()))
    ///     .close(1000, "")])
    /// .await;
    /// assert_eq!(talk(&server, &["hello"]).await, ["HELLO"]);
    /// server.finish().await;
    /// # }
    /// ```
    #[must_use]
    pub fn reply_with(self, make: impl Fn(&[u8]) -> Frame + Send + Sync + 'static) -> Self {
        self.reply(Reply::with(make))
    }

    /// Answers the last expected message with any [`Reply`].
    #[must_use]
    pub fn reply(self, reply: impl Into<Reply>) -> Self {
        self.step(Step::Say(Saying::Reply(reply.into())))
    }

    /// From here on answers each message that matches at once, whatever step is next. Such a message
    /// meets no other step, also where it came before this step and no step has taken it. Of several
    /// rules the first counts. After the peer's Close nothing is answered.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Frame, Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let server = ScriptedServer::start([Script::accept()
    ///     .whenever(json!({"/op": "ping"}), json!({"op": "pong", "ts": "{/ts}"}))
    ///     .whenever(json!({"text": "ping"}), Frame::text("pong"))
    ///     .next_json(json!({"/op": "subscribe"}))
    ///     .close(1000, "")])
    /// .await;
    /// let messages = [r#"{"op":"ping","ts":1}"#, "ping", r#"{"op":"subscribe"}"#];
    /// assert_eq!(talk(&server, &messages).await, [r#"{"op":"pong","ts":1}"#, "pong"]);
    /// server.finish().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When `matches` is no match.
    #[must_use]
    #[track_caller]
    pub fn whenever(self, matches: Value, reply: impl Into<Reply>) -> Self {
        self.step(Step::Say(Saying::Whenever(Matching::new(&matches), reply.into())))
    }

    /// Waits for one message for each match, in any order, and answers each when it comes. Others
    /// are logged and passed over. A message counts for the first match that still waits.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let ack = || json!({"subscribed": "{/channel}"});
    /// let server = ScriptedServer::start([Script::accept()
    ///     .unordered([
    ///         (json!({"/channel": "trades"}), ack()),
    ///         (json!({"/channel": "books"}), ack()),
    ///     ])
    ///     .close(1000, "")])
    /// .await;
    /// let messages = [r#"{"channel":"books"}"#, r#"{"channel":"trades"}"#];
    /// let answers = talk(&server, &messages).await;
    /// assert_eq!(answers, [r#"{"subscribed":"books"}"#, r#"{"subscribed":"trades"}"#]);
    /// server.finish().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When one of the matches is no match.
    #[must_use]
    #[track_caller]
    pub fn unordered<R: Into<Reply>>(self, pairs: impl IntoIterator<Item = (Value, R)>) -> Self {
        let mut all = Vec::new();
        for (matches, reply) in pairs {
            all.push((Matching::new(&matches), reply.into()));
        }
        self.step(Step::Unordered(all))
    }

    /// Remembers a value of the last expected message for replies of this and of later connections
    /// of the server: `{name}` stands for it. A later value replaces it.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let server = ScriptedServer::start([
    ///     Script::accept().expect_data(1).remember("session", "/session").close(1012, ""),
    ///     Script::accept().reply_json(json!({"resumed": "{session}"})).close(1000, ""),
    /// ])
    /// .await;
    /// talk(&server, &[r#"{"session":"s-1"}"#]).await;
    /// assert_eq!(talk(&server, &[]).await, [r#"{"resumed":"s-1"}"#]);
    /// server.finish().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When `pointer` is no JSON pointer, or `name` has other characters than letters, digits and
    /// underscores or begins with a digit.
    #[must_use]
    #[track_caller]
    pub fn remember(self, name: &str, pointer: &str) -> Self {
        assert!(is_name(name), "{name:?} is no name: letters, digits and `_`, and no digit first");
        match Pointer::parse(pointer) {
            Ok(pointer) => self.step(Step::Say(Saying::Remember(name.to_owned(), pointer))),
            Err(error) => panic!("{pointer:?} is no JSON pointer: {error}"),
        }
    }

    /// Makes the reply to the last expected message now, and sends it at
    /// [`release`](Self::release): late, or behind the answer to a later message.
    ///
    #[doc = "```"]
    #[doc = include_str!("example_client.txt")]
    /// use faucet_testkit::{Script, ScriptedServer};
    /// use serde_json::json;
    ///
    /// let server = ScriptedServer::start([Script::accept()
    ///     .expect_data(1)
    ///     .hold_reply("first", json!({"id": "{/id}"}))
    ///     .expect_data(1)
    ///     .reply_json(json!({"id": "{/id}"}))
    ///     .release("first")
    ///     .close(1000, "")])
    /// .await;
    /// let answers = talk(&server, &[r#"{"id":1}"#, r#"{"id":2}"#]).await;
    /// assert_eq!(answers, [r#"{"id":2}"#, r#"{"id":1}"#]);
    /// server.finish().await;
    /// # }
    /// ```
    #[must_use]
    pub fn hold_reply(self, name: &str, reply: impl Into<Reply>) -> Self {
        self.step(Step::Say(Saying::Hold(name.to_owned(), reply.into())))
    }

    /// Sends a reply that [`hold_reply`](Self::hold_reply) made.
    ///
    /// # Panics
    /// When no step before holds a reply of this name.
    #[must_use]
    #[track_caller]
    pub fn release(self, name: &str) -> Self {
        let mut holds = 0;
        for step in &self.steps {
            match step {
                Step::Say(Saying::Hold(held, _)) if held == name => holds = 1,
                Step::Say(Saying::Release(released)) if released == name => holds = 0,
                _ => {}
            }
        }
        assert!(holds == 1, "no step before `release({name:?})` holds a reply of this name");
        self.step(Step::Say(Saying::Release(name.to_owned())))
    }
}
