//! The languages of pipeline files.

use std::path::Path;

use faucet_core::{KeyPath, Problem};

/// The language of a pipeline file. All have the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecFormat {
    /// YAML 1.2: `yes` and `no` are text, and so is `007`.
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl SpecFormat {
    /// The format that the file's ending names: `.yaml`, `.yml`, `.json` or `.toml`.
    ///
    /// # Errors
    /// Any other ending.
    pub fn of(path: &Path) -> Result<Self, Problem> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        match ending.as_deref() {
            Some("yaml" | "yml") => Ok(Self::Yaml),
            Some("json") => Ok(Self::Json),
            Some("toml") => Ok(Self::Toml),
            _ => {
                let what = "the ending of the file names no format";
                let help = "a pipeline file ends in .yaml, .yml, .json or .toml; for another name \
                            use --input-format";
                Err(Problem::custom(KeyPath::root(), what).help(help))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_names_the_format() {
        assert_eq!(SpecFormat::of(Path::new("a/b.YML")).unwrap(), SpecFormat::Yaml);
        let problem = SpecFormat::of(Path::new("feed.conf")).unwrap_err();
        assert!(problem.help.is_some_and(|help| help.contains(".toml")));
    }
}
