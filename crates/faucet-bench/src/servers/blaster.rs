//! A feed that sends frames that were encoded before, as fast as the socket takes them.
//!
//! `/feed/PAYLOAD/MESSAGES` sends so many messages and then Close; `/feed-reset/…` does not carry the
//! dictionary of a compression from message to message. A client that offers permessage-deflate gets
//! compressed messages.

use std::path::Path;
use std::rc::Rc;

use tokio::io::AsyncWriteExt as _;

use crate::payload::Payload;
use crate::result::Result;
use crate::servers::feed::{Feed, extensions};
use crate::servers::listener::Listener;
use crate::wire::client_frames::ClientFrames;
use crate::wire::frame::{CLOSE, push_frame};
use crate::wire::stream::Stream;
use crate::wire::upgrade::{Request, answer, asked};
use crate::work::Compression;

/// Serves until the process ends, one connection after the other.
pub(crate) async fn serve(ca_file: &Path) -> Result<()> {
    let listener = Listener::with_tls(ca_file).await?;
    let mut feeds = Feeds::default();
    loop {
        let mut stream = listener.accept().await?;
        if let Err(error) = blast(&mut *stream, &mut feeds).await {
            eprintln!("blaster: {error}");
        }
    }
}

/// Feeds are encoded once.
#[derive(Default)]
struct Feeds(Vec<(Payload, Compression, Rc<Feed>)>);

impl Feeds {
    fn get(&mut self, payload: Payload, compression: Compression) -> Result<Rc<Feed>> {
        let known = self.0.iter().find(|(p, c, _)| (*p, *c) == (payload, compression));
        if let Some((_, _, feed)) = known {
            return Ok(Rc::clone(feed));
        }
        let feed = Rc::new(Feed::new(payload, compression)?);
        self.0.push((payload, compression, Rc::clone(&feed)));
        Ok(feed)
    }
}

async fn blast(mut stream: &mut dyn Stream, feeds: &mut Feeds) -> Result<()> {
    let request = asked(&mut stream).await?;
    let (payload, messages, compression) = order(&request)?;
    let feed = feeds.get(payload, compression)?;
    stream.write_all(answer(&request, extensions(compression)).as_bytes()).await?;
    feed.send(messages, &mut stream).await?;
    let mut close = Vec::new();
    push_frame(&mut close, CLOSE, &1000u16.to_be_bytes());
    stream.write_all(&close).await?;
    stream.flush().await?;
    // All was sent. A bare receiver goes away without a word.
    let _ = ClientFrames::new().read_to_end(&mut stream).await;
    Ok(())
}

fn order(request: &Request) -> Result<(Payload, u64, Compression)> {
    let steps = request.steps();
    let &[feed, payload, messages] = steps.as_slice() else {
        return Err(format!("no feed at {}", request.path).into());
    };
    let compression = match feed {
        _ if !request.deflate => Compression::None,
        "feed-reset" => Compression::Reset,
        _ => Compression::Takeover,
    };
    Ok((Payload::named(payload).ok_or("no such payload")?, messages.parse()?, compression))
}
