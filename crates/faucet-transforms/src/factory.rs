//! Makes the transforms known to a registry.

use faucet_core::{Problems, Registry};

use crate::dedup::DedupConfig;
use crate::filter::FilterConfig;
use crate::pick_config::PickConfig;
use crate::split::SplitConfig;

/// Registers the transforms `filter`, `pick`, `split` and `dedup`.
///
/// # Errors
/// When a transform of one of these names is registered already.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_transform::<FilterConfig>()?;
    registry.add_transform::<PickConfig>()?;
    registry.add_transform::<SplitConfig>()?;
    registry.add_transform::<DedupConfig>()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn all_four_are_registered_once_and_take_options() {
        let mut registry = Registry::new();
        register(&mut registry).unwrap();
        let names: Vec<&str> = registry.transforms.names().collect();
        assert_eq!(names, ["filter", "pick", "split", "dedup"]);
        assert!(register(&mut registry).is_err());
        for (name, option, text) in [
            ("filter", "filter.match", r#"{"/type": "trade"}"#),
            ("pick", "pick.keep", r#"["/a"]"#),
            ("pick", "pick.rename", r#"{"/a": "b"}"#),
            ("split", "split.lines", "true"),
            ("dedup", "dedup.key", r#"["/id"]"#),
        ] {
            let options = HashMap::from([(option.to_owned(), text.to_owned())]);
            let built = registry.transforms.build_from_options(name, &options);
            assert_eq!(built.unwrap().info().connector, name);
        }
    }
}
