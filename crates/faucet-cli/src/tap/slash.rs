//! Reads the commands of `--slash`, such as `/ping`. Pure.

/// The longest payload of a control frame (RFC 6455 §5.5).
const LONGEST: usize = 125;

/// So many Pings may wait for their answers.
const MOST_PINGS: usize = 1_000;

/// The command or the message of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// A message.
    Message(&'a [u8]),
    /// A Ping with this payload.
    Ping(&'a [u8]),
    /// A Pong that nobody has asked for.
    Pong(&'a [u8]),
    /// The end.
    Close(Farewell),
}

/// A Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// The commands of a tap.
#[derive(Debug, Default)]
pub(crate) struct Slash {
    is_on: bool,
    /// The payloads of the Pings that are not answered.
    pings: Vec<Vec<u8>>,
    farewell: Option<Farewell>,
}

impl Slash {
    pub(crate) fn new(is_on: bool) -> Self {
        Self { is_on, ..Self::default() }
    }

    /// Reads a line, and keeps what is to be known later.
    ///
    /// # Errors
    /// As [`said`].
    pub(crate) fn said<'a>(&mut self, line: &'a [u8]) -> Result<Said<'a>, String> {
        let said = if self.is_on { said(line)? } else { Said::Message(line) };
        match &said {
            Said::Ping(payload) => {
                if self.pings.len() == MOST_PINGS {
                    self.pings.remove(0);
                }
                self.pings.push(payload.to_vec());
            }
            Said::Close(farewell) => self.farewell = Some(farewell.clone()),
            Said::Message(_) | Said::Pong(_) => {}
        }
        Ok(said)
    }

    /// Whether a Pong answers a Ping of a line. A peer may answer only the latest one.
    pub(crate) fn asked_for(&mut self, payload: &[u8]) -> bool {
        let answered = self.pings.iter().position(|ping| ping == payload);
        if let Some(last) = answered {
            self.pings.drain(..=last);
        }
        answered.is_some()
    }

    /// The Close that a line asks for.
    pub(crate) fn farewell(&mut self) -> Option<Farewell> {
        self.farewell.take()
    }
}

/// Reads a line.
///
/// # Errors
/// A line that begins with `/` and is no command, or a command that cannot be sent.
pub(crate) fn said(line: &[u8]) -> Result<Said<'_>, String> {
    let Some(command) = line.strip_prefix(b"/") else { return Ok(Said::Message(line)) };
    if command.starts_with(b"/") {
        return Ok(Said::Message(command));
    }
    let (name, rest) = match command.iter().position(|byte| *byte == b' ') {
        Some(at) => (&command[..at], &command[at + 1..]),
        None => (command, &[][..]),
    };
    match name {
        b"ping" => fits(rest, 0).map(|()| Said::Ping(rest)),
        b"pong" => fits(rest, 0).map(|()| Said::Pong(rest)),
        b"close" => farewell(rest).map(Said::Close),
        _ => Err(
            "write /ping [DATA], /pong [DATA] or /close [CODE [REASON]]; a message that begins \
                  with / begins with // here"
                .to_owned(),
        ),
    }
}

fn farewell(rest: &[u8]) -> Result<Farewell, String> {
    let text =
        std::str::from_utf8(rest).map_err(|_| "the reason of a Close is UTF-8".to_owned())?;
    let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
    fits(reason.as_bytes(), size_of::<u16>())?;
    let code = if code.is_empty() { Some(1000) } else { code.parse().ok() };
    // RFC 6455 §7.4 and the registry of IANA.
    match code {
        Some(code @ (1000..=1003 | 1007..=1014 | 3000..=4999)) => {
            Ok(Farewell { code, reason: reason.to_owned() })
        }
        _ => Err("a Close has a code of 1000 to 1003, 1007 to 1014 or 3000 to 4999".to_owned()),
    }
}

/// Whether a control frame has room for `data` behind `before` bytes.
fn fits(data: &[u8], before: usize) -> Result<(), String> {
    match before + data.len() <= LONGEST {
        true => Ok(()),
        false => Err(format!(
            "{} bytes are too many for a control frame, {} fit",
            data.len(),
            LONGEST - before
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_or_messages() {
        let close = |code, reason: &str| Said::Close(Farewell { code, reason: reason.to_owned() });
        for (line, expected) in [
            (&b"hello"[..], Said::Message(b"hello")),
            (b"", Said::Message(b"")),
            (b" /ping", Said::Message(b" /ping")),
            (b"//ping", Said::Message(b"/ping")),
            (b"/ping", Said::Ping(b"")),
            (b"/ping a \xff", Said::Ping(b"a \xff")),
            (b"/pong x", Said::Pong(b"x")),
            (b"/close", close(1000, "")),
            (b"/close 4000", close(4000, "")),
            (b"/close 1001 good night", close(1001, "good night")),
        ] {
            assert_eq!(said(line).as_ref(), Ok(&expected), "{line:?}");
        }
    }

    #[test]
    fn a_pong_answers_the_ping_with_its_payload_and_those_before() {
        let mut slash = Slash::new(true);
        for line in [&b"/ping a"[..], b"/ping b", b"/ping c"] {
            slash.said(line).unwrap();
        }
        let answers = [&b"x"[..], b"b", b"a", b"c", b"c"].map(|payload| slash.asked_for(payload));
        assert_eq!(answers, [false, true, false, true, false]);
        assert_eq!(Slash::new(false).said(b"/ping").unwrap(), Said::Message(b"/ping"));
    }

    #[test]
    fn what_cannot_be_sent_is_told() {
        let long = |command: &str, n: usize| [command.as_bytes(), &vec![b'x'; n]].concat();
        for (line, words) in [
            (b"/".to_vec(), "write /ping [DATA]"),
            (b"/pings".to_vec(), "write /ping [DATA]"),
            (b"/close 1005".to_vec(), "a Close has a code of"),
            (b"/close soon".to_vec(), "a Close has a code of"),
            (b"/close 1000 \xff".to_vec(), "UTF-8"),
            (long("/ping ", 126), "126 bytes are too many for a control frame, 125 fit"),
            (long("/close 1000 ", 124), "124 bytes are too many for a control frame, 123 fit"),
        ] {
            let told = said(&line).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
        assert!(said(&long("/ping ", 125)).is_ok() && said(&long("/close 1000 ", 123)).is_ok());
    }
}
