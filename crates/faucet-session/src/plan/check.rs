//! From the keys of a conversation to its plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use faucet_core::select::MatchSet;
use faucet_core::{KeyPath, Problems};

use crate::keys::{Around, SessionKeys};
use crate::plan::checker::Checker;
use crate::plan::known_names::KnownNames;
use crate::plan::maker::ValuePlan;
use crate::plan::parts::{Rules, Spots};
use crate::plan::plan::{Plan, SESSION_TIMEOUT, Script};
use crate::plan::{continuity_check, route_check, rules_check, script_check, watch_check};

impl SessionKeys {
    /// Checks the keys, noting every problem. The plan is of use only where there is none.
    pub fn check(&self, around: &Around<'_>, problems: &mut Problems) -> Plan {
        let mut values = BTreeMap::new();
        for (name, value) in &self.values {
            let path = KeyPath::key("values").then(name.as_str());
            let plan = ValuePlan::parse(value, &path, problems);
            values.extend(plan.map(|plan| (Arc::<str>::from(name.as_str()), plan)));
        }
        let has_cursor = self.continuity.resume.as_ref().is_some_and(|r| r.cursor.is_some());
        let mut checker = Checker {
            keys: self,
            around,
            names: KnownNames::new(&values, self.values.keys(), has_cursor),
            problems,
            end: self.reading.framing.end(),
        };
        checker.names.check_values(checker.problems);
        checker.take_all();
        let calls = checker.calls();
        let route = route_check::route(&mut checker);
        let script = script_check::script(&mut checker);
        let beat = watch_check::beat(&mut checker);
        let (reading, continuity) = continuity_check::continuity(&mut checker);
        let rules = rules_check::rules(&mut checker, beat.as_ref(), continuity.sequence.as_ref());
        let watch = watch_check::watch(&mut checker);
        continuity_check::position_is_used(&mut checker);
        let context_names = checker.names.context.iter().map(|name| name.to_string()).collect();
        let own_names = checker.names.own();
        let rules = rules.unwrap_or_else(|| Rules {
            rules: Vec::new(),
            set: MatchSet::new([], []),
            beat: None,
            reset: None,
            spots: Spots::default(),
            data: None,
        });
        let script = script.unwrap_or(Script {
            steps: Vec::new(),
            timeout: SESSION_TIMEOUT,
            subscribe: None,
            greeting: Vec::new(),
            goodbye: Vec::new(),
        });
        Plan {
            max_message_bytes: around.max_message_bytes,
            checks_json: around.checks_json,
            calls,
            route,
            script,
            beat,
            rules,
            watch,
            reading,
            continuity,
            context_names,
            own_names,
            values: Arc::new(values),
        }
    }
}
