//! Did a tool see a run read something that the run does not declare?

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for id in scene.runs() {
        let Some(reads) = scene.case.reads.get(&id) else {
            continue;
        };
        let declared = declared(scene, id);
        for read in reads.iter().filter(|read| !declared.contains(&read.sha256)) {
            let message = format!(
                "a tool saw this run read {} (sha256 {}), which is not among its inputs",
                crate::statement::escaped(&read.name),
                read.sha256
            );
            findings.push(scene.finding(Code::ContradictedByObservation, Place::Run(id), message));
        }
    }
}

/// Returns the digests of everything a run declares to have taken.
fn declared(scene: &Scene<'_>, id: StatementId) -> BTreeSet<Sha256Digest> {
    let Some((node, run)) = scene.graph.run(id) else {
        return BTreeSet::new();
    };
    let mut digests: BTreeSet<Sha256Digest> = run
        .inputs
        .iter()
        .filter_map(|input| match &input.from {
            InputFrom::Gap(gap) => gap.digest,
            InputFrom::Artifacts(_) => None,
        })
        .collect();
    digests.extend(
        run.code
            .iter()
            .map(|code| Sha256Digest::from_bytes(*code.blob.as_bytes())),
    );
    let mut queue: Vec<_> = node.cites.concat();
    let mut seen = BTreeSet::new();
    while let Some(reference) = queue.pop() {
        if !seen.insert(reference) {
            continue;
        }
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        digests.extend(located.sha256());
        let members = scene.graph.members_of(&located).unwrap_or_default();
        digests.extend(members.iter().map(|member| member.sha256));
        match &located.node.statement.predicate {
            Predicate::Dataset(_) => queue.extend(located.node.cites.iter().flatten()),
            // A run that applies a filter reads the model that decides.
            Predicate::Filter(filter) => queue.extend(filter.model),
            _ => {}
        }
    }
    digests
}
