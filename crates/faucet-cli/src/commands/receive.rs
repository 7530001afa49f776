//! `faucet receive`: receives what a sink sends.

use faucet_core::{Error, ErrorKind, Result};

use crate::args::ReceiveArgs;
use crate::listening::cannot_listen;
use crate::live::Show;
use crate::output::{counted, print_line};
use crate::receiver::{Manners, Receiver};
use crate::signals::Signals;

pub(crate) async fn receive(args: ReceiveArgs) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let ReceiveArgs { listen, count, print, drop_after } = args;
    let failed = cannot_listen(listen);
    let receiver =
        Receiver::bind(listen, Manners { count, drop_after, print }).await.map_err(failed)?;
    let url = receiver.url().map_err(failed)?;
    print_line(&url)?;
    let or = count.map(|count| format!("{} or ", counted(count, "message"))).unwrap_or_default();
    tracing::info!("receiving on {url} until {or}Ctrl-C");
    let received = receiver.received();
    let serving = receiver.serve(signals.asked());
    let served = Show::on_terminal(print).during(received.clone(), serving).await;
    tracing::info!("{}", received.look(|tally| tally.summary()));
    served
}
