//! All lines of the bench.

use crate::line::{Line, Name, Transport};
use crate::payload::Payload;
use crate::work::Subject;

/// Messages a second over all connections.
pub(crate) const PACE: u64 = 20_000;

const CONNECTIONS: [usize; 3] = [1, 100, 1_000];

const RECEIVERS: [Subject; 10] = [
    Subject::Scan,
    Subject::Tungstenite,
    Subject::Naive,
    Subject::PagesRaw,
    Subject::PagesJson,
    Subject::LinesRaw,
    Subject::LinesJson,
    Subject::RelayAtMostOnce,
    Subject::RelayAtLeastOnce,
    Subject::RelayJson,
];

const SENDERS: [Subject; 4] = [
    Subject::SinkHand,
    Subject::SinkTungstenite,
    Subject::SinkAtMostOnce,
    Subject::SinkAtLeastOnce,
];

/// All lines, in the order in which they run and are shown.
pub(crate) fn all() -> Vec<Line> {
    let mut lines = Vec::new();
    for transport in Transport::ALL {
        for payload in Payload::ALL {
            let fits = |subject: &Subject| exists(*subject, transport);
            let all = RECEIVERS.iter().chain(&SENDERS).copied().filter(fits);
            lines.extend(all.map(|subject| line(subject, payload, transport)));
        }
    }
    for connections in CONNECTIONS {
        let all = [Subject::ManyScan, Subject::ManyTungstenite, Subject::ManyPages];
        lines.extend(all.map(|subject| many(subject, connections)));
    }
    lines.extend([
        only(Subject::EchoTungstenite, 20_000, None),
        only(Subject::EchoPages, 20_000, Some(Subject::EchoTungstenite)),
        only(Subject::SlowFeed, 20, None),
    ]);
    lines
}

/// Whether there is such a line: tungstenite knows no compression, and a server chooses only for its
/// own direction whether each message begins anew.
fn exists(subject: Subject, transport: Transport) -> bool {
    let receives = matches!(
        subject,
        Subject::Scan
            | Subject::PagesRaw
            | Subject::PagesJson
            | Subject::LinesRaw
            | Subject::LinesJson
    );
    match transport {
        Transport::Plain | Transport::Tls => true,
        Transport::Deflate => receives || subject.sends(),
        Transport::DeflateReset => receives,
    }
}

fn line(subject: Subject, payload: Payload, transport: Transport) -> Line {
    let base = match transport {
        Transport::Plain | Transport::Tls if subject.is_sink() => Subject::SinkTungstenite,
        Transport::Plain | Transport::Tls => Subject::Tungstenite,
        // The price of compression is of interest: nothing else here sends with it.
        Transport::Deflate if subject.sends() => subject,
        Transport::Deflate | Transport::DeflateReset => Subject::Scan,
    };
    let compared = if base == subject && subject.sends() { Transport::Plain } else { transport };
    let by_default = transport == Transport::Plain
        && match payload {
            Payload::Trade => subject != Subject::RelayJson,
            Payload::Book | Payload::DeepBook => matches!(
                subject,
                Subject::Scan
                    | Subject::Tungstenite
                    | Subject::PagesRaw
                    | Subject::PagesJson
                    | Subject::LinesJson
            ),
        };
    Line {
        name: Name::of(subject, payload, transport),
        subject,
        payload,
        transport,
        connections: 1,
        messages: messages(subject, payload, transport),
        base: Some(Name::of(base, payload, compared)),
        by_default,
    }
}

/// As many as keep the subject busy for about a second.
fn messages(subject: Subject, payload: Payload, transport: Transport) -> u64 {
    let trades = match subject {
        Subject::Scan => 12_000_000,
        Subject::Naive => 500_000,
        Subject::LinesRaw | Subject::LinesJson => 2_500_000,
        Subject::PagesJson => 5_000_000,
        _ => 8_000_000,
    };
    let of_size = match payload {
        Payload::Trade => trades,
        Payload::Book => trades / 20,
        Payload::DeepBook => trades / 300,
    };
    match transport {
        Transport::Plain => of_size,
        Transport::Tls => of_size / 2,
        Transport::Deflate | Transport::DeflateReset => of_size / 5,
    }
}

fn many(subject: Subject, connections: usize) -> Line {
    Line {
        name: Name::many(subject, connections),
        subject,
        payload: Payload::Trade,
        transport: Transport::Plain,
        connections,
        messages: 2 * PACE,
        base: Some(Name::many(Subject::ManyScan, connections)),
        by_default: connections == 1_000,
    }
}

fn only(subject: Subject, messages: u64, base: Option<Subject>) -> Line {
    Line {
        name: Name::only(subject),
        subject,
        payload: Payload::Trade,
        transport: Transport::Plain,
        connections: 1,
        messages,
        base: base.map(Name::only),
        by_default: true,
    }
}

/// The lines whose name contains one of `filters`, or those that run by default, and the lines that
/// these are compared with.
pub(crate) fn select(lines: Vec<Line>, filters: &[String]) -> Vec<Line> {
    let asked = |line: &Line| match filters {
        [] => line.by_default,
        filters => filters.iter().any(|filter| line.name.contains(filter)),
    };
    let bases: Vec<Name> =
        lines.iter().filter(|line| asked(line)).filter_map(|line| line.base.clone()).collect();
    lines.into_iter().filter(|line| asked(line) || bases.contains(&line.name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_different_and_every_comparison_is_there() {
        let lines = all();
        let names: BTreeSet<&Name> = lines.iter().map(|line| &line.name).collect();
        assert_eq!(names.len(), lines.len());
        for line in &lines {
            assert!(line.base.iter().all(|base| names.contains(base)), "{}", line.name);
            assert!(line.messages > 0, "{}", line.name);
        }
    }

    #[test]
    fn a_filter_brings_what_the_lines_are_compared_with() {
        let names = |filters: &[&str]| -> Vec<String> {
            let filters: Vec<String> = filters.iter().map(|f| (*f).to_owned()).collect();
            select(all(), &filters).iter().map(|line| line.name.to_string()).collect()
        };
        assert_eq!(names(&["pages-raw/64kB/tls"]), ["tungstenite/64kB/tls", "pages-raw/64kB/tls"]);
        assert_eq!(
            names(&["pages-json/135B/deflate-reset"]),
            ["scan/135B/deflate-reset", "pages-json/135B/deflate-reset"]
        );
        assert_eq!(
            names(&["sink-at_least_once/64kB/deflate"]),
            ["sink-at_least_once/64kB/plain", "sink-at_least_once/64kB/deflate"]
        );
        assert_eq!(names(&["slow", "echo-pages"]), ["echo-tungstenite", "echo-pages", "slow-feed"]);
        assert!(names(&[]).contains(&"sink-at_least_once/135B/plain".to_owned()));
        assert!(!names(&[]).iter().any(|name| name.contains("tls")));
    }
}
