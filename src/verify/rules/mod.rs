//! The rules of the verdict, one file a question. Every rule sees the whole scene and adds what it finds; none
//! looks at what another found.

mod absent;
pub(super) mod claims;
mod content;
mod court;
mod exempt;
mod gaps;
mod inputs;
mod leaves;
mod models;
mod observed;
mod origin;
mod rows;
mod stated;
mod structure;

use super::contents::Origins;
use super::finding::Finding;
use super::scene::Scene;

/// Applies every rule. Returns where contents come from that only came back, for the shares.
pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Origins {
    absent::apply(scene, findings);
    structure::apply(scene, findings);
    gaps::apply(scene, findings);
    origin::apply(scene, findings);
    let origins = claims::apply(scene, findings);
    models::apply(scene, findings);
    rows::apply(scene, findings);
    observed::apply(scene, findings);
    content::apply(scene, findings);
    origins
}
