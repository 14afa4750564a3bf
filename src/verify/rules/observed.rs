//! Did a tool see a run read something that the run does not declare?

use crate::verify::declared::declared;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for id in scene.runs() {
        let Some(reads) = scene.case.reads.get(&id) else {
            continue;
        };
        let declared = declared(scene.graph, id);
        let digests = declared.digests();
        for read in reads.iter().filter(|read| !declared.has(&digests, read.sha256)) {
            let message = format!(
                "a tool saw this run read {} (sha256 {}), which is not among its inputs",
                crate::statement::escaped(&read.name),
                read.sha256
            );
            findings.push(scene.finding(Code::ContradictedByObservation, Place::Run(id), message));
        }
    }
}
