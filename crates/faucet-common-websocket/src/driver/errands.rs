//! The calls that a conversation waits for.

use std::sync::Arc;

use faucet_connect::Secrets;
use faucet_session::connect::{self, CallFailed, Taken, Tools};
use faucet_session::names::{Errand, ValueFailed};
use faucet_session::plan::ReadyCall;
use faucet_session::script::Conversation;
use faucet_session::template::Token;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// The result of a call.
pub(crate) enum Done {
    Errand(Arc<str>, Result<Token, ValueFailed>),
    Call(usize, Result<Taken, CallFailed>),
}

/// Runs the program or reads the file that a value is.
pub(crate) fn errand(errand: Box<Errand>, secrets: Secrets) -> BoxFuture<'static, Done> {
    async move {
        let brought = connect::run(&errand, &secrets).await;
        Done::Errand(Arc::clone(&errand.name), brought)
    }
    .boxed()
}

/// Makes the HTTP call of a step.
pub(crate) fn call(
    talk: &Conversation,
    step: usize,
    call: ReadyCall,
    tools: &Tools,
) -> BoxFuture<'static, Done> {
    let made = talk.call(step, call, tools);
    async move { Done::Call(step, made.await) }.boxed()
}
