//! `faucet completions`, `faucet man` and the examples in the help.

use crate::support::*;

/// The subcommands, as the help lists them.
async fn subcommands() -> Vec<String> {
    let help = faucet_ran(["help"]).await;
    let lines = help.succeeded().lines().into_iter().map(str::to_owned);
    let commands = lines.skip_while(|line| line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    commands.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_shell_gets_a_script_with_every_command_and_option() {
    let subcommands = subcommands().await;
    assert!(subcommands.len() > 14 && subcommands.contains(&"explain".to_owned()));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = faucet_ran(["completions", shell]).await;
        let script = &ran.succeeded().stdout;
        for command in &subcommands {
            assert!(script.contains(command.as_str()), "{shell}: {command}");
        }
        for option in ["log-format", "transform", "write"] {
            assert!(script.contains(option), "{shell}: {option}");
        }
        assert_eq!(ran.stderr, "", "{shell}");
    }
    faucet_ran(["completions", "cmd"]).await.failed_with(2, &["possible values: bash"]);
}

#[tokio::test]
async fn bash_understands_its_script() {
    let files = Files::new();
    let script = files.write("script", faucet_ran(["completions", "bash"]).await.stdout);
    let mut bash = tokio::process::Command::new("bash");
    // A machine without bash has nothing to understand.
    let Ok(checked) = bash.args(["-n", &script]).output().await else { return };
    assert!(checked.status.success(), "{checked:?}");
    let completed = "source \"$1\"; COMP_WORDS=(faucet exp); COMP_CWORD=1; _faucet faucet exp faucet; \
                     printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = tokio::process::Command::new("bash");
    let ran = bash.args(["-c", completed, "bash", &script]).output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "explain\n", "{ran:?}");
}

#[tokio::test]
async fn each_command_has_a_manual_page() {
    let files = Files::new();
    let directory = files.name("man/man1");
    let ran = faucet_ran(["man", &directory]).await;
    assert!(ran.succeeded().stderr.contains("wrote the manual pages to "), "{ran:#?}");
    let main = files.read("man/man1/faucet.1");
    assert_eq!(faucet_ran(["man"]).await.succeeded().stdout, main);
    for command in subcommands().await.iter().filter(|command| *command != "help") {
        let name = format!("faucet\\-{command}(1)");
        assert!(main.contains(&name), "{name}: {main}");
        let page = files.read(&format!("man/man1/faucet-{command}.1"));
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".TH faucet-"), "{command}: {page}");
    }
    let page = files.read("man/man1/faucet-explain.1");
    assert!(page.contains("faucet explain unknown\\-key"), "{page}");
    files.write("file", "");
    let ran = faucet_ran(["man", &files.name("file")]).await;
    ran.failed_with(7, &["cannot write ", "caused by: "]);
}

#[tokio::test]
async fn the_help_has_examples() {
    for (command, example) in [
        ("explain", "  faucet explain source.websocket.stale_timeout  all about a key\n"),
        ("init", "  faucet init feed.toml --source websocket --sink jsonl  "),
        ("completions", "  faucet completions bash > "),
        ("run", "  faucet run pipeline.yaml --set source.max_messages=10  "),
    ] {
        let help = faucet_ran(["help", command]).await.succeeded().stdout.clone();
        assert!(help.contains("\nExamples:\n") && help.contains(example), "{help}");
    }
}
