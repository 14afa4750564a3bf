//! Registering: what a lineage file says and what its files hold, before anything is signed.

pub mod admission;
pub mod hash;
pub mod lineage_file;
pub mod register;

use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::ItemName;

/// Returns the name by which an artifact of a set is shown: the item's name, `ITEM/FILE` for one of several files.
pub fn artifact_name(item: &ItemName, set: &ArtifactSet, artifact: &Artifact) -> String {
    if set.artifacts.len() == 1 {
        item.to_string()
    } else {
        format!("{item}/{}", artifact.name)
    }
}
