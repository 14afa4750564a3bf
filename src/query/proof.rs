//! The proof of one node: that a statement is in a log, and that a file is in the manifest of a statement.
//!
//! A proof is one canonical JSON object in one file (`docs/formats/proof.md`), and is checked with a trust root and
//! nothing else. Whatever it says follows from bytes that are hashed or signed, so that there is no byte in it that
//! could be changed for another claim.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::LogKeyError;
use crate::checkpoint::Note;
use crate::checkpoint::Origin;
use crate::checkpoint::TlogProof;
use crate::checkpoint::TlogProofError;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::envelope::EnvelopeError;
use crate::key::PublicKey;
use crate::ledger::StoreBlobs;
use crate::ledger::View;
use crate::ledger::artifact_name;
use crate::ledger::prove_line;
use crate::manifest::ManifestError;
use crate::manifest::Member;
use crate::manifest::read_member;
use crate::merkle::LeafIndex;
use crate::merkle::MAX_PROOF_HASHES;
use crate::merkle::MerkleError;
use crate::merkle::TreeSize;
use crate::merkle::leaf_hash;
use crate::merkle::verify_inclusion;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::trust::TrustRoot;

use super::QueryError;
use super::node::Place;
use super::node::find;
use super::proof_row::ProvenRow;
use super::proof_row::RowProof;
use super::proof_row::SaidOfRows;

/// The longest proof file: an envelope, a checkpoint, a manifest line and a row of the greatest length each.
pub const PROOF_BYTES_MAX: usize = 2 << 20;

/// What a proof file says it is.
const PROOF_TYPE: &str = "proof/v1";

