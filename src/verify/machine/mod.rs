//! The machine: asks for entries, blobs and files, is given bytes, and never fetches anything itself.
//!
//! Two sweeps, each from the newest entry down to genesis, so that memory follows the lineage and not the log:
//!
//! 1. *Walk*. Every entry is hashed, so the root proves that nothing was left out. Statements the target descends
//!    from are kept as they come by; what they cite stands below them and is met later in the same sweep.
//! 2. *Claims*. The same entries again, held against the hashes of the first sweep. Now that all digests of the
//!    lineage are known, every other statement that claims one of them is kept, with what it descends from.
//!
//! Between entries the machine asks for the manifests it needs; at the end for held blobs and, if asked to, files.
//! A blob may come in parts: nothing in it counts before its digest, taken over the same parts, is the one asked for.

mod blobs;
mod claims;
mod contested;
mod evidence;
mod notices;
mod remembered;
mod walk;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::LogKey;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::envelope::EnvelopeError;
use crate::merkle;
use crate::merkle::DescendingRoot;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::statement::ArtifactRef;
use crate::statement::Genesis;
use crate::statement::KeyChange;
use crate::statement::Notice;
use crate::statement::Read;
use crate::statement::Seal;
use crate::statement::Statement;
use crate::statement::StatementError;
use crate::trust::Keys;

use crate::verify::Given;
use crate::verify::Need;
use crate::verify::Request;
use crate::verify::claimed::Claimed;
use crate::verify::declared::Declared;
use crate::verify::declared::declared;
use crate::verify::details::Commits;
use crate::verify::files::FileChecks;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Graph;
use crate::verify::judge::Case;
use crate::verify::judge::judge;
use crate::verify::judgement::Judgement;
use crate::verify::judgement::Verified;
use crate::verify::limits::Limits;
use crate::verify::notices::Notified;
use crate::verify::rules::Effects;
use crate::verify::sampled::Pending;
use crate::verify::sampled::Sampling;

use blobs::BlobUse;
use blobs::Held;
use blobs::Reading;
use contested::Records;
use remembered::Earlier;

pub use evidence::Evidence;

/// A statement about other statements as it stands in the log.
#[derive(Debug)]
struct Ruling {
    index: LeafIndex,
    leaf: NodeHash,
    envelope: Envelope,
    says: Says,
}

/// What a ruling says.
#[derive(Debug)]
enum Says {
    Key(Box<KeyChange>),
    Notice(Box<Notice>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// So many leaves are still to come.
    Walk(u64),
    /// So many of the known leaves are still to be seen again.
    Claims(usize),
    Contested,
    Held,
    Files,
    Done,
}

/// The verifier of one target.
#[derive(Debug)]
pub struct Verifier {
    request: Request,
    log_key: Option<LogKey>,
    checkpoint: Option<Checkpoint>,
    /// The entries that count, where that is not all of the checkpoint.
    as_of: Option<merkle::TreeSize>,
    /// Earlier checkpoints that the leaves are to be compared with.
    earlier: Vec<Earlier>,
    phase: Phase,
    findings: Vec<Finding>,
    root: DescendingRoot,
    /// The entries that were given, with their hashes: in log order once the first sweep is over.
    leaves: Vec<(LeafIndex, NodeHash)>,
    /// What stands for the entries that were pruned, the last ones first.
    subtrees: Vec<Part>,
    /// Whether entries were pruned, so that what is not here may stand in the log all the same.
    sparse: bool,
    evidence: BTreeSet<LeafIndex>,
    /// What was cited and is not part of this evidence.
    absent: BTreeSet<StatementId>,
    genesis: Option<Genesis>,
    seal: Option<(LeafIndex, Seal, Envelope)>,
    /// The entries that are seals: each ends a commit.
    seals: Vec<LeafIndex>,
    rulings: Vec<Ruling>,
    keys: Option<Keys>,
    notices: Vec<Notified>,
    effects: Effects,
    reads: BTreeMap<StatementId, Vec<Read>>,
    wanted: BTreeMap<StatementId, BTreeSet<ArtifactRef>>,
    walk: BTreeSet<ArtifactRef>,
    graph: Graph,
    envelopes: BTreeMap<StatementId, Envelope>,
    claims: Claimed,
    /// What ties the lineage to other statements beside content.
    relations: Claimed,
    records: Records,
    own_models: BTreeMap<ArtifactRef, String>,
    external_names: BTreeSet<String>,
    /// The statements that are to be excluded, and those of them that were met off the lineage.
    unwanted: BTreeSet<StatementId>,
    met: BTreeMap<StatementId, (LeafIndex, Envelope, Statement)>,
    blobs: VecDeque<(BlobId, BlobUse)>,
    /// The blob of which parts have come.
    reading: Option<Reading>,
    held: BTreeMap<BlobId, Held>,
    /// Blobs that were reported as missing or false: they are not asked for again.
    unread: BTreeSet<BlobId>,
    files: FileChecks,
    sampling: Option<Sampling>,
    sample: Option<Pending>,
    limits: Limits,
}

impl Verifier {
    /// Starts the verification of one target as of one checkpoint. A checkpoint that does not count is a finding,
    /// and then nothing is asked for.
    pub fn new(request: Request) -> Self {
        let mut verifier = Self::empty(request);
        let opened = LogKey::parse_vkey(&verifier.request.trust.root().log_key)
            .map_err(|error| (Code::CheckpointInvalid, with_sources(&error)))
            .and_then(|key| {
                let checkpoint = Checkpoint::open(&verifier.request.checkpoint, &key).map_err(not_opened)?;
                Ok((key, checkpoint))
            });
        match opened {
            Ok((key, checkpoint)) if checkpoint.origin.as_str() == verifier.request.trust.root().origin => {
                verifier.phase = Phase::Walk(checkpoint.size.get());
                verifier.root = DescendingRoot::new(checkpoint.size);
                verifier.log_key = Some(key);
                verifier.checkpoint = Some(checkpoint);
                verifier.hold_against_earlier();
            }
            Ok((_, checkpoint)) => {
                let message = format!(
                    "the checkpoint is of {}, not of the pinned log",
                    checkpoint.origin
                );
                verifier.ledger_finding(Code::CheckpointInvalid, "checkpoint", message);
            }
            Err((code, why)) => verifier.ledger_finding(code, "checkpoint", why),
        }
        verifier.settle();
        verifier
    }

