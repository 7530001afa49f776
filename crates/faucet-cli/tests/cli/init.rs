//! `faucet init`: a file that is valid as it is written, and the schema beside it.

use faucet_pipeline::{PipelineSpec, SpecFormat};

use crate::support::*;

const SOURCES: [&str; 2] = ["websocket", "jsonl"];
const TRANSFORMS: [&str; 4] = ["filter", "pick", "split", "dedup"];
const SINKS: [&str; 3] = ["jsonl", "stdout", "websocket"];
const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "toml"];

/// Runs the command in the test's directory.
async fn in_dir(files: &Files, args: &[&str]) -> Ran {
    let mut command = faucet(args);
    Running::start(command.current_dir(files.dir())).ended().await
}

#[tokio::test]
async fn init_writes_a_file_that_is_valid_and_runs_against_a_feed() {
    let files = Files::new();
    let ran = in_dir(&files, &["init"]).await;
    for words in [
        "wrote pipeline.yaml and faucet.schema.json for your editor. Try it:\n",
        "\n  faucet feed &\n",
        "\n  faucet run pipeline.yaml\n",
    ] {
        assert!(ran.succeeded().stderr.contains(words), "{ran:#?}");
    }
    assert_eq!(ran.stdout, "");
    let written = files.read("pipeline.yaml");
    assert!(written.lines().filter(|line| line.trim_start().starts_with('#')).count() > 40);
    in_dir(&files, &["validate", "pipeline.yaml"]).await.succeeded();

    let again = in_dir(&files, &["init"]).await;
    again.failed_with(2, &["pipeline.yaml exists already", "\n  hint: name another file"]);
    assert_eq!(files.read("pipeline.yaml"), written);
    in_dir(&files, &["init", "other.yaml"]).await.succeeded();
    assert_eq!(files.read("other.yaml"), written);
    let ran = in_dir(&files, &["init", "none/other.yaml"]).await;
    ran.failed_with(7, &["none/other.yaml", "No such file"]);

    let mut feed = Running::start(&mut faucet(["feed", "--listen", "127.0.0.1:0"]));
    let url = format!("source.url={}ws/{{symbol}}@trade", feed.first_line().await);
    for ending in ENDINGS {
        let file = format!("feed.{ending}");
        in_dir(&files, &["init", &file]).await.succeeded();
        let run = ["run", &file, "--set", &url, "--set", "source.max_messages=20"];
        let output =
            ["--set", "sink.path={symbol}.jsonl", "--context", &format!("symbol={ending}")];
        in_dir(&files, &[&run[..], &output[..]].concat()).await.succeeded();
        assert_eq!(files.read(&format!("{ending}.jsonl")).lines().count(), 20, "{ending}");
    }
}

#[tokio::test]
async fn the_templates_that_are_committed_are_those_that_init_writes() {
    let files = Files::new();
    let documents = faucet_cli::documents(&faucet_stream::registry(), "a test").unwrap();
    for ending in ["yaml", "json", "toml"] {
        let file = format!("pipeline.{ending}");
        in_dir(&files, &["init", &file]).await.succeeded();
        assert_eq!(files.read(&file), documents[&format!("init/{file}")], "{ending}");
    }
}

#[tokio::test]
async fn each_pair_of_connectors_makes_a_valid_file_in_each_format() {
    let files = Files::new();
    let mut wanted: Vec<Vec<&str>> = Vec::new();
    for source in SOURCES {
        for sink in SINKS {
            wanted.push(vec!["--source", source, "--sink", sink]);
        }
    }
    wanted.extend(TRANSFORMS.map(|transform| vec!["--transform", transform]));
    wanted.extend([vec!["--source", "jsonl"], vec!["--sink", "stdout"]]);
    for (index, named) in wanted.iter().enumerate() {
        for ending in ENDINGS {
            let file = format!("p{index}.{ending}");
            let ran = in_dir(&files, &[&["init", &file][..], named].concat()).await;
            let words = "Put your values in, and then:\n  faucet validate";
            assert!(ran.succeeded().stderr.contains(words), "{ran:#?}");
            let ran = in_dir(&files, &["validate", &file]).await;
            assert!(ran.succeeded().stdout.contains("valid: "), "{named:?}: {ran:#?}");
            for pair in named.chunks(2) {
                let section = pair[0].trim_start_matches('-');
                assert!(files.read(&file).contains(section), "{}", files.read(&file));
            }
        }
    }
}

#[tokio::test]
async fn each_format_names_the_schema_in_its_own_way() {
    let files = Files::new();
    for (ending, first) in [
        ("yaml", "# yaml-language-server: $schema=./faucet.schema.json\n"),
        ("toml", "#:schema ./faucet.schema.json\n"),
        ("json", "{\n  \"$schema\": \"./faucet.schema.json\",\n"),
    ] {
        let file = format!("pipeline.{ending}");
        in_dir(&files, &["init", &file]).await.succeeded();
        assert!(files.read(&file).starts_with(first), "{}", files.read(&file));
    }
    let printed = in_dir(&files, &["schema"]).await;
    assert_eq!(files.read("faucet.schema.json"), printed.succeeded().stdout);
    let json = files.json("pipeline.json");
    assert_eq!(json["source"]["type"], "websocket");
    assert_eq!(json["source"].as_object().unwrap().len(), 5, "{json}");
    for name in ["pipeline.txt", "pipeline", "pipeline.YAM"] {
        let ran = in_dir(&files, &["init", name]).await;
        ran.failed_with(2, &["a pipeline file ends in .yaml, .yml, .json or .toml"]);
        assert!(!files.path(name).exists());
    }
}

