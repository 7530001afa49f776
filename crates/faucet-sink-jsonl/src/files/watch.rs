//! Watches whether the open file is still at its path.

use std::time::{Duration, Instant};

use crate::error::JsonlError;
use crate::files::open_file::OpenFile;
use crate::files::place::Place;
use crate::files::plan::SeriesPlan;
use crate::write_mode::WriteMode;

/// How often the sink looks, while pages come.
const LOOK: Duration = Duration::from_secs(1);

/// What is done about a file that was taken from its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The file counts where it went. `anew`: a new one begins before there is a record for it.
    LeaveIt { anew: bool },
    /// No path leads to the file: a new one begins with the records that no flush has vouched for.
    Rescue,
    /// No path leads to the file, and each of its records counts as delivered.
    LetGo,
}

impl Remedy {
    /// `None`: nothing is to be done.
    fn of(place: Place, keeps_state: bool, has_unflushed: bool) -> Option<Self> {
        match place {
            Place::There => None,
            // A state says where the next run goes on: its file must be there.
            Place::Moved => Some(Self::LeaveIt { anew: keeps_state }),
            Place::Deleted if has_unflushed || keeps_state => Some(Self::Rescue),
            Place::Deleted => Some(Self::LetGo),
        }
    }
}

/// Watches whether the open file is still at its path.
#[derive(Debug)]
pub(crate) struct Watch {
    looked: Instant,
}

impl Watch {
    pub(crate) fn new(now: Instant) -> Self {
        Self { looked: now }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.looked) >= LOOK
    }

    /// Ends the frame of the file, and looks where the file is.
    ///
    /// # Errors
    /// The file was taken away, and `mode: create` takes no other.
    pub(crate) fn look(
        &mut self,
        file: &mut OpenFile,
        plan: &SeriesPlan,
        now: Instant,
    ) -> Result<Option<Remedy>, JsonlError> {
        self.looked = now;
        file.lines.finish().map_err(JsonlError::Frame)?;
        let place = file.place()?;
        if place == Place::There {
            return Ok(None);
        }
        if plan.mode == WriteMode::Create {
            return Err(JsonlError::TakenAway(place).at(&file.path));
        }
        let how = if place == Place::Moved { "moved or replaced" } else { "deleted" };
        tracing::warn!("{}: the file was {how}; a new file follows", file.path.display());
        Ok(Remedy::of(place, plan.keeps_state, file.has_unflushed()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_and_the_state_decide_what_is_done() {
        for (place, keeps_state, has_unflushed, expected) in [
            (Place::There, true, true, None),
            (Place::Moved, false, true, Some(Remedy::LeaveIt { anew: false })),
            (Place::Moved, true, false, Some(Remedy::LeaveIt { anew: true })),
            (Place::Deleted, false, false, Some(Remedy::LetGo)),
            (Place::Deleted, false, true, Some(Remedy::Rescue)),
            (Place::Deleted, true, false, Some(Remedy::Rescue)),
        ] {
            let found = Remedy::of(place, keeps_state, has_unflushed);
            assert_eq!(found, expected, "{place:?} {keeps_state} {has_unflushed}");
        }
    }

    #[test]
    fn a_look_is_due_after_a_second() {
        let now = Instant::now();
        let watch = Watch::new(now);
        assert!(!watch.is_due(now + LOOK / 2) && watch.is_due(now + LOOK));
    }
}
