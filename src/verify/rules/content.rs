//! Do the files that were opened have the bytes that were registered?

use crate::statement::Basis;
use crate::verify::Given;
use crate::verify::files::FileChecks;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (query, given) in &scene.case.files.others {
        let place = Place::Artifact(query.artifact);
        let (code, message) = match given {
            Given::Found(found) => match FileChecks::difference(query, found) {
                None => continue,
                Some(difference) => {
                    let whose = if found.sha256 == query.sha256 {
                        "the bytes are those registered, but the record states them wrongly"
                    } else {
                        "the file is not the one registered, which does not say who changed it or why"
                    };
                    (
                        Code::ContentDiffers,
                        format!("{}: {difference}; {whose}", found.place),
                    )
                }
            },
            Given::Damaged(why) => (
                Code::ContentNotFound,
                format!("{} cannot be read: {why}", query.name),
            ),
            Given::Missing if query.basis == Basis::Computed => (
                Code::ContentNotFound,
                format!("no file {} with sha256 {} was found", query.name, query.sha256),
            ),
            Given::Missing => (
                Code::ContentNotOpened,
                format!(
                    "no file {} was found to hold against its stated sha256 {}",
                    query.name, query.sha256
                ),
            ),
        };
        findings.push(scene.finding(code, place, message));
    }
}
