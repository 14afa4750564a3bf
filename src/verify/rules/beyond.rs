//! What no exclusion can see behind: things on the walk of which the rest is not known here.

use std::collections::BTreeSet;

use crate::statement::Absence;
use crate::statement::Content;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::verify::exclusion::Beyond;
use crate::verify::exclusion::BeyondKind;
use crate::verify::mass::OriginClass;
use crate::verify::mass::classify;
use crate::verify::scene::Scene;

/// Returns everything on the walk behind which nothing can be seen, in the order of the log.
pub(in crate::verify) fn beyond(scene: &Scene<'_>) -> Vec<Beyond> {
    if scene.case.request.excludes.is_empty() {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        let mut add = |what: BeyondKind| {
            let beyond = Beyond {
                id: format!("hb:{}", reference.statement),
                name: located.item.to_owned(),
                what,
            };
            found.insert((located.node.index, beyond));
        };
        match &located.node.statement.predicate {
            Predicate::Model(_) => add(BeyondKind::ExternalModel),
            Predicate::Source(stated) => {
                let source = scene.effective(reference).unwrap_or(stated);
                if matches!(source.made_by, MadeBy::Model | MadeBy::Mixed) {
                    add(BeyondKind::OpaqueGenerators);
                }
                if matches!(classify(source), OriginClass::NotKnown | OriginClass::Unknown) {
                    add(BeyondKind::OriginNotKnown);
                }
            }
            _ => {}
        }
        match located.artifact.map(|artifact| &artifact.content) {
            Some(Content::File { sealed: true, .. }) => add(BeyondKind::ContentWithheld),
            Some(Content::Absent {
                absence: Absence::NotKnown | Absence::Foreign { .. },
                ..
            }) => add(BeyondKind::BytesNotKnown),
            _ => {}
        }
    }
    found.into_iter().map(|(_, beyond)| beyond).collect()
}
