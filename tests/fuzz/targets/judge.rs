//! The whole verifier, driven by answers that nobody vouches for.
//!
//! An input is a list of parts (`parts` in `mod.rs`): the trust root, the target, the checkpoint, the contested records, the
//! number of entries, the entries, then blobs. Whatever is asked for is answered from them.

use std::sync::LazyLock;

use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::LogKey;
use herdbook::checkpoint::Origin;
use herdbook::checkpoint::Signer as _;
use herdbook::digest::BlobId;
use herdbook::digest::KeyId;
use herdbook::envelope::Envelope;
use herdbook::key::PublicKey;
use herdbook::merkle;
use herdbook::merkle::TreeSize;
use herdbook::sign::MemorySigner;
use herdbook::statement::ArtifactRef;
use herdbook::statement::Predicate;
use herdbook::statement::Statement;
use herdbook::trust::TrustRoot;
use herdbook::verify::Assurance;
use herdbook::verify::Given;
use herdbook::verify::Judgement;
use herdbook::verify::Need;
use herdbook::verify::Request;
use herdbook::verify::Trust;
use herdbook::verify::Verdict;
use herdbook::verify::Verified;
use herdbook::verify::Verifier;

use super::parts;

/// An honest ledger, whose seed this is.
const HONEST: &[u8] = include_bytes!("../../../fixtures/fuzz/verifier/honest");

/// How often a verifier may ask for each thing there is: the log twice, blobs for what cites them.
const ASKED_MAX: usize = 8;

/// The keys of that ledger and a few others.
static SIGNERS: LazyLock<Vec<(PublicKey, MemorySigner)>> = LazyLock::new(|| {
    let signer = |seed| MemorySigner::from_secret([seed; 32]);
    (1..=6)
        .map(signer)
        .map(|signer| {
            (
                PublicKey::from_bytes(&signer.public_key()).expect("a key of our own"),
                signer,
            )
        })
        .collect()
});

/// What there is to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Evidence {
    trust: Vec<u8>,
    target: Vec<u8>,
    checkpoint: Vec<u8>,
    /// The records of the seal, for evidence that is only part of a log.
    contested: Vec<u8>,
    entries: Vec<Vec<u8>>,
    blobs: Vec<Vec<u8>>,
}

impl Evidence {
    fn of(input: &[u8]) -> Option<Self> {
        let mut parts = parts(input).into_iter().map(<[u8]>::to_vec);
        let (trust, target, checkpoint) = (parts.next()?, parts.next()?, parts.next()?);
        let contested = parts.next()?;
        let count = usize::from(*parts.next()?.first()?);
        let mut rest: Vec<Vec<u8>> = parts.collect();
        let blobs = rest.split_off(count.min(rest.len()));
        Some(Self {
            trust,
            target,
            checkpoint,
            contested,
            entries: rest,
            blobs,
        })
    }

    fn request(&self) -> Option<Request> {
        let target = std::str::from_utf8(&self.target).ok()?;
        let artifacts: Result<Vec<ArtifactRef>, _> = target.split(' ').map(str::parse).collect();
        Some(Request {
            name: "target".to_owned(),
            artifacts: artifacts.ok()?,
            checkpoint: self.checkpoint.clone(),
            require: Assurance::Pinned,
            ..Request::of(Trust::Pinned(TrustRoot::decode(&self.trust).ok()?))
        })
    }

