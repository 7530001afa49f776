//! The generated pages of the transform `sql`. `cargo xtask codegen` leaves them alone: it is built
//! without DataFusion.

use std::collections::BTreeMap;
use std::path::Path;

/// Writes them anew.
const WRITER: &str = "UPDATE_DOCS=1 cargo test -p faucet-sql --test reference";

#[test]
fn the_pages_of_the_transform_are_up_to_date() {
    let registry = faucet_stream::registry();
    let mut pages: BTreeMap<String, String> = faucet_cli::documents(&registry, WRITER).unwrap();
    pages.retain(|name, _| name.contains("/transform-sql."));
    let names: Vec<&str> = pages.keys().map(String::as_str).collect();
    let expected = [
        "explain/transform-sql.txt",
        "reference/transform-sql.md",
        "schema/transform-sql.schema.json",
    ];
    assert_eq!(names, expected);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (name, text) in &pages {
        let file = docs.join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&file, text).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(written == *text, "docs/{name} is out of date, run {WRITER}");
    }
}