    /// Judges evidence that may be only part of a log: the records of the seal are asked for, too.
    #[must_use]
    pub fn in_part(mut self) -> Self {
        self.sparse = true;
        self.old_is_no_rollback();
        self
    }

    /// Judges evidence of which nothing can be read: `code` and `message` say why.
    pub fn unreadable(request: Request, code: Code, message: String) -> Verified<Judgement> {
        let mut verifier = Self::empty(request);
        verifier.stop(code, message);
        verifier.finish()
    }

    /// Judges as the ledger was when it had `size` entries: what came later is hashed, so that the signed root proves
    /// the rest, and else not looked at. A size that the checkpoint does not reach is a finding.
    #[must_use]
    pub fn as_of(mut self, size: merkle::TreeSize) -> Self {
        let Some(whole) = self.checkpoint.as_ref().map(|checkpoint| checkpoint.size) else {
            return self;
        };
        if size > whole || size == merkle::TreeSize::EMPTY {
            let message = format!("the checkpoint is of {whole} entries, and {size} were asked about");
            self.stop(Code::CheckpointInvalid, message);
        } else {
            self.as_of = Some(size);
        }
        self
    }

    /// Draws a sample of the lineage; of the files, none but those of the sample are opened.
    #[must_use]
    pub fn sampled(mut self, sampling: Sampling) -> Self {
        self.sampling = Some(sampling);
        self
    }

    /// Returns how many entries count.
    fn judged_size(&self) -> Option<merkle::TreeSize> {
        let whole = self.checkpoint.as_ref().map(|checkpoint| checkpoint.size);
        self.as_of.or(whole)
    }

    /// Lets a test reach a limit with little.
    #[cfg(test)]
    pub(in crate::verify) fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn empty(request: Request) -> Self {
        let mut wanted: BTreeMap<StatementId, BTreeSet<ArtifactRef>> = BTreeMap::new();
        for target in &request.artifacts {
            wanted.entry(target.statement).or_default().insert(*target);
        }
        let unwanted = request.excludes.iter().flat_map(|one| &one.what);
        let unwanted = unwanted.filter_map(|what| what.statement()).collect();
        Self {
            request,
            log_key: None,
            checkpoint: None,
            as_of: None,
            earlier: Vec::new(),
            phase: Phase::Done,
            findings: Vec::new(),
            root: DescendingRoot::new(merkle::TreeSize::EMPTY),
            leaves: Vec::new(),
            subtrees: Vec::new(),
            sparse: false,
            evidence: BTreeSet::new(),
            absent: BTreeSet::new(),
            genesis: None,
            seal: None,
            seals: Vec::new(),
            rulings: Vec::new(),
            keys: None,
            notices: Vec::new(),
            effects: Effects::default(),
            reads: BTreeMap::new(),
            wanted,
            walk: BTreeSet::new(),
            graph: Graph::default(),
            envelopes: BTreeMap::new(),
            claims: Claimed::default(),
            relations: Claimed::default(),
            records: Records::default(),
            own_models: BTreeMap::new(),
            external_names: BTreeSet::new(),
            unwanted,
            met: BTreeMap::new(),
            blobs: VecDeque::new(),
            reading: None,
            held: BTreeMap::new(),
            unread: BTreeSet::new(),
            files: FileChecks::default(),
            sampling: None,
            sample: None,
            limits: Limits::default(),
        }
    }

