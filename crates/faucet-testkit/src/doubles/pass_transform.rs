//! A transform that changes nothing.

use faucet_core::{
    Carry, Delivery, Info, Out, PageStage, Result, Scope, StreamPage, Transform, async_trait,
};

use crate::Chaos;

/// A transform that lets every page pass.
#[derive(Debug, Clone, Default)]
pub struct PassTransform {
    chaos: Chaos,
}

impl PassTransform {
    /// Lets every page pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a step of `chaos` in each `open`, `push` and `finish`.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = chaos;
        self
    }
}

#[async_trait]
impl Transform for PassTransform {
    fn info(&self) -> Info {
        Info::new("pass", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageStage>> {
        self.chaos.step().await;
        Ok(Box::new(PassStage(self.clone())))
    }
}

struct PassStage(PassTransform);

#[async_trait]
impl PageStage for PassStage {
    async fn push(&mut self, _: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.0.chaos.step().await;
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _: &mut Out) -> Result<()> {
        self.0.chaos.step().await;
        Ok(())
    }
}
