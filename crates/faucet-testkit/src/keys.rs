//! Which test shows what a key changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use faucet_core::SchemaView;

/// Every key of a schema has a test, for connectors whose keys show in behaviour that one table
/// cannot set up.
///
/// `tests` has the name of a test and the keys that it covers, written as [`SchemaView::paths`]
/// writes them. The test stands in a file of one of the `places`, folders below `root`, and the file
/// holds the key in quotes.
///
/// # Panics
/// When a key has no test, or is named twice, or is no key of the schema.
///
/// # Examples
///
/// ```no_run
/// # use std::path::Path;
/// # use faucet_core::SchemaView;
/// # let schema = serde_json::json!({});
/// const TESTS: &[(&str, &[&str])] = &[("a_longer_wait_ends_later", &["wait"])];
/// let root = Path::new(env!("CARGO_MANIFEST_DIR"));
/// faucet_testkit::keys_have_tests(&SchemaView::new(&schema), root, &["tests"], TESTS);
/// ```
pub fn keys_have_tests(
    schema: &SchemaView<'_>,
    root: &Path,
    places: &[&str],
    tests: &[(&str, &[&str])],
) {
    let files: Vec<String> = places.iter().flat_map(|place| files(&root.join(place))).collect();
    let mut named = BTreeMap::new();
    for (test, keys) in tests {
        for key in *keys {
            assert!(named.insert((*key).to_owned(), test).is_none(), "{key} is named twice");
            let last = format!("\"{}\"", key.rsplit('.').next().unwrap_or(key));
            let found = files.iter().any(|file| has_test(file, test) && file.contains(&last));
            assert!(found, "{key}: no test {test} stands in a file that sets the key");
        }
    }
    let mut keys = schema.paths();
    keys.sort();
    keys.dedup();
    assert_eq!(named.into_keys().collect::<Vec<_>>(), keys, "the keys that are named, and all");
}

/// The Rust files of a folder. The file `keys.rs` names the keys for this function: it does not count.
fn files(dir: &Path) -> Vec<String> {
    let read = |why: std::io::Error| -> ! { panic!("{}: {why}", dir.display()) };
    let entries = fs::read_dir(dir).unwrap_or_else(|why| read(why));
    let paths = entries.map(|entry| entry.unwrap_or_else(|why| read(why)).path());
    let sources = paths.filter(|path| path.is_file() && !path.ends_with("keys.rs"));
    sources.map(|path| fs::read_to_string(path).unwrap_or_else(|why| read(why))).collect()
}

/// Whether `name` is a test of this file.
fn has_test(file: &str, name: &str) -> bool {
    file.split("test").any(|part| {
        let Some((attribute, rest)) = part.split_once("]\n") else { return false };
        let rest = rest.trim_start().trim_start_matches("async ");
        !attribute.contains('\n') && rest.starts_with(&format!("fn {name}()"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Tests<'a> = &'a [(&'a str, &'a [&'a str])];

    const PRESENT: &str =
        "#[tokio::test]\nasync fn waits() {\n    set(\"wait\");\n}\nfn helper() {}\n";

    fn tried(tests: Tests<'_>) -> Result<(), String> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("behaviour.rs"), PRESENT).unwrap();
        fs::write(dir.path().join("keys.rs"), "#[test]\nfn other() { \"wait\" }\n").unwrap();
        let schema = json!({"type": "object", "properties": {"wait": {"type": "integer"}}});
        let tried = std::panic::catch_unwind(|| {
            keys_have_tests(&SchemaView::new(&schema), dir.path(), &["."], tests);
        });
        tried.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
    }

    #[test]
    fn a_key_needs_a_test_that_stands_in_a_file_with_the_key() {
        assert_eq!(tried(&[("waits", &["wait"])]), Ok(()));
        let table: &[(Tests, &str)] = &[
            (&[("helper", &["wait"])], "wait: no test helper"),
            (&[("other", &["wait"])], "wait: no test other"),
            (&[("waits", &["rest"])], "rest: no test waits"),
            (&[("waits", &["wait", "wait"])], "wait is named twice"),
            (&[], "the keys that are named, and all"),
        ];
        for (tests, says) in table {
            let said = tried(tests).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
