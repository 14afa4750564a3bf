//! A batch of entries that is not yet in the log, admitted one by one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::index::Facts;
use crate::index::Indexed;
use crate::merkle::Frontier;
use crate::merkle::LeafIndex;
use crate::merkle::leaf_hash;
use crate::statement::FORMAT_VERSION;
use crate::statement::Genesis;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::statement::Statement;
use crate::trust::Keys;

use super::AdmissionError;
use super::Blobs;
use super::Founding;
use super::State;
use super::cited;
use super::cited::Gathered;
use super::log_key;
use super::seal_of;
use super::signatures::Signatures;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Everything: before an append and in recovery.
    All,
    /// Everything but the presence of blobs: `fsck`, which looks at those one by one.
    Signatures,
    /// Everything but signatures and the presence of blobs: a reader that wants answers, not a verdict.
    Replay,
}

/// An entry that was admitted.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its position in the log.
    pub entry: LeafIndex,
    /// Its statement.
    pub id: StatementId,
    /// What it says.
    pub statement: Statement,
}

/// What a staged batch changes; [`State::integrate`] takes it once the log has it.
#[derive(Debug)]
pub struct Batch {
    pub(super) founding: Arc<Founding>,
    pub(super) keys: Keys,
    pub(super) tree: Frontier,
    pub(super) rulings: Frontier,
    pub(super) ruling_entries: Vec<LeafIndex>,
    pub(super) indexed: Vec<Indexed>,
    /// Ties that became contested, or more so, and how many statements have each now.
    pub(super) contested: BTreeMap<Sha256Digest, u32>,
    pub(super) sealed: bool,
    pub(super) missing: Vec<BlobId>,
}

/// Entries on top of a [`State`].
pub struct Staging<'a> {
    state: &'a State,
    blobs: &'a dyn Blobs,
    checks: Checks,
    pub(super) signatures: Signatures,
    pub(super) founding: Option<Arc<Founding>>,
    keys: Option<Keys>,
    tree: Frontier,
    rulings: Frontier,
    ruling_entries: Vec<LeafIndex>,
    staged: Vec<Indexed>,
    by_id: HashMap<StatementId, usize>,
    /// How many statements of the batch have a tie.
    claims: HashMap<Sha256Digest, u32>,
    contested: BTreeMap<Sha256Digest, u32>,
    sealed: bool,
    missing: Vec<BlobId>,
}

impl std::fmt::Debug for Staging<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staging")
            .field("size", &self.tree.size())
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}

impl<'a> Staging<'a> {
    /// Starts an empty batch on top of `state`.
    pub fn on(state: &'a State, blobs: &'a dyn Blobs, checks: Checks) -> Self {
        Self {
            state,
            blobs,
            checks,
            signatures: Signatures::of(checks),
            founding: state.founding.clone(),
            keys: state.keys.clone(),
            tree: state.tree.clone(),
            rulings: state.rulings.clone(),
            ruling_entries: Vec::new(),
            staged: Vec::new(),
            by_id: HashMap::new(),
            claims: HashMap::new(),
            contested: BTreeMap::new(),
            sealed: state.sealed,
            missing: Vec::new(),
        }
    }

    /// Admits the next entry, or says why it may not be one. After an error the batch is as before.
    pub fn admit(&mut self, leaf: &[u8]) -> Result<Admitted, AdmissionError> {
        let envelope = Envelope::decode(leaf).map_err(AdmissionError::Envelope)?;
        let statement = envelope.statement().map_err(AdmissionError::Envelope)?;
        let entry = self.tree.size().next_index();
        let id = envelope.id();
        let admitted = Admitted { entry, id, statement };
        match (&admitted.statement.predicate, entry.get()) {
            (Predicate::Genesis(genesis), 0) => {
                let genesis = genesis.clone();
                self.admit_genesis(&admitted, &envelope, genesis)?;
                self.integrate(&admitted, leaf, Gathered::default())?;
            }
            (Predicate::Genesis(_), _) | (_, 0) => return Err(AdmissionError::GenesisPlace),
            _ => {
                let gathered = self.check(&admitted, &envelope)?;
                self.integrate(&admitted, leaf, gathered)?;
            }
        }
        Ok(admitted)
    }

