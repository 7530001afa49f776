//! A conversation over the connections of a run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_connect::{Quote, Secrets};
use faucet_core::{Scope, Span};

use crate::connect::{CallFailed, Dialing, Taken, Tools};
use crate::hooks::{Hooks, WorkDone};
use crate::names::{Book, ValueFailed};
use crate::place::Place;
use crate::plan::{Plan, ReadyCall, Sent, Verb};
use crate::script::batch::Batch;
use crate::script::dialogue::Dialogue;
use crate::script::effect::Effect;
use crate::script::memory::{Kept, Memory, rewound};
use crate::script::moment::{At, Entropy};
use crate::script::outlet::Origin;
use crate::script::reader::{Judges, Reader};
use crate::script::session_end::SessionEnd;
use crate::template::Token;

/// A conversation over the connections of a run. Pure: no socket, no clock, no runtime.
#[derive(Debug)]
pub struct Conversation {
    plan: Arc<Plan>,
    seed: Book,
    memory: Memory,
    /// While there is a connection.
    dialogue: Option<Box<Dialogue>>,
    reader: Reader,
    hooks: Hooks,
    /// The topics that are subscribed to.
    topics: Arc<[Token]>,
    entropy: Entropy,
}

impl Conversation {
    /// A conversation that has not begun.
    pub fn new(plan: Arc<Plan>, scope: &Scope, entropy: Entropy) -> Self {
        let seed = plan.book(scope);
        let mut memory = Memory::default();
        memory.cursor = plan.continuity.cursor.as_ref().and_then(|cursor| cursor.start.clone());
        let hooks = Hooks::default();
        let reader = Reader::new(Arc::clone(&plan), hooks.clone());
        let topics = plan.topics();
        Self { plan, seed, memory, dialogue: None, reader, hooks, topics, entropy }
    }

