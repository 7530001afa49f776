//! Standard input.

use std::io::{self, Read};
use std::thread;

use tokio::sync::mpsc;

/// The bytes that are read at once.
const ROOM: usize = 64 << 10;

/// Reads standard input on a thread of its own. A runtime waits for the reads of its own threads when it
/// ends, and nobody may ever type the line that would end one.
#[derive(Debug)]
pub(crate) struct Stdin(mpsc::Receiver<io::Result<Vec<u8>>>);

impl Stdin {
    pub(crate) fn open() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(4);
        thread::Builder::new().name("faucet stdin".into()).spawn(move || read(&sender))?;
        Ok(Self(receiver))
    }

    /// The next bytes; none at the end. Cancel safe.
    pub(crate) async fn read(&mut self) -> io::Result<Vec<u8>> {
        self.0.recv().await.unwrap_or_else(|| Ok(Vec::new()))
    }
}

fn read(sender: &mpsc::Sender<io::Result<Vec<u8>>>) {
    let mut stdin = io::stdin().lock();
    loop {
        let mut bytes = vec![0; ROOM];
        let read = match stdin.read(&mut bytes) {
            Ok(0) => return,
            Ok(n) => {
                bytes.truncate(n);
                Ok(bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let has_failed = read.is_err();
        if sender.blocking_send(read).is_err() || has_failed {
            return;
        }
    }
}
