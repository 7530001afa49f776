//! `faucet new` and `faucet docs`: what the author of a component needs.

use serde_json::Value;

use crate::support::*;

const KINDS: [&str; 3] = ["source", "sink", "transform"];

/// Runs the command in the test's directory.
async fn in_dir(files: &Files, args: &[&str]) -> Ran {
    let mut command = faucet(args);
    Running::start(command.current_dir(files.dir())).ended().await
}

/// A directory that looks like a checkout of the project.
fn checkout(files: &Files) -> &'static str {
    for part in ["faucet-core", "faucet-testkit"] {
        std::fs::create_dir_all(files.path(&format!("checkout/crates/{part}"))).unwrap();
    }
    "checkout"
}

#[tokio::test]
async fn new_writes_a_crate_and_leaves_an_existing_one_alone() {
    let files = Files::new();
    let checkout = checkout(&files);
    for kind in KINDS {
        let name = format!("my-{kind}");
        let new = ["new", kind, &name, "--faucet", checkout];
        let ran = in_dir(&files, &new).await;
        assert_eq!(ran.succeeded().stdout, "");
        for words in [format!("wrote {name}"), format!("cd {name}"), "cargo test".into()] {
            assert!(ran.stderr.contains(&words), "{words}: {}", ran.stderr);
        }
        let manifest = files.read(&format!("{name}/Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{manifest}");
        let code = files.read(&format!("{name}/src/lib.rs"));
        assert!(code.contains(&format!("const NAME: &'static str = \"{name}\"")), "{code}");
        assert!(code.contains(&format!("registry.add_{kind}::<")), "{code}");
        let test = files.read(&format!("{name}/tests/conformance.rs"));
        assert!(test.contains(&format!("{kind}::conforms(")), "{test}");

        files.write(&format!("{name}/src/lib.rs"), "my work");
        let again = in_dir(&files, &new).await;
        again.failed_with(2, &[&format!("{name} exists already"), "hint: choose another name"]);
        assert_eq!(files.read(&format!("{name}/src/lib.rs")), "my work");
    }
}

#[tokio::test]
async fn new_finds_the_checkout_that_the_crate_depends_on() {
    let files = Files::new();
    let checkout = checkout(&files);
    in_dir(&files, &["new", "sink", "mine", "--faucet", checkout]).await.succeeded();
    let manifest = files.read("mine/Cargo.toml");
    let checkout = files.path(checkout).canonicalize().unwrap();
    for part in ["faucet-core", "faucet-testkit"] {
        let path = checkout.join("crates").join(part);
        let line = format!("{part} = {{ path = {:?} }}", path.to_str().unwrap());
        assert!(manifest.contains(&line), "{line} is not in {manifest}");
    }

    let ran = in_dir(&files, &["new", "sink", "other", "--faucet", "mine"]).await;
    ran.failed_with(2, &["--faucet mine: holds no crates/faucet-core", "hint: name a checkout"]);
    let ran = in_dir(&files, &["new", "sink", "other"]).await;
    ran.failed_with(2, &["--faucet is missing", "hint: name a checkout"]);
    assert!(!files.path("other").exists());
}

#[tokio::test]
async fn new_refuses_a_name_that_cannot_be_one() {
    let files = Files::new();
    for name in ["Mine", "1st", "a_b", "../x", "a/b", ""] {
        let ran = in_dir(&files, &["new", "source", name]).await;
        ran.failed_with(2, &["is not a name for a component", "hint: write a lower-case letter"]);
    }
    in_dir(&files, &["new", "filter", "mine"]).await.failed_with(2, &["source, sink, transform"]);
    assert_eq!(std::fs::read_dir(files.dir()).unwrap().count(), 0);
}

#[tokio::test]
async fn docs_writes_a_page_and_a_schema_of_each_component() {
    let files = Files::new();
    let ran = in_dir(&files, &["docs", "out/pages"]).await;
    assert!(ran.succeeded().stderr.contains("files below out/pages"), "{}", ran.stderr);
    let list = faucet_ran(["list"]).await;
    // Schemas of pipeline files and of the report, pages of the report and the metrics, two texts, and a
    // template in each format.
    let mut written = 9;
    for (page, key) in [("report", "`gaps[].missing`"), ("metrics", "`faucet_records_total`")] {
        let page = files.read(&format!("out/pages/reference/{page}.md"));
        assert!(page.starts_with("<!-- Written by `faucet docs`") && page.contains(key), "{page}");
    }
    let list = list.succeeded().lines();
    for line in list.iter().filter(|line| !line.contains("not in this build")) {
        let mut words = line.split_whitespace();
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let page = files.read(&format!("out/pages/reference/{kind}-{name}.md"));
        assert!(page.starts_with("<!-- Written by `faucet docs`"), "{page}");
        assert!(page.contains(&format!("# {name} {kind}\n")), "{page}");
        let schema = files.json(&format!("out/pages/schema/{kind}-{name}.schema.json"));
        let printed = faucet_ran(["schema", kind, name]).await;
        assert_eq!(schema, serde_json::from_str::<Value>(&printed.succeeded().stdout).unwrap());
        let explained = files.read(&format!("out/pages/explain/{kind}-{name}.txt"));
        assert!(explained.starts_with("Written by `faucet docs`"), "{explained}");
        written += 3;
    }
    assert!(ran.stderr.contains(&format!("wrote {written} files")), "{}", ran.stderr);
    let pipeline = files.json("out/pages/schema/pipeline.schema.json");
    assert_eq!(pipeline["additionalProperties"], false);

    files.write("file", "");
    in_dir(&files, &["docs", "file"]).await.failed_with(7, &["cannot write file", "caused by: "]);
}
