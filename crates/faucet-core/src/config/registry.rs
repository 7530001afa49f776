//! All components that a program knows.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::component::{Sink, Source, Transform};
use crate::config::connector::{SinkConfig, SourceConfig, TransformConfig};
use crate::config::kind::ComponentKind;
use crate::config::problem::Problems;
use crate::config::table::{Entry, Table};

/// The components that a program knows. An ordinary value: no globals, no macros.
///
/// A connector registers its configuration type. A program that must give a connector something that
/// no file can hold registers a factory that owns it:
///
/// ```
/// # use faucet_core::*;
/// # fn demo<C: SourceConfig + 'static>(registry: &mut Registry, vault: impl Fn(C) -> C + Send + Sync + 'static) -> Result<(), Problems> {
/// registry.add_source::<C>()?;
/// registry.replace_source_with(C::NAME, move |config: C| vault(config).build());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Registry {
    /// The sources.
    pub sources: Table<dyn Source>,
    /// The transforms.
    pub transforms: Table<dyn Transform>,
    /// The sinks.
    pub sinks: Table<dyn Sink>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            sources: Table::new(ComponentKind::Source),
            transforms: Table::new(ComponentKind::Transform),
            sinks: Table::new(ComponentKind::Sink),
        }
    }
}

macro_rules! register {
    ($($kind:ident $table:ident $config:ident $component:ident: $add:ident $add_with:ident $replace_with:ident;)*) => {
        impl Registry {
            /// A registry without components.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = concat!("Registers a ", stringify!($component), " by the type of its configuration.")]
                ///
                /// # Errors
                /// When the name is taken.
                pub fn $add<C: $config + 'static>(&mut self) -> Result<(), Problems> {
                    self.$table.add(Entry::new(
                        ComponentKind::$kind,
                        C::NAME,
                        C::options(),
                        // The box is made here: `Entry` is generic over unsized types.
                        |config: C| Ok(Box::new(config.build()?) as Box<dyn $component>),
                    ))
                }

                #[doc = concat!("Registers a ", stringify!($component), " by a factory, which may own what the program has configured.")]
                ///
                /// # Errors
                /// When the name is taken.
                pub fn $add_with<C, S>(
                    &mut self,
                    name: &'static str,
                    build: impl Fn(C) -> Result<S, Problems> + Send + Sync + 'static,
                ) -> Result<(), Problems>
                where
                    C: DeserializeOwned + JsonSchema + 'static,
                    S: $component + 'static,
                {
                    self.$table.add(Entry::new(ComponentKind::$kind, name, &[], move |config: C| {
                        Ok(Box::new(build(config)?) as Box<dyn $component>)
                    }))
                }

                #[doc = concat!("Registers a ", stringify!($component), " by a factory, in the place of one of that name if there is one. The option map keeps the names that `C` gives it.")]
                pub fn $replace_with<C, S>(
                    &mut self,
                    name: &'static str,
                    build: impl Fn(C) -> Result<S, Problems> + Send + Sync + 'static,
                ) where
                    C: $config + 'static,
                    S: $component + 'static,
                {
                    self.$table.replace(Entry::new(
                        ComponentKind::$kind,
                        name,
                        C::options(),
                        move |config: C| Ok(Box::new(build(config)?) as Box<dyn $component>),
                    ));
                }
            )*
        }
    };
}

register! {
    Source sources SourceConfig Source: add_source add_source_with replace_source_with;
    Transform transforms TransformConfig Transform: add_transform add_transform_with replace_transform_with;
    Sink sinks SinkConfig Sink: add_sink add_sink_with replace_sink_with;
}
