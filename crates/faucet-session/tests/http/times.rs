//! The timeout of a call, on a paused clock: it jumps to the timeout, since nothing else happens.

use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::async_trait;
use faucet_session::http::{HttpFailed, HttpMethod};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use crate::calls::{call, client};

/// A dialer whose streams answer a request, and go no further.
struct Silent {
    connects: bool,
    answer: &'static str,
}

#[async_trait]
impl Dial for Silent {
    async fn dial(&self, _: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("tcp");
        if !self.connects {
            std::future::pending::<()>().await;
        }
        let (ours, mut theirs) = duplex(64 * 1024);
        let answer = self.answer;
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(theirs.read_u8().await.unwrap());
            }
            theirs.write_all(answer.as_bytes()).await.unwrap();
            // The stream stays open.
            std::future::pending::<()>().await;
        });
        Ok(Box::new(ours))
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_is_over_everything_and_names_the_step() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal";
    for (connects, url, answer, step) in [
        (false, "http://localhost/", "", "tcp"),
        (true, "http://localhost/", "", "request"),
        (true, "http://localhost/", "HTTP/1.1 200 OK\r\n", "request"),
        (true, "http://localhost/", HEAD, "body"),
    ] {
        let silent = Silent { connects, answer };
        let mut call = call(HttpMethod::Get, url);
        call.timeout = Duration::from_millis(2500);
        let client = client().with_dial(Arc::new(silent));
        let started = tokio::time::Instant::now();
        let failed = client.send(call).await.unwrap_err();
        assert_eq!(started.elapsed().as_millis(), 2500, "{step}");
        assert!(
            matches!(failed, HttpFailed::TimedOut { phase, limit }
                if phase == step && limit == Duration::from_millis(2500)),
            "{failed:?}"
        );
        assert_eq!(failed.to_string(), "timed out after 2.5 s");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_share_the_timeout() {
    let answer = "HTTP/1.1 302 Go\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    let slow = Slow(Silent { connects: true, answer });
    let client = client().with_dial(Arc::new(slow));
    let failed = client.send(call(HttpMethod::Get, "http://localhost/")).await.unwrap_err();
    assert!(matches!(failed, HttpFailed::TimedOut { phase: "slow", .. }), "{failed:?}");
}

/// A dialer that takes four seconds.
struct Slow(Silent);

#[async_trait]
impl Dial for Slow {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("slow");
        tokio::time::sleep(Duration::from_secs(4)).await;
        self.0.dial(to, log).await
    }
}
