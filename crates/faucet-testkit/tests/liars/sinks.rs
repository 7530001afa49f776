//! The lies of sinks.

use std::sync::{Arc, Mutex};

use faucet_testkit::record;
use faucet_testkit::sink::{self, SinkCase};

use crate::lie::Lie;
use crate::lies;
use crate::store::{BAD, Far, Lies as L, Store, TOKEN};

fn case(lie: L) -> SinkCase<'static> {
    let far: Arc<Mutex<Far>> = Arc::default();
    let (there, reset, failing, away) = (far.clone(), far.clone(), far.clone(), far.clone());
    SinkCase::new(
        async move || Store::new(lie, &far),
        async move || there.lock().unwrap().there.clone(),
    )
    .reset(async move || *reset.lock().unwrap() = Far::default())
    .fails_at(async move |k| Store { fails_at: Some(k), ..Store::new(lie, &failing) })
    .unreachable(async move || Store { away: true, ..Store::new(lie, &away) })
    .rejects(record(BAD))
    .canary(TOKEN)
    .scope([("bucket", "b")])
    .name("s3")
}

pub(crate) async fn honest() {
    sink::conforms(&case(L::Nothing)).await;
    // Without a way to empty the far end.
    let far: Arc<Mutex<Far>> = Arc::default();
    let there = async || far.lock().unwrap().there.clone();
    let kept = SinkCase::new(async || Store::new(L::Nothing, &far), there);
    sink::conforms(&kept.scope([("bucket", "b")])).await;
    // A far end that shows something else than the JSON rendering.
    let far: Arc<Mutex<Far>> = Arc::default();
    let there = async || -> Vec<String> {
        let far = far.lock().unwrap();
        far.there.iter().map(|line| format!("row {}", String::from_utf8_lossy(line))).collect()
    };
    let texts = (0..9).map(|n| record(&format!("text {n}")));
    let rows = SinkCase::new(async || Store::new(L::Nothing, &far), there)
        .records(texts)
        .reads_as(|it| [b"row ".to_vec(), it.to_json()].concat())
        .scope([("bucket", "b")]);
    sink::conforms(&rows).await;
}

pub(crate) fn lies() -> Vec<Lie> {
    lies![
        "flush returns early" => sink::delivers_on_flush, case(L::FlushesEarly), true;
        "reverses a page" => sink::delivers_on_flush, case(L::Reverses), true;
        "writes each record twice" => sink::delivers_on_flush, case(L::Twice), true;
        "swallows a page" => sink::delivers_on_flush, case(L::Swallows), true;
        "a dropped write takes a flushed record along" => sink::survives_a_dropped_write, case(L::HarmsWhenDropped), true;
        "writes after close" => sink::writes_nothing_after_close, case(L::WritesAfterClose), true;
        "neither flush nor close writes" => sink::delivers_on_flush, case(L::NeverWrites), true;
        "blocks the thread" => sink::never_blocks, case(L::Blocks), true;
        "check writes a record" => sink::checks_without_a_trace, case(L::CheckWrites), true;
        "says a wrong half of a page" => sink::counts_half_a_page, case(L::CountsWrong), true;
        "rewrites payloads" => sink::delivers_on_flush, case(L::Rewrites), true;
        "leaves out some records" => sink::delivers_on_flush, case(L::LeavesOut), true;
        "an empty run destroys what is there" => sink::opens_without_harm, case(L::OpenTruncates), true;
        "close is the real flush" => sink::delivers_nothing_on_close, case(L::CloseWrites), false;
        "a flush with nothing taken fails" => sink::flushes_nothing, case(L::EmptyFlushFails), false;
        "leaves more unconfirmed than it took" => sink::accounts_for_its_records, case(L::LosesMoreThanItTook), false;
        "writes its marks as records" => sink::stands_marks, case(L::MarksAreRecords), false;
        "a run overwrites what another has written" => sink::keeps_runs_apart, case(L::Overwrites), false;
        "ignores what it has saved" => sink::goes_on_from_what_it_saved, case(L::IgnoresWhatItSaved), false;
        "a kill tears a record" => sink::survives_a_kill_at_any_poll, case(L::TearsRecords), false;
        "a kill takes a flushed record along" => sink::survives_a_kill_at_any_poll, case(L::HarmsWhenDropped), false;
        "a dropped open leaves a lock behind" => sink::survives_a_dropped_open, case(L::LocksInOpen), false;
        "secret in Debug of the sink" => sink::keeps_its_secrets, case(L::SecretInDebug), false;
        "secret in the cause of an error" => sink::keeps_its_secrets, case(L::SecretInError), false;
        "secret in the saved bytes" => sink::keeps_its_secrets, case(L::SecretInSaved), false;
        "Info::connector is another's name" => sink::names_itself, case(L::WrongName), false;
        "does not declare its placeholders" => sink::names_its_placeholders, case(L::HidesPlaceholders), false;
        "check passes whatever happens" => sink::fails_its_check, case(L::CheckPasses), false;
        "keeps silent about rejected records" => sink::hands_back_rejected_records, case(L::KeepsTheRejected), false;
    ]
}