    /// Lets `hooks` do their parts of the conversation.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.reader = Reader::new(Arc::clone(&self.plan), hooks.clone());
        self.hooks = hooks;
        self
    }

    /// Subscribes to these topics only.
    #[must_use]
    pub fn with_topics(mut self, topics: Arc<[Token]>) -> Self {
        self.topics = topics;
        self
    }

    /// The topics that are subscribed to.
    pub fn topics(&self) -> &Arc<[Token]> {
        &self.topics
    }

    /// A conversation that goes on where this one is, on another connection. The URL that a rule gave goes
    /// with it.
    pub fn successor(&mut self) -> Self {
        Self {
            plan: Arc::clone(&self.plan),
            seed: self.seed.clone(),
            memory: self.memory.succeed(),
            dialogue: None,
            reader: Reader::new(Arc::clone(&self.plan), self.hooks.clone()),
            hooks: self.hooks.clone(),
            topics: Arc::clone(&self.topics),
            entropy: Entropy::default(),
        }
    }

    /// The connection is left by plan: nothing is sent any more, and data is still told from control.
    pub fn leave(&mut self) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.leave();
        }
    }

    /// The planned end did not come about: the connection goes on, and is to be followed by another `after`
    /// this time.
    pub fn go_on(&mut self, after: Duration, now: Instant) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.go_on(after, now);
        }
    }

    /// Goes on from a saved position.
    pub fn resume_from(&mut self, cursor: Option<Token>, kept: Kept) {
        self.memory.cursor = cursor.or_else(|| self.memory.cursor.take());
        self.memory.kept = kept;
    }

    /// The values for the next connect.
    pub fn dialing(&mut self) -> Dialing {
        Dialing {
            book: self.seed.fresh(&self.memory.kept, self.cursor()),
            resumes: self.memory.resumes(),
            next_url: self.memory.next_url.take(),
            dictionary: None,
        }
    }

    /// The cursor that a message gets.
    fn cursor(&self) -> Option<Token> {
        let plan = self.plan.continuity.cursor.as_ref()?;
        self.memory.cursor.as_ref().map(|cursor| rewound(plan, cursor))
    }

    /// The connection stands; `dialing` is what it was made with, with the values that were made and taken
    /// meanwhile.
    pub fn connected(&mut self, dialing: Dialing, secrets: &Secrets, at: At) {
        let Dialing { book, resumes, dictionary, .. } = dialing;
        let plan = Arc::clone(&self.plan);
        // A value that a call took may be kept, too.
        for name in &plan.continuity.keep {
            if let Some(token) = book.taken(name) {
                self.memory.keep(Arc::clone(name), token.clone());
            }
        }
        let topics = Arc::clone(&self.topics);
        let mut dialogue =
            Dialogue::new(plan, (book, topics), secrets, resumes, at, &mut self.entropy);
        if let Err(end) = self.reader.begin(dictionary) {
            dialogue.end(end);
        }
        match self.hooks.program() {
            Ok(Some(program)) => dialogue.begin_program(program, at, &mut self.entropy),
            Ok(None) => {}
            Err(panic) => {
                let words = Quote::of_panic(&*panic, &dialogue.hidden.all());
                dialogue.end(SessionEnd::HookPanicked(words));
            }
        }
        dialogue.advance(at, &mut self.entropy);
        self.dialogue = Some(Box::new(dialogue));
    }

    /// Looks at the messages of a batch: control is taken out, and the places in `spans` become those of
    /// the records. `bytes` and `spans` are as in a [`Batch`](faucet_core::Batch).
    pub fn look(&mut self, bytes: &[u8], spans: &mut Vec<Span>, at: At) -> Batch {
        let Some(dialogue) = &mut self.dialogue else { return Batch::default() };
        dialogue.moments.heard = at.now;
        if !self.reader.looks_at_messages() {
            return Batch::whole();
        }
        let (memory, entropy) = (&mut self.memory, &mut self.entropy);
        let mut judges = Judges { plan: &self.plan, dialogue, memory, at, entropy };
        self.reader.look(bytes, spans, &mut judges)
    }

    /// A part of a message came in.
    pub fn heard(&mut self, now: Instant) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.moments.heard = now;
        }
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.dialogue = None;
    }

    /// Forgets the position: the next connect begins anew.
    pub fn forget(&mut self) {
        self.memory.forget();
    }

    /// Whether the session is complete.
    pub fn is_complete(&self) -> bool {
        self.dialogue.as_ref().is_some_and(|dialogue| dialogue.is_up())
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.dialogue.as_mut()?.effects.pop_front()
    }

    /// The call of [`Effect::Errand`] brought a value, or none.
    pub fn errand_done(&mut self, name: Arc<str>, brought: Result<Token, ValueFailed>, at: At) {
        let Some(dialogue) = &mut self.dialogue else { return };
        let place = dialogue.out.take().map_or(Place::Connect, |out| out.place);
        match brought {
            Ok(token) => {
                dialogue.book.bring(name, token);
                dialogue.hidden.learn(&dialogue.book);
            }
            Err(why) => dialogue.end(SessionEnd::Value { place, why }),
        }
        dialogue.advance(at, &mut self.entropy);
    }

    /// The call of [`Effect::Call`] for this step brought values, or none.
    pub fn call_done(&mut self, step: usize, brought: Result<Taken, CallFailed>, at: At) {
        let Some(dialogue) = &mut self.dialogue else { return };
        dialogue.out = None;
        match brought {
            Ok(taken) => {
                for (name, token) in taken {
                    dialogue.bring(name, token, &mut self.memory);
                }
                dialogue.next_step(step, at.now);
            }
            Err(why) => dialogue.end(SessionEnd::Call { place: Place::Step(step), why }),
        }
        dialogue.advance(at, &mut self.entropy);
    }

    /// The work of [`Effect::Work`] is done.
    pub fn work_done(&mut self, done: WorkDone, at: At) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.program_answered(done, at, &mut self.entropy);
        }
    }

    /// Makes the call of [`Effect::Call`]. Cancel safe.
    ///
    /// The future borrows nothing of the conversation.
    pub fn call(
        &self,
        step: usize,
        call: ReadyCall,
        tools: &Tools,
    ) -> impl Future<Output = Result<Taken, CallFailed>> + Send + 'static {
        let (plan, tools) = (Arc::clone(&self.plan), tools.clone());
        let book = self.dialogue.as_ref().map_or_else(|| self.seed.clone(), |d| d.book.clone());
        let secrets = self.secrets();
        async move {
            let Some(Verb::Request(request)) = plan.script.steps.get(step).map(|step| &step.verb)
            else {
                return Ok(Taken::new());
            };
            request.make(call, &tools, &book, &secrets).await
        }
    }

    /// The texts that no message may show.
    pub fn secrets(&self) -> Secrets {
        self.secrets_of_connection().unwrap_or_default()
    }

    /// The secrets of the connection, those of its messages among them. `None`: there is no connection.
    pub fn secrets_of_connection(&self) -> Option<Secrets> {
        self.dialogue.as_ref().map(|dialogue| dialogue.hidden.all())
    }

    /// A frame of the connection itself (Ping, Pong) has left: it counts for `send_limit`.
    pub fn frame_sent(&mut self, now: Instant) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.outlet.frame(now);
        }
    }

    /// When the conversation wants to be called, if nothing happens before. `reads`: the owner reads.
    pub fn next_timeout(&self, reads: bool) -> Option<Instant> {
        self.dialogue.as_ref()?.next_timeout(reads)
    }

    /// Acts on every time limit that is reached.
    pub fn handle_timeout(&mut self, at: At, reads: bool) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.handle_timeout(at, reads, &mut self.entropy);
        }
    }

    /// The owner reads again after a pause.
    pub fn resumed(&mut self, pause: Duration, now: Instant) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.resumed(pause, now);
        }
    }

    /// Sends an answer that had to wait until a record was flushed.
    pub fn reply(&mut self, reply: Sent, now: Instant) {
        if let Some(dialogue) = self.dialogue.as_mut().filter(|dialogue| !dialogue.is_over()) {
            dialogue.outlet.push(reply, Origin::Reply);
            dialogue.flush(now);
        }
    }

    /// The last messages before our Close. A message whose names have no value is left out.
    pub fn goodbye(&mut self, at: At) -> Vec<Sent> {
        let dialogue = self.dialogue.as_mut();
        dialogue.map(|dialogue| dialogue.goodbye(at, &mut self.entropy)).unwrap_or_default()
    }

    /// The rules for Closes and answers to upgrades.
    pub fn close_rules(&self) -> &[crate::keys::CloseRule] {
        self.plan.close_rules()
    }

    /// Whether our Close keeps the session of the server alive.
    pub fn keeps_session(&self) -> bool {
        self.plan.continuity.has_resume
    }
}
