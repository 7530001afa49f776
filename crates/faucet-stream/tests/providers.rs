//! The pipeline files of `examples/providers` and the pages about them in `docs/cookbook`.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use faucet_stream::{PipelineSpec, Registry, SpecFormat, Variable, registry, validate};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of the files in `directory` that have this ending, without it.
fn names(directory: &str, ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(repository().join(directory)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn providers() -> Vec<(String, String)> {
    let read = |name: String| {
        let path = repository().join(format!("examples/providers/{name}.yaml"));
        let text = fs::read_to_string(path).unwrap();
        (name, text)
    };
    names("examples/providers", "yaml").into_iter().map(read).collect()
}

/// A page without the file that it shows between its marks.
fn words(name: &str) -> String {
    let page = fs::read_to_string(repository().join(format!("docs/cookbook/{name}.md"))).unwrap();
    let (before, rest) = page.split_once("<!-- file: ").unwrap();
    let (_, after) = rest.split_once("<!-- /file -->").unwrap();
    format!("{before}{after}")
}

/// The variables of a text: each `NAME` of `${NAME}`, `${NAME:-default}` and `${NAME:?message}`.
fn variables(text: &str) -> BTreeSet<&str> {
    let inside = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    inside.filter_map(|(inside, _)| inside.split(':').next()).collect()
}

/// A value that each variable could have.
fn value_of(variable: &str) -> Variable {
    let keys = repository().join("crates/faucet-session/src/values/testdata");
    Variable::Set(match variable {
        "COINBASE_SECRET" => "c2VjcmV0".to_owned(),
        "COINBASE_PRIVATE_KEY" => fs::read_to_string(keys.join("es256_pkcs8.pem")).unwrap(),
        _ => "value".to_owned(),
    })
}

/// The problems and warnings of a file, one line each: without the values of its variables,
/// and with them.
fn problems(registry: &Registry, text: &str) -> Vec<String> {
    let mut found = validate(registry, text, SpecFormat::Yaml);
    match PipelineSpec::parse(text, SpecFormat::Yaml, value_of) {
        Ok(spec) => found.extend(spec.check(registry).diagnostics),
        Err(errors) => found.extend(errors.diagnostics().to_vec()),
    }
    found.iter().map(|of| format!("{:?} {}", of.start, of.message())).collect()
}

#[test]
fn each_file_is_valid_and_has_no_warning() {
    let (registry, providers) = (registry(), providers());
    assert!(providers.len() >= 32, "{}", providers.len());
    let mut wrong = Vec::new();
    for (name, text) in &providers {
        wrong.extend(problems(&registry, text).into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The test finds mistakes and warnings.
    let (_, good) = providers.iter().find(|(name, _)| name == "okx").unwrap();
    for (from, to) in [
        ("heartbeat:", "hartbeat:"),
        ("\"{sign}\"", "\"{sgn}\""),
        ("  reconnect: true\n", ""),
        ("as: base64", "as: number"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(!problems(&registry, &good.replace(from, to)).is_empty(), "{to}");
    }
}

#[test]
fn each_file_has_a_page_and_each_page_a_file_and_a_line_in_the_index() {
    let files = names("examples/providers", "yaml");
    let mut pages = names("docs/cookbook", "md");
    assert!(pages.remove("README"));
    assert_eq!(files, pages);
    let index = fs::read_to_string(repository().join("docs/cookbook/README.md")).unwrap();
    for name in &files {
        let rows = index.lines().filter(|line| line.contains(&format!("]({name}.md)"))).count();
        assert_eq!(rows, 1, "{name}");
        assert!(words(name).contains(&format!("faucet run examples/providers/{name}.yaml")));
        let page = fs::read_to_string(repository().join(format!("docs/cookbook/{name}.md")));
        assert!(page.unwrap().contains(&format!("<!-- file: {name}.yaml -->")), "{name}");
    }
}

#[test]
fn each_page_names_the_variables_of_its_file() {
    let mut seen = 0;
    for (name, text) in providers() {
        let page = words(&name);
        for variable in variables(&text) {
            assert!(page.contains(variable), "docs/cookbook/{name}.md does not name {variable}");
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
    let found: Vec<&str> = variables("a ${A} ${B:-x}${C:?y} $ {D}").into_iter().collect();
    assert_eq!(found, ["A", "B", "C"]);
}

/// The literals that must not stand in a file: the secrets and the keys of signatures among `values`, and the token of `auth`.
fn secrets(file: &Value) -> Vec<String> {
    let values = file.pointer("/source/values").and_then(Value::as_object);
    let values = values.into_iter().flat_map(|values| values.values());
    let secrets = values.flat_map(|value| [value.get("secret"), value.get("key")]).flatten();
    let token = file.pointer("/source/auth/config/token");
    secrets.chain(token).filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn each_secret_comes_from_a_variable() {
    let mut found = Vec::new();
    for (_, text) in providers() {
        found.extend(secrets(&serde_saphyr::from_str(&text).unwrap()));
    }
    assert!(found.len() >= 30, "{found:?}");
    let fixed = found.iter().filter(|secret| !secret.starts_with("${") || !secret.ends_with('}'));
    assert_eq!(fixed.collect::<Vec<_>>(), Vec::<&String>::new());
}
