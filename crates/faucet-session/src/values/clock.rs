//! The time, as providers want it in a message or a signature.

use std::time::SystemTime;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::offset::Offset;

/// The unit or the text form of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockForm {
    /// Whole seconds since 1970.
    S,
    /// Whole milliseconds since 1970.
    Ms,
    /// Whole microseconds since 1970.
    Us,
    /// Nanoseconds since 1970.
    Ns,
    /// Date and time with milliseconds in UTC, such as `2026-11-25T16:00:00.000Z` (RFC 3339).
    Rfc3339,
    /// Date and time in UTC without a zone, such as `2026-11-25T16:00:00`.
    Utc,
}

/// The JSON type of a time that is a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockAs {
    /// A JSON number.
    #[default]
    Number,
    /// A JSON string of digits.
    Text,
}

impl ClockForm {
    /// Whether the form is a number. The others are text.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Rfc3339 | Self::Utc)
    }

    /// Writes the time `at`, moved by `offset`. A fraction of the unit is cut off, towards the past.
    /// A time beyond the years -9999 to 9999 is written as the nearest one within.
    pub fn read(self, at: SystemTime, offset: Offset) -> String {
        let at = moved(at, offset);
        let units = |nanos: i128| at.as_nanosecond().div_euclid(nanos).to_string();
        match self {
            Self::S => units(1_000_000_000),
            Self::Ms => units(1_000_000),
            Self::Us => units(1_000),
            Self::Ns => units(1),
            Self::Rfc3339 => at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            Self::Utc => at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        }
    }
}

fn moved(at: SystemTime, offset: Offset) -> Timestamp {
    let nearest = |is_before: bool| if is_before { Timestamp::MIN } else { Timestamp::MAX };
    let at = Timestamp::try_from(at).unwrap_or_else(|_| nearest(at < SystemTime::UNIX_EPOCH));
    let nanos = at.as_nanosecond() + offset.as_nanos();
    Timestamp::from_nanosecond(nanos).unwrap_or_else(|_| nearest(nanos < 0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// The time that many nanoseconds after 1970, or before it.
    fn time(nanos: i64) -> SystemTime {
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        match nanos < 0 {
            true => SystemTime::UNIX_EPOCH - distance,
            false => SystemTime::UNIX_EPOCH + distance,
        }
    }

    /// 2026-11-25T16:00:00.123456789Z
    const AT: i64 = 1_795_622_400_123_456_789;

    #[test]
    fn each_form_of_a_time() {
        use ClockForm::{Ms, Ns, Rfc3339, S, Us, Utc};
        for (form, nanos, offset, expected) in [
            (S, AT, "0", "1795622400"),
            (Ms, AT, "0", "1795622400123"),
            (Us, AT, "0", "1795622400123456"),
            (Ns, AT, "0", "1795622400123456789"),
            (Rfc3339, AT, "0", "2026-11-25T16:00:00.123Z"),
            (Utc, AT, "0", "2026-11-25T16:00:00"),
            (S, AT, "60s", "1795622460"),
            (S, AT, "-5s", "1795622395"),
            (S, AT, "-124ms", "1795622399"),
            (Rfc3339, AT, "-200ms", "2026-11-25T15:59:59.923Z"),
            (Utc, AT, "-16h", "2026-11-25T00:00:00"),
            (Utc, AT, "8h", "2026-11-26T00:00:00"),
            (S, 0, "0", "0"),
            (Ns, 0, "0", "0"),
            (Rfc3339, 0, "0", "1970-01-01T00:00:00.000Z"),
            (Utc, 0, "0", "1970-01-01T00:00:00"),
            (S, 0, "-1ms", "-1"),
            (Ms, 0, "-1ms", "-1"),
            (Us, -1, "0", "-1"),
            (Ns, -1, "0", "-1"),
            (Rfc3339, 0, "-1ms", "1969-12-31T23:59:59.999Z"),
            (Rfc3339, -1, "0", "1969-12-31T23:59:59.999Z"),
            (Utc, 0, "-1s", "1969-12-31T23:59:59"),
        ] {
            let offset = Offset::parse(offset).unwrap();
            assert_eq!(form.read(time(nanos), offset), expected, "{form:?} {nanos} {offset:?}");
        }
    }

    #[test]
    fn a_time_out_of_range_is_the_nearest_one_within() {
        let far = Duration::from_secs(1 << 40);
        let year = |at, offset| {
            let text = ClockForm::Utc.read(at, Offset::parse(offset).unwrap());
            text.split('T').next().unwrap_or_default().to_owned()
        };
        assert_eq!(year(SystemTime::UNIX_EPOCH + far, "1h"), "9999-12-30");
        assert_eq!(year(SystemTime::UNIX_EPOCH - far, "-1h"), "-9999-01-02");
    }

    #[test]
    fn the_forms_that_are_numbers() {
        for word in ["s", "ms", "us", "ns", "rfc3339", "utc"] {
            let form: ClockForm = serde_json::from_value(word.into()).unwrap();
            let read = form.read(time(AT), Offset::ZERO);
            assert_eq!(read.parse::<i64>().is_ok(), form.is_number(), "{word}: {read}");
        }
    }

    proptest! {
        #[test]
        fn finer_units_agree_with_seconds(nanos: i64, shift in -100_000_i64..100_000) {
            let offset = Offset::parse(&format!("{shift}s")).unwrap();
            let seconds = i128::from(nanos).div_euclid(1_000_000_000) + i128::from(shift);
            for (form, scale) in [
                (ClockForm::S, 1),
                (ClockForm::Ms, 1_000),
                (ClockForm::Us, 1_000_000),
                (ClockForm::Ns, 1_000_000_000),
            ] {
                let read: i128 = form.read(time(nanos), offset).parse().unwrap();
                prop_assert_eq!(read.div_euclid(scale), seconds, "{:?}", form);
            }
            let text = ClockForm::Rfc3339.read(time(nanos), offset);
            let parsed: Timestamp = text.parse().unwrap();
            let millis = ClockForm::Ms.read(time(nanos), offset);
            prop_assert_eq!(parsed.as_millisecond().to_string(), millis);
        }
    }
}
