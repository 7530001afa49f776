//! A guest's connectors over TCP, and the tests that a guest writes for them.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Flushed, Info, Next, PageLimits, PageReader,
    PageWriter, Pager, Payload, Record, Result, Scope, Secret, Sink, Source, StepOutcome,
    StreamPage, Timestamp, async_trait,
};
use faucet_testkit::sink::{self, SinkCase};
use faucet_testkit::source::{self, SourceCase, SourceSetup};
use faucet_testkit::{ScriptedTcp, TcpScript, refused_address};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;

/// Receives lines, or sends them.
#[derive(Debug, Clone)]
struct Wire {
    address: String,
    token: Secret,
}

fn broken(error: io::Error) -> Error {
    Error::new(ErrorKind::Closed, "the connection broke").with_source(error)
}

impl Wire {
    fn new(address: impl ToString) -> Self {
        Self { address: address.to_string(), token: "hunter2".into() }
    }

    async fn dial(&self) -> Result<TcpStream> {
        let connected = TcpStream::connect(&self.address).await;
        let mut tcp = connected.map_err(|error| {
            Error::new(ErrorKind::Connect, "cannot connect")
                .with_endpoint(&self.address)
                .with_source(error)
        })?;
        let login = format!("LOGIN {}\n", self.token.expose());
        tcp.write_all(login.as_bytes()).await.map_err(broken)?;
        Ok(tcp)
    }

    async fn try_dial(&self) -> CheckReport {
        let mut report = CheckReport::new(&self.address);
        let outcome = match self.dial().await {
            Ok(_) => StepOutcome::Passed(self.address.clone()),
            Err(error) => StepOutcome::Failed(error),
        };
        report.push("tcp", Duration::ZERO, outcome);
        report
    }
}

struct WireReader {
    lines: Lines<BufReader<TcpStream>>,
    pager: Pager,
    /// The end, once it is known; an error until it was handed over.
    end: Option<Result<()>>,
}

#[async_trait]
impl Source for Wire {
    fn info(&self) -> Info {
        Info::new("wire", &self.address, Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        let lines = BufReader::new(self.dial().await?).lines();
        let pager = Pager::new(PageLimits::records(2.try_into().ok()));
        Ok(Box::new(WireReader { lines, pager, end: None }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        self.try_dial().await
    }
}

#[async_trait]
impl PageReader for WireReader {
    async fn next_page(&mut self) -> Result<Next> {
        while self.end.is_none() && !self.pager.is_full() {
            match self.lines.next_line().await {
                Ok(Some(line)) => {
                    let record = Record::new(Payload::Text(line.into()), Timestamp::now());
                    self.pager.push(record, std::time::Instant::now());
                }
                Ok(None) => self.end = Some(Ok(())),
                Err(error) => self.end = Some(Err(broken(error))),
            }
        }
        match self.pager.take() {
            Some(page) => Ok(Next::Page(page)),
            None => self.end.take().unwrap_or(Ok(())).map(|()| Next::End(Ended::Closed)),
        }
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(self.pager.take())
    }
}

struct WireWriter {
    tcp: TcpStream,
    taken: u64,
}

#[async_trait]
impl Sink for Wire {
    fn info(&self) -> Info {
        Info::new("wire", &self.address, Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(WireWriter { tcp: self.dial().await?, taken: 0 }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        self.try_dial().await
    }
}

#[async_trait]
impl PageWriter for WireWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let mut lines = Vec::new();
        page.write_lines(0..page.len(), &mut lines);
        self.tcp.write_all(&lines).await.map_err(broken)?;
        self.taken += page.len() as u64;
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        // The far end confirms nothing.
        Ok(Flushed::but_unconfirmed(std::mem::take(&mut self.taken)))
    }
}

#[tokio::test]
async fn the_source_conforms() {
    let lines = ["one", "two", "three"];
    let serve = async |script: TcpScript| {
        let server = Arc::new(ScriptedTcp::start([script]).await);
        let seen = Arc::clone(&server);
        SourceSetup::new(Wire::new(server.address()))
            .connected(move || seen.connections().iter().any(|it| it.is_open()))
            .keep(server)
    };
    let script = || TcpScript::accept().expect_line("LOGIN hunter2").send("one\ntwo\nthree\n");
    let case = SourceCase::new(async || serve(script().close()).await)
        .payloads(lines)
        .page_limit(2)
        .ends(Ended::Closed)
        .name("wire")
        .canary("hunter2")
        .unreachable(async || Wire::new(refused_address().await));
    source::conforms(&case).await;
}

#[tokio::test]
async fn the_sink_conforms() {
    let server = ScriptedTcp::start([TcpScript::accept()]).await;
    let read_back = async || -> Vec<String> {
        let lines = server.connections().into_iter().flat_map(|it| it.lines());
        lines.filter(|line| !line.starts_with("LOGIN")).collect()
    };
    let case = SinkCase::new(async || Wire::new(server.address()), read_back)
        .name("wire")
        .canary("hunter2")
        .unreachable(async || Wire::new(refused_address().await));
    sink::conforms(&case).await;
}
