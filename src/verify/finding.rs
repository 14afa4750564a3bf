//! Findings: everything `verify` has to say against a lineage, each with a stable code and a path.

use std::fmt;

/// What a verdict can be, in the order in which the first that applies wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Evidence is false.
    Tampered,
    /// Evidence is sound, the lineage is not.
    NotTraced,
    /// Evidence is missing.
    Undecidable,
    /// Sound and complete, but a notice or a policy forbids it.
    NotPermitted,
    /// Every path ends in a declared source or a declared external model, and everything checks.
    Traced,
}

impl Verdict {
    /// Returns the word that is printed and that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::NotTraced => "not_traced",
            Self::Undecidable => "undecidable",
            Self::NotPermitted => "not_permitted",
            Self::Traced => "traced",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $verdict:expr;)+) => {
        /// The stable name of what was found. Scripts match on [`Code::as_str`]; words are never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code, in the order of `docs/verdict.md`.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Returns the verdict a finding with this code leads to; nothing for a note.
            pub fn verdict(self) -> Option<Verdict> {
                match self { $(Self::$name => $verdict,)+ }
            }
        }
    };
}

const TAMPERED: Option<Verdict> = Some(Verdict::Tampered);
const NOT_TRACED: Option<Verdict> = Some(Verdict::NotTraced);
const UNDECIDABLE: Option<Verdict> = Some(Verdict::Undecidable);
const NOT_PERMITTED: Option<Verdict> = Some(Verdict::NotPermitted);
const NOTE: Option<Verdict> = None;

