//! Attacks with the ends of a lineage: sources that say nothing, digests of nothing.

use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
pub fn attacks() -> Vec<Attack> {
    let model_made = |generators| {
        move |source| Source {
            made_by: MadeBy::Model,
            generators,
            ..source
        }
    };
    let of = |made_by| {
        move |source| Source {
            made_by,
            acquired_by: AcquiredBy::Licensed,
            ..source
        }
    };
    let unnamed = [Code::SyntheticOriginUnknown];
    vec![
        Attack::both(
            [
                "synthetic-without-generators",
                "a source was made by a model, and does not say which",
                "synthetic data that ends the lineage",
            ],
            &World::on(model_made(Generators::NotKnown)).sealed(),
            "model",
            &unnamed,
        ),
        Attack::both(
            [
                "generator-called-unknown",
                "a source was made by a model whose name is said to be `unknown`",
                "a name that is none",
            ],
            &World::on(model_made(Generators::Named(vec!["unknown".to_owned()]))).sealed(),
            "model",
            &unnamed,
        ),
        Attack::both(
            [
                "unknown-origin",
                "nobody knows who made a source that was licensed",
                "an end of the lineage that says nothing",
            ],
            &World::on(of(MadeBy::Unknown)).sealed(),
            "model",
            &[Code::OriginUnknown],
        ),
        Attack::both(
            [
                "mixed-without-a-share",
                "a licensed source is mixed, and nobody says what part a model made",
                "one human row that makes the rest human",
            ],
            &World::on(of(MadeBy::Mixed)).sealed(),
            "model",
            &[Code::OriginUnknown],
        ),
        Attack::both(
            [
                "illustrative-digest",
                "the digest of a source is a made-up example",
                "a source that there is not",
            ],
            &World::on(|source| Source {
                set: absent("rows", Absence::Illustrative),
                ..source
            })
            .sealed(),
            "model",
            &[Code::IllustrativeDigest],
        ),
        Attack::both(
            [
                "illustrative-reference",
                "a made-up example stands beside sound data, as a reference",
                "that only data is looked at",
            ],
            &{
                let mut world = World::herd();
                world.add(Predicate::Source(Source {
                    set: absent("example", Absence::Illustrative),
                    ..source("example")
                }));
                let roles = [("kept", Role::Data), ("example", Role::Reference)];
                world.run(Does::Train, &roles, "model", weights("model"), |run| run);
                world.sealed()
            },
            "model",
            &[Code::IllustrativeDigest],
        ),
    ]
}
