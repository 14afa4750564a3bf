//! The numbers of an impact that a notice states (`docs/formats/statement.md`, "notice").

use crate::digest::Sha256Digest;
use crate::merkle::TreeSize;
use crate::statement::Reaches;

use super::Impact;

/// Returns what a notice made at `size` states of what its targets reach.
pub fn reaches(found: &Impact, size: TreeSize) -> Reaches {
    let mut list: Vec<String> = found
        .reached
        .iter()
        .flat_map(|one| one.artifacts.iter().map(ToString::to_string))
        .collect();
    list.sort_unstable();
    let models = found.reached.iter().filter(|one| one.kind == "model");
    let mut lines = String::new();
    for artifact in &list {
        lines.push_str(artifact);
        lines.push('\n');
    }
    Reaches {
        size: size.get(),
        artifacts: list.len() as u64,
        models: models.clone().count() as u64,
        released: models.filter(|one| one.is_released_model()).count() as u64,
        digest: Sha256Digest::of(lines.as_bytes()),
    }
}
