//! Attacks by leaving something out of a bundle whose tree still hashes to the signed root.

use herdbook::statement::Does;
use herdbook::statement::Generators;
use herdbook::statement::MadeBy;
use herdbook::statement::Role;
use herdbook::statement::Source;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        withheld_ancestor(),
        withheld_revocation(),
        withheld_rival(),
        withheld_own_model(),
        withheld_generator(),
        withheld_observation(),
        record_left_out(),
        count_lowered(),
    ]
}

fn withheld_ancestor() -> Attack {
    let text = [
        "withheld-ancestor",
        "the teacher that generated the data is pruned from the bundle like an entry that nothing rests on",
        "a lineage without what one would rather not have used",
    ];
    let world = World::herd().sealed();
    let bundle = Bundle::of(&world, "specialist").without(world.entry_of("teacher"));
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::EntryMissing])
}

fn withheld_revocation() -> Attack {
    let text = [
        "omitted-revocation",
        "the revocation of the key that signed the model is pruned from the bundle",
        "that a stolen key still counts",
    ];
    let mut world = World::herd();
    let since = world.entry_of("specialist");
    let revoked = world.entries.len();
    world.add_by(OWNER, stolen(ISSUER, since));
    let world = world.sealed();
    let bundle = Bundle::of(&world, "specialist").without(revoked);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::RulingsMissing])
}

fn withheld_rival() -> Attack {
    let text = [
        "omitted-rival-claim",
        "the statement that tells another story of the training data is pruned from the bundle",
        "one story where there are two",
    ];
    let world = super::seals::rival().sealed();
    let bundle = Bundle::of(&world, "specialist").without(world.entry_of("people"));
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn withheld_own_model() -> Attack {
    let text = [
        "omitted-own-model",
        "the training whose model is declared as an external one, under its name, is pruned from the bundle",
        "that the lineage ends where the work begins",
    ];
    let mut world = World::herd();
    world.train("seeds", "ours");
    let trained = world.entry_of("ours");
    world.add(external("ours", weights("other")));
    let roles = [("ours", Role::Generator)];
    world.run(Does::Generate, &roles, "out", rows("out", 10), |run| run);
    let world = world.sealed();
    let bundle = Bundle::of(&world, "out").without(trained);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn withheld_generator() -> Attack {
    let text = [
        "omitted-own-generator",
        "the training of the model that a source names as its generator is pruned from the bundle",
        "that the generators of a source are not followed",
    ];
    let mut world = World::herd();
    world.declare("bought", "bought", 800, |source| Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["ours".to_owned()]),
        ..source
    });
    world.train("bought", "out");
    world.train("seeds", "ours");
    let trained = world.entry_of("ours");
    let world = world.sealed();
    let bundle = Bundle::of(&world, "out").without(trained);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn withheld_observation() -> Attack {
    let text = [
        "omitted-observation",
        "what a tool saw the training read is pruned from the bundle",
        "a run that tells a part of what it read",
    ];
    let world = super::lineage::observed("secret");
    let seen = world.entry_of("specialist") + 1;
    let bundle = Bundle::of(&world, "specialist").without(seen);
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn record_left_out() -> Attack {
    let text = [
        "contested-record-left-out",
        "the rival claim is pruned from the bundle, and its record from the list of contested ties",
        "one story where there are two",
    ];
    let world = super::seals::rival().sealed();
    let mut bundle = Bundle::of(&world, "specialist").without(world.entry_of("people"));
    bundle.contested.clear();
    Attack::on_bundle(text, &world, &bundle.tar(), &[Code::ClaimsIncomplete])
}

fn count_lowered() -> Attack {
    let text = [
        "contested-count-lowered",
        "of three stories one is pruned, and the list of contested ties says two",
        "the friendlier of two rivals",
    ];
    let mut world = super::seals::rival();
    world.declare("crowd", "kept", 800, |source| source);
    let world = world.sealed();
    let mut bundle = Bundle::of(&world, "specialist").without(world.entry_of("crowd"));
    bundle.contested[0].statements = 2;
    let codes = [Code::ContestedDiffers, Code::ConflictingOrigin];
    Attack::on_bundle(text, &world, &bundle.tar(), &codes)
}
