//! What a report says: the predicate of its in-toto statement, field by field as in `docs/formats/report.md`.
//!
//! A fact that is not known is left out. Unknown fields are refused, so that nothing unseen is signed along.

use serde::Deserialize;
use serde::Serialize;

use super::details::Details;

/// The whole predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The format of this document.
    pub format: u64,
    /// What made it.
    pub program: Program,
    /// Who signed it.
    pub signer: Signer,
    /// What was judged, as the caller called it.
    pub name: String,
    /// What was judged.
    pub artifacts: Vec<Artifact>,
    /// How many more artifacts were judged.
    pub artifacts_left_out: u64,
    /// `traced`, `tampered`, `not_traced`, `undecidable`, `not_permitted`.
    pub verdict: String,
    /// The verdict in one line, with its boundary.
    pub line: String,
    /// Who contributes how much.
    pub boundary: Boundary,
    /// The same with the base left out, for a training run on a base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Boundary>,
    /// Inputs that condition.
    pub conditioning: Conditioning,
    /// Files outside the ledger.
    pub content: Content,
    /// `self`, `pinned`, `witnessed`, `sampled`, `full`.
    pub assurance: String,
    /// The least assurance that was asked for.
    pub required: String,
    /// What runs say about whether their inputs are all.
    pub completeness: Completeness,
    /// In which order things were registered, and whose keys signed what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// The policy it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Everything that was found, failures first.
    pub findings: Vec<Finding>,
    /// How many more findings there are; they are the last of their order.
    pub findings_left_out: u64,
    /// What the codes of the findings mean.
    pub codes: Vec<CodeMeaning>,
    /// What the model descends from.
    pub lineage: Lineage,
    /// Declared sources.
    pub sources: Vec<Source>,
    /// How many more sources there are.
    pub sources_left_out: u64,
    /// External models.
    pub external_models: Vec<ExternalModel>,
    /// How many more external models there are.
    pub external_models_left_out: u64,
    /// As of when; absent when the checkpoint does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// The exact text of the checkpoint that was judged, whether it counts or not; in base64 if it is no text.
    pub checkpoint_note: String,
    /// On whose word the ledger is taken for the one that is meant.
    pub trust_root: TrustRoot,
    /// Who runs the ledger, as its first entry says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// What anybody can do to check this.
    pub recheck: Vec<Recheck>,
    /// What it does not mean.
    pub caveats: Vec<String>,
}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Who signed the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// The raw Ed25519 public key in hexadecimal digits.
    pub public_key: String,
    /// SHA-256 of the raw public key.
    pub keyid: String,
}

