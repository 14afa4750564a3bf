//! Error codes: stable words by which a script tells one failure from another. `docs/cli.md` lists each.
//!
//! An exit code says what to do about a failure as a whole; a code says which failure it was.

use super::exit::Exit;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Which failure it was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode { $($(#[$doc])* $name,)+ }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the word that stands as `code` in the JSON of an error.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

codes! {
    /// Something failed that has no code of its own.
    Failure = "failure",
    /// The command line is not one.
    Usage = "usage",
    /// An option says something that cannot be.
    OptionInvalid = "option_invalid",
    /// Part of it was done.
    Partial = "partial",
    /// The key has no grant for it.
    NotAuthorised = "not_authorised",
    /// There is no ledger where one was looked for.
    NoLedger = "no_ledger",
    /// `init` was interrupted.
    LedgerUnfinished = "ledger_unfinished",
    /// Another process is appending, or was faster.
    Locked = "locked",
    /// A key cannot be read or is not the right one.
    KeyUnusable = "key_unusable",
    /// Evidence is false.
    Tampered = "tampered",
    /// The log has fewer entries than when it was last accepted.
    RolledBack = "rolled_back",
    /// The log is another one than when it was last accepted.
    Forked = "forked",
    /// Evidence is sound, the lineage is not.
    NotTraced = "not_traced",
    /// Evidence is missing.
    Undecidable = "undecidable",
    /// The lineage is sound, but something forbids it.
    NotPermitted = "not_permitted",
    /// Nothing is registered under the name.
    UnknownName = "unknown_name",
    /// Several versions, and the text does not say which.
    SeveralVersions = "several_versions",
    /// The name has no version at that entry.
    NoSuchVersion = "no_such_version",
    /// No statement has such an id.
    UnknownId = "unknown_id",
    /// Several ids begin so.
    SeveralIds = "several_ids",
    /// The statement has no such artifact.
    NoSuchArtifact = "no_such_artifact",
    /// The text is neither a name nor an id nor a digest.
    NotANode = "not_a_node",
    /// Nothing with that digest is registered.
    NotRegistered = "not_registered",
    /// The text is an item and also a file that is none of the item's.
    TwoMeanings = "two_meanings",
    /// The statement descends from nothing.
    NoLineage = "no_lineage",
    /// More than a limit of this program allows.
    LimitReached = "limit_reached",
    /// A file that is named is not there or cannot be read.
    FileMissing = "file_missing",
    /// A file is there already and is never overwritten.
    FileExists = "file_exists",
    /// What was read is no lineage file, or one with faults.
    LineageFileInvalid = "lineage_file_invalid",
    /// What was read is no policy, or one with faults.
    PolicyInvalid = "policy_invalid",
    /// A `use:` names something that is not registered.
    UnknownUse = "unknown_use",
    /// Something is used as what it cannot be.
    RoleInvalid = "role_invalid",
    /// A name was registered with other bytes.
    OtherBytes = "other_bytes",
    /// A name is registered, and not as this.
    OtherStatement = "other_statement",
    /// Stated counts are not what was counted.
    CountsDiffer = "counts_differ",
    /// Items cannot be registered, for several or other reasons.
    ItemsInvalid = "items_invalid",
    /// What was to be appended was not admitted.
    NotAdmitted = "not_admitted",
    /// The store has no room left.
    DiskFull = "disk_full",
    /// The pinned trust root cannot be used.
    PinInvalid = "pin_invalid",
    /// The remembered checkpoint cannot be used.
    RememberedInvalid = "remembered_invalid",
    /// Two checkpoints do not contradict each other.
    Consistent = "consistent",
    /// A file shows no equivocation, or the ledger at hand cannot show one.
    ProvesNothing = "proves_nothing",
    /// A trust root file cannot be used.
    TrustRootInvalid = "trust_root_invalid",
    /// Nothing says which ledger is meant, and the command cannot do without.
    TrustRootNeeded = "trust_root_needed",
    /// A file is no offer, or one that was altered.
    OfferInvalid = "offer_invalid",
    /// A text that names no key, or none of this ledger.
    UnknownKey = "unknown_key",
    /// Several keys begin so.
    SeveralKeys = "several_keys",
    /// Nothing of that id awaits approval.
    UnknownProposal = "unknown_proposal",
    /// Only a model is released.
    NotAModel = "not_a_model",
    /// What was to be disclosed or erased is not withheld, or not kept here.
    NothingWithheld = "nothing_withheld",
    /// A file of disclosures cannot be used.
    DisclosureInvalid = "disclosure_invalid",
    /// The folder of what is withheld cannot be used.
    SidecarUnusable = "sidecar_unusable",
    /// A row is to be proved of a file without a row root.
    NoRowRoot = "no_row_root",
    /// The file has no row of that number.
    NoSuchRow = "no_such_row",
    /// The row root is keyed, and its secret is not here.
    RowSecretMissing = "row_secret_missing",
    /// A notice that would have no effect on anything.
    NoticeInvalid = "notice_invalid",
    /// A file that is no sample, or an item that it does not have.
    SampleInvalid = "sample_invalid",
    /// A list of opened files that cannot be used.
    ReadsInvalid = "reads_invalid",
}

impl From<Exit> for ErrorCode {
    /// Returns the code of a failure about which nothing more is known.
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok | Exit::Failure => Self::Failure,
            Exit::Usage => Self::Usage,
            Exit::Partial => Self::Partial,
            Exit::NotAuthorised => Self::NotAuthorised,
            Exit::NoLedger => Self::NoLedger,
            Exit::Locked => Self::Locked,
            Exit::KeyUnusable => Self::KeyUnusable,
            Exit::Tampered => Self::Tampered,
            Exit::NotTraced => Self::NotTraced,
            Exit::Undecidable => Self::Undecidable,
            Exit::NotPermitted => Self::NotPermitted,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The words in the first column of the table below `## Error codes` of `docs/cli.md`.
    fn on_the_page() -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (_, rest) = page.split_once("\n## Error codes\n").unwrap();
        let section = rest.split("\n## ").next().unwrap();
        section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_code_is_on_the_page_and_nothing_else_is() {
        let words: BTreeSet<String> = ErrorCode::ALL.iter().map(|code| code.word().to_owned()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
        assert_eq!(words, on_the_page());
    }

    /// A code that no failure has would be a promise that nothing keeps.
    #[test]
    fn every_code_is_given_by_some_failure() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
        let mut text = String::new();
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.file_name().is_some_and(|name| name != "code.rs") {
                    text.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        // Those that follow from the exit code are given by `From<Exit>`.
        let by_exit = [
            ErrorCode::Failure,
            ErrorCode::Usage,
            ErrorCode::Partial,
            ErrorCode::NotAuthorised,
            ErrorCode::NoLedger,
            ErrorCode::Locked,
            ErrorCode::KeyUnusable,
            ErrorCode::Tampered,
            ErrorCode::NotTraced,
            ErrorCode::Undecidable,
            ErrorCode::NotPermitted,
        ];
        for code in ErrorCode::ALL.iter().filter(|code| !by_exit.contains(code)) {
            assert!(text.contains(&format!("ErrorCode::{code:?}")), "{code:?}");
        }
    }
}
