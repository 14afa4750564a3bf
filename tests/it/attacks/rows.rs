//! Attacks by counting: rows from nowhere.

use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;
use super::lineage::herd_with;

/// A run over the hundred rows of the seeds.
fn over_seeds(does: Does, count: u64, change: impl FnOnce(Run) -> Run) -> World {
    herd_with(does, &[("seeds", Role::Data)], "out", rows("out", count), change)
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
pub fn attacks() -> Vec<Attack> {
    let too_many = [Code::RowsNotAccounted];
    vec![
        Attack::both(
            [
                "transform-that-makes-rows",
                "a transform puts out more rows than it took",
                "generated rows under the name of a conversion",
            ],
            &over_seeds(Does::Transform, 101, |run| run),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "filter-that-makes-rows",
                "a filter puts out more rows than it took",
                "rows from nowhere",
            ],
            &over_seeds(Does::Filter, 5000, |run| run),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "evaluation-that-generates",
                "an evaluation with a model declares 520 rows for each that it took",
                "generated rows under the name of scores",
            ],
            &herd_with(
                Does::Evaluate,
                &[("seeds", Role::Data), ("teacher", Role::Generator)],
                "out",
                rows("out", 52_000),
                |run| Run {
                    expansion: decimal("520"),
                    ..run
                },
            ),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "rows-stated-twice",
                "a mix takes the same rows as two inputs to account for twice as many",
                "that rows are counted where they are cited",
            ],
            &herd_with(
                Does::Mix,
                &[("seeds", Role::Data), ("seeds", Role::Data)],
                "out",
                rows("out", 200),
                |run| run,
            ),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "more-rows-taken-than-there-are",
                "an input states to take a million of a hundred rows",
                "that the stated number counts",
            ],
            &over_seeds(Does::Filter, 1000, |run| {
                let mut run = run;
                run.inputs[0].rows = Some(1_000_000);
                run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "more-rows-out-than-were-kept",
                "a filter states to have kept 60 rows, and 61 come out",
                "one row of one's own",
            ],
            &over_seeds(Does::Filter, 61, |run| {
                let mut run = run;
                run.inputs[0].kept = Some(60);
                run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "expansion-too-small",
                "a transform declares that a row becomes two, and puts out three of each",
                "a small word for a large step",
            ],
            &over_seeds(Does::Transform, 300, |run| Run {
                expansion: decimal("2"),
                ..run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "training-on-more-than-there-is",
                "a training states ten thousand rows of data that has a hundred, without more epochs",
                "a larger share for the better data",
            ],
            &herd_with(
                Does::Train,
                &[("seeds", Role::Data)],
                "out",
                weights("out"),
                |run| {
                    let mut run = run;
                    run.inputs[0].rows = Some(10_000);
                    run
                },
            ),
            "out",
            &too_many,
        ),
    ]
}
