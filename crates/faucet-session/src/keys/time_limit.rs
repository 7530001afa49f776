//! The time limits that keys share.

use std::time::Duration;

pub(super) const fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}