    /// Answers whatever is asked, and returns the judgement.
    fn judge(&self, mut verifier: Verifier) -> Verified<Judgement> {
        let asked_max = ASKED_MAX * (self.entries.len() + self.blobs.len() + 64);
        for _ in 0..asked_max {
            match verifier.need() {
                Need::Done => return verifier.finish(),
                Need::File(_) => verifier.file(Given::Missing),
                Need::Contested => {
                    let (first, second) = self.contested.split_at(self.contested.len() / 2);
                    verifier.contested_part(first);
                    verifier.contested(Given::Found(second));
                }
                Need::Entry(index) => {
                    let at = usize::try_from(index.get()).unwrap_or(usize::MAX);
                    match self.entries.get(at) {
                        Some(entry) if entry.is_empty() => verifier.entry(Given::Damaged("torn".to_owned())),
                        Some(entry) => verifier.entry(Given::Found(entry)),
                        None => verifier.entry(Given::Missing),
                    }
                }
                Need::Blob(id) => {
                    let named = self.blobs.iter().find(|blob| BlobId::of(blob) == id);
                    // In place of one that is not there comes another.
                    match named.or(self.blobs.last()) {
                        Some(blob) => {
                            let (first, second) = blob.split_at(blob.len() / 2);
                            verifier.blob_part(first);
                            verifier.blob(Given::Found(second));
                        }
                        None => verifier.blob(Given::Missing),
                    }
                }
            }
        }
        // A statement may name many blobs, so it may ask longer; what was not answered is not traced.
        let unfinished = verifier.finish();
        assert_ne!(unfinished.get().verdict, Verdict::Traced, "it was not done");
        unfinished
    }

    /// Signs everything anew, as somebody could who had all keys: what a payload says is judged, not that it was forged.
    fn signed(mut self) -> Option<Self> {
        let mut log_key = None;
        for entry in &mut self.entries {
            let statement = Statement::decode(entry).ok();
            if let Some(Predicate::Genesis(genesis)) =
                statement.as_ref().map(|statement| &statement.predicate)
                && log_key.is_none()
            {
                let sealed = seal(entry, statement.as_ref().map(|statement| statement.issuer));
                self.trust = TrustRoot::of(sealed.id(), genesis).encode();
                log_key = LogKey::parse_vkey(&genesis.log_key).ok();
            }
            *entry = seal(entry, statement.map(|statement| statement.issuer)).encode();
        }
        let leaves: Vec<_> = self
            .entries
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect();
        let origin = Origin::parse("example.com/house").expect("an origin of our own");
        let key = log_key.unwrap_or(LogKey::new(origin, SIGNERS.first()?.0));
        let signer = SIGNERS.iter().find(|(public, _)| *public == key.public_key());
        let checkpoint = Checkpoint {
            origin: key.origin().clone(),
            size: TreeSize::new(leaves.len() as u64),
            root: merkle::root(&leaves),
        };
        self.checkpoint = checkpoint.sign(&key, &signer?.1).ok()?;
        Some(self)
    }
}

fn seal(payload: &[u8], issuer: Option<KeyId>) -> Envelope {
    let known = SIGNERS.iter().find(|(public, _)| Some(public.id()) == issuer);
    let (public, signer) = known.or(SIGNERS.first()).expect("there are keys");
    Envelope::seal_payload(payload.to_vec(), public.id(), |pae| signer.sign(pae))
        .expect("a key in memory signs")
}

/// The answers as they are, against the trust root and the target of the honest ledger: unless every entry is its
/// entry, nothing is traced.
pub fn verifier(input: &[u8]) -> bool {
    let honest = Evidence::of(HONEST).expect("the seed is whole");
    let Some(given) = Evidence::of(input) else {
        return false;
    };
    let request = Request {
        checkpoint: given.checkpoint.clone(),
        ..honest.request().expect("the seed has a request")
    };
    let judgement = given.judge(Verifier::new(request));
    let traced = judgement.get().verdict == Verdict::Traced;
    if traced {
        assert_eq!(
            given.entries.get(..honest.entries.len()),
            Some(honest.entries.as_slice())
        );
    }
    traced
}

/// The entries as payloads that are signed here, by whoever they say.
pub fn verifier_forged(input: &[u8]) -> bool {
    let Some(given) = Evidence::of(input).and_then(Evidence::signed) else {
        return false;
    };
    let Some(request) = given.request() else {
        return false;
    };
    let whole = given.judge(Verifier::new(request.clone()));
    let judgement = given.judge(Verifier::new(request).in_part());
    // The records can only speak against a lineage.
    assert!(whole.get().verdict == Verdict::Traced || judgement.get().verdict != Verdict::Traced);
    assert_eq!(
        judgement.get().verdict == Verdict::Traced,
        judgement
            .get()
            .findings
            .iter()
            .all(|finding| finding.code.verdict().is_none())
    );
    judgement.get().verdict == Verdict::Traced
}
