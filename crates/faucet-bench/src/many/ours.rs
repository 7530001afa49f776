//! Many runs of one WebSocket source, with a page age of 10 ms.

use std::rc::Rc;

use faucet_stream::{Next, PageReader, Scope, Source as _};
use serde_json::json;
use tokio::task::spawn_local;

use crate::many::progress::{self, Progress};
use crate::receivers::ours::source;
use crate::result::Result;
use crate::sample::Sample;
use crate::work::Work;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let keys = json!({ "message_format": "raw_string", "batch_timeout": "10ms" });
    let source = Rc::new(source(&work.from, keys)?);
    // A scope is of a component, which is all of them.
    let scope = Scope::default();
    progress::measure(work, async |progress| {
        // It connects with the first page.
        spawn_local(receive(source.open(&scope).await?, progress));
        Ok(())
    })
    .await
}

async fn receive(mut reader: Box<dyn PageReader>, progress: Progress) {
    loop {
        match reader.next_page().await {
            Ok(Next::Page(page)) => progress.add(page.len() as u64, page.payload_bytes() as u64),
            Ok(_) => break,
            Err(error) => {
                eprintln!("a connection failed: {error}");
                break;
            }
        }
    }
}