    /// Returns what is needed next. The driver answers with the method of the same name.
    pub fn need(&self) -> Need {
        if let Some((blob, _)) = self.blobs.front() {
            return Need::Blob(*blob);
        }
        match self.phase {
            Phase::Walk(_) | Phase::Claims(_) => self.next_entry().map_or(Need::Done, Need::Entry),
            Phase::Contested => Need::Contested,
            Phase::Held => self
                .held
                .keys()
                .next()
                .map_or(Need::Done, |blob| Need::Blob(*blob)),
            Phase::Files => self.files.next().map_or(Need::Done, Need::File),
            Phase::Done => Need::Done,
        }
    }

    fn next_entry(&self) -> Option<LeafIndex> {
        match self.phase {
            Phase::Walk(left) => left.checked_sub(1).map(LeafIndex::new),
            Phase::Claims(left) => self.leaves.get(left.checked_sub(1)?).map(|(index, _)| *index),
            _ => None,
        }
    }

    /// Takes the bytes of the entry that was asked for.
    pub fn entry(&mut self, given: Given<&[u8]>) {
        let Some(index) = self.next_entry() else {
            return;
        };
        match given {
            Given::Found(bytes) if matches!(self.phase, Phase::Walk(_)) => self.walk_entry(index, bytes),
            Given::Found(bytes) => self.claims_entry(index, bytes),
            Given::Missing => self.stop(Code::EntryMissing, format!("entry {index} is not there")),
            Given::Damaged(why) => {
                self.stop(Code::Undecodable, format!("entry {index} cannot be read: {why}"));
            }
        }
        self.phase = match self.phase {
            Phase::Walk(_) => Phase::Walk(index.get()),
            Phase::Claims(left) => Phase::Claims(left.saturating_sub(1)),
            other => other,
        };
        self.settle();
    }

    /// Takes, in place of the entry that was asked for, the root of a complete subtree of 2^`level` entries from
    /// `first` on, of which that entry is the last: they are not part of this evidence. What the lineage needs of them
    /// is then a finding, and the seal tells whether anything that speaks against it may be among them.
    pub fn pruned(&mut self, level: u32, first: LeafIndex, root: NodeHash) {
        if !matches!(self.phase, Phase::Walk(_)) {
            return;
        }
        if self.as_of.is_some() {
            let message = "part of a log can only be judged as of its own checkpoint".to_owned();
            return self.stop(Code::EntryMissing, message);
        }
        if !self.root.push_subtree(level, first, root) {
            let message = format!("there is no subtree of level {level} that begins with entry {first} here");
            return self.stop(Code::RootDiffers, message);
        }
        self.sparse = true;
        self.subtrees.push(Part::Subtree {
            level,
            first,
            hash: root,
        });
        self.phase = Phase::Walk(first.get());
        self.settle();
    }

    /// Takes what was found of the file that was asked for.
    pub fn file(&mut self, given: Given<crate::verify::FileDigests>) {
        if self.phase == Phase::Files {
            self.files.take(given);
            self.settle();
        }
    }

    /// Judges what was read. Nothing but this makes a [`Verified`].
    pub fn finish(self) -> Verified<Judgement> {
        self.finish_with_evidence().0
    }

    /// Judges what was read, and tells which part of the log the judgement rests on.
    pub fn finish_with_evidence(self) -> (Verified<Judgement>, Evidence) {
        let (case, findings, evidence) = self.into_case();
        (judge(&case, findings), evidence)
    }

    /// Judges what was read, and tells what a run on the walk declares to have taken.
    pub fn finish_with_declared(self, run: StatementId) -> (Verified<Judgement>, Declared) {
        let (case, findings, _) = self.into_case();
        let declared = declared(&case.graph, run);
        (judge(&case, findings), declared)
    }

