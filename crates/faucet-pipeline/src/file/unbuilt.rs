//! The stand-in for a component whose configuration is wrong.

use faucet_core::{
    CheckReport, Delivery, Error, Info, KeyPath, PageReader, PageStage, PageWriter, Problem,
    Result, Scope, Sink, Source, Transform, async_trait,
};

/// Takes a component's place in the graph, so that the rest of the graph is still checked. No
/// pipeline that has one is handed out.
#[derive(Debug, Default)]
pub(crate) struct Unbuilt {
    /// Whether the component would hand over what it cannot decode.
    pub(crate) diverts: bool,
}

impl Unbuilt {
    fn describe(&self) -> Info {
        Info::new("unbuilt", "", Delivery::AtMostOnce).with_diverts(self.diverts)
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(Error::config(Problem::custom(KeyPath::root(), "the component was not built")))
    }
}

#[async_trait]
impl Source for Unbuilt {
    fn info(&self) -> Info {
        self.describe()
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        self.refuse()
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl Transform for Unbuilt {
    fn info(&self) -> Info {
        self.describe()
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageStage>> {
        self.refuse()
    }
}

#[async_trait]
impl Sink for Unbuilt {
    fn info(&self) -> Info {
        self.describe()
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        self.refuse()
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}