    /// Returns what a seal at the next entry must say.
    pub fn seal(&self) -> Seal {
        if self.contested.is_empty() {
            return seal_of(self.tree.size(), &self.rulings, self.state.contested());
        }
        let mut contested = self.state.contested().clone();
        contested.extend(&self.contested);
        seal_of(self.tree.size(), &self.rulings, &contested)
    }

    /// Returns the entry that would be admitted next.
    pub fn next(&self) -> LeafIndex {
        self.tree.size().next_index()
    }

    /// Returns the batch, or nothing if there is still no genesis.
    pub fn finish(self) -> Option<Batch> {
        Some(Batch {
            founding: self.founding?,
            keys: self.keys?,
            tree: self.tree,
            rulings: self.rulings,
            ruling_entries: self.ruling_entries,
            indexed: self.staged,
            contested: self.contested,
            sealed: self.sealed,
            missing: self.missing,
        })
    }

    /// Returns what is known of a statement below the next entry.
    pub(super) fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, AdmissionError> {
        let staged = self.by_id.get(&id).and_then(|&at| self.staged.get(at));
        match staged {
            Some(indexed) => Ok(Some(Arc::new(indexed.facts.clone()))),
            None => Ok(self.state.facts(id)?),
        }
    }

    pub(super) fn blobs(&self) -> &dyn Blobs {
        self.blobs
    }

    pub(super) fn checks(&self) -> Checks {
        self.checks
    }

    fn admit_genesis(
        &mut self,
        admitted: &Admitted,
        envelope: &Envelope,
        genesis: Genesis,
    ) -> Result<(), AdmissionError> {
        if genesis.format != FORMAT_VERSION {
            return Err(AdmissionError::Format {
                found: genesis.format,
                expected: FORMAT_VERSION,
            });
        }
        if admitted.statement.ledger.is_some() {
            return Err(AdmissionError::GenesisPlace);
        }
        let log_key = log_key(&genesis)?;
        let mut keys = vec![log_key];
        let granted = genesis.grants.iter().map(|grant| grant.public_key);
        for key in genesis.owners.iter().copied().chain(granted) {
            if key == log_key {
                return Err(AdmissionError::LogKeyShared);
            }
            if keys.contains(&key) {
                return Err(AdmissionError::KeyTwice { key: key.id() });
            }
            keys.push(key);
        }
        let keys = Keys::of(&genesis);
        let owner = keys
            .owner(admitted.statement.issuer)
            .map_err(|_| AdmissionError::NotAnOwner)?;
        self.signatures.check(admitted.entry, envelope, owner)?;
        self.keys = Some(keys);
        self.founding = Some(Arc::new(Founding {
            id: admitted.id,
            genesis,
            log_key,
        }));
        Ok(())
    }

