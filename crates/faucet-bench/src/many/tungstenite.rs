//! Many connections of tokio-tungstenite. Its read buffer is as small as makes it fastest here.

use futures_util::StreamExt as _;
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::many::progress;
use crate::result::Result;
use crate::sample::Sample;
use crate::wire::stream::tungstenite;
use crate::work::Work;

const BUFFER: usize = 4 << 10;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let config = WebSocketConfig::default().read_buffer_size(BUFFER);
    progress::measure(work, async |progress| {
        let mut socket = tungstenite(&work.from, Some(config)).await?;
        spawn_local(async move {
            while let Some(Ok(message)) = socket.next().await {
                progress.add(1, message.len() as u64);
            }
        });
        Ok(())
    })
    .await
}
