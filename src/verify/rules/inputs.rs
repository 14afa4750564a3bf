//! What two runs that claim the same bytes differ in, for people who see two claims that read alike.

use std::collections::BTreeSet;

use crate::statement::ArtifactRef;
use crate::statement::InputFrom;
use crate::statement::Role;
use crate::statement::Word as _;
use crate::verify::graph::Graph;

/// How many inputs of one side are named.
const NAMED_MAX: usize = 4;

/// Returns what the inputs of two runs differ in and what can be done about it; nothing unless both are runs.
pub(super) fn difference(graph: &Graph, ours: ArtifactRef, other: ArtifactRef) -> Option<String> {
    let (our_node, _) = graph.run(ours.statement)?;
    let (other_node, _) = graph.run(other.statement)?;
    let (one, two) = (inputs(graph, ours), inputs(graph, other));
    let (here, there) = (our_node.index, other_node.index);
    let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
        let all: Vec<&str> = these.difference(those).map(String::as_str).collect();
        let more = all.len().saturating_sub(NAMED_MAX);
        let mut named = all.get(..NAMED_MAX.min(all.len())).unwrap_or_default().join(", ");
        if more > 0 {
            named = format!("{named} and {more} more");
        }
        named
    };
    let told = match (only(&one, &two), only(&two, &one)) {
        (ours, theirs) if ours.is_empty() && theirs.is_empty() => {
            "their inputs have the same names, and what stands behind those differs".to_owned()
        }
        (ours, theirs) if theirs.is_empty() => {
            format!("entry {here} takes {ours}, and entry {there} does not")
        }
        (ours, theirs) if ours.is_empty() => {
            format!("entry {there} takes {theirs}, and entry {here} does not")
        }
        (ours, theirs) => format!("only entry {here} takes {ours}, and only entry {there} takes {theirs}"),
    };
    Some(format!(
        "; {told}; if one of the records is wrong, `herdbook notice correct` puts the other in its place, with a second \
         key where it changes the inputs"
    ))
}

/// Returns the inputs of a run as people know them: the name and the role.
fn inputs(graph: &Graph, claim: ArtifactRef) -> BTreeSet<String> {
    let Some((node, run)) = graph.run(claim.statement) else {
        return BTreeSet::new();
    };
    let mut told = BTreeSet::new();
    for (input, cited) in run.inputs.iter().zip(&node.cites) {
        let role = Role::as_str(input.role);
        if let InputFrom::Gap(gap) = &input.from {
            told.insert(format!("something undeclared, \"{}\" ({role})", gap.text));
        }
        for reference in cited {
            let name = (graph.locate(*reference))
                .map_or_else(|| reference.to_string(), |located| located.item.to_owned());
            told.insert(format!("{name} ({role})"));
        }
    }
    told
}
