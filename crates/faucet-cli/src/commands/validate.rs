//! `faucet validate`: every mistake of pipeline files, without the network.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faucet_core::{Error, Registry, Result};
use faucet_pipeline::diagnostic::{Format, SourceText, render};
use faucet_pipeline::{Diagnostic, SpecErrors, Verdict};

use crate::args::{ResultFormat, ValidateArgs};
use crate::exit;
use crate::graph::described;
use crate::output::{self, print_line, print_text};
use crate::spec::Described;

/// The result for one file.
struct Looked {
    text: SourceText,
    diagnostics: Vec<Diagnostic>,
    /// The line for a valid file. `None`: the file has errors.
    valid: Option<String>,
}

/// The exit code is 2 where one of the files has an error.
pub(crate) fn validate(args: &ValidateArgs, registry: &Registry) -> Result<ExitCode> {
    let mut all = Vec::new();
    for file in expanded(&args.files)? {
        all.push(look(&file, args, registry)?);
    }
    let texts: Vec<(&SourceText, &[Diagnostic])> =
        all.iter().map(|one| (&one.text, &*one.diagnostics)).collect();
    let format = match args.format {
        ResultFormat::Human => None,
        ResultFormat::Short => Some(Format::Short),
        ResultFormat::Json => Some(Format::Json),
        ResultFormat::Github => Some(Format::Github),
    };
    match format {
        Some(format) => print_text(&render(&texts, format))?,
        None => {
            output::diagnostics(&texts);
            for valid in all.iter().filter_map(|one| one.valid.as_deref()) {
                print_line(valid)?;
            }
        }
    }
    Ok(match all.iter().all(|one| one.valid.is_some()) {
        true => ExitCode::SUCCESS,
        false => exit::code(&Error::usage("invalid")),
    })
}

fn look(path: &Path, args: &ValidateArgs, registry: &Registry) -> Result<Looked> {
    let mut file = match Described::read(path, &args.changes) {
        Ok(file) => file,
        Err(error) => {
            let errors = error.source().and_then(|source| source.downcast_ref::<SpecErrors>());
            let Some(errors) = errors else { return Err(error) };
            let diagnostics = errors.diagnostics().to_vec();
            return Ok(Looked { text: errors.text().clone(), diagnostics, valid: None });
        }
    };
    if args.no_env {
        file = file.accept_unset();
    }
    let mut verdict = file.check(registry);
    if args.strict {
        verdict = verdict.strict();
    }
    let is_refused = verdict.is_refused();
    if args.print && !is_refused {
        let Described::File(spec) = &file else {
            return Err(Error::usage("--print: a script has no form as YAML"));
        };
        print_text(&spec.resolved(registry))?;
    }
    let Verdict { pipeline, diagnostics, text, unset, .. } = verdict;
    let what = match pipeline {
        Some(pipeline) => described(&pipeline),
        None => file
            .without_pipeline()
            .filter(|_| unset.is_empty())
            .unwrap_or_else(|| format!("as far as it can be known without {}", unset.join(", "))),
    };
    let name = text.name().unwrap_or_default();
    let valid = (!is_refused).then(|| format!("{name}: valid: {what}"));
    Ok(Looked {
        valid: valid.map(|line| if args.print { format!("# {line}") } else { line }),
        text,
        diagnostics,
    })
}

/// The files that the arguments name. A shell replaces a pattern, unless it stands in quotes.
fn expanded(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for argument in arguments {
        let name = argument.to_string_lossy();
        if argument.exists() || !name.contains(['*', '?', '[']) {
            files.push(argument.clone());
            continue;
        }
        let wrong = |why: String| Error::usage(format!("{name}: {why}"));
        let found = glob::glob(&name).map_err(|error| wrong(error.to_string()))?;
        let before = files.len();
        for file in found {
            files.push(file.map_err(|error| wrong(error.to_string()))?);
        }
        if files.len() == before {
            return Err(wrong("no file has such a name".to_owned()));
        }
    }
    Ok(files)
}
