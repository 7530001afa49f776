//! The transform `the-name`.

use faucet_core::{
    Carry, Delivery, Info, Out, PageStage, Problems, Registry, Result, Scope, StreamPage,
    Transform, TransformConfig, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Keeps records that are long enough.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheType {
    /// The fewest bytes of a record that is kept.
    pub bytes: usize,
}

impl TransformConfig for TheType {
    const NAME: &'static str = "the-name";
    type Transform = Self;

    fn build(self) -> Result<Self, Problems> {
        Ok(self)
    }
}

#[async_trait]
impl Transform for TheType {
    fn info(&self) -> Info {
        Info::new("the-name", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(Stage(self.bytes)))
    }
}

/// A run.
struct Stage(usize);

#[async_trait]
impl PageStage for Stage {
    async fn push(&mut self, _input: usize, mut page: StreamPage, out: &mut Out) -> Result<()> {
        page.retain(|record| record.as_bytes().len() >= self.0);
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        // No record is inside: each leaves with its page.
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}

/// Registers the transform.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_transform::<TheType>()
}
