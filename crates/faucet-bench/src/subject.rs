//! Runs the code that is measured.

use tokio::task::LocalSet;

use crate::latency::{echo, slow};
use crate::receivers::{inflate, naive, ours, scan, tungstenite};
use crate::result::Result;
use crate::sample::Sample;
use crate::work::{Compression, Subject, Work};
use crate::{many, senders};

/// Measures it, on one thread.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    match work.subject {
        Subject::Scan if work.compression == Compression::None => scan::measure(work).await,
        Subject::Scan => inflate::measure(work).await,
        Subject::Tungstenite => tungstenite::measure(work).await,
        Subject::Naive => naive::measure(work).await,
        Subject::PagesRaw => ours::pages(work, "raw_string").await,
        Subject::PagesJson => ours::pages(work, "json").await,
        Subject::LinesRaw => ours::lines(work, "raw_string").await,
        Subject::LinesJson => ours::lines(work, "json").await,
        Subject::RelayAtMostOnce => ours::relay(work, "raw_string", "at_most_once").await,
        Subject::RelayAtLeastOnce => ours::relay(work, "raw_string", "at_least_once").await,
        Subject::RelayJson => ours::relay(work, "json", "at_least_once").await,
        Subject::SinkHand => senders::hand::measure(work).await,
        Subject::SinkTungstenite => senders::tungstenite::measure(work).await,
        Subject::SinkAtMostOnce => senders::ours::measure(work, "at_most_once").await,
        Subject::SinkAtLeastOnce => senders::ours::measure(work, "at_least_once").await,
        Subject::ManyScan => LocalSet::new().run_until(many::scan::measure(work)).await,
        Subject::ManyTungstenite => {
            LocalSet::new().run_until(many::tungstenite::measure(work)).await
        }
        Subject::ManyPages => LocalSet::new().run_until(many::ours::measure(work)).await,
        Subject::EchoTungstenite => echo::tungstenite(work).await,
        Subject::EchoPages => echo::pages(work).await,
        Subject::SlowFeed => slow::measure(work).await,
    }
}
