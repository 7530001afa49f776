//! The steps of a conversation that wait for nothing.

use std::fmt;

use faucet_core::select::Pointer;

use super::matching::Matching;
use super::reply::Reply;

#[derive(Clone)]
pub(crate) enum Saying {
    Reply(Reply),
    Whenever(Matching, Reply),
    Remember(String, Pointer),
    Hold(String, Reply),
    Release(String),
}

impl fmt::Debug for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => write!(f, "reply {reply:?}"),
            Self::Whenever(matching, reply) => {
                write!(f, "from now on answer {matching:?} with {reply:?}")
            }
            Self::Remember(name, _) => write!(f, "remember {name:?}"),
            Self::Hold(name, reply) => write!(f, "hold the reply {name:?}: {reply:?}"),
            Self::Release(name) => write!(f, "release the reply {name:?}"),
        }
    }
}
