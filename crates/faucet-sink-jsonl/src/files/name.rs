//! The names of the files of a run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use faucet_core::template::{fill_path, next_placeholder};
use faucet_core::{Problem, Scope, Timestamp};
use jiff::tz::TimeZone;

/// The placeholders that the sink fills itself.
pub(crate) const OWN: [&str; 2] = ["date", "hour"];

/// A part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The day, as `2026-11-26`.
    Date,
    /// The hour, as `07`.
    Hour,
}

/// The name of the files of a run. `{date}` and `{hour}` are those of the arrival of a record, in UTC.
#[derive(Debug, Clone)]
pub(crate) struct FileName {
    parts: Vec<Part>,
}

/// A stretch of time whose records stand in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    name: u64,
    turn: u64,
}

impl FileName {
    /// Fills all other placeholders of `path` from the context.
    ///
    /// # Errors
    /// The placeholder that has no value or a bad one.
    pub(crate) fn new(path: &str, scope: &Scope) -> Result<Self, Problem> {
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), path);
        while let Some((before, name, after)) = next_placeholder(rest) {
            let own = match name {
                "date" => Some(Part::Date),
                "hour" => Some(Part::Hour),
                _ => None,
            };
            text.push_str(before);
            match own {
                Some(part) => parts.extend([Part::Text(std::mem::take(&mut text)), part]),
                None => {
                    let filled = fill_path("path", &format!("{{{name}}}"), scope)?;
                    text.push_str(&filled.to_string_lossy());
                }
            }
            rest = after;
        }
        parts.push(Part::Text(text + rest));
        Ok(Self { parts })
    }

    /// Whether the time is no part of the name.
    pub(crate) fn is_fixed(&self) -> bool {
        self.parts.len() == 1
    }

    /// The text in front of the first part that changes with the time.
    pub(crate) fn fixed_start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The directory whose name does not change with the time.
    pub(crate) fn fixed_directory(&self) -> &Path {
        let start = self.fixed_start();
        let end = start.rfind('/').map_or(0, |slash| slash + 1);
        Path::new(if end == 0 { "." } else { &start[..end] })
    }

    /// The name as it stands in messages and in saved lengths.
    pub(crate) fn shown(&self) -> String {
        let shown = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Date => "{date}".into(),
            Part::Hour => "{hour}".into(),
        };
        self.parts.iter().map(shown).collect()
    }

    /// The file of a record that arrives at `at`.
    pub(crate) fn at(&self, at: Timestamp) -> PathBuf {
        let name = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Date => written(at, "%Y-%m-%d"),
            Part::Hour => written(at, "%H"),
        };
        self.parts.iter().map(name).collect::<String>().into()
    }

    /// The file that begins with a record of `at`: the time stands in front of the extensions.
    pub(crate) fn stamped(&self, at: Timestamp) -> PathBuf {
        let path = self.at(at);
        let path = path.to_string_lossy();
        let (stem, extensions) = split(&path);
        format!("{stem}-{}{extensions}", written(at, "%Y%m%dT%H%M%S%3fZ")).into()
    }

    /// Whether a file of a run may have this name. With `is_stamped` the time of its first record is a part of it.
    pub(crate) fn may_be(&self, file: &str, is_stamped: bool) -> bool {
        if file == self.shown() {
            // No file of the run is committed yet.
            return true;
        }
        match (self.is_fixed(), is_stamped) {
            (true, false) => self.fixed_start() == file,
            (true, true) => {
                let (stem, extensions) = split(self.fixed_start());
                file.starts_with(stem) && file.ends_with(extensions)
            }
            (false, _) => file.starts_with(self.fixed_start()),
        }
    }

    /// The stretch of time to which a record of `at` belongs.
    pub(crate) fn slot(&self, at: Timestamp, every: Option<Duration>) -> Slot {
        const HOUR: u64 = 3_600_000;
        let millis = at.as_unix_millis();
        let name = match (self.parts.contains(&Part::Hour), self.is_fixed()) {
            (true, _) => millis / HOUR,
            (false, false) => millis / (24 * HOUR),
            (false, true) => 0,
        };
        let every = every.map_or(u64::MAX, |every| (every.as_millis() as u64).max(1));
        Slot { name, turn: millis / every }
    }
}

/// Splits a path in front of the extensions of its file.
fn split(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = path[name..].char_indices().skip(1).find(|(_, char)| *char == '.');
    path.split_at(dot.map_or(path.len(), |(at, _)| name + at))
}

fn written(at: Timestamp, format: &str) -> String {
    let millis = i64::try_from(at.as_unix_millis()).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> FileName {
        let values = std::collections::BTreeMap::from([("symbol".into(), "btc".into())]);
        FileName::new(path, &Scope::new("x").with_values(values)).unwrap()
    }

    /// 2026-11-26T07:05:09.042Z.
    const AT: Timestamp = Timestamp::from_unix_millis(1_795_676_709_042);

    #[test]
    fn the_time_and_the_context_fill_a_name() {
        for (path, expected, stamped) in [
            ("out.jsonl", "out.jsonl", "out-20261126T070509042Z.jsonl"),
            ("d/{symbol}.x", "d/btc.x", "d/btc-20261126T070509042Z.x"),
            (
                "{date}/{hour}.jsonl.zst",
                "2026-11-26/07.jsonl.zst",
                "2026-11-26/07-20261126T070509042Z.jsonl.zst",
            ),
            (
                "a-{symbol}-{date}T{hour}",
                "a-btc-2026-11-26T07",
                "a-btc-2026-11-26T07-20261126T070509042Z",
            ),
            (".x/{}", ".x/{}", ".x/{}-20261126T070509042Z"),
        ] {
            let name = name(path);
            assert_eq!(name.at(AT), PathBuf::from(expected));
            assert_eq!(name.stamped(AT), PathBuf::from(stamped));
            assert_eq!(name.is_fixed(), !path.contains("{date}") && !path.contains("{hour}"));
            assert_eq!(name.shown(), path.replace("{symbol}", "btc"));
            assert!(name.may_be(expected, false) && name.may_be(stamped, true), "{path}");
            assert!(
                !name.may_be("other", false) && !name.may_be("other", true)
                    || path.starts_with('{')
            );
        }
        let error = FileName::new("{other}-{date}", &Scope::default()).unwrap_err();
        assert_eq!(error.to_string(), "path: the placeholder {other} has no value in context");
    }

    #[test]
    fn records_of_one_stretch_of_time_stand_in_one_file() {
        let minutes = |minutes: u64| Timestamp::from_unix_millis(minutes * 60_000);
        let minute = Some(Duration::from_secs(60));
        for (path, every, one, other, expected) in [
            ("x", None, 0, 10_000_000, true),
            ("{date}", None, 0, 1439, true),
            ("{date}", None, 1439, 1440, false),
            ("{hour}", None, 0, 59, true),
            ("{hour}", None, 59, 60, false),
            ("{hour}", None, 0, 1440, false),
            ("x", minute, 0, 1, false),
            ("{date}", minute, 5, 5, true),
        ] {
            let name = name(path);
            let same = name.slot(minutes(one), every) == name.slot(minutes(other), every);
            assert_eq!(same, expected, "{path} {one} {other}");
        }
    }
}
