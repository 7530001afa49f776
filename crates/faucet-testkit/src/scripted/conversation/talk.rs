//! The state of a conversation on one connection.

use std::collections::BTreeMap;

use super::matching::Matching;
use super::memory::Memory;
use super::reply::Reply;
use super::saying::Saying;
use crate::scripted::arrived::Arrived;

/// Messages that are expected in any order, each with its reply.
type Pairs = Vec<(Matching, Reply)>;

pub(crate) struct Talk {
    memory: Memory,
    /// The standing answers.
    rules: Pairs,
    /// Replies that wait for their release.
    held: BTreeMap<String, Vec<u8>>,
    /// The messages of an unordered step that have not come yet.
    open: Pairs,
}

impl Talk {
    pub(crate) fn new(memory: Memory) -> Self {
        Self { memory, rules: Vec::new(), held: BTreeMap::new(), open: Vec::new() }
    }

    /// Does a step and returns the bytes that it sends, or why it cannot.
    pub(crate) fn say(
        &mut self,
        saying: &Saying,
        arrived: &mut Arrived,
    ) -> Result<Vec<u8>, String> {
        let failed = |why: String| format!("{saying:?}: {why}");
        match saying {
            Saying::Reply(reply) => self.reply(reply, arrived).map_err(failed),
            Saying::Whenever(matching, reply) => {
                self.rules.push((matching.clone(), reply.clone()));
                self.answer_at_once(arrived, 0)
            }
            Saying::Remember(name, pointer) => {
                let message = arrived.last().ok_or_else(|| {
                    failed("it needs a message that an earlier step expects".to_owned())
                })?;
                let value = pointer.read(message).ok_or_else(|| {
                    let message = super::shown(message);
                    failed(format!("its place is missing in the message {message}"))
                })?;
                self.memory.keep(name, value.into_owned().into());
                Ok(Vec::new())
            }
            Saying::Hold(name, reply) => {
                let bytes = self.reply(reply, arrived).map_err(failed)?;
                self.held.insert(name.clone(), bytes);
                Ok(Vec::new())
            }
            Saying::Release(name) => {
                self.held.remove(name).ok_or_else(|| failed("no reply is held".to_owned()))
            }
        }
    }

    fn reply(&self, reply: &Reply, arrived: &Arrived) -> Result<Vec<u8>, String> {
        reply.make(arrived.last().map(|message| &message[..]), &self.memory)
    }

    /// Takes the messages from the number `from` on that have a rule, and answers them.
    pub(crate) fn answer_at_once(
        &self,
        arrived: &mut Arrived,
        from: usize,
    ) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut at = from;
        while let Some((opcode, message)) = arrived.data(at) {
            let rule = self.rules.iter().find(|(matching, _)| matching.holds(opcode, message));
            let Some((matching, reply)) = rule else {
                at += 1;
                continue;
            };
            let answer = reply.make(Some(message), &self.memory);
            out.extend(answer.map_err(|why| format!("the answer to {matching:?}: {why}"))?);
            arrived.remove(at);
        }
        Ok(out)
    }

    /// Answers nothing by itself any more.
    pub(crate) fn fall_silent(&mut self) {
        self.rules.clear();
    }

    /// Begins an unordered step.
    pub(crate) fn open(&mut self, pairs: &[(Matching, Reply)]) {
        self.open = pairs.to_vec();
    }

    /// Whether a message of the unordered step is still to come.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes the next message of the unordered step, and answers it. `None`: it has not come yet.
    pub(crate) fn answer_any(&mut self, arrived: &mut Arrived) -> Result<Option<Vec<u8>>, String> {
        let open = &self.open;
        let place =
            |opcode, message: &[u8]| open.iter().position(|(m, _)| m.holds(opcode, message));
        let Some(at) = arrived.pass_to(place) else { return Ok(None) };
        let (matching, reply) = self.open.remove(at);
        let answer = self.reply(&reply, arrived);
        answer.map(Some).map_err(|why| format!("the answer to {matching:?}: {why}"))
    }

    /// The first message of the unordered step that has not come.
    pub(crate) fn still_open(&self) -> Option<&Matching> {
        self.open.first().map(|(matching, _)| matching)
    }
}
