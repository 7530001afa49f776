//! `faucet docs`: reference pages, schemas, explanations and templates of this build.

use std::fs;

use faucet_core::{Error, ErrorKind, Result};

use crate::args::DocsArgs;
use crate::output::note;
use crate::pages::Book;

pub(crate) fn docs(args: &DocsArgs, book: Book<'_>) -> Result<()> {
    let documents = book.documents()?;
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
