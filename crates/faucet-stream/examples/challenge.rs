//! Records a feed whose login is a signature that only a wallet can make, until Ctrl-C:
//! `challenge wss://host/feed out.jsonl`.
//!
//! The server sends a nonce and wants it signed with Ed25519. No `values` of a pipeline file make such
//! a signature, and the wallet may be another machine. A session program does the login; the
//! subscription behind it stays configuration.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use faucet_stream::session::hooks::{
    InboundMessage, ProgramEnd, ProgramSession, ProgramVerdict, SessionProgram,
};
use faucet_stream::{
    JsonlSinkConfig, Result, SinkConfig, SourceConfig, WebsocketSource, WebsocketSourceConfig,
    run_until,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::Deserialize;
use serde_json::json;

/// The wallet. Here it is a key in memory; the signature of another machine takes time as well.
pub(crate) struct Wallet(Ed25519KeyPair);

impl Wallet {
    /// A wallet with a new key.
    pub(crate) fn new() -> Option<Self> {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        Ed25519KeyPair::from_pkcs8(key.as_ref()).ok().map(Self)
    }

    /// The public key, in base64.
    pub(crate) fn address(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key())
    }

    async fn sign(&self, nonce: String) -> String {
        BASE64_STANDARD.encode(self.0.sign(nonce.as_bytes()))
    }
}

/// A message of the login.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Says {
    Challenge { nonce: String },
    Welcome,
    Denied { why: String },
}

/// Logs in with a wallet.
pub(crate) struct Login(Arc<Wallet>);

impl SessionProgram for Login {
    /// The signature.
    type Answer = String;

    fn message(
        &mut self,
        message: InboundMessage<'_>,
        session: &mut ProgramSession<String>,
    ) -> ProgramVerdict {
        match serde_json::from_slice(message.bytes) {
            // The program must not wait: the signature comes to `answered`.
            Ok(Says::Challenge { nonce }) => {
                let wallet = Arc::clone(&self.0);
                session.work(async move { wallet.sign(nonce).await });
            }
            Ok(Says::Welcome) => session.ready(),
            Ok(Says::Denied { why }) => session.end(ProgramEnd::Refused(why)),
            // Anything else is none of the login's messages.
            Err(_) => return ProgramVerdict::Pass,
        }
        ProgramVerdict::Control
    }

    fn answered(&mut self, signature: String, session: &mut ProgramSession<String>) {
        session.hide(&signature);
        let login = json!({"type": "login", "address": self.0.address(), "signature": signature});
        session.send_text(login.to_string());
    }
}

/// A source of the trades at `url`.
///
/// # Errors
/// The URL is not usable.
pub(crate) fn trades(url: &str, wallet: Wallet) -> Result<WebsocketSource> {
    let config: WebsocketSourceConfig = faucet_stream::core::decode(json!({
        "url": url,
        "topics": ["trades"],
        "subscribe": {
            "message": {"json": {"type": "subscribe", "topics": "{topics}"}},
            "ack": {"/type": "subscribed"},
        },
        "unwrap": "/data",
        "reconnect": true,
        "unbounded": true,
    }))?;
    let wallet = Arc::new(wallet);
    Ok(config.build()?.with_program(move || Login(Arc::clone(&wallet))))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(path)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: challenge URL FILE");
        return ExitCode::from(2);
    };
    let Some(wallet) = Wallet::new() else {
        eprintln!("the system has no random numbers");
        return ExitCode::FAILURE;
    };
    match record(&url, wallet, &path).await {
        Ok(records) => {
            eprintln!("{records} records");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn record(url: &str, wallet: Wallet, path: &str) -> Result<u64> {
    let sink = JsonlSinkConfig::new(path).build()?;
    let report = run_until(trades(url, wallet)?, sink, ctrl_c()).await.into_result()?;
    Ok(report.records)
}

#[expect(clippy::disallowed_methods, reason = "a program owns its signals")]
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler Ctrl-C ends the process at once.
        std::future::pending::<()>().await;
    }
}
