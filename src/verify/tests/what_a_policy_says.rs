//! What a policy has against a lineage, once it is added to the judgement.

use crate::digest::Sha256Digest;
use crate::verify::*;

use super::kit::*;

fn ruling(objections: Vec<Objection>) -> Ruling {
    Ruling {
        name: "ours".to_owned(),
        sha256: Sha256Digest::of(b"policy"),
        rules: vec![RuleResult {
            id: "rule".to_owned(),
            rule: "vouched_sources",
            objections,
        }],
    }
}

fn objection(is_known: bool) -> Objection {
    Objection {
        is_known,
        node: "hb:1".to_owned(),
        name: "seeds".to_owned(),
        path: vec![],
        message: "it is not vouched for".to_owned(),
    }
}

fn verified(world: &World, item: &str) -> Verified<Judgement> {
    let mut sealed = world.clone();
    sealed.seal();
    sealed.verified(Verifier::new(sealed.request(item)))
}

#[test]
fn it_lowers_traced_to_not_permitted_and_nothing_else() {
    let traced = verified(&herd(), "specialist");
    assert_eq!(
        traced.clone().ruled(ruling(vec![])).get().verdict,
        Verdict::Traced
    );
    for (is_known, code) in [(true, Code::PolicyBroken), (false, Code::PolicyNotJudged)] {
        let ruled = traced.clone().ruled(ruling(vec![objection(is_known)]));
        assert_eq!(failing(ruled.get()), [code]);
        assert_eq!(ruled.get().verdict, Verdict::NotPermitted);
        assert_eq!(ruled.get().findings[0].code, code, "failures stand first");
    }
    let untraced = verified(&herd(), "seeds");
    assert_eq!(untraced.get().verdict, Verdict::NotTraced);
    assert_eq!(untraced.ruled(ruling(vec![])).get().verdict, Verdict::NotTraced);
}
