//! Who contributes how much to a model? Worked out by hand on the stock.

use super::kit::*;
use super::stock::*;
use crate::statement::*;
use crate::verify::*;

#[test]
fn training_goes_by_tokens_else_by_rows() {
    let world = stock();
    let both = || data(&world, &["human", "synthetic"]);
    // A thousand tokens each.
    let boundary = of(&world, Does::Train, both(), 0, |run| run);
    is(&boundary, part(1, 2), none(), part(1, 2));
    // What the run itself counts stands before what the files say.
    let counted = Input {
        tokens: Some(3000),
        ..both()[0].clone()
    };
    let boundary = of(&world, Does::Train, vec![counted, both()[1].clone()], 0, |run| {
        run
    });
    is(&boundary, part(3, 4), none(), part(1, 4));
    // The crawl has no tokens, so rows decide: 100, 300 and 100, the first three times.
    let mut three = data(&world, &["human", "synthetic", "crawl"]);
    three[0].repeat = decimal("2");
    let boundary = of(&world, Does::Train, three, 0, |run| Run {
        epochs: decimal("3"),
        ..run
    });
    is(&boundary, part(2, 6), none(), part(3, 6));
    assert_eq!(boundary.origin_not_known, part(1, 6));
}

#[test]
fn training_goes_by_the_rows_that_it_kept() {
    let world = stock();
    let kept = |human, synthetic| {
        let mut both = data(&world, &["human", "synthetic"]);
        both[0].kept = human;
        both[1].kept = synthetic;
        of(&world, Does::Train, both, 0, |run| run)
    };
    // Of 100 and 300 rows. Nobody knows how many tokens some of them have.
    is(&kept(Some(20), None), part(20, 320), none(), part(300, 320));
    is(&kept(Some(100), Some(0)), Share::one(), none(), none());
    // No more than there are; and their tokens count where they are all.
    is(&kept(Some(500), Some(30)), part(100, 130), none(), part(30, 130));
    is(&kept(Some(100), Some(300)), part(1, 2), none(), part(1, 2));
}

#[test]
fn a_base_has_its_share_or_any() {
    let world = stock();
    let roles = [("base", Role::Base), ("human", Role::Data)];
    let tuned = |share| {
        let mut inputs = inputs(&world, &roles);
        inputs[0].share = share;
        of(&world, Does::Train, inputs, 0, |run| run)
    };
    is(&tuned(decimal("0.9")), part(1, 10), part(9, 10), none());
    let any = || between(none(), Share::one());
    is(&tuned(None), any(), any(), none());
}

#[test]
fn the_stage_leaves_the_base_out() {
    let mut world = stock();
    let roles = [("base", Role::Base), ("human", Role::Data), ("api", Role::Judge)];
    step(&mut world, Does::Train, &roles, "out", 0);
    let stage = world.verify("out").stage.expect("there is a base");
    is(&stage, Share::one(), none(), none());
    assert_eq!(world.verify("own").stage, None);
}

#[test]
fn rollouts_go_to_their_generator() {
    let world = stock();
    let roles = [
        ("own", Role::Generator),
        ("own", Role::Base),
        ("crawl", Role::Prompt),
    ];
    let boundary = of(&world, Does::Train, inputs(&world, &roles), 0, |run| run);
    is(&boundary, Share::one(), none(), none());
    let roles = [("api", Role::Generator), ("crawl", Role::Prompt)];
    let boundary = of(&world, Does::Train, inputs(&world, &roles), 0, |run| run);
    is(&boundary, none(), Share::one(), none());
}

#[test]
fn a_merge_goes_by_share_or_any() {
    let world = stock();
    let merged = |shares: [Option<Decimal>; 2]| {
        let inputs = inputs(&world, &[("base", Role::Base), ("own", Role::Base)]).into_iter();
        let inputs = inputs.zip(shares).map(|(input, share)| Input { share, ..input });
        of(&world, Does::Merge, inputs.collect(), 0, |run| run)
    };
    is(
        &merged([decimal("0.3"), decimal("0.7")]),
        part(7, 10),
        part(3, 10),
        none(),
    );
    is(&merged([decimal("0.3"), None]), part(7, 10), part(3, 10), none());
    let any = || between(none(), Share::one());
    is(&merged([None, None]), any(), any(), none());
}

#[test]
fn a_transform_of_weights_keeps_their_shares() {
    let world = stock();
    let to_model = |run: Run| Run {
        outputs: vec![Output {
            kind: OutputKind::Model,
            ..run.outputs[0].clone()
        }],
        ..run
    };
    let boundary = of(
        &world,
        Does::Transform,
        inputs(&world, &[("base", Role::Base)]),
        0,
        to_model,
    );
    is(&boundary, none(), Share::one(), none());
    // Whatever else is said of it.
    let roles = [("base", Role::Base), ("own", Role::Generator)];
    let boundary = of(&world, Does::Transform, inputs(&world, &roles), 0, |run| Run {
        rewrites: true,
        ..to_model(run)
    });
    is(&boundary, none(), Share::one(), none());
}
