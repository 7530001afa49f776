//! Connectors of the company Acme.

pub mod every;
pub mod sqlite;
pub mod ticker;

use faucet_core::{Problems, Registry};

/// Registers the source `ticker`, the transform `every` and the sink `sqlite`.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_source::<ticker::TickerConfig>()?;
    registry.add_transform::<every::EveryConfig>()?;
    registry.add_sink::<sqlite::SqliteConfig>()
}
