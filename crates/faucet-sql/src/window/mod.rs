//! Windows of time: which rows belong to one, when it closes, and whether it saw everything.

mod coverage;
mod panes;
mod timeline;
mod windows;

pub(crate) use coverage::Coverage;
pub(crate) use panes::{Pane, PaneRows};
pub(crate) use timeline::{Time, Timeline};
pub(crate) use windows::{Taking, Windows};
