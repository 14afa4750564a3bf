//! What ties statements together beside citations: everything that two of them can say of one thing.
//!
//! A verifier that has not the whole log must know whether something stands in it that speaks against a lineage: a
//! rival claim about the same content, an own model under the name of an external one, an observation of a run. Each
//! of these is a *tie*: 32 bytes that both statements have. The seal counts how many statements have each tie, so
//! that none can be held back (`docs/formats/statement.md`, "seal").

use crate::digest::Sha256Digest;
use crate::digest::StatementId;

use super::Predicate;
use super::words::OutputKind;

/// Returns the tie of everything called a model by this name, however it is written: external ones, outputs, and
/// generators of sources.
pub fn model_tie(name: &str) -> Sha256Digest {
    Sha256Digest::of(format!("herdbook tie\nmodel\n{}", folded(name)).as_bytes())
}

/// Returns a name as it is compared with others: without what in ASCII is neither letter nor digit, and with its letters
/// small; as it is, if nothing is left of it.
pub fn folded(name: &str) -> String {
    let folded: String = name
        .chars()
        .filter(|c| !c.is_ascii() || c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if folded.is_empty() {
        name.to_owned()
    } else {
        folded
    }
}

/// Returns the tie of a run and what tools observed of it.
pub fn run_tie(run: StatementId) -> Sha256Digest {
    Sha256Digest::of(format!("herdbook tie\nrun\n{run}").as_bytes())
}

impl Predicate {
    /// Returns the ties of statement `id` with this predicate, each with the subject it comes from. Those of the
    /// members of manifests are the members' SHA-256 digests, and not among these.
    pub fn ties(&self, id: StatementId) -> Vec<(u32, Sha256Digest)> {
        let numbered = (0_u32..).zip(self.artifacts());
        let mut ties: Vec<_> = numbered
            .filter_map(|(subject, artifact)| Some((subject, artifact.content_id()?)))
            .collect();
        ties.extend(self.relations(id));
        ties
    }

    /// Returns the ties that are no content.
    pub fn relations(&self, id: StatementId) -> Vec<(u32, Sha256Digest)> {
        match self {
            Self::Model(model) => vec![(0, model_tie(model.name.as_str()))],
            Self::Source(source) => source
                .generators
                .names()
                .map(|name| (0, model_tie(name)))
                .collect(),
            Self::Observation(observation) => vec![(0, run_tie(observation.run))],
            Self::Run(run) => {
                let mut subject = 0_u32;
                let mut ties = vec![(0, run_tie(id))];
                for output in &run.outputs {
                    if output.kind == OutputKind::Model {
                        ties.push((subject, model_tie(output.name.as_str())));
                    }
                    // An envelope of 65,535 bytes holds far fewer than 2^32 artifacts.
                    subject += u32::try_from(output.set.artifacts.len()).unwrap_or(u32::MAX - subject);
                }
                ties
            }
            _ => Vec::new(),
        }
    }
}
