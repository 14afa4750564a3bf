//! The parcels of a judgement have the boundary of its verdict: the same where all is exact, else around it.

use crate::verify::share::Part;
use crate::verify::share::mix;
use crate::verify::*;

type Class = fn(&Boundary) -> &Share;

const CLASSES: [Class; 5] = [
    |of| &of.sources,
    |of| &of.external_models,
    |of| &of.opaque_synthetic,
    |of| &of.origin_not_known,
    |of| &of.unknown,
];

/// Demands that parcels and boundary agree, and that edges lead on.
#[track_caller]
pub fn parcels_agree(judgement: &Judgement) {
    let Some(descent) = &judgement.descent else { return };
    let parcels = &descent.parcels;
    for (at, parcel) in parcels.all.iter().enumerate() {
        assert!(parcel.parents.iter().all(|parent| parent.parcel > at), "{at}");
        assert!(
            parcel.conditions.iter().all(|condition| condition.parcel > at),
            "{at}"
        );
        assert!(parcel.node.is_none_or(|node| node < descent.nodes.len()));
    }
    for class in CLASSES {
        let values = values(parcels, class);
        holds(&values[0], class(&judgement.boundary), judgement);
        if let (Some(at), Some(stage)) = (parcels.stage, &judgement.stage) {
            holds(&values[at], class(stage), judgement);
        }
    }
    assert!(parcels.stage.is_some() || judgement.stage.is_none());
}

fn values(parcels: &Parcels, class: Class) -> Vec<Share> {
    let mut values = vec![Share::one(); parcels.all.len()];
    let unknown = Boundary::unknown();
    for (at, parcel) in parcels.all.iter().enumerate().rev() {
        let parts: Vec<Part<&Share>> = (parcel.parents.iter())
            .map(|parent| Part {
                weight: parent.weight.clone(),
                value: &values[parent.parcel],
            })
            .collect();
        values[at] = match &parcel.end {
            Some(end) => class(end).clone(),
            None if parts.is_empty() => class(&unknown).clone(),
            None => mix(&parts),
        };
    }
    values
}

#[track_caller]
fn holds(ours: &Share, verdicts: &Share, judgement: &Judgement) {
    let holds = ours.low <= verdicts.low && verdicts.high <= ours.high;
    assert!(
        holds,
        "{ours:?} {verdicts:?} {:#?}",
        judgement.descent.as_ref().map(|descent| &descent.parcels)
    );
    // Where several rows of one input were kept, the verdict takes those with one boundary together.
    assert!(!ours.is_exact() || ours == verdicts);
}
