//! The lies of sources.

use std::sync::Arc;

use faucet_core::{Ended, Resume};
use faucet_testkit::source::{self, SourceCase, SourceSetup};

use crate::feed::{Feed, Lies as L, RECORDS, TOKEN, payload};
use crate::lie::Lie;
use crate::lies;

fn setup(feed: Feed) -> SourceSetup {
    let far = |feed: &Feed| Arc::clone(&feed.far);
    let (acked, sent, connected) = (far(&feed), far(&feed), far(&feed));
    let acks = feed.resume == Resume::Acks;
    let setup = SourceSetup::new(feed)
        .sent(move || sent.lock().unwrap().sent)
        .connected(move || connected.lock().unwrap().connections > 0);
    match acks {
        true => setup.acknowledged(move || acked.lock().unwrap().acked as u64),
        false => setup,
    }
}

fn with(lie: L, change: impl Fn(&mut Feed) + 'static) -> SourceCase<'static> {
    let change = Arc::new(change);
    let make = move |more: fn(&mut Feed)| {
        let mut feed = Feed::new(lie);
        change(&mut feed);
        more(&mut feed);
        setup(feed)
    };
    let (failing, away, outage) = (make.clone(), make.clone(), make.clone());
    SourceCase::new(async move || make(|_| ()))
        .payloads((0..RECORDS).map(payload))
        .skipped(1)
        .page_limit(3)
        .canary(TOKEN)
        .scope([("symbol", "btc")])
        .name("feed2")
        .fails_after(5, async move || failing(|feed| feed.fails_after = Some(5)))
        .unreachable(async move || away(|feed| feed.away = true))
        .outage(async move || outage(|feed| feed.outage_at = Some(4)))
}

fn case(lie: L) -> SourceCase<'static> {
    with(lie, |_| ()).ends(Ended::Exhausted)
}

fn queue(lie: L) -> SourceCase<'static> {
    with(lie, |feed| feed.resume = Resume::Acks)
}

pub(crate) async fn honest() {
    source::conforms(&case(L::Nothing)).await;
    source::conforms(&queue(L::Nothing)).await;
    let plain = with(L::Nothing, |feed| feed.resume = Resume::No);
    source::conforms(&plain).await;
    let live = with(L::Nothing, |feed| feed.live = true).live();
    source::conforms(&live).await;
    let counted = SourceCase::new(async || Feed::new(L::Nothing)).records(RECORDS).skipped(1);
    source::conforms(&counted.scope([("symbol", "btc")])).await;
}

pub(crate) fn lies() -> Vec<Lie> {
    lies![
        "loses a frame when next_page is dropped" => source::is_cancel_safe, case(L::LosesOnDrop), true;
        "begins its timer anew with each call" => source::is_cancel_safe, case(L::RestartsItsTimer), false;
        "drain hands the page over again" => source::drains_what_was_received, case(L::DrainsTwice), true;
        "a second run goes on where the first ended" => source::keeps_runs_apart, case(L::SharesItsCursor), true;
        "secret in Info::target" => source::keeps_its_secrets, case(L::SecretInInfo), true;
        "drops the partial page before an error" => source::reads_before_it_fails, case(L::DropsBeforeAnError), true;
        "secret in an error" => source::keeps_its_secrets, case(L::SecretInError), true;
        "panics in close behind an error" => source::reads_before_it_fails, case(L::PanicsInClose), true;
        "a shared cursor that open resets" => source::keeps_runs_apart, case(L::ResetsTheCursor), true;
        "ignores its limit of records" => source::reads_all, case(L::IgnoresItsLimit), true;
        "ignores its limit, and does not end" => source::reads_all,
            with(L::IgnoresItsLimit, |feed| feed.live = true).live(), false;
        "ends after the first page" => source::reads_all, case(L::EndsEarly), true;
        "ignores batch_size" => source::keeps_its_page_limit, case(L::OnePage), true;
        "yields empty pages" => source::has_no_void_pages, case(L::VoidPages), true;
        "blocks the thread" => source::never_blocks, case(L::Blocks), true;
        "secret in Debug of the source" => source::keeps_its_secrets, case(L::SecretInDebug), true;
        "secret in a check step" => source::keeps_its_secrets, case(L::SecretInCheck), true;
        "check leaves a trace" => source::checks_without_a_trace, case(L::CheckLeavesATrace), true;
        "check fails whatever happens" => source::checks_without_a_trace, case(L::CheckFails), false;
        "check passes whatever happens" => source::fails_its_check, case(L::CheckPasses), true;
        "a dropped open leaves a lock behind" => source::survives_a_dropped_open, case(L::LocksInOpen), true;
        "hold loses records" => source::holds, case(L::HoldLoses), true;
        "hold returns" => source::holds, case(L::HoldReturns), true;
        "drain drops what was received" => source::drains_what_was_received, case(L::DrainDrops), true;
        "drops messages without counting them" => source::reads_all, case(L::SkipsInSilence), true;
        "promises AtLeastOnce without positions" => source::keeps_its_promises, case(L::Promises), true;
        "Info::connector is another's name" => source::names_itself, case(L::WrongName), true;
        "ends for another reason than it says" => source::ends_for_its_reason, case(L::WrongEnd), true;
        "received_at is 1970" => source::stamps_its_records, case(L::OldStamps), true;
        "does not declare its placeholders" => source::names_its_placeholders, case(L::HidesPlaceholders), true;
        "position of what was received" => source::resumes_behind_each_page, case(L::PositionOfReceived), false;
        "position of the page before" => source::resumes_behind_each_page, case(L::PositionOfThePageBefore), false;
        "position before the first page skips" => source::resumes_at_its_beginning, case(L::FirstPositionSkips), false;
        "a commit moves the cursor" => source::commits_change_no_record, case(L::CommitMoves), false;
        "keeps a claim on what a dead run had" => source::survives_a_kill_at_any_poll, case(L::Claims), false;
        "acknowledges on receipt" => source::acknowledges_what_was_committed, queue(L::AcksOnReceipt), false;
        "acknowledges more than was committed" => source::acknowledges_what_was_committed, queue(L::AcksAllReceived), false;
        "loses what it has acknowledged on receipt" => source::survives_a_kill_at_any_poll, queue(L::AcksOnReceipt), false;
        "drain closes the connection" => source::commits_after_the_end, queue(L::DrainCloses), false;
        "close fails after a good run" => source::closes, case(L::CloseFails), false;
        "its connection outlives the run" => source::closes, case(L::LeaksItsConnection), false;
        "watermark later than what follows" => source::keeps_its_watermarks, case(L::EarlyWatermark), false;
        "reconnects in silence" => source::reports_outages, case(L::SilentOutage), false;
        "a gap without an end" => source::reports_outages, case(L::EndlessGap), false;
    ]
}
