//! Each rule with a lineage that keeps it and one that does not.

mod between;
mod evaluated;
mod kit;
mod measured;
mod terms;

use crate::statement::AcquiredBy;
use crate::statement::Answer;
use crate::statement::Does;
use crate::statement::Gap;
use crate::statement::GapRef;
use crate::statement::Generators;
use crate::statement::Input;
use crate::statement::InputFrom;
use crate::statement::MadeBy;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Source;
use crate::verify::Code;
use crate::verify::Verdict;
use crate::verify::tests::kit::ISSUER;
use crate::verify::tests::kit::SECOND;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::failing;
use crate::verify::tests::kit::gap;
use crate::verify::tests::kit::herd;
use crate::verify::tests::kit::input;
use crate::verify::tests::kit::model;
use crate::verify::tests::kit::name;
use crate::verify::tests::kit::names as path_names;
use crate::verify::tests::kit::one;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;
use crate::verify::tests::kit::weights;

use super::*;
use kit::by;
use kit::kept;
use kit::objections;
use kit::trained_on;

fn sources(allow: Select, forbid: Select) -> Demand {
    Demand::Sources { allow, forbid }
}

fn acquired(by: AcquiredBy) -> Select {
    Select {
        acquired_by: vec![by],
        ..Select::default()
    }
}

fn called(name: &str) -> Select {
    Select {
        name: vec![name.to_owned()],
        ..Select::default()
    }
}

fn held_by(holder: &str) -> Select {
    Select {
        holder: vec![holder.to_owned()],
        ..Select::default()
    }
}

#[test]
fn a_kept_policy_changes_no_verdict_and_stands_in_it() {
    let world = herd();
    let policy = by(Demand::DeclaredBeforeTrained);
    let judgement = kit::judged(&world, "specialist", &policy);
    assert_eq!(judgement.verdict, Verdict::Traced);
    let ruling = judgement.policy.as_ref().unwrap();
    assert_eq!((ruling.name.as_str(), ruling.sha256), ("test", policy.sha256()));
    assert_eq!(ruling.rules[0].outcome(), "kept");
    let digits: String = policy.sha256().to_hex().chars().take(8).collect();
    let end = format!("; policy test ({digits}): its rule is kept");
    assert!(judgement.line().ends_with(&end), "{}", judgement.line());
}

#[test]
fn a_broken_rule_is_not_permitted_and_names_rule_reason_and_path() {
    let mut policy = by(sources(Select::default(), called("seeds")));
    policy.rules[0].id = "no-seeds".to_owned();
    policy.rules[0].why = Some("they were sold".to_owned());
    let judgement = kit::judged(&herd(), "specialist", &policy);
    assert_eq!(judgement.verdict, Verdict::NotPermitted);
    assert_eq!(failing(&judgement), [Code::PolicyBroken]);
    let finding = judgement
        .findings
        .iter()
        .find(|finding| finding.code == Code::PolicyBroken);
    let finding = finding.unwrap();
    assert_eq!(
        finding.message,
        "rule no-seeds of test is not kept: source seeds is forbidden: its name is seeds (why: they were sold)"
    );
    assert_eq!(
        path_names(&finding.path),
        [
            "specialist",
            "train-specialist",
            "kept",
            "filter-kept",
            "tasks",
            "generate-tasks",
            "seeds"
        ]
    );
}

#[test]
fn a_policy_never_raises_a_verdict() {
    let mut world = herd();
    let inputs = vec![input(&world, "kept", Role::Data), gap("more", Role::Data)];
    world.run(Does::Train, inputs, "other", weights("other"), |run| run);
    let judgement = kit::judged(&world, "other", &by(Demand::DeclaredBeforeTrained));
    assert_eq!(judgement.verdict, Verdict::NotTraced);
    assert!(judgement.has(Code::PolicyNotJudged));
}

#[test]
fn what_could_not_be_read_keeps_no_rule() {
    let mut request = herd().request("specialist");
    request.descent = false;
    let judgement = kit::ruled(&herd(), request, &by(Demand::InputsComplete));
    assert_eq!(
        judgement.policy.as_ref().unwrap().rules[0].objections[0].message,
        "the lineage could not be read"
    );
    assert_eq!(judgement.policy.unwrap().rules[0].outcome(), "not_judged");
}