codes! {
    /// The checkpoint is not one, is of another log, or its signature does not count.
    CheckpointInvalid = "checkpoint_invalid", TAMPERED;
    /// The entries do not hash to the root of the checkpoint.
    RootDiffers = "root_differs", TAMPERED;
    /// Fewer entries than a checkpoint of this log that was accepted before.
    RolledBack = "rolled_back", TAMPERED;
    /// Another history than a checkpoint of this log that was accepted before.
    Forked = "forked", TAMPERED;
    /// Another genesis than the one that was pinned.
    GenesisDiffers = "genesis_differs", TAMPERED;
    /// An entry, a slot or a blob that no reader can take for one.
    Undecodable = "undecodable", TAMPERED;
    /// A signature that does not verify.
    SignatureInvalid = "signature_invalid", TAMPERED;
    /// A statement made for another ledger.
    WrongLedger = "wrong_ledger", TAMPERED;
    /// An entry that admission never lets into a log.
    Inadmissible = "inadmissible", TAMPERED;
    /// A seal whose counts or roots are not those of the entries below it.
    SealFalse = "seal_false", TAMPERED;
    /// Contested ties that are not those the seal counts.
    ContestedDiffers = "contested_differs", TAMPERED;
    /// An evidence bundle of another form than the one it may have.
    BundleMalformed = "bundle_malformed", TAMPERED;
    /// A blob whose bytes are not those its name says.
    BlobDiffers = "blob_differs", TAMPERED;
    /// A file whose bytes are not those that were registered.
    ContentDiffers = "content_differs", TAMPERED;
    /// A sample that is not the one that its rule draws.
    SampleNotDrawn = "sample_not_drawn", TAMPERED;
    /// What was disclosed is not what stands in the ledger as a commitment.
    DisclosureDiffers = "disclosure_differs", TAMPERED;
    /// Nothing that a lineage could consist of.
    NothingToTrace = "nothing_to_trace", NOT_TRACED;
    /// A file that nobody registered.
    NotRegistered = "not_registered", NOT_TRACED;
    /// An input that nobody declared.
    UnresolvedInput = "unresolved_input", NOT_TRACED;
    /// Claims about the same bytes that cannot all be true.
    ConflictingOrigin = "conflicting_origin", NOT_TRACED;
    /// Model output whose generators nobody names.
    SyntheticOriginUnknown = "synthetic_origin_unknown", NOT_TRACED;
    /// A source whose maker nobody knows, acquired in a way that does not excuse it.
    OriginUnknown = "origin_unknown", NOT_TRACED;
    /// A model declared as external that this log itself made.
    OwnModelAsExternal = "own_model_as_external", NOT_TRACED;
    /// More rows came out than went in.
    RowsNotAccounted = "rows_not_accounted", NOT_TRACED;
    /// A tool saw the run read something it did not declare.
    ContradictedByObservation = "contradicted_by_observation", NOT_TRACED;
    /// An item of a sample that an auditor marked as differing.
    SampleDiffers = "sample_differs", NOT_TRACED;
    /// The run itself says that inputs are missing.
    InputsIncomplete = "inputs_incomplete", NOT_TRACED;
    /// Signed by a key that had no grant for it.
    KeyNotGranted = "key_not_granted", NOT_TRACED;
    /// Signed by a key that was compromised by then.
    SuspectKey = "suspect_key", NOT_TRACED;
    /// A made-up digest.
    IllustrativeDigest = "illustrative_digest", NOT_TRACED;
    /// An input that cannot play its role: a source as generator, a model as data.
    RoleMismatch = "role_mismatch", NOT_TRACED;
    /// No trust root says which ledger is meant.
    TrustNotPinned = "trust_not_pinned", UNDECIDABLE;
    /// The trust root is that of a ledger with another origin.
    OtherLedger = "other_ledger", UNDECIDABLE;
    /// The checkpoint is older than was asked for.
    CheckpointTooOld = "checkpoint_too_old", UNDECIDABLE;
    /// An earlier checkpoint that was to be held against this one is not one of this log.
    EarlierInvalid = "earlier_invalid", UNDECIDABLE;
    /// The checkpoint does not end with a seal.
    NoSeal = "no_seal", UNDECIDABLE;
    /// An entry that is not there.
    EntryMissing = "entry_missing", UNDECIDABLE;
    /// A manifest that is not there.
    ManifestMissing = "manifest_missing", UNDECIDABLE;
    /// A blob that is not there.
    BlobMissing = "blob_missing", UNDECIDABLE;
    /// A claim that could not be read, so that rival claims may be hidden in it.
    ClaimsIncomplete = "claims_incomplete", UNDECIDABLE;
    /// Key or notice statements that the seal counts and that are not there.
    RulingsMissing = "rulings_missing", UNDECIDABLE;
    /// Evidence that does not show that the log still begins with the entries of an earlier checkpoint.
    ConsistencyNotShown = "consistency_not_shown", UNDECIDABLE;
    /// An evidence bundle that ends too early.
    BundleIncomplete = "bundle_incomplete", UNDECIDABLE;
    /// A file that was to be checked and is not there.
    ContentNotFound = "content_not_found", UNDECIDABLE;
    /// An item of a sample that an auditor marked as not there.
    SampleMissing = "sample_missing", UNDECIDABLE;
    /// An entry of a kind or a format this version cannot judge.
    NotJudged = "not_judged", UNDECIDABLE;
    /// Less assurance than was asked for.
    AssuranceTooLow = "assurance_too_low", UNDECIDABLE;
    /// Nobody can say whether something descends from what it was asked not to descend from.
    ExclusionNotShown = "exclusion_not_shown", UNDECIDABLE;
    /// More to look at than a limit of this program allows; the message names it.
    LimitReached = "limit_reached", UNDECIDABLE;
    /// Something that was withdrawn, and must not be used any longer.
    Withdrawn = "withdrawn", NOT_PERMITTED;
    /// Something that was recalled, and must not be used any longer.
    Recalled = "recalled", NOT_PERMITTED;
    /// Something was put to a new use after it was withdrawn or recalled.
    UsedAfterNotice = "used_after_notice", NOT_PERMITTED;
    /// A rule of the policy that is not kept.
    PolicyBroken = "policy_broken", NOT_PERMITTED;
    /// A rule of the policy that cannot be judged by what is known.
    PolicyNotJudged = "policy_not_judged", NOT_PERMITTED;
    /// Something descends from what it was asked not to descend from.
    NotExcluded = "not_excluded", NOT_PERMITTED;
    /// Something was withdrawn or recalled for new uses, and stands here from before.
    UsedBeforeNotice = "used_before_notice", NOTE;
    /// Something stands here in the place of what it corrects.
    Corrected = "corrected", NOTE;
    /// A correction of who made something, or from what, that no second key affirmed.
    CorrectionNotAffirmed = "correction_not_affirmed", NOTE;
    /// A gap that was filled after the run was registered.
    DeclaredLate = "declared_late", NOTE;
    /// Something of which there is a newer one.
    Superseded = "superseded", NOTE;
    /// Evidence of fewer entries than a checkpoint that was accepted before, judged as of then.
    OlderThanAccepted = "older_than_accepted", NOTE;
    /// What a later entry says against a verdict as of an earlier size.
    DisputedLater = "disputed_later", NOTE;
    /// Signed by a key that was compromised by then, and counted because another key affirmed it.
    Affirmed = "affirmed", NOTE;
    /// A notice that changes nothing.
    NoticeWithoutEffect = "notice_without_effect", NOTE;
    /// A version that may point elsewhere tomorrow.
    AliasVersion = "alias_version", NOTE;
    /// A digest that somebody stated and Herdbook did not compute.
    DigestGiven = "digest_given", NOTE;
    /// Content whose bytes nobody hashed.
    NotHashed = "not_hashed", NOTE;
    /// Row counts that could not be checked.
    RowsNotChecked = "rows_not_checked", NOTE;
    /// A run that declares that one row becomes several.
    RowsExpanded = "rows_expanded", NOTE;
    /// A model worked on rows that count as those of the data.
    AiEnriched = "ai_enriched", NOTE;
    /// A file with a stated digest that was to be opened and is not there.
    ContentNotOpened = "content_not_opened", NOTE;
    /// A claim that gave way to a later, less favourable one by the same signer.
    ClaimReplaced = "claim_replaced", NOTE;
    /// The same bytes under several licences.
    LicencesDiffer = "licences_differ", NOTE;
    /// A source by which nobody knows what part a model made.
    OriginNotKnown = "origin_not_known", NOTE;
    /// A declared source that was derived from one that is none, directly or by way of others.
    ParentSynthetic = "parent_synthetic", NOTE;
    /// Texts or content that whoever signed a statement shows to some only.
    Withheld = "withheld", NOTE;
    /// Disclosures about what is not on the walk.
    DisclosureNotUsed = "disclosure_not_used", NOTE;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One node on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// `hb:` id of an artifact or a run, or `gap:` id.
    pub id: String,
    /// The name it goes by.
    pub name: String,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// The node's id; for a finding about the ledger itself, the entry or `ledger`.
    pub node: String,
    /// The node's name.
    pub name: String,
    /// From the target to the node: artifact, run, artifact, ...
    pub path: Vec<PathStep>,
    /// The other side's path, where two claims are held against each other.
    pub other_path: Vec<PathStep>,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl Finding {
    /// Makes a finding about the ledger as a whole or one of its entries.
    pub fn of_ledger(code: Code, node: impl Into<String>, message: impl Into<String>) -> Self {
        let node = node.into();
        Self {
            code,
            name: node.clone(),
            node,
            path: Vec::new(),
            other_path: Vec::new(),
            message: message.into(),
        }
    }

    /// Returns `fails` or `note`.
    pub fn severity(&self) -> &'static str {
        if self.code.verdict().is_some() {
            "fails"
        } else {
            "note"
        }
    }
}

/// Returns the verdict of all findings together: the first in the order of [`Verdict`].
pub fn verdict_of(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .filter_map(|finding| finding.code.verdict())
        .min()
        .unwrap_or(Verdict::Traced)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_first_verdict_in_order_wins() {
        let found = |codes: &[Code]| {
            verdict_of(
                &codes
                    .iter()
                    .map(|code| Finding::of_ledger(*code, "ledger", ""))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(found(&[]), Verdict::Traced);
        assert_eq!(found(&[Code::AliasVersion]), Verdict::Traced);
        assert_eq!(found(&[Code::NoSeal, Code::UnresolvedInput]), Verdict::NotTraced);
        assert_eq!(
            found(&[Code::UnresolvedInput, Code::BlobDiffers, Code::NoSeal]),
            Verdict::Tampered
        );
        assert_eq!(found(&[Code::ManifestMissing]), Verdict::Undecidable);
    }

    #[test]
    fn codes_are_distinct() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
    }
}
