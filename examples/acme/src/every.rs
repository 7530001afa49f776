//! A transform that keeps each n-th record.

use std::num::NonZeroU64;

use faucet_core::{
    Carry, Delivery, Info, Out, PageStage, Problems, Result, Scope, StreamPage, Transform,
    TransformConfig, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Keeps each n-th record.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EveryConfig {
    /// Keep the n-th record, the 2n-th, and so on.
    pub n: NonZeroU64,
}

impl TransformConfig for EveryConfig {
    const NAME: &'static str = "every";
    type Transform = Every;

    fn build(self) -> Result<Every, Problems> {
        Ok(Every(self))
    }
}

/// A configured transform.
#[derive(Debug)]
pub struct Every(EveryConfig);

#[async_trait]
impl Transform for Every {
    fn info(&self) -> Info {
        Info::new(EveryConfig::NAME, "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let saved = scope.saved().and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok());
        Ok(Box::new(Counting { n: self.0.n, seen: saved.unwrap_or(0) }))
    }
}

struct Counting {
    n: NonZeroU64,
    seen: u64,
}

#[async_trait]
impl PageStage for Counting {
    async fn push(&mut self, _input: usize, mut page: StreamPage, out: &mut Out) -> Result<()> {
        page.retain(|_| {
            self.seen += 1;
            self.seen.is_multiple_of(self.n.get())
        });
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        // No record is inside, but a later run has to go on counting.
        Ok(Carry::Saved(self.seen.to_string().into()))
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}
