//! The far ends, each in a process of its own.

pub(crate) mod black_hole;
pub(crate) mod blaster;
pub(crate) mod echo;
pub(crate) mod feed;
pub(crate) mod listener;
pub(crate) mod paced;
pub(crate) mod slow;
pub(crate) mod trigger;