#[test]
fn sources_are_forbidden_by_every_key() {
    let held = Source {
        holder: Some("Example Lab".to_owned()),
        ..source("seeds")
    };
    let world = trained_on(held.clone());
    let bytes = held.set.artifacts[0].sha256;
    for forbid in [
        called("seeds"),
        held_by("Example Lab"),
        acquired(AcquiredBy::PublicDataset),
        Select {
            content: vec![bytes],
            ..Select::default()
        },
        Select {
            made_by: vec![MadeBy::Human],
            ..Select::default()
        },
    ] {
        let broken = objections(&world, &sources(Select::default(), forbid.clone()));
        assert_eq!(broken.len(), 1, "{forbid:?}");
        assert!(broken[0].0, "{forbid:?}");
        // The same as what alone is allowed.
        kept(&world, &sources(forbid, Select::default()));
    }
    for forbid in [
        called("other"),
        held_by("Another Lab"),
        acquired(AcquiredBy::WebCrawl),
        Select {
            content: vec![crate::digest::Sha256Digest::of(b"other")],
            ..Select::default()
        },
    ] {
        kept(&world, &sources(Select::default(), forbid.clone()));
        let broken = objections(&world, &sources(forbid.clone(), Select::default()));
        assert_eq!(broken.len(), 1, "{forbid:?}");
        assert!(broken[0].0, "{forbid:?}");
    }
}

#[test]
fn a_name_in_other_letters_is_forbidden_and_not_allowed() {
    let world = trained_on(Source {
        holder: Some("EXAMPLE  lab".to_owned()),
        ..source("seeds")
    });
    let forbidden = sources(Select::default(), held_by("Example Lab"));
    assert_eq!(objections(&world, &forbidden).len(), 1);
    let allowed = sources(held_by("Example Lab"), Select::default());
    assert_eq!(objections(&world, &allowed).len(), 1);
}

#[test]
fn a_source_that_does_not_say_is_not_judged() {
    let silent = Source {
        acquired_by: AcquiredBy::Unknown,
        holder: Some(format!("commitment:{}", "0".repeat(64))),
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["m".to_owned()]),
        ..source("seeds")
    };
    let world = trained_on(silent);
    for (select, why) in [
        (acquired(AcquiredBy::WebCrawl), "acquired_by is unknown"),
        (held_by("Example Lab"), "its holder is withheld"),
    ] {
        let forbidden = objections(&world, &sources(Select::default(), select.clone()));
        assert_eq!(
            forbidden,
            [(
                false,
                format!("whether source seeds is forbidden is not known: {why}")
            )]
        );
        let allowed = objections(&world, &sources(select, Select::default()));
        assert_eq!(
            allowed,
            [(
                false,
                format!("whether source seeds is allowed is not known: {why}")
            )]
        );
    }
    // Whoever forbids what is unknown knows that this is.
    let known = objections(&world, &sources(Select::default(), acquired(AcquiredBy::Unknown)));
    assert!(known[0].0);
}

#[test]
fn another_name_for_the_same_bytes_does_not_help() {
    let mut world = World::new();
    let books = source("books");
    world.add(Predicate::Source(books.clone()));
    world.add(Predicate::Source(Source {
        name: name("essays"),
        ..books
    }));
    world.train("essays", "specialist");
    let forbidden = objections(&world, &sources(Select::default(), called("books")));
    assert_eq!(
        forbidden,
        [(
            true,
            "source books, which claims the same bytes, is forbidden: its name is books".to_owned()
        )]
    );
}

#[test]
fn an_undeclared_input_is_not_judged() {
    let mut world = herd();
    let inputs = vec![input(&world, "kept", Role::Data), gap("more", Role::Data)];
    world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
        run
    });
    for demand in [
        sources(Select::default(), called("other")),
        Demand::Providers(Names {
            forbid: vec!["Other".to_owned()],
            ..Names::default()
        }),
        Demand::NoEvaluationData(called("other")),
        Demand::DeclaredBeforeTrained,
    ] {
        assert_eq!(
            objections(&world, &demand),
            [(
                false,
                "nobody declared \"more\", so nothing is known of it".to_owned()
            )]
        );
    }
}

