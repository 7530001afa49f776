//! Configuration: structs that describe themselves, and problems that stay data until somebody
//! reads them.

mod code;
mod connector;
mod decode;
mod deserializer;
pub mod duration;
mod kind;
mod option_advice;
mod option_key;
pub mod option_map;
mod option_names;
mod option_reader;
mod path;
pub(crate) mod problem;
mod problem_kind;
mod registry;
mod schema_note;
pub mod schema_rule;
mod schema_view;
mod secret;
pub mod size;
mod stand_in;
mod suggest;
mod table;
pub mod template;
mod unknown;

pub use code::Code;
pub use connector::{SinkConfig, SourceConfig, TransformConfig};
pub use decode::{Checked, decode, decode_the_rest};
pub use kind::ComponentKind;
pub use option_key::OptionKey;
pub use path::{KeyPath, Step};
pub use problem::{Problem, Problems};
pub use problem_kind::{NoEffect, ProblemKind};
pub use registry::Registry;
pub use schema_note::{Beside, FileUse, without_null_defaults};
pub use schema_view::{SchemaKey, SchemaView};
pub use secret::Secret;
pub use suggest::nearest;
pub use table::{Entry, LeftOut, Table};
