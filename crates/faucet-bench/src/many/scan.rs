//! Many connections, scanned by hand: one buffer for all of them, used only while there is something
//! to read.

use std::cell::RefCell;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use crate::many::progress::{self, Progress};
use crate::receivers::scan::Scanned;
use crate::result::Result;
use crate::sample::Sample;
use crate::wire::stream::tcp;
use crate::wire::upgrade::ask;
use crate::work::Work;

const BUFFER: usize = 256 << 10;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let buffer = Rc::new(RefCell::new(vec![0; BUFFER]));
    progress::measure(work, async |progress| {
        let mut stream = tcp(&work.from).await?;
        ask(&mut stream, &work.from.path, false).await?;
        spawn_local(receive(stream, Rc::clone(&buffer), progress));
        Ok(())
    })
    .await
}

async fn receive(mut stream: TcpStream, buffer: Rc<RefCell<Vec<u8>>>, progress: Progress) {
    // The beginning of a message that is not whole.
    let mut carry = Vec::new();
    while let Some((messages, bytes)) = read(&mut stream, &buffer, &mut carry).await {
        progress.add(messages, bytes);
    }
}

/// Reads once; `None` at the end. Wrong frames are an end too, and then messages are missing.
async fn read(
    stream: &mut TcpStream,
    buffer: &RefCell<Vec<u8>>,
    carry: &mut Vec<u8>,
) -> Option<(u64, u64)> {
    poll_fn(|cx| {
        ready!(stream.poll_read_ready(cx)).ok();
        let mut buffer = buffer.borrow_mut();
        buffer[..carry.len()].copy_from_slice(carry);
        let mut space = ReadBuf::new(&mut buffer[carry.len()..]);
        let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut space));
        let n = space.filled().len();
        if read.is_err() || n == 0 {
            return Poll::Ready(None);
        }
        let filled = carry.len() + n;
        let Ok(found) = Scanned::of(&buffer[..filled]) else { return Poll::Ready(None) };
        carry.clear();
        carry.extend_from_slice(&buffer[found.end..filled]);
        Poll::Ready(Some((black_box(found.places).len() as u64, found.bytes)))
    })
    .await
}
