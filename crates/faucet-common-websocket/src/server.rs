//! A small accepting side, for feeds that are served and sinks that are tried on loopback.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::frame::Frame;

/// Accepts WebSocket connections.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Listens on `address`; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The next TCP connection, before its upgrade. Cancel safe.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let (stream, peer) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Incoming { stream, peer })
    }
}

/// A TCP connection that has not been upgraded yet.
#[derive(Debug)]
pub struct Incoming {
    stream: TcpStream,
    peer: SocketAddr,
}

impl Incoming {
    /// Where it came from.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Answers the upgrade.
    pub async fn upgrade(self) -> io::Result<Client> {
        accept_async(self.stream).await.map(|ws| Client { ws }).map_err(into_io)
    }
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    ws: WebSocketStream<TcpStream>,
}

impl Client {
    /// Sends all frames and flushes once.
    pub async fn send(&mut self, frames: impl IntoIterator<Item = Frame>) -> io::Result<()> {
        for frame in frames {
            self.ws.feed(message(frame)?).await.map_err(into_io)?;
        }
        self.ws.flush().await.map_err(into_io)
    }

    /// The next message; `None` after the client's Close. Reading answers the client's Pings.
    /// Cancel safe.
    pub async fn receive(&mut self) -> io::Result<Option<Frame>> {
        loop {
            return Ok(Some(match self.ws.next().await {
                Some(Ok(Message::Text(text))) => Frame::Text(text.into()),
                Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(into_io(error)),
                None => return Ok(None),
            }));
        }
    }

    /// Reads, which answers the client's Pings, and drops what it reads. Completes when the client
    /// is gone, with `Ok` if it closed cleanly. Cancel safe.
    pub async fn drain(&mut self) -> io::Result<()> {
        loop {
            match self.ws.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(into_io(error)),
                None => return Ok(()),
            }
        }
    }

    /// Sends Close and waits for the client's answer.
    pub async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        if self.ws.close(Some(frame)).await.is_ok() {
            let _ = self.drain().await;
        }
    }
}

fn message(frame: Frame) -> io::Result<Message> {
    Ok(match frame {
        Frame::Text(bytes) => Message::Text(text(bytes)?),
        Frame::Binary(bytes) => Message::Binary(bytes),
    })
}

fn text(bytes: Bytes) -> io::Result<Utf8Bytes> {
    Utf8Bytes::try_from(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

fn into_io(error: WsError) -> io::Error {
    match error {
        WsError::Io(error) => error,
        other => io::Error::other(other),
    }
}
