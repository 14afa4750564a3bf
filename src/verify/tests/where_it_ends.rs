//! What are the ends of a lineage, and is that enough?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A model trained on one source.
fn on(change: impl FnOnce(Source) -> Source) -> Judgement {
    let mut world = World::new();
    world.add(Predicate::Source(change(source("rows"))));
    world.train("rows", "model");
    world.verify("model")
}

const PATH: [&str; 3] = ["model", "train-model", "rows"];

#[test]
fn people_and_devices_make_declared_sources() {
    for made_by in [MadeBy::Human, MadeBy::Sensor] {
        let judgement = on(|source| Source { made_by, ..source });
        passes(&judgement);
        assert_eq!(judgement.boundary.sources, Share::one());
    }
}

#[test]
fn a_source_made_by_a_model_names_it() {
    let made = |generators| {
        on(|source| Source {
            made_by: MadeBy::Model,
            generators,
            ..source
        })
    };
    let named = |names: &[&str]| Generators::Named(names.iter().map(|name| (*name).to_owned()).collect());
    let judgement = made(named(&["gpt-4"]));
    passes(&judgement);
    assert_eq!(judgement.boundary.opaque_synthetic, Share::one());
    for unnamed in [
        Generators::Absent,
        Generators::NotKnown,
        named(&["unknown"]),
        named(&["gpt-4", "not_known"]),
    ] {
        fails(&made(unnamed), Code::SyntheticOriginUnknown, &PATH);
    }
}

#[test]
fn an_honest_crawl_is_traced_and_says_first_what_it_does_not_know() {
    for acquired_by in [
        AcquiredBy::WebCrawl,
        AcquiredBy::UserData,
        AcquiredBy::PublicDataset,
    ] {
        let judgement = on(|source| Source {
            made_by: MadeBy::Unknown,
            acquired_by,
            ..source
        });
        passes(&judgement);
        assert_eq!(notes(&judgement), [Code::OriginNotKnown]);
        assert_eq!(judgement.boundary.origin_not_known, Share::one());
        let line = judgement.line();
        assert!(
            line.starts_with("traced: 100 % to data of which nobody knows what part a model made, 0 %"),
            "{line}"
        );
    }
}

#[test]
fn an_origin_nobody_knows_fails_where_nothing_excuses_it() {
    for acquired_by in [
        AcquiredBy::Licensed,
        AcquiredBy::ThirdPartyPrivate,
        AcquiredBy::Annotation,
        AcquiredBy::OwnProduction,
        AcquiredBy::Unknown,
    ] {
        for made_by in [MadeBy::Unknown, MadeBy::Mixed] {
            let judgement = on(|source| Source {
                made_by,
                acquired_by,
                ..source
            });
            fails(&judgement, Code::OriginUnknown, &PATH);
        }
    }
}

#[test]
fn a_mixed_source_is_what_its_share_says() {
    let judgement = on(|source| Source {
        made_by: MadeBy::Mixed,
        acquired_by: AcquiredBy::Licensed,
        synthetic_share: decimal("0.25"),
        ..source
    });
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, part(3, 4));
    assert_eq!(judgement.boundary.opaque_synthetic, part(1, 4));
}

#[test]
fn a_made_up_digest_fails_wherever_it_stands() {
    for role in [Role::Data, Role::Reference] {
        let mut world = herd();
        world.add(Predicate::Source(Source {
            set: absent("example", Absence::Illustrative),
            ..source("example")
        }));
        let roles = [("kept", Role::Data), ("example", role)];
        step(&mut world, Does::Train, &roles, "model", 0);
        let path = ["model", "train-model", "example"];
        fails(&world.verify("model"), Code::IllustrativeDigest, &path);
    }
}

#[test]
fn what_nobody_hashed_is_noted() {
    let foreign = Absence::Foreign {
        alg: "git-blob-sha1".to_owned(),
        value: "3779ddbc".to_owned(),
    };
    for absence in [Absence::None, Absence::NotKnown, foreign] {
        let judgement = on(|source| Source {
            set: absent("rows", absence),
            ..source
        });
        passes(&judgement);
        assert_eq!(notes(&judgement), [Code::NotHashed]);
    }
    let judgement = on(|source| {
        let mut set = source.set.clone();
        if let Content::File { basis, .. } = &mut set.artifacts[0].content {
            *basis = Basis::Given;
        }
        Source { set, ..source }
    });
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::DigestGiven]);
}

#[test]
fn an_alias_is_noted() {
    for alias in [false, true] {
        let mut world = World::new();
        world.add(Predicate::Model(Model {
            alias,
            version: "latest".to_owned(),
            ..model("teacher")
        }));
        step(
            &mut world,
            Does::Generate,
            &[("teacher", Role::Generator)],
            "text",
            10,
        );
        let judgement = world.verify("text");
        passes(&judgement);
        let expected: &[Code] = if alias { &[Code::AliasVersion] } else { &[] };
        assert_eq!(notes(&judgement), expected);
    }
}

#[test]
fn a_model_or_a_prompt_is_no_member_of_a_data_set() {
    let mut world = herd();
    world.add(Predicate::Prompt(Prompt {
        name: name("prompt"),
        set: absent("prompt", Absence::None),
    }));
    for member in ["teacher", "specialist", "prompt"] {
        let mut world = world.clone();
        world.add(Predicate::Dataset(Dataset {
            name: name("set"),
            members: Some(Cites::Inline(world.refs(member))),
            gaps: vec![],
        }));
        world.train("set", "model");
        let path = ["model", "train-model", "set", member];
        fails(&world.verify("model"), Code::RoleMismatch, &path);
    }
}

#[test]
fn a_filter_is_judged_by_a_model() {
    let mut world = herd();
    let filter = |model| {
        Predicate::Filter(Filter {
            name: name("rule"),
            set: absent("rule", Absence::None),
            rule: FilterRule::Quality,
            params: std::collections::BTreeMap::new(),
            model: Some(model),
        })
    };
    for (item, sound) in [("teacher", true), ("seeds", false)] {
        let model = world.refs(item)[0];
        world.add(filter(model));
        let roles = [("kept", Role::Data), ("rule", Role::Filter)];
        step(&mut world, Does::Filter, &roles, "out", 10);
        let judgement = world.verify("out");
        if sound {
            passes(&judgement);
        } else {
            fails(
                &judgement,
                Code::RoleMismatch,
                &["out", "filter-out", "rule", "seeds"],
            );
        }
    }
}
