//! Makes the hooks of each connection.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::hooks::decoder::MessageDecoder;
use crate::hooks::program::{AnyProgram, SessionProgram};

type MakeDecoder = dyn Fn() -> Box<dyn MessageDecoder> + Send + Sync;
type MakeProgram = dyn Fn() -> Box<dyn AnyProgram> + Send + Sync;

/// The hooks of a component. Each connection has its own, made when the connection stands.
#[derive(Clone, Default)]
pub struct Hooks {
    decoder: Option<Arc<MakeDecoder>>,
    program: Option<Arc<MakeProgram>>,
}

impl Hooks {
    /// Decodes messages with what `make` makes. A panic of `make` ends the run with an error.
    #[must_use]
    pub fn with_decoder<D: MessageDecoder + 'static>(
        mut self,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        self.decoder = Some(Arc::new(move || Box::new(make())));
        self
    }

    /// Lets the program that `make` makes hold a part of the conversation. A panic of `make` ends the run
    /// with an error.
    #[must_use]
    pub fn with_program<P: SessionProgram>(
        mut self,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        self.program = Some(Arc::new(move || Box::new(make())));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.decoder.is_none() && self.program.is_none()
    }

    /// A decoder for a connection, where there is one; a panic of its maker.
    pub(crate) fn decoder(&self) -> std::thread::Result<Option<Box<dyn MessageDecoder>>> {
        let make = || self.decoder.as_ref().map(|make| make());
        catch_unwind(AssertUnwindSafe(make))
    }

    /// A program for a connection, where there is one; a panic of its maker.
    pub(crate) fn program(&self) -> std::thread::Result<Option<Box<dyn AnyProgram>>> {
        let make = || self.program.as_ref().map(|make| make());
        catch_unwind(AssertUnwindSafe(make))
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |given| if given { "given" } else { "none" };
        let (decoder, program) = (of(self.decoder.is_some()), of(self.program.is_some()));
        write!(f, "Hooks {{ decoder: {decoder}, program: {program} }}")
    }
}