fn providers(allow: &[&str], forbid: &[&str]) -> Demand {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Demand::Providers(Names {
        allow: texts(allow),
        forbid: texts(forbid),
    })
}

#[test]
fn providers_are_allowed_and_forbidden() {
    let world = herd();
    kept(&world, &providers(&["Example AI"], &[]));
    kept(&world, &providers(&[], &["Other AI"]));
    assert_eq!(
        objections(&world, &providers(&["Other AI"], &[])),
        [(
            true,
            "model teacher is provided by Example AI, who is not among those allowed".to_owned()
        )]
    );
    assert_eq!(
        objections(&world, &providers(&[], &["example-ai"])),
        [(
            true,
            "model teacher is provided by Example AI, who is forbidden".to_owned()
        )]
    );
}

#[test]
fn a_source_that_models_wrote_has_providers_too() {
    let written = |generators| {
        trained_on(Source {
            made_by: MadeBy::Model,
            generators,
            ..source("seeds")
        })
    };
    let by_one = written(Generators::Named(vec!["writer-1".to_owned()]));
    kept(&by_one, &providers(&["writer-1"], &[]));
    assert!(objections(&by_one, &providers(&[], &["Writer 1"]))[0].0);
    let unknown = objections(&by_one, &providers(&[], &["Other AI"]));
    assert!(!unknown[0].0);
    assert!(
        unknown[0].1.contains("who provides that is not stated"),
        "{unknown:?}"
    );
}

#[test]
fn only_sources_of_their_holders_are_vouched() {
    let held = Source {
        holder: Some("Example Holder".to_owned()),
        ..source("seeds")
    };
    let mut vouched = World::new();
    vouched.add_by(SECOND, Predicate::Source(held.clone()));
    vouched.train("seeds", "specialist");
    kept(&vouched, &Demand::VouchedSources);
    assert_eq!(
        objections(&trained_on(held), &Demand::VouchedSources),
        [(
            true,
            "source seeds is stated by the operator, and not by a key that speaks for its holder Example Holder"
                .to_owned()
        )]
    );
    assert_eq!(
        objections(&trained_on(source("seeds")), &Demand::VouchedSources),
        [(
            true,
            "source seeds names no holder who could vouch for it".to_owned()
        )]
    );
}

#[test]
fn every_run_says_that_its_inputs_are_all() {
    let says = |answer| {
        let mut world = World::new();
        world.add(Predicate::Source(source("seeds")));
        let inputs = vec![input(&world, "seeds", Role::Data)];
        world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
            crate::statement::Run {
                inputs_complete: answer,
                ..run
            }
        });
        world
    };
    kept(&says(Answer::Yes), &Demand::InputsComplete);
    assert_eq!(
        objections(&says(Answer::NotKnown), &Demand::InputsComplete),
        [(
            true,
            "run train-specialist does not say that its inputs are all (`inputs_complete: yes`)".to_owned()
        )]
    );
    assert_eq!(
        objections(&says(Answer::No), &Demand::InputsComplete),
        [(
            true,
            "run train-specialist says that inputs of it are missing".to_owned()
        )]
    );
}

#[test]
fn an_evaluation_set_may_only_evaluate() {
    let world = |role| {
        let mut world = World::new();
        world.add(Predicate::Source(source("seeds")));
        world.add(Predicate::Source(source("gsm8k-test")));
        let inputs = [("seeds", Role::Data), ("gsm8k-test", role)];
        step(&mut world, Does::Train, &inputs, "specialist", 0);
        world
    };
    let rule = Demand::NoEvaluationData(called("gsm8k-test"));
    kept(&world(Role::Eval), &rule);
    for role in [Role::Data, Role::Seed, Role::Reference] {
        assert_eq!(
            objections(&world(role), &rule),
            [(
                true,
                "source gsm8k-test is an evaluation set: its name is gsm8k-test".to_owned()
            )],
            "{role}"
        );
    }
    // By its bytes it is found under another name, also as the output of a run.
    let shard = crate::verify::tests::kit::file("kept", 800).artifacts[0].sha256;
    let by_bytes = Demand::NoEvaluationData(Select {
        content: vec![shard],
        ..Select::default()
    });
    let found = objections(&herd(), &by_bytes);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .1
            .starts_with("shard kept is an evaluation set: it has the bytes with sha256")
    );
}