#[tokio::test]
async fn the_schema_beside_the_file_is_renewed_and_other_files_stay() {
    let files = Files::new();
    std::fs::create_dir(files.path("sub")).unwrap();
    let ran = in_dir(&files, &["init", "sub/a.yaml"]).await;
    assert!(ran.succeeded().stderr.contains("wrote sub/a.yaml and sub/faucet.schema.json"));
    let schema = files.read("sub/faucet.schema.json");
    assert_eq!(files.json("sub/faucet.schema.json")["title"], "faucet pipeline");

    let ran = in_dir(&files, &["init", "sub/b.yaml"]).await;
    assert!(ran.succeeded().stderr.contains("; sub/faucet.schema.json is up to date."), "{ran:#?}");
    // An older schema of ours.
    files.write("sub/faucet.schema.json", "{\"title\": \"faucet pipeline\"}");
    in_dir(&files, &["init", "sub/c.yaml"]).await.succeeded();
    assert_eq!(files.read("sub/faucet.schema.json"), schema);
    for theirs in ["{\"title\": \"theirs\"}", "{}", "no JSON"] {
        files.write("sub/faucet.schema.json", theirs);
        std::fs::remove_file(files.path("sub/c.yaml")).unwrap();
        let ran = in_dir(&files, &["init", "sub/c.yaml"]).await;
        let words = "; sub/faucet.schema.json is no schema of pipeline files and was left alone";
        assert!(ran.succeeded().stderr.contains(words), "{ran:#?}");
        assert_eq!(files.read("sub/faucet.schema.json"), theirs);
    }
}

#[tokio::test]
async fn an_unknown_connector_is_refused_with_the_one_that_was_meant() {
    let files = Files::new();
    for (option, name, words) in [
        ("--source", "websoket", "unknown source \"websoket\" (did you mean `websocket`?)"),
        ("--transform", "fliter", "unknown transform \"fliter\" (did you mean `filter`?)"),
        ("--sink", "kafka", "unknown sink \"kafka\"; known: jsonl, stdout, websocket"),
    ] {
        in_dir(&files, &["init", option, name]).await.failed_with(2, &["error: ", words]);
    }
    assert_eq!(std::fs::read_dir(files.dir()).unwrap().count(), 0);
}

/// The keys of a file that stand there as comments, by the number of their line.
fn commented(text: &str) -> Vec<usize> {
    let is_key = |line: &str| {
        let key = line.trim_start().strip_prefix('#').filter(|rest| !rest.starts_with([' ', ':']));
        key.is_some()
    };
    text.lines().enumerate().filter(|(_, line)| is_key(line)).map(|(at, _)| at).collect()
}

/// The key of a line that is a comment.
fn key_of(line: &str) -> &str {
    let key = line.trim_start().trim_start_matches('#');
    key.split([':', ' ', '=']).next().unwrap_or_default()
}

/// The keys that work only beside others.
fn companions(key: &str) -> &'static [&'static str] {
    match key {
        "subscribe" => &["topics"],
        "topics" => &["subscribe"],
        "topics_per_connection" => &["topics", "subscribe"],
        _ => &[],
    }
}

#[test]
fn each_commented_key_works_without_its_mark() {
    let documents = faucet_cli::documents(&faucet_stream::registry(), "a test").unwrap();
    for (ending, format) in [("yaml", SpecFormat::Yaml), ("toml", SpecFormat::Toml)] {
        // `tls` is for wss:// only.
        let text = documents[&format!("init/pipeline.{ending}")].replace("\"ws://", "\"wss://");
        let keys = commented(&text);
        assert!(keys.len() > 30, "{}", keys.len());
        let all: Vec<&str> = text.lines().collect();
        // `url_from` stands in the place of `url`, and `resume` wants a `{cursor}` in the URL or a message.
        for at in
            keys.iter().copied().filter(|at| !["url_from", "resume"].contains(&key_of(all[*at])))
        {
            let others = companions(key_of(all[at]));
            let line = |(number, line): (usize, &str)| {
                let is_other = keys.contains(&number) && others.contains(&key_of(line));
                if number == at || is_other { line.replacen('#', "", 1) } else { line.to_owned() }
            };
            let lines: Vec<String> = text.lines().enumerate().map(line).collect();
            let parsed = PipelineSpec::parse(&lines.join("\n"), format, |_| None);
            let spec = parsed.unwrap_or_else(|error| panic!("{}: {error}", lines[at]));
            if let Err(errors) = spec.build(&faucet_stream::registry()) {
                panic!("{}: {errors}", lines[at]);
            }
        }
    }
}
