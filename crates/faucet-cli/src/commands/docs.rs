//! `faucet docs`: reference pages and schemas of this build.

use std::fs;

use faucet_core::{Error, ErrorKind, Registry, Result};

use crate::args::DocsArgs;
use crate::output::note;
use crate::pages::documents;

pub(crate) fn docs(args: &DocsArgs, registry: &Registry, name: &str) -> Result<()> {
    let documents = documents(registry, &format!("{name} docs"));
    for (path, text) in &documents {
        let file = args.directory.join(path);
        let written = file.parent().map_or(Ok(()), fs::create_dir_all);
        written.and_then(|()| fs::write(&file, text)).map_err(|e| {
            Error::new(ErrorKind::Sink, format!("cannot write {}", file.display())).with_source(e)
        })?;
    }
    note(&format!("wrote {} files below {}", documents.len(), args.directory.display()));
    Ok(())
}