#[test]
fn a_manifest_is_not_opened_so_it_is_not_judged_by_bytes() {
    let mut set = one(crate::statement::Artifact::absent(
        "seeds",
        crate::statement::Absence::NotKnown,
        std::collections::BTreeMap::from([("name".to_owned(), "seeds".to_owned())]),
    ));
    set.rows = None;
    let world = trained_on(Source {
        set,
        ..source("seeds")
    });
    let rule = sources(
        Select::default(),
        Select {
            content: vec![crate::digest::Sha256Digest::of(b"other")],
            ..Select::default()
        },
    );
    assert_eq!(
        objections(&world, &rule),
        [(
            false,
            "whether source seeds is forbidden is not known: which bytes it has is not stated".to_owned()
        )]
    );
}

#[test]
fn what_is_declared_after_the_training_is_late() {
    kept(&herd(), &Demand::DeclaredBeforeTrained);
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    let more = Input {
        from: InputFrom::Gap(Gap {
            text: "more".to_owned(),
            digest: Some(crate::digest::Sha256Digest::of(b"more")),
        }),
        ..gap("more", Role::Data)
    };
    let inputs = vec![input(&world, "seeds", Role::Data), more];
    let statement = world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
        run
    });
    world.add(Predicate::Source(source("more")));
    let gap = GapRef {
        statement,
        position: 1,
    };
    world.resolve(ISSUER, gap, world.refs("more")[0]);
    let late = objections(&world, &Demand::DeclaredBeforeTrained);
    assert!(late.iter().all(|(is_known, _)| *is_known), "{late:?}");
    assert!(
        late.iter().any(|(_, message)| message
            == "source more was declared at entry 3, after run train-specialist at entry 2"),
        "{late:?}"
    );
}

#[test]
fn no_lineage_has_witnesses() {
    assert_eq!(
        objections(&herd(), &Demand::Witnesses { at_least: 2 }),
        [(
            true,
            "0 witnesses signed the checkpoint, and 2 are demanded: this version knows no witnesses, so no lineage \
             keeps this rule"
                .to_owned()
        )]
    );
}

#[test]
fn of_very_many_objections_the_first_are_told_and_the_rest_is_counted() {
    let mut world = World::new();
    for at in 0..=OBJECTIONS_MAX {
        world.add(Predicate::Source(source(&format!("seeds-{at}"))));
    }
    let inputs: Vec<_> = (0..=OBJECTIONS_MAX)
        .map(|at| input(&world, &format!("seeds-{at}"), Role::Data))
        .collect();
    world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
        run
    });
    let found = objections(&world, &Demand::VouchedSources);
    assert_eq!(found.len(), OBJECTIONS_MAX + 1);
    assert_eq!(
        found.last().unwrap().1,
        "1 more, beyond the 100 that are told one by one"
    );
}

#[test]
fn one_policy_has_one_digest_whatever_the_order_of_its_lists() {
    let with = |names: &[&str]| by(providers(names, &[]));
    assert_eq!(with(&["a", "b"]).sha256(), with(&["b", "a", "b"]).sha256());
    assert_ne!(with(&["a"]).sha256(), with(&["b"]).sha256());
    assert_eq!(
        String::from_utf8(with(&["b", "a"]).encode()).unwrap(),
        r#"{"herdbook":"policy/v1","name":"test","rules":[{"allow":["a","b"],"id":"rule","rule":"providers"}]}"#
    );
}

/// A model that is declared elsewhere with the same weights counts as well.
#[test]
fn weights_under_another_provider_are_seen() {
    let open = |item: &str, provider: &str| Model {
        set: weights("base"),
        provider: provider.to_owned(),
        access: crate::statement::Access::Weights,
        ..model(item)
    };
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(open("base", "Example AI")));
    world.add(Predicate::Model(open("copy", "Other AI")));
    let inputs = [("seeds", Role::Data), ("base", Role::Base)];
    step(&mut world, Does::Train, &inputs, "specialist", 0);
    let found = objections(&world, &providers(&[], &["Other AI"]));
    assert_eq!(
        found,
        [(
            true,
            "model copy is provided by Other AI, who is forbidden".to_owned()
        )]
    );
}
