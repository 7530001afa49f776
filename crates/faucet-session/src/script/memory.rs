//! The memory of a conversation over its connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_core::select::Number;

use crate::keys::CursorOrder;
use crate::plan::CursorPlan;
use crate::template::Token;

/// The values that belong to the position of a feed, by name.
pub type Kept = BTreeMap<Arc<str>, Token>;

/// The memory of a conversation over its connections.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) kept: Kept,
    /// Whether the kept values have changed since somebody has asked.
    kept_changed: bool,
    /// The last cursor as it came in.
    pub(crate) cursor: Option<Token>,
    /// The URL that a control rule gave for the next connect.
    pub(crate) next_url: Option<String>,
    /// The topics whose refusal was told.
    pub(crate) refused: BTreeSet<String>,
}

impl Memory {
    /// Whether there is something to go on from.
    pub(crate) fn resumes(&self) -> bool {
        self.cursor.is_some() || !self.kept.is_empty() || self.next_url.is_some()
    }

    /// The memory of a conversation that goes on from here.
    pub(crate) fn succeed(&mut self) -> Self {
        Self {
            kept: self.kept.clone(),
            kept_changed: false,
            cursor: self.cursor.clone(),
            next_url: self.next_url.take(),
            refused: self.refused.clone(),
        }
    }

    /// Keeps a value.
    pub(crate) fn keep(&mut self, name: Arc<str>, token: Token) {
        self.kept_changed |= self.kept.get(&name) != Some(&token);
        self.kept.insert(name, token);
    }

    /// Whether the kept values have changed since the last call.
    pub(crate) fn take_kept_change(&mut self) -> bool {
        std::mem::take(&mut self.kept_changed)
    }

    /// Forgets the position.
    pub(crate) fn forget(&mut self) {
        self.kept_changed = true;
        self.kept.clear();
        (self.cursor, self.next_url) = (None, None);
    }

    /// Notes the cursor of a message.
    pub(crate) fn note(&mut self, plan: &CursorPlan, cursor: Token) {
        if let (CursorOrder::Increasing, Some(before)) = (plan.order, &self.cursor)
            && !is_larger(&cursor, before)
        {
            return;
        }
        self.cursor = Some(cursor);
    }
}

fn is_larger(one: &Token, other: &Token) -> bool {
    match (Number::new(one.words().as_bytes()), Number::new(other.words().as_bytes())) {
        (Some(one), Some(other)) => one > other,
        // Something else than numbers has no order: the last counts.
        _ => true,
    }
}

/// The cursor less `rewind`. A cursor that is no whole number stays as it is.
pub(crate) fn rewound(plan: &CursorPlan, cursor: &Token) -> Token {
    let number = cursor.words().parse::<i128>().ok().filter(|_| plan.rewind > 0);
    let Some(number) = number else { return cursor.clone() };
    let rewound = number.saturating_sub(i128::from(plan.rewind)).max(0.min(number)).to_string();
    match cursor.is_text() {
        true => Token::text(rewound),
        false => Token::number(rewound),
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::select::Pointer;

    use super::*;

    fn plan(order: CursorOrder, rewind: u64) -> CursorPlan {
        CursorPlan { place: Pointer::parse("/c").unwrap(), order, rewind, start: None }
    }

    #[test]
    fn the_later_cursor_is_kept() {
        for (order, cursors, kept) in [
            (CursorOrder::Opaque, ["9", "10", "2"], "2"),
            (CursorOrder::Increasing, ["9", "10", "2"], "10"),
            (CursorOrder::Increasing, ["a", "c", "b"], "b"),
        ] {
            let mut memory = Memory::default();
            for cursor in cursors {
                memory.note(&plan(order, 0), Token::text(cursor));
            }
            assert_eq!(memory.cursor.as_ref().map(Token::words), Some(kept), "{order:?}");
            assert!(memory.resumes());
            memory.forget();
            assert!(!memory.resumes());
        }
    }

    #[test]
    fn a_cursor_goes_back_in_its_own_unit_and_keeps_its_kind() {
        for (cursor, rewind, expected) in [
            (Token::number("1732550400000001"), 5, "1732550399999996"),
            (Token::text("12"), 5, "\"7\""),
            (Token::number("3"), 5, "0"),
            (Token::number("-3"), 5, "-3"),
            (Token::text("abc"), 5, "\"abc\""),
            (Token::number("7"), 0, "7"),
        ] {
            let found = rewound(&plan(CursorOrder::Opaque, rewind), &cursor);
            assert_eq!(&*found.json(), expected);
        }
    }
}
