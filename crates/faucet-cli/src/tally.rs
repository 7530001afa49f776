//! What a receiving server has received.

use faucet_common_websocket::Frame;

use crate::live::Shown;
use crate::numbers::{Numbers, number_of};
use crate::output::{count, counted, nonzero, size};

/// How much of something came.
#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    messages: u64,
    bytes: u64,
}

/// What came in all, on however many connections.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    text: Amount,
    binary: Amount,
    connections: u64,
    open: u64,
    numbers: Numbers,
}

/// Where a connection is among the numbered trades.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<u64>);

impl Tally {
    pub(crate) fn connected(&mut self) -> u64 {
        self.open += 1;
        self.connections += 1;
        self.connections
    }

    pub(crate) fn disconnected(&mut self) {
        self.open -= 1;
    }

    pub(crate) fn add(&mut self, frame: &Frame, place: &mut Place) {
        let (amount, bytes) = match frame {
            Frame::Text(bytes) => (&mut self.text, bytes),
            Frame::Binary(bytes) => (&mut self.binary, bytes),
        };
        amount.messages += 1;
        amount.bytes += bytes.len() as u64;
        if let Some(number) = number_of(bytes) {
            self.numbers.see(place.0, number);
            place.0 = Some(number);
        }
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    pub(crate) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    fn messages(&self) -> u64 {
        self.text.messages + self.binary.messages
    }

    /// All of it in a line.
    pub(crate) fn summary(&self) -> String {
        let amount = |amount: Amount, what: &str| {
            format!("{} ({})", counted(amount.messages, what), size(amount.bytes))
        };
        let received = match (self.text.messages, self.binary.messages) {
            (_, 0) => amount(self.text, "message"),
            (0, _) => amount(self.binary, "binary message"),
            _ => {
                let text = amount(self.text, "text message");
                format!("{text} and {}", amount(self.binary, "binary message"))
            }
        };
        let mut parts =
            vec![format!("{received} from {}", counted(self.connections, "connection"))];
        let trades = self.numbers.seen();
        if trades > 0 {
            let number = |number, what: &str| match number {
                0 => format!("nothing {what}"),
                _ => format!("{} {what}", count(number)),
            };
            parts.push(self.numbers.order().into());
            parts.push(number(self.numbers.missing(), "missing"));
            parts.push(number(self.numbers.repeated(), "repeated"));
        }
        match self.messages() - trades {
            0 => {}
            _ if trades == 0 => parts.push("order not checked: no trade numbers".into()),
            others => parts.push(format!("{} without a trade number", count(others))),
        }
        parts.join(", ")
    }
}

impl Shown for Tally {
    fn amount(&self) -> u64 {
        self.messages()
    }

    fn line(&self, rate: f64) -> String {
        let mut parts = vec![
            counted(self.messages(), "message"),
            format!("{}/s", count(rate.round() as u64)),
            size(self.text.bytes + self.binary.bytes),
            format!("{} open", counted(self.open, "connection")),
        ];
        parts.extend(nonzero([
            (self.numbers.missing(), "missing"),
            (self.numbers.repeated(), "repeated"),
        ]));
        parts.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(connections: u64, frames: &[Frame]) -> Tally {
        let (mut tally, mut place) = (Tally::default(), Place::default());
        for _ in 0..connections {
            tally.connected();
        }
        frames.iter().for_each(|frame| tally.add(frame, &mut place));
        tally
    }

    #[test]
    fn a_summary_says_no_more_than_is_known() {
        let text = |text: &'static str| Frame::Text(text.into());
        let binary = |bytes: &'static str| Frame::Binary(bytes.into());
        for (connections, frames, summary) in [
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
            assert_eq!(tally(connections, &frames).summary(), summary);
        }
    }

    #[test]
    fn the_live_line_names_losses_once_there_are_any() {
        let text = |text: &'static str| Frame::Text(text.into());
        let mut seen = tally(1, &[text("{\"t\":1}"), text("{\"t\":2}")]);
        assert_eq!(seen.line(2.0), "2 messages · 2/s · 14 B · 1 connection open");
        seen.disconnected();
        for t in ["{\"t\":9}", "{\"t\":2}"] {
            seen.add(&text(t), &mut Place::default());
        }
        let line = "4 messages · 0/s · 28 B · 0 connections open · 6 missing · 1 repeated";
        assert_eq!(seen.line(0.0), line);
    }
}
