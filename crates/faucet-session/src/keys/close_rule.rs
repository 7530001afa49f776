//! The rules for a Close or a refused upgrade.

use std::borrow::Cow;
use std::time::Duration;

use faucet_core::duration::{self, Seconds};
use faucet_core::schema_rule::{self, any_of, given, when};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

/// A rule for a Close of the server or an answer to the upgrade. The first rule that matches decides; without
/// one the general table does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = rules, extend("examples" = [{"codes": [4004], "action": "fail"}]))]
pub struct CloseRule {
    /// Close codes, each a number or a range such as `"4000-4099"`.
    #[serde(default)]
    #[schemars(extend("examples" = [[4004, "4010-4014"]], "default" = []))]
    pub codes: Vec<CodeRange>,
    /// The HTTP status of a refused upgrade.
    #[serde(default)]
    #[schemars(range(min = 100, max = 599))]
    #[schemars(extend("examples" = [400]))]
    pub status: Option<u16>,
    /// Text that the reason of the Close, or the body of the answer, must have.
    #[serde(default)]
    #[schemars(extend("examples" = ["CursorTooOld"]))]
    pub contains: Option<String>,
    /// The action of the rule.
    #[schemars(extend("examples" = ["fail"]))]
    pub action: CloseAction,
    /// The wait before the next connect.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [5, "5s"], "x-only-with" = {"action": ["reconnect", "restart"]}))]
    pub delay: Option<Duration>,
}

fn rules(schema: &mut Schema) {
    let some = [
        json!({ "required": ["codes"], "properties": { "codes": { "minItems": 1 } } }),
        given("status"),
        given("contains"),
    ];
    let ends = json!({ "properties": { "action": { "enum": ["reconnect", "restart"] } } });
    schema_rule::add(schema, [any_of(some), when(given("delay"), ends)]);
}

/// The action of a close rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseAction {
    /// Connects again, as often as it happens.
    #[default]
    Reconnect,
    /// As `reconnect`, and forgets the cursor and the kept values: what lies in between may be lost.
    Restart,
    /// Ends the run with an error.
    Fail,
    /// The server refuses the credentials: ends the run as a refused login does, with exit code 3. Where an
    /// earlier session was complete, values are made anew for one more try.
    Refuse,
    /// Ends the run well.
    End,
}

/// A Close code, or all from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRange {
    /// The first code.
    pub first: u16,
    /// The last code.
    pub last: u16,
}

impl From<u16> for CodeRange {
    fn from(code: u16) -> Self {
        Self { first: code, last: code }
    }
}

impl CodeRange {
    /// Whether the code is one of them.
    pub fn contains(self, code: u16) -> bool {
        (self.first..=self.last).contains(&code)
    }

    fn parse(value: &Value) -> Option<Self> {
        let code = |text: &str| {
            let all_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            let code = text.parse().ok().filter(|_| all_digits)?;
            (1000..=4999).contains(&code).then_some(code)
        };
        let (first, last) = match value {
            Value::Number(number) => (code(&number.to_string())?, code(&number.to_string())?),
            Value::String(text) => match text.split_once('-') {
                Some((first, last)) => (code(first)?, code(last)?),
                None => (code(text)?, code(text)?),
            },
            _ => return None,
        };
        (first <= last).then_some(Self { first, last })
    }
}

impl<'de> Deserialize<'de> for CodeRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value).ok_or_else(|| {
            D::Error::custom(
                "is no Close code from 1000 to 4999, nor a range such as \"4000-4099\"",
            )
        })
    }
}

impl JsonSchema for CodeRange {
    fn schema_name() -> Cow<'static, str> {
        "CodeRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 1000,
            "maximum": 4999,
            "pattern": "^[1-4][0-9]{3}(?:-[1-4][0-9]{3})?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbers_or_ranges() {
        for (written, expected) in [
            (json!(4004), Some((4004, 4004))),
            (json!("4000-4099"), Some((4000, 4099))),
            (json!("1000"), Some((1000, 1000))),
            (json!("4099-4000"), None),
            (json!(999), None),
            (json!(5000), None),
            (json!("4000 - 4099"), None),
            (json!(true), None),
        ] {
            let read = serde_json::from_value::<CodeRange>(written.clone()).ok();
            assert_eq!(read.map(|range| (range.first, range.last)), expected, "{written}");
        }
        assert!(CodeRange { first: 4000, last: 4099 }.contains(4099));
        assert!(!CodeRange::from(4000).contains(4001));
    }
}
