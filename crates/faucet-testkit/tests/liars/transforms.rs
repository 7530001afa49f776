//! The lies of transforms.

use std::sync::Arc;

use faucet_testkit::record;
use faucet_testkit::transform::{self, TransformCase};

use crate::lie::Lie;
use crate::lies;
use crate::stage::{Lies as L, Pairs, TOKEN};

fn case(lie: L) -> TransformCase<'static> {
    TransformCase::new(async move || Pairs { lie, shared: Arc::default() })
        .inputs(["1", "2", "3", "x", "4", "5"])
        .expect(["1", "2", "3", "4", "5"])
        .rejects(1)
        .canary(TOKEN)
        .scope([("unit", "u")])
        .name("pairs-2")
}

pub(crate) async fn honest() {
    transform::conforms(&case(L::Nothing)).await;
    let two = TransformCase::new(async || Pairs { lie: L::Nothing, shared: Arc::default() })
        .records(0, [record("1"), record("2")])
        .records(1, [record("3")])
        .records(0, [record("4"), record("5")])
        .scope([("unit", "u")]);
    transform::conforms(&two).await;
    // The configuration bounds what it holds, so that it may grow up to there.
    let grows = case(L::Grows).bounded_by("records");
    transform::holds_a_bounded_amount(&grows).await;
}

pub(crate) fn lies() -> Vec<Lie> {
    lies![
        "leaves out a record" => transform::transforms_as_expected, case(L::LeavesOut), false;
        "drops what a page leaves over" => transform::ignores_page_borders, case(L::MindsPageBorders), false;
        "two runs share what they hold" => transform::keeps_runs_apart, case(L::SharesItsState), false;
        "says Nothing while a record is inside" => transform::goes_on_from_its_snapshot, case(L::SaysNothingIsInside), false;
        "ignores what it has saved" => transform::goes_on_from_its_snapshot, case(L::IgnoresWhatItSaved), false;
        "does not save what it has restored" => transform::restores_its_snapshot, case(L::SavesOnlyOnce), false;
        "forgets what it holds at a gap" => transform::keeps_order_at_gaps, case(L::ForgetsAtGaps), false;
        "carries a record over a gap" => transform::keeps_order_at_gaps, case(L::CarriesOverGaps), false;
        "emits old records behind a watermark" => transform::keeps_its_watermarks, case(L::EmitsLate), false;
        "a deadline that stays in the past" => transform::ticks_and_rests, case(L::TicksForEver), false;
        "finish keeps a rest" => transform::finishes_empty, case(L::KeepsTheRest), false;
        "its snapshot grows for ever" => transform::holds_a_bounded_amount, case(L::Grows), false;
        "blocks the thread" => transform::never_blocks, case(L::Blocks), false;
        "a dropped open leaves a lock behind" => transform::survives_a_dropped_open, case(L::LocksInOpen), false;
        "secret in Debug of the transform" => transform::keeps_its_secrets, case(L::SecretInDebug), false;
        "secret in a snapshot" => transform::keeps_its_secrets, case(L::SecretInSnapshot), false;
        "Info::connector is another's name" => transform::names_itself, case(L::WrongName), false;
        "does not declare its placeholders" => transform::names_its_placeholders, case(L::HidesPlaceholders), false;
    ]
}
