//! `faucet receive`: receives what a sink sends.

use faucet_core::{Error, ErrorKind, Result};
use faucet_lab::{Amount, Print, Received, Receiver, ReceiverOptions, Tally};

use crate::args::ReceiveArgs;
use crate::commands::listen::cannot_listen;
use crate::line::Part;
use crate::live::{Show, Shown};
use crate::output::{count, counted, nonzero, print_bytes, print_line, size};
use crate::rate::Flow;
use crate::signals::Signals;

pub(crate) async fn receive(args: ReceiveArgs) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let ReceiveArgs { listen, count, print, drop_after, drop, stall, seed } = args;
    let failed = cannot_listen(listen);
    let print_lines = print.then_some(print_bytes as Print);
    let options = ReceiverOptions { count, drop_after, drop, stall, seed, print: print_lines };
    let receiver = Receiver::bind(listen, options).await.map_err(failed)?;
    let url = receiver.url().map_err(failed)?;
    print_line(&url)?;
    let or = count.map(|count| format!("{} or ", counted(count, "message"))).unwrap_or_default();
    tracing::info!("receiving on {url} until {or}Ctrl-C");
    let received = receiver.received();
    let serving = receiver.serve(signals.asked());
    let served = Show::on_terminal(print).during(received.clone(), serving).await;
    tracing::info!("{}", received.look(summary));
    served
}

impl Shown for Received {
    fn flows(&self) -> Vec<Flow> {
        vec![Flow { amount: self.look(Tally::messages), is_down: false }]
    }

    fn parts(&self, rate: f64) -> Vec<Part> {
        self.look(|tally| parts(tally, rate))
    }
}

/// The counters of a receiver in a line.
fn summary(tally: &Tally) -> String {
    let amount = |amount: Amount, what: &str| {
        format!("{} ({})", counted(amount.messages, what), size(amount.bytes))
    };
    let received = match (tally.text().messages, tally.binary().messages) {
        (_, 0) => amount(tally.text(), "message"),
        (0, _) => amount(tally.binary(), "binary message"),
        _ => {
            let text = amount(tally.text(), "text message");
            format!("{text} and {}", amount(tally.binary(), "binary message"))
        }
    };
    let mut parts = vec![format!("{received} from {}", counted(tally.connections(), "connection"))];
    let trades = tally.numbers().seen();
    if trades > 0 {
        let number = |number, what: &str| match number {
            0 => format!("nothing {what}"),
            _ => format!("{} {what}", count(number)),
        };
        parts.push(tally.numbers().order().into());
        parts.push(number(tally.numbers().missing(), "missing"));
        parts.push(number(tally.numbers().repeated(), "repeated"));
    }
    match tally.messages() - trades {
        0 => {}
        _ if trades == 0 => parts.push("order not checked: no trade numbers".into()),
        others => parts.push(format!("{} without a trade number", count(others))),
    }
    parts.join(", ")
}

/// The counters of a receiver while it runs, at `rate` messages a second.
fn parts(tally: &Tally, rate: f64) -> Vec<Part> {
    let mut parts = vec![
        Part::new(0, format!("{} open", counted(tally.open(), "connection"))),
        Part::new(2, counted(tally.messages(), "message")),
        Part::new(1, format!("{}/s", count(rate.round() as u64))),
        Part::new(4, size(tally.text().bytes + tally.binary().bytes)),
    ];
    let unwanted =
        nonzero([(tally.numbers().missing(), "missing"), (tally.numbers().repeated(), "repeated")]);
    parts.extend(unwanted.map(|part| Part::new(3, part)));
    parts
}

#[cfg(test)]
mod tests {
    use faucet_lab::{Cursor, Frame};

    use super::*;

    fn tally(connections: u64, frames: &[Frame]) -> Tally {
        let (mut tally, mut cursor) = (Tally::default(), Cursor::default());
        for _ in 0..connections {
            tally.connected();
        }
        frames.iter().for_each(|frame| tally.add(frame, &mut cursor));
        tally
    }

    #[test]
    fn a_summary_says_no_more_than_is_known() {
        let text = |text: &'static str| Frame::Text(text.into());
        let binary = |bytes: &'static str| Frame::Binary(bytes.into());
        for (connections, frames, expected) in [
            (0, vec![], "0 messages (0 B) from 0 connections"),
            (
                1,
                vec![text("{\"t\":1}"), text("{\"t\":2}")],
                "2 messages (14 B) from 1 connection, in order, nothing missing, nothing repeated",
            ),
            (
                2,
                vec![text("{\"t\":1}"), binary("{\"t\":4}"), text("x"), text("{\"t\":1}")],
                "3 text messages (15 B) and 1 binary message (7 B) from 2 connections, not all in \
                 order, 2 missing, 1 repeated, 1 without a trade number",
            ),
            (
                1,
                vec![binary("ab"), binary("")],
                "2 binary messages (2 B) from 1 connection, order not checked: no trade numbers",
            ),
        ] {
            assert_eq!(summary(&tally(connections, &frames)), expected);
        }
    }

    #[test]
    fn the_live_line_names_losses_once_there_are_any() {
        let text = |text: &'static str| Frame::Text(text.into());
        let mut seen = tally(1, &[text("{\"t\":1}"), text("{\"t\":2}")]);
        let line = |tally: &Tally, rate| crate::line::whole(&parts(tally, rate));
        assert_eq!(line(&seen, 2.0), "1 connection open · 2 messages · 2/s · 14 B");
        seen.disconnected();
        for t in ["{\"t\":9}", "{\"t\":2}"] {
            seen.add(&text(t), &mut Cursor::default());
        }
        let expected = "0 connections open · 4 messages · 0/s · 28 B · 6 missing · 1 repeated";
        assert_eq!(line(&seen, 0.0), expected);
    }
}