/// An artifact that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its id in the ledger.
    pub id: String,
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes, of its manifest, or of the declaration that stands for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What the digest is of: `file`, `manifest` or `declaration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_of: Option<String>,
    /// The files that the manifest lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// How many more files there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub files_left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// As registered.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// The shares of all classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// To declared sources.
    pub sources: Share,
    /// To external models.
    pub external_models: Share,
    /// To synthetic sources whose generators are named but not traced.
    pub opaque_synthetic: Share,
    /// To data of which nobody knows what part a model made.
    pub origin_not_known: Share,
    /// To nothing declared.
    pub unknown: Share,
}

/// A share from 0 to 1: one value, or the two it lies between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// As a quotient, or a decimal rounded down beyond the limit of exact shares.
    pub low: String,
    /// As a quotient, or a decimal rounded up beyond the limit of exact shares.
    pub high: String,
    /// As people read it.
    pub percent: String,
    /// `low` in thousandths, rounded down.
    pub low_permille: u64,
    /// `high` in thousandths, rounded up.
    pub high_permille: u64,
}

/// Inputs that condition without contributing mass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditioning {
    /// Declared ones.
    pub declared: u64,
    /// Gaps.
    pub undeclared: u64,
    /// How many of all are seeds or prompts.
    pub seeds_and_prompts: u64,
}

/// Files outside the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Whether files were to be opened.
    pub asked: bool,
    /// How many were opened and were right.
    pub checked: u64,
    /// How many were opened and were not those registered.
    pub differing: u64,
    /// How many there are.
    pub of: u64,
    /// How many of them have only a stated digest.
    pub given: u64,
}

/// What runs say about whether their inputs are all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// Runs that say yes.
    pub yes: u64,
    /// Runs that say no.
    pub no: u64,
    /// Runs that do not say.
    pub not_known: u64,
}

/// A policy, with what came of each of its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What it calls itself.
    pub name: String,
    /// SHA-256 of its canonical form.
    pub sha256: String,
    /// Its rules, in its order.
    pub rules: Vec<PolicyRule>,
}

/// What came of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    /// Its id in the policy.
    pub id: String,
    /// What kind of rule it is.
    pub rule: String,
    /// `kept`, `broken` or `not_judged`.
    pub outcome: String,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What, as a stable word.
    pub code: String,
    /// `fails` or `note`.
    pub severity: String,
    /// The node's id; the entry or `ledger` for a finding about the ledger itself.
    pub node: String,
    /// The node's name.
    pub name: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// From the model to the node.
    pub path: Vec<Step>,
    /// The other side's path, where two claims are held against each other.
    pub other_path: Vec<Step>,
}

/// One node on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeMeaning {
    /// The code.
    pub code: String,
    /// What it means.
    pub meaning: String,
    /// What to do about it.
    pub advice: String,
}

/// The lineage, files of one item together, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// Items, steps and gaps.
    pub nodes: Vec<Node>,
    /// Which descends from which.
    pub edges: Vec<Edge>,
    /// How many more nodes there are.
    pub nodes_left_out: u64,
    /// How many more lines there are between these nodes.
    pub edges_left_out: u64,
}

/// One item, one step or one gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its id; that of the first artifact, where there are several.
    pub id: String,
    /// Its name; the text of a gap.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// What tells it apart from others of its kind.
    pub detail: String,
    /// Who says so.
    pub said_by: String,
    /// The entry of its statement.
    pub entry: u64,
    /// How many of its files are part of the lineage.
    pub files: u64,
    /// How many rows those have, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// That one node descends from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Position of the node that descends.
    pub from: u64,
    /// Position of the node that it descends from.
    pub to: u64,
    /// As what.
    pub role: String,
}

/// A declared source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub made_by: String,
    /// How it was acquired.
    pub acquired_by: String,
    /// Whether it has personal data.
    pub personal_data: String,
    /// Who says so.
    pub said_by: String,
    /// Whether it contributes mass, or only conditions.
    pub mass: bool,
    /// Its licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// On which day it had this licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_date: Option<String>,
    /// What its terms forbid or demand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<String>,
    /// Who holds the rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Where it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was made or collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Its languages.
    pub languages: Vec<String>,
    /// On what ground personal data is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
}

/// A declared external model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalModel {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who provides it.
    pub provider: String,
    /// Which version.
    pub version: String,
    /// `api` or `weights`.
    pub access: String,
    /// Whether the version may point elsewhere tomorrow.
    pub alias: bool,
    /// Whether it contributes mass, or only conditions.
    pub mass: bool,
    /// Whether the provider is the organisation that runs the ledger.
    pub own: bool,
    /// Who says so.
    pub said_by: String,
    /// Its licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// On which day it had this licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_date: Option<String>,
    /// What its terms forbid or demand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<String>,
    /// Terms of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Its own report or public summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// As of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over all of them, in base64 as in the note.
    pub root: String,
}

/// On whose word the ledger is taken for the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRoot {
    /// `pinned`, `genesis` or `none`.
    pub kind: String,
    /// The name of the log.
    pub origin: String,
    /// The id of its first statement.
    pub genesis: String,
    /// SHA-256 of the trust root file.
    pub sha256: String,
}

/// One way to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recheck {
    /// What is checked.
    pub what: String,
    /// The exact command.
    pub command: String,
}