    /// Everything that may fail; nothing of the batch but its keys changes, and those only when all else holds.
    fn check(&mut self, admitted: &Admitted, envelope: &Envelope) -> Result<Gathered, AdmissionError> {
        let (founding, keys) = match (&self.founding, &self.keys) {
            (Some(founding), Some(keys)) => (founding.clone(), keys),
            _ => return Err(AdmissionError::GenesisPlace),
        };
        let statement = &admitted.statement;
        let is_seal = matches!(statement.predicate, Predicate::Seal(_));
        let is_key = matches!(statement.predicate, Predicate::Key(_));
        let is_notice = matches!(statement.predicate, Predicate::Notice(_));
        let key = if is_seal && statement.issuer == founding.log_key.id() {
            founding.log_key
        } else {
            keys.public_key(statement.issuer)?
        };
        self.signatures.check(admitted.entry, envelope, key)?;
        // Who may change keys is for the key state machine; a seal is the log key's alone, whatever was granted.
        if is_seal && key != founding.log_key {
            return Err(AdmissionError::SealFalse);
        }
        if is_notice {
            keys.may_notify(statement.issuer, admitted.entry.get())?;
        } else if !is_seal && !is_key {
            keys.may_sign(statement.issuer, &statement.grant_words(), admitted.entry.get())?;
        }
        // What a vendor signed without knowing of any ledger counts in every one that accepts it.
        let offered = matches!(statement.predicate, Predicate::Source(_)) && statement.ledger.is_none();
        if statement.ledger != Some(founding.id) && !offered {
            return Err(AdmissionError::WrongLedger {
                found: statement.ledger,
                expected: founding.id,
            });
        }
        if let Some(facts) = self.facts(admitted.id)? {
            return Err(AdmissionError::Duplicate {
                id: admitted.id,
                entry: facts.entry,
            });
        }
        let gathered = cited::gather(self, &statement.predicate)?;
        match &statement.predicate {
            Predicate::Seal(seal) if !self.is_true(seal) => Err(AdmissionError::SealFalse),
            Predicate::Notice(notice) => {
                super::notice::of_gap(self, statement.issuer, notice)?;
                Ok(gathered)
            }
            Predicate::Key(change) => {
                let mut keys = keys.clone();
                keys.apply(admitted.entry.get(), admitted.id, statement.issuer, change)?;
                self.keys = Some(keys);
                Ok(gathered)
            }
            _ => Ok(gathered),
        }
    }

    /// Without a manifest its members are not known, so nobody can say which digests are contested.
    fn is_true(&self, seal: &Seal) -> bool {
        let honest = self.seal();
        let incomplete = !self.missing.is_empty() || !self.state.missing.is_empty();
        if incomplete && self.checks != Checks::All {
            (seal.size, seal.rulings, seal.rulings_root) == (honest.size, honest.rulings, honest.rulings_root)
        } else {
            *seal == honest
        }
    }

    fn integrate(
        &mut self,
        admitted: &Admitted,
        leaf: &[u8],
        gathered: Gathered,
    ) -> Result<(), AdmissionError> {
        let Admitted { entry, id, statement } = admitted;
        let members = gathered.claims(*id);
        let personal = gathered.personal;
        let indexed = Indexed::new(*entry, *id, statement, members, gathered.parents, personal);
        // The last question to the index: from here on nothing fails.
        let is_new = self.facts(*id)?.is_none();
        let ties = distinct_ties(&indexed);
        if is_new {
            let contested = self.newly_contested(*id, &ties)?;
            self.contested.extend(contested);
        }
        let leaf = leaf_hash(leaf);
        self.tree.append(leaf);
        if statement.predicate.is_ruling() {
            self.rulings.append(leaf);
            self.ruling_entries.push(*entry);
        }
        self.sealed = matches!(statement.predicate, Predicate::Seal(_));
        self.missing.extend(gathered.missing);
        if is_new {
            for tie in ties {
                *self.claims.entry(tie).or_default() += 1;
            }
            self.by_id.insert(*id, self.staged.len());
        }
        self.staged.push(indexed);
        Ok(())
    }

    /// Returns the ties of a new statement that other statements have, too, each with the number of all of them.
    fn newly_contested(
        &self,
        id: StatementId,
        ties: &[Sha256Digest],
    ) -> Result<Vec<(Sha256Digest, u32)>, AdmissionError> {
        let below: BTreeSet<_> = self.state.claimed_by_others(ties, id)?.into_iter().collect();
        let count = |tie: &Sha256Digest| {
            let staged = self.claims.get(tie).copied().unwrap_or_default();
            let contested = self.state.contested().get(tie).copied();
            // What is claimed below and not contested there has one claim.
            let below = contested.unwrap_or_else(|| u32::from(below.contains(tie)));
            let all = below.saturating_add(staged).saturating_add(1);
            (all > 1).then_some((*tie, all))
        };
        Ok(ties.iter().filter_map(count).collect())
    }
}

/// Returns the ties of an entry in ascending order, each once.
fn distinct_ties(indexed: &Indexed) -> Vec<Sha256Digest> {
    let mut ties: Vec<_> = indexed.claims.iter().map(|claim| claim.digest).collect();
    ties.sort_unstable();
    ties.dedup();
    ties
}
