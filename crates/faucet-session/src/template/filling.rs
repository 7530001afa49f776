//! Where the values of a template come from.

use std::borrow::Cow;

use crate::template::placeholder::Reference;
use crate::template::token::Token;

/// Where the values of a template come from.
pub trait Filling {
    /// The value; `None` while there is none.
    fn token(&self, of: &Reference) -> Option<Cow<'_, Token>>;
}

/// Why a template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfilled {
    /// A placeholder has no value.
    #[error("{0} has no value")]
    NoValue(String),
    /// A value is no number.
    #[error("the value of {0} is no number")]
    NotANumber(String),
    /// A value has a control character, which may not stand in a text message, a header or a URL.
    #[error("the value of {0} has a control character")]
    Control(String),
    /// A value would lead to another directory of a URL.
    #[error("the value of {0} is made of dots")]
    Dots(String),
}