    fn into_case(mut self) -> (Case, Vec<Finding>, Evidence) {
        if self.phase != Phase::Done {
            self.stop(
                Code::EntryMissing,
                "the verification was ended before all evidence was read".to_owned(),
            );
        }
        self.take_rulings();
        self.take_met();
        self.graph.redirect(&self.effects.redirect);
        let commits = Commits::of(std::mem::take(&mut self.seals), &self.subtrees);
        let evidence = self.gather_evidence();
        if self.request.name.is_empty() {
            self.request.name = self.name_of_targets();
        }
        let claimed = self
            .sampling
            .as_ref()
            .and_then(|sampling| sampling.claimed.as_ref());
        let judged = self.checkpoint.as_ref();
        let sample = self.sample.take();
        let sampled =
            sample.and_then(|sample| sample.settle(&self.files, claimed, judged, &mut self.findings));
        let starts = self.starts();
        let case = Case {
            starts,
            request: self.request,
            checkpoint: self.checkpoint,
            genesis: self.genesis,
            keys: self.keys,
            notices: self.notices,
            effects: self.effects,
            graph: self.graph,
            claims: self.claims.into_shared(),
            own_models: self.own_models,
            envelopes: self.envelopes,
            reads: self.reads,
            files: self.files,
            sampled,
            commits,
            limits: self.limits,
            absent: self.absent,
        };
        (case, self.findings, evidence)
    }

    /// Moves on as long as nothing is needed to do so.
    fn settle(&mut self) {
        while self.blobs.is_empty() {
            self.phase = match self.phase {
                Phase::Walk(0) => self.end_walk(),
                Phase::Claims(0) => {
                    self.check_dangling();
                    if self.sparse && self.begin_contested() {
                        Phase::Contested
                    } else {
                        Phase::Held
                    }
                }
                Phase::Held if self.held.is_empty() => self.begin_files(),
                Phase::Files if self.files.next().is_none() => Phase::Done,
                _ => return,
            };
            if self.phase == Phase::Done {
                return;
            }
        }
    }

    fn begin_files(&mut self) -> Phase {
        self.files.plan(&self.graph, &self.walk, self.request.content);
        self.draw_sample();
        Phase::Files
    }

    fn draw_sample(&mut self) {
        let Some((sampling, checkpoint)) = self.sampling.as_ref().zip(self.checkpoint.as_ref()) else {
            return;
        };
        let drawn = Pending::draw(
            &self.graph,
            &self.walk,
            &self.files,
            checkpoint.root,
            &sampling.rule,
        );
        match drawn {
            Ok(pending) => {
                self.files.only(&pending.files());
                self.sample = Some(pending);
            }
            Err(error) => self.ledger_finding(Code::LimitReached, "sample", with_sources(&error)),
        }
    }

    fn stop(&mut self, code: Code, message: String) {
        self.ledger_finding(code, "ledger", message);
        self.phase = Phase::Done;
        self.blobs.clear();
        self.reading = None;
    }

    fn ledger_finding(&mut self, code: Code, node: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding::of_ledger(code, node, message));
    }

    fn entry_finding(&mut self, code: Code, index: LeafIndex, message: impl std::fmt::Display) {
        self.evidence.insert(index);
        self.ledger_finding(
            code,
            format!("entry {index}"),
            format!("entry {index}: {message}"),
        );
    }

    fn decode(&mut self, index: LeafIndex, bytes: &[u8]) -> Option<(Envelope, Statement)> {
        let decoded = Envelope::decode(bytes).and_then(|envelope| Ok((envelope.statement()?, envelope)));
        match decoded {
            Ok((statement, envelope)) => Some((envelope, statement)),
            Err(EnvelopeError::Statement(StatementError::UnknownKind(kind))) => {
                let message =
                    format!("`{kind}` is of a kind this version cannot judge; use a newer herdbook");
                self.entry_finding(Code::NotJudged, index, message);
                None
            }
            Err(error) => {
                self.entry_finding(Code::Undecodable, index, with_sources(&error));
                None
            }
        }
    }
}

/// A trust root for another name was mixed up by whoever gave it; anything else that does not open is false.
fn not_opened(error: CheckpointError) -> (Code, String) {
    match error {
        CheckpointError::OtherOrigin { expected, actual } => (
            Code::OtherLedger,
            format!("this trust root is for the ledger {expected}, and the ledger is {actual}"),
        ),
        error => (Code::CheckpointInvalid, with_sources(&error)),
    }
}

/// Returns an error with all its sources, in one line.
pub(in crate::verify) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
