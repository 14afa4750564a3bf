//! The rules of the verdict, one file a question. Every rule sees the whole scene and adds what it finds; none
//! looks at what another found.

mod absent;
mod alike;
mod beside;
mod beyond;
pub(super) mod claims;
mod content;
pub(super) mod corrections;
mod court;
mod excluded;
mod exempt;
mod gaps;
mod inputs;
mod leaves;
mod models;
mod notices;
mod observed;
mod origin;
mod rows;
mod stated;
mod structure;
mod withheld;

pub(super) use beyond::beyond;
pub(super) use corrections::Effects;
pub(super) use corrections::Idle;
pub use corrections::counts_at_once;
pub(super) use corrections::decide;
pub(super) use excluded::apply as excluded;
pub(super) use exempt::without_rows;

use super::contents::Origins;
use super::finding::Finding;
use super::scene::Scene;
use super::withheld::DisclosedFact;
use super::withheld::Withheld;

/// What rules tell beside what they find.
pub(super) struct Told {
    /// Where contents come from that only came back, for the shares.
    pub(super) origins: Origins,
    /// What is withheld.
    pub(super) withheld: Vec<Withheld>,
    /// What was disclosed of it.
    pub(super) disclosed: Vec<DisclosedFact>,
}

/// Applies every rule.
pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Told {
    absent::apply(scene, findings);
    structure::apply(scene, findings);
    gaps::apply(scene, findings);
    origin::apply(scene, findings);
    let origins = claims::apply(scene, findings);
    models::apply(scene, findings);
    rows::apply(scene, findings);
    observed::apply(scene, findings);
    content::apply(scene, findings);
    notices::apply(scene, findings);
    let (withheld, disclosed) = withheld::apply(scene, findings);
    Told {
        origins,
        withheld,
        disclosed,
    }
}
