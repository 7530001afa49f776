//! Scripts of SQL in a build without SQL.

use crate::support::*;

#[tokio::test]
async fn a_build_without_sql_says_so_and_names_the_feature() {
    let files = Files::new();
    let script = files.write("feed.sql", "SELECT 1;\n");
    for arguments in [
        &["validate", &script][..],
        &["check", &script],
        &["run", &script],
        &["run", "-", "--input-format", "sql"],
        &["tap", "--pipeline", &script],
    ] {
        let ran = faucet_ran(arguments).await;
        ran.failed_with(
            2,
            &["this build has no SQL", "help: build the command with the cargo feature `sql`"],
        );
    }
    // The other files of the same call are looked at.
    let yaml = "source: {type: jsonl, path: a.jsonl}\nsink: {type: stdout}\n";
    let yaml = files.write("a.yaml", yaml);
    let ran = faucet_ran(["validate", &yaml, &script]).await;
    ran.failed_with(2, &["feed.sql"]);
    assert!(ran.stdout.starts_with(&format!("{yaml}: valid: ")), "{ran:#?}");
}

#[tokio::test]
async fn the_ending_is_no_matter_where_the_format_is_given() {
    let files = Files::new();
    let yaml = "source: {type: jsonl, path: a.jsonl}\nsink: {type: stdout}\n";
    let file = files.write("odd.sql", yaml);
    faucet_ran(["validate", &file, "--input-format", "yaml"]).await.succeeded();
}

#[tokio::test]
async fn the_transform_is_listed_with_its_feature() {
    let ran = faucet_ran(["list"]).await;
    let line = ran.succeeded().lines().into_iter().find(|line| line.starts_with("transform sql"));
    assert!(
        line.is_some_and(|line| line.contains("not in this build; cargo feature `sql`")),
        "{ran:#?}"
    );
    let files = Files::new();
    let file = files.write(
        "a.yaml",
        "source: {type: jsonl, path: a.jsonl}\ntransform: {type: sql}\nsink: {type: stdout}\n",
    );
    let ran = faucet_ran(["validate", &file]).await;
    ran.failed_with(2, &["the transform `sql` is not part of this build", "cargo feature `sql`"]);
}
