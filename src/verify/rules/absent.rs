//! What evidence that is only part of a log leaves out although the lineage, or a rival claim, needs it.

use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let absent = &scene.case.absent;
    let mut told: BTreeSet<StatementId> = BTreeSet::new();
    for reference in scene
        .artifacts()
        .filter(|reference| absent.contains(&reference.statement))
    {
        if told.insert(reference.statement) {
            let message =
                format!("{reference} is cited, and the entry that declares it is not part of this evidence");
            findings.push(scene.finding(Code::EntryMissing, Place::Artifact(reference), message));
        }
    }
    for id in absent.difference(&told) {
        let message = format!("hb:{id}, from which a rival claim descends, is not part of this evidence");
        findings.push(Finding::of_ledger(
            Code::ClaimsIncomplete,
            format!("hb:{id}"),
            message,
        ));
    }
}
