//! The scripted peer, apart from how streams reach it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::task::JoinSet;

use super::conversation::{Memory, Talk};
use super::line::Below;
use super::log::{Entry, Log};
use super::player::Player;
use super::{Script, Seen};

/// The name of a log entry in failures.
const NOUN: &str = "connection";

impl Script {
    /// Plays the script over one stream, to its end.
    pub async fn play(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send) -> Seen {
        let log = Log::new(NOUN);
        let entry = log.begin(Seen::accepted());
        let player = Player::new(stream, Below::NOTHING, entry, Talk::new(Memory::default()));
        player.run(self).await;
        log.read().swap_remove(0)
    }
}

/// The scripts that are left, the log, and the values that scripts remember.
pub(crate) struct Stage {
    scripts: Mutex<VecDeque<Script>>,
    pub(crate) log: Log<Seen>,
    memory: Memory,
}

impl Stage {
    /// The next connection's script, its place in the log, and its conversation. The last script
    /// repeats.
    pub(crate) fn begin(&self) -> (Script, Entry<Seen>, Talk) {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let script = match scripts.len() {
            1 => scripts[0].clone(),
            _ => scripts.pop_front().expect("there is at least one script"),
        };
        (script, self.log.begin(Seen::accepted()), Talk::new(self.memory.clone()))
    }
}

/// A peer that plays the n-th script on the n-th connection, the last one again and again.
///
/// By itself it serves in-memory streams, so that whole life cycles can be tested with paused time;
/// [`ScriptedServer`](super::ScriptedServer) puts it behind a port. Dropping it drops its
/// connections.
pub struct ScriptedPeer {
    pub(crate) stage: Arc<Stage>,
    pub(crate) tasks: Mutex<JoinSet<()>>,
    refuses: Mutex<bool>,
}

impl std::fmt::Debug for ScriptedPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptedPeer").field("connections", &self.connections()).finish()
    }
}

impl ScriptedPeer {
    /// A peer with at least one script.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: VecDeque<Script> = scripts.into_iter().collect();
        assert!(!scripts.is_empty(), "a scripted peer needs a script");
        let stage =
            Stage { scripts: Mutex::new(scripts), log: Log::new(NOUN), memory: Memory::default() };
        Self {
            stage: Arc::new(stage),
            tasks: Mutex::new(JoinSet::new()),
            refuses: Mutex::new(false),
        }
    }

    /// Opens a connection in memory and plays the next script on it, in a task of its own.
    ///
    /// # Errors
    /// `ConnectionRefused` after a script with [`Script::then_refuse`].
    pub fn connect(&self) -> io::Result<DuplexStream> {
        let mut refuses = self.refuses.lock().unwrap_or_else(PoisonError::into_inner);
        if *refuses {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (script, entry, talk) = self.stage.begin();
        *refuses = script.then_refuse;
        let (theirs, ours) = duplex(64 * 1024);
        let player = Player::new(ours, Below::NOTHING, entry, talk);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(player.run(script));
        Ok(theirs)
    }

    /// The connections so far, as seen by the peer.
    pub fn connections(&self) -> Vec<Seen> {
        self.stage.log.read()
    }

    /// The data messages of a connection (from 0) as JSON.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// # use futures_util::SinkExt as _;
    /// use faucet_testkit::{Script, ScriptedPeer};
    /// use serde_json::json;
    ///
    /// let peer = ScriptedPeer::new([Script::accept().expect_data(1)]);
    /// let stream = peer.connect().unwrap();
    /// let (mut client, _) = tokio_tungstenite::client_async("ws://feed/", stream).await.unwrap();
    /// client.send(r#"{"op": "login"}"#.into()).await.unwrap();
    /// peer.finish().await;
    /// assert_eq!(peer.json_messages(0), [json!({"op": "login"})]);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When there is no such connection yet, or when a message is not JSON; the panic shows which.
    #[track_caller]
    pub fn json_messages(&self, connection: usize) -> Vec<Value> {
        let all = self.connections();
        match all.get(connection) {
            Some(seen) => seen.json_messages(),
            None => panic!("there is no connection {connection}; {} were accepted", all.len()),
        }
    }

    /// What clients did wrong, each with the number of its connection (from 0).
    pub fn failures(&self) -> Vec<String> {
        self.stage.log.failures()
    }

    /// Waits until the log satisfies `enough` and returns it.
    ///
    /// # Panics
    /// When that takes longer than ten seconds on tokio's clock.
    pub async fn until(&self, enough: impl FnMut(&[Seen]) -> bool) -> Vec<Seen> {
        self.stage.log.until(enough).await
    }

    /// Waits until every connection has ended or has nothing more to do, and returns the log.
    ///
    /// # Panics
    /// When a client did something wrong, or when a script still waits after ten seconds.
    pub async fn finish(&self) -> Vec<Seen> {
        self.stage.log.finish().await
    }
}
