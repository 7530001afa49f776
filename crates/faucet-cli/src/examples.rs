//! Examples in the help of commands.

use std::fmt::Write as _;

/// The examples of the command `of`, with `name` as the name of the program.
pub(crate) fn examples(of: &str, name: &str) -> Option<String> {
    let lines: &[(&str, &str)] = match of {
        "run" => &[
            ("pipeline.yaml", "until its end, Ctrl-C or SIGTERM"),
            ("pipeline.yaml --set source.max_messages=10", "with another value of a key"),
            ("pipeline.yaml --context symbol=ethusdt", "with another value of {symbol}"),
        ],
        "tap" => &[
            ("wss://feed.example.com -n 5", "the first five messages"),
            ("wss://feed.example.com -i", "sends what you type"),
            ("wss://feed.example.com --filter /type=trade", "trades only"),
            ("wss://feed.example.com --for 10s --stats", "how much comes"),
            ("wss://feed.example.com -s v1.json -k", "a subprotocol, any certificate"),
            ("--pipeline pipeline.yaml", "what a source of a file reads"),
        ],
        "feed" => &[
            ("", "synthetic trades on 127.0.0.1:9001"),
            ("--file recording.jsonl --speed 10", "a recording, ten times as fast"),
            ("--drop 30s", "with a connection lost every 30 s or so"),
        ],
        "explain" => &[
            ("", "lists connectors and codes"),
            ("sink.jsonl", "the keys of a connector"),
            ("source.websocket.stale_timeout", "all about a key"),
            ("stale_timeout", "the same, where no other key ends so"),
            ("pipeline.flush", "a key of the pipeline file"),
            ("unknown-key", "the code of a mistake"),
        ],
        "schema" => &[
            ("--write", "into faucet.schema.json, for your editor"),
            ("source websocket", "of one connector"),
        ],
        "init" => &[
            ("", "pipeline.yaml with a source and a sink"),
            ("feed.toml --source websocket --sink jsonl", "as TOML, with these connectors"),
        ],
        "completions" => &[
            ("bash > ~/.local/share/bash-completion/completions/NAME", "for bash"),
            ("zsh > ~/.zfunc/_NAME", "for zsh, where fpath has ~/.zfunc"),
            ("fish > ~/.config/fish/completions/NAME.fish", "for fish"),
            ("powershell >> $PROFILE", "for PowerShell"),
        ],
        "man" => {
            &[("~/.local/share/man/man1", "then: man NAME"), ("> NAME.1", "only the main page")]
        }
        _ => return None,
    };
    let command = |arguments: &str| [name, of, &arguments.replace("NAME", name)].join(" ");
    let commands = lines.iter().map(|(arguments, _)| command(arguments).trim_end().len());
    let width = commands.max().unwrap_or_default();
    let mut text = "Examples:".to_owned();
    for (arguments, meaning) in lines {
        let (command, meaning) = (command(arguments), meaning.replace("NAME", name));
        let _ = write!(text, "\n  {:<width$}  {meaning}", command.trim_end());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_example_is_a_command_that_is_understood() {
        let mut shown = 0;
        for command in Cli::command().get_subcommands() {
            let Some(text) = examples(command.get_name(), "acme") else { continue };
            for line in text.lines().skip(1) {
                let (line, meaning) = line.trim().split_once("  ").unwrap();
                assert!(line.starts_with("acme ") && !meaning.trim().is_empty(), "{line}");
                let words = line.split([' ']).take_while(|word| !word.starts_with('>'));
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{line}: {error}");
                }
                shown += 1;
            }
        }
        assert!(shown > 15 && examples("list", "acme").is_none());
    }
}