/// Why a file proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Longer than any proof.
    #[error("it has more than the PROOF_BYTES_MAX of {PROOF_BYTES_MAX} bytes")]
    TooLong,
    /// Not canonical JSON and one line feed.
    #[error("it is not one line of canonical JSON")]
    Json(#[from] CanonicalError),
    /// A member of the object that is missing, unknown or of the wrong form.
    #[error("`{0}` is missing, unknown or of the wrong form")]
    Field(&'static str),
    /// The log's part.
    #[error("it does not prove that the entry is in the log")]
    Log(#[from] TlogProofError),
    /// The trust root's log key.
    #[error("the log key of the trust root is not one")]
    LogKey(#[from] LogKeyError),
    /// The statement.
    #[error("the entry is not an envelope whose signature counts")]
    Envelope(#[from] EnvelopeError),
    /// The key is not the one the statement names.
    #[error("the key is not the one that the statement names as its signer")]
    OtherKey,
    /// The statement is one of another ledger than the trust root's.
    #[error("the statement is not of the ledger of the trust root")]
    OtherLedger,
    /// The statement has no such manifest.
    #[error("the statement has no manifest as subject {0}")]
    NoManifest(u32),
    /// The line is no member.
    #[error("the line is not a member of a manifest")]
    Member(#[from] ManifestError),
    /// Neither the statement nor the line has a row root.
    #[error("the file that the row should be of has no row root")]
    NoRowRoot,
    /// The row is not in the file.
    #[error("the row is not at its place in the file")]
    RowPath(#[source] MerkleError),
    /// The line is not in the manifest.
    #[error("the line is not at its place in the manifest")]
    Path(#[from] MerkleError),
}

/// A proof as it is in its file. It proves nothing before [`Proof::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    entry: Vec<u8>,
    key: PublicKey,
    log: TlogProof,
    member: Option<MemberProof>,
    row: Option<RowProof>,
}

/// One line of a manifest, and the way from it to the root that the statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MemberProof {
    subject: u32,
    index: LeafIndex,
    line: String,
    path: Vec<NodeHash>,
}

/// What a checked proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The checkpoint that covers the entry.
    pub checkpoint: Checkpoint,
    /// The entry.
    pub entry: LeafIndex,
    /// The statement's id.
    pub id: StatementId,
    /// The statement.
    pub statement: Statement,
    /// The member of a manifest, if the proof is of one.
    pub member: Option<(ArtifactRef, Member)>,
    /// The row of the member, or of the one artifact that it is about.
    pub row: Option<(ArtifactRef, ProvenRow)>,
}

/// One artifact of a statement that is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenArtifact {
    /// The item's name, with `/FILE` where the item has several.
    pub name: String,
    /// Its digest, of a manifest that of the manifest; a thing without bytes has none.
    pub sha256: Option<Sha256Digest>,
    /// How many files its manifest lists, if it is one.
    pub members: Option<u64>,
}

/// Proves what `text` means: a statement, or one member of a manifest. `note` is the signed checkpoint of the view.
pub fn prove(view: &View<'_>, text: &str, note: &[u8]) -> Result<Proof, QueryError> {
    let (id, member) = target(view, text)?;
    prove_at(view, id, member, note)
}

/// Proves a statement, or one member of a manifest in it.
pub(super) fn prove_at(
    view: &View<'_>,
    id: StatementId,
    member: Option<ArtifactRef>,
    note: &[u8],
) -> Result<Proof, QueryError> {
    let facts = view
        .index()
        .facts(id)?
        .ok_or_else(|| crate::index::resolve::ResolveError::UnknownId { digits: id.to_hex() })?;
    let (entry, path) = view
        .reader()
        .prove_inclusion(facts.entry)
        .map_err(crate::ledger::LedgerError::from)?;
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let founding = view.ledger().founding();
    let keys = view.ledger().state().keys();
    let key = keys.and_then(|keys| keys.public_key(statement.issuer).ok());
    // A seal is signed by the log key, which is granted nothing.
    let key = key.unwrap_or(founding.log_key);
    let member = member
        .map(|member| prove_member(view, &statement, member))
        .transpose()?;
    Ok(Proof {
        entry,
        key,
        log: TlogProof {
            index: facts.entry,
            path,
            checkpoint: note.to_vec(),
        },
        member,
        row: None,
    })
}

/// Returns the one statement that `text` means, and the member if it means one of a manifest.
fn target(view: &View<'_>, text: &str) -> Result<(StatementId, Option<ArtifactRef>), QueryError> {
    let places = match find(view, text) {
        Ok(places) => places,
        // A seal or a key change has no lineage, but it is an entry.
        Err(QueryError::NoLineage { .. }) => {
            let node = crate::index::resolve::resolve(view.index(), view.size(), text)?;
            return Ok((node.statement(), None));
        }
        Err(error) => return Err(error),
    };
    let mut found: Vec<(StatementId, Option<ArtifactRef>)> = places
        .iter()
        .map(|place| match place {
            Place::Artifact(artifact) => (artifact.statement, artifact.member.map(|_| *artifact)),
            Place::Run(id) | Place::Gap(id, _) => (*id, None),
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(*one),
        several => Err(QueryError::SeveralToProve {
            text: text.chars().take(120).collect(),
            several: several
                .iter()
                .take(8)
                .map(|(id, member)| member.map_or_else(|| format!("hb:{id}"), |member| member.to_string()))
                .collect(),
        }),
    }
}

fn prove_member(
    view: &View<'_>,
    statement: &Statement,
    artifact: ArtifactRef,
) -> Result<MemberProof, QueryError> {
    let none = || crate::index::resolve::ResolveError::UnknownId {
        digits: artifact.to_string(),
    };
    let index = artifact.member.ok_or_else(none)?;
    let whole = subject_of(statement, artifact.subject).ok_or_else(none)?;
    let index = LeafIndex::new(index);
    let blobs = StoreBlobs(&**view.ledger().store());
    let proved = prove_line(&blobs, whole, index)?;
    let (line, path) = proved.ok_or_else(none)?;
    Ok(MemberProof {
        subject: artifact.subject,
        index,
        line,
        path,
    })
}

pub(super) fn subject_of(statement: &Statement, subject: u32) -> Option<&Artifact> {
    statement
        .predicate
        .artifacts()
        .nth(usize::try_from(subject).ok()?)
}

impl Proof {
    /// Adds the proof of a row of what is proved.
    pub(super) fn with_row(self, row: RowProof) -> Self {
        Self {
            row: Some(row),
            ..self
        }
    }

    /// Returns the signed checkpoint that it rests on.
    pub fn checkpoint_note(&self) -> &[u8] {
        &self.log.checkpoint
    }

    /// Returns the origin of the log that this is said to be about; nobody vouches for it.
    pub fn claimed_origin(&self) -> Option<Origin> {
        let note = Note::parse(&self.log.checkpoint).ok()?;
        Checkpoint::parse_text(note.text())
            .ok()
            .map(|checkpoint| checkpoint.origin)
    }

    /// Returns the exact bytes of the entry: what the inclusion proof is about.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// Returns the part that proves the entry, in the text form of the C2SP specification.
    pub fn tlog_proof(&self) -> String {
        self.log.encode()
    }

    /// Returns the bytes of the file: canonical JSON and a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let text = |text: String| Value::Text(text);
        let mut members = BTreeMap::from([
            ("entry".to_owned(), text(STANDARD.encode(&self.entry))),
            ("herdbook".to_owned(), Value::from(PROOF_TYPE)),
            ("key".to_owned(), text(self.key.to_hex())),
            ("tlog_proof".to_owned(), text(self.log.encode())),
        ]);
        if let Some(member) = &self.member {
            let number = |number| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
            let path = member.path.iter().map(|hash| text(hash.to_hex())).collect();
            let object = BTreeMap::from([
                ("index".to_owned(), number(member.index.get())),
                ("line".to_owned(), Value::from(member.line.as_str())),
                ("path".to_owned(), Value::List(path)),
                ("subject".to_owned(), number(u64::from(member.subject))),
            ]);
            members.insert("member".to_owned(), Value::Object(object));
        }
        if let Some(row) = &self.row {
            members.insert("row".to_owned(), row.value());
        }
        let mut bytes = Value::Object(members).encode();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file of exactly this form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofError::TooLong);
        }
        let line = bytes
            .strip_suffix(b"\n")
            .ok_or(ProofError::Field("the line feed"))?;
        let mut fields = Fields(Value::decode(line)?);
        if fields.text("herdbook")? != PROOF_TYPE {
            return Err(ProofError::Field("herdbook"));
        }
        let entry = STANDARD.decode(fields.text("entry")?);
        let proof = Self {
            entry: entry.map_err(|_| ProofError::Field("entry"))?,
            key: PublicKey::from_hex(&fields.text("key")?).map_err(|_| ProofError::Field("key"))?,
            log: TlogProof::decode(&fields.text("tlog_proof")?)?,
            member: fields.take("member").map(MemberProof::decode).transpose()?,
            row: fields.take("row").map(RowProof::decode).transpose()?,
        };
        fields.end().map(|()| proof)
    }

    /// Checks everything against a trust root and returns what it proves.
    pub fn check(&self, trust: &TrustRoot) -> Result<Proven, ProofError> {
        let checkpoint = self
            .log
            .check(&self.entry, &LogKey::parse_vkey(&trust.log_key)?)?;
        let envelope = Envelope::decode(&self.entry)?;
        let statement = envelope.statement()?;
        if self.key.id() != statement.issuer {
            return Err(ProofError::OtherKey);
        }
        envelope.verify(self.key)?;
        let id = envelope.id();
        let entry = self.log.index;
        let of_ledger = match (&statement.predicate, statement.ledger) {
            (_, Some(ledger)) => ledger == trust.genesis,
            (Predicate::Genesis(_), None) => entry.get() == 0 && id == trust.genesis,
            // An offer counts in any ledger that accepts it.
            (Predicate::Source(_), None) => true,
            _ => false,
        };
        if !of_ledger {
            return Err(ProofError::OtherLedger);
        }
        let member = self.member.as_ref().map(|member| member.check(id, &statement));
        let member = member.transpose()?;
        let row = self.row.as_ref();
        let row = row.map(|row| check_row(row, id, &statement, member.as_ref()));
        Ok(Proven {
            checkpoint,
            entry,
            id,
            row: row.transpose()?,
            member,
            statement,
        })
    }
}

/// Checks a row against the member that the proof is of, or else against the artifact that the row names.
fn check_row(
    row: &RowProof,
    id: StatementId,
    statement: &Statement,
    member: Option<&(ArtifactRef, Member)>,
) -> Result<(ArtifactRef, ProvenRow), ProofError> {
    let artifact = subject_of(statement, row.subject);
    let basis = artifact.and_then(Artifact::basis);
    let (reference, root, rows) = match member {
        Some((reference, _)) if reference.subject != row.subject => return Err(ProofError::Field("subject")),
        Some((reference, member)) => (*reference, member.row_root, member.rows),
        None => {
            let root = artifact.and_then(|artifact| match &artifact.content {
                Content::File { row_root, .. } => *row_root,
                _ => None,
            });
            let rows = artifact.and_then(|artifact| artifact.rows);
            let reference = ArtifactRef::subject(id, row.subject);
            (reference, root, rows.map(|rows| rows.value))
        }
    };
    row.check(&SaidOfRows { root, rows, basis })
        .map(|row| (reference, row))
}

impl MemberProof {
    fn decode(value: Value) -> Result<Self, ProofError> {
        let mut fields = Fields(value);
        let path = fields.hashes("path")?;
        let subject = u32::try_from(fields.number("subject")?);
        let member = Self {
            subject: subject.map_err(|_| ProofError::Field("subject"))?,
            index: LeafIndex::new(fields.number("index")?),
            line: fields.text("line")?,
            path,
        };
        fields.end().map(|()| member)
    }

    fn check(&self, statement: StatementId, said: &Statement) -> Result<(ArtifactRef, Member), ProofError> {
        let artifact = subject_of(said, self.subject);
        let facts = artifact.and_then(Artifact::manifest);
        let facts = facts.ok_or(ProofError::NoManifest(self.subject))?;
        let member = read_member(self.line.as_bytes())?;
        let (leaf, size) = (leaf_hash(self.line.as_bytes()), TreeSize::new(facts.count));
        verify_inclusion(leaf, self.index, size, facts.root, &self.path)?;
        let reference = ArtifactRef {
            statement,
            subject: self.subject,
            member: Some(self.index.get()),
        };
        Ok((reference, member))
    }
}

impl Proven {
    /// Returns every artifact the statement has, in their order.
    pub fn artifacts(&self) -> Vec<ProvenArtifact> {
        let sets = self.statement.predicate.sets();
        let artifacts = sets
            .iter()
            .flat_map(|(item, set)| set.artifacts.iter().map(move |one| (item, set, one)));
        artifacts
            .map(|(item, set, artifact)| ProvenArtifact {
                name: artifact_name(item, set, artifact),
                sha256: artifact.has_bytes().then_some(artifact.sha256),
                members: artifact.manifest().map(|facts| facts.count),
            })
            .collect()
    }
}

/// The members of one JSON object, each taken once.
pub(super) struct Fields(pub(super) Value);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        match &mut self.0 {
            Value::Object(members) => members.remove(name),
            _ => None,
        }
    }

    pub(super) fn text_or_none(&mut self, name: &'static str) -> Result<Option<String>, ProofError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(ProofError::Field(name)),
        }
    }

    pub(super) fn hashes(&mut self, name: &'static str) -> Result<Vec<NodeHash>, ProofError> {
        let hash = |value| match value {
            Value::Text(hex) => NodeHash::from_hex(&hex).map_err(|_| ProofError::Field(name)),
            _ => Err(ProofError::Field(name)),
        };
        match self.take(name) {
            Some(Value::List(hashes)) if hashes.len() <= MAX_PROOF_HASHES => {
                hashes.into_iter().map(hash).collect()
            }
            _ => Err(ProofError::Field(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, ProofError> {
        match self.take(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(ProofError::Field(name)),
        }
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<u64, ProofError> {
        match self.take(name) {
            Some(Value::Integer(number)) => u64::try_from(number).map_err(|_| ProofError::Field(name)),
            _ => Err(ProofError::Field(name)),
        }
    }

    pub(super) fn end(self) -> Result<(), ProofError> {
        match self.0 {
            Value::Object(members) if members.is_empty() => Ok(()),
            _ => Err(ProofError::Field("the whole")),
        }
    }
}
