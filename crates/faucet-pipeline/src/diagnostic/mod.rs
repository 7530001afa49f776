//! Diagnostics: what is wrong with a text that configures a pipeline, where, and what to do.
//!
//! [`Diagnostic`] has the facts. `words` makes the sentences, and the renderers of [`Format`] put
//! them beside the text. Pipeline files and other languages share this part: another language gives its
//! diagnostics their spans, and [`locate`] does the rest.

mod advice;
mod facts;
mod github;
mod human;
mod json;
mod locate;
mod mask;
mod position;
mod report;
mod secret_names;
mod short;
mod slip_words;
mod text;
mod words;

pub use advice::Advice;
pub use facts::{Diagnostic, Owner, Severity};
pub(crate) use locate::in_order;
pub use locate::locate;
pub(crate) use mask::without_secrets;
pub use position::{Position, Span};
pub use report::{Format, render};
pub(crate) use secret_names::is_secret_name;
pub use text::SourceText;
