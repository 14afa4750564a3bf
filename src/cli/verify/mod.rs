//! `herdbook verify`: the verdict on a lineage, with every reason and its path.

mod earlier;
mod json;
mod sampled;
mod text;

use std::path::Path;

use crate::checkpoint::Checkpoint;
use crate::digest::KeyId;
use crate::disclosure::Disclosures;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::ledger::content::ContentFolder;
use crate::ledger::drive::judge_as_of;
use crate::merkle::TreeSize;
use crate::policy::Policy;
use crate::statement::ArtifactRef;
use crate::trust::TrustRoot;
use crate::verify::Code;
use crate::verify::Excluded;
use crate::verify::FileDigests;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::PathStep;
use crate::verify::Request;
use crate::verify::Trust;
use crate::verify::Verdict;
use crate::verify::Verified;

use super::args;
use super::by_policy::held_against;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::progress::Bar;
use super::session::Session;
use super::target;
use super::target::Target;
use super::told::Told as Texts;
use super::told::meant;
use super::ui::Answer;
use super::with::texts;

use earlier::Earlier;

pub(super) use text::path as path_text;

/// What every answer says at its end.
pub(super) use crate::report::CAVEAT;

/// What came of one target.
#[derive(Debug)]
enum Outcome {
    /// It was judged.
    Judged(Box<Judged>),
    /// There was nothing that could be judged, which is a verdict too.
    Told(Box<Told>),
}

/// A verdict with what led to it.
#[derive(Debug)]
struct Judged {
    /// What the user called it.
    asked: String,
    /// The file it was found by.
    file: Option<FileDigests>,
    judgement: Verified<Judgement>,
    root: TrustRoot,
    /// Who signed the sample, where there is one that somebody signed.
    signer: Option<KeyId>,
}

/// A verdict about something that has no lineage in the ledger.
#[derive(Debug)]
struct Told {
    asked: String,
    artifacts: Vec<String>,
    finding: Finding,
    line: String,
    checkpoint: Option<Checkpoint>,
}

impl Outcome {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Judged(judged) => judged.judgement.get().verdict,
            Self::Told(told) => told.finding.code.verdict().unwrap_or(Verdict::Undecidable),
        }
    }

    fn judgement(&self) -> Option<&Judgement> {
        match self {
            Self::Judged(judged) => Some(judged.judgement.get()),
            Self::Told(_) => None,
        }
    }

    fn has(&self, code: Code) -> bool {
        match self {
            Self::Judged(judged) => {
                let findings = &judged.judgement.get().findings;
                findings.iter().any(|finding| finding.code == code)
            }
            Self::Told(told) => told.finding.code == code,
        }
    }
}

/// Verifies every target; the worst verdict decides how it ends.
pub fn run(session: &Session, args: &args::Verify) -> Result<Answer, Error> {
    let (outcomes, notes) = outcomes(session, args)?;
    let judgements = outcomes.iter().filter_map(Outcome::judgement);
    let written = args.with.write(session, judgements)?;
    let as_of = args.as_of.as_of.map(|size| {
        format!("This is as of {size} entries: whatever was registered later was not looked at.")
    });
    Ok(Answer {
        notes: as_of.into_iter().chain(notes).chain(written).collect(),
        ..shown(session, &outcomes)
    })
}

/// Tells all outcomes, with what is withheld as this user may see it.
fn shown(session: &Session, outcomes: &[Outcome]) -> Answer {
    let text = text::all(outcomes, session.ui.paint());
    let texts =
        Texts::of(session, [text.as_str()]).with(texts(outcomes.iter().filter_map(Outcome::judgement)));
    Answer {
        text: texts.shown(&text),
        ..answer(outcomes)
    }
}

/// The same with a text of nothing but the line and what fails.
pub(super) fn run_brief(session: &Session, args: &args::Verify) -> Result<Answer, Error> {
    let (outcomes, _) = outcomes(session, args)?;
    Ok(Answer {
        text: text::brief(&outcomes, session.ui.paint()),
        ..answer(&outcomes)
    })
}

/// Tells one judgement on evidence that is no ledger.
pub(super) fn tell(
    session: &Session,
    asked: String,
    judgement: Verified<Judgement>,
    root: TrustRoot,
) -> Answer {
    let judged = Judged {
        asked,
        file: None,
        judgement,
        root,
        signer: None,
    };
    shown(session, &[Outcome::Judged(Box::new(judged))])
}

/// Judges every target, and returns what to tell beside the verdicts.
fn outcomes(session: &Session, args: &args::Verify) -> Result<(Vec<Outcome>, Vec<String>), Error> {
    let folder = session.ledger_folder()?;
    let policy = args.by.read(session)?;
    let given = args
        .judging
        .trust_root
        .as_ref()
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let mut ledger = match Ledger::open(&folder) {
        Err(error) if error.is_missing() || error.is_tampered() || error.is_newer() => {
            return Ok((broken(args, error), Vec::new()));
        }
        opened => opened?,
    };
    session.note_opened(&ledger);
    let earlier = Earlier::read(session, &args.fresh, &mut ledger)?;
    let trust = trust(session, args.judging.trust_genesis, &ledger, given)?;
    let asking = Asking {
        session,
        args,
        ledger: &ledger,
        earlier: &earlier,
        trust: &trust,
        policy: policy.as_ref(),
    };
    let outcomes = match &args.sample {
        Some(path) => asking.of_sample(path)?,
        None => asking.outcomes()?,
    };
    let mut notes = earlier.advice(&outcomes);
    notes.extend(earlier.accept(session, &ledger, &trust));
    Ok((outcomes, notes))
}

/// What was asked, of which ledger, and on whose word.
struct Asking<'a> {
    session: &'a Session,
    args: &'a args::Verify,
    ledger: &'a Ledger,
    earlier: &'a Earlier,
    trust: &'a Trust,
    policy: Option<&'a Policy>,
}

impl Asking<'_> {
    fn outcomes(&self) -> Result<Vec<Outcome>, Error> {
        let judging = &self.args.judging;
        let disclosures = self.args.with.read(self.session)?;
        let view = match self.args.as_of.view(self.ledger) {
            Ok(view) => view,
            Err(error) => {
                let finding = self.against()?.ok_or(error)?;
                let told = |asked: &String| earlier::not_found(asked, self.ledger, finding.clone());
                return Ok(self.args.nodes.iter().map(told).collect());
            }
        };
        let bar = Bar::new(self.session.ui.progress());
        let (mut targets, mut outcomes) = (Vec::new(), Vec::new());
        // All of them first, so that a mistyped name is told before hours of hashing.
        for asked in &self.args.nodes {
            let meant = meant(self.session, &view, asked)?;
            match target::find(&view, &self.session.path(Path::new(asked)), &meant, &bar) {
                Ok(found) => targets.extend(found),
                Err(error) => match self.against()? {
                    Some(finding) => outcomes.push(earlier::not_found(asked, self.ledger, finding)),
                    None => return Err(error),
                },
            }
        }
        let excludes = self.args.excludes.in_ledger(self.session, &view)?;
        let mut content = match &judging.content {
            Some(folder) => Some(ContentFolder::at(&self.session.path(folder), &bar)?),
            None => None,
        };
        for target in targets {
            outcomes.push(self.outcome(target, &view, (&disclosures, &excludes), content.as_mut())?);
        }
        bar.done();
        Ok(outcomes)
    }

    fn outcome(
        &self,
        target: Target,
        view: &View<'_>,
        (disclosures, excludes): (&[Disclosures], &[Excluded]),
        content: Option<&mut ContentFolder<'_>>,
    ) -> Result<Outcome, Error> {
        let (asked, name, artifacts, file) = match target {
            Target::Artifacts {
                asked,
                name,
                artifacts,
                file,
            } => (asked, name, artifacts, file),
            other => {
                let told = told(other, view);
                return Ok(match self.against()? {
                    Some(finding) => earlier::not_found(&told.asked, self.ledger, finding),
                    None => Outcome::Told(Box::new(told)),
                });
            }
        };
        let request = self.earlier.request(Request {
            name,
            artifacts,
            content: content.is_some(),
            require: self.args.judging.require,
            disclosures: disclosures.to_vec(),
            excludes: excludes.to_vec(),
            descent: self.policy.is_some(),
            ..Request::of(self.trust.clone())
        });
        let size = self.args.as_of.as_of.map(TreeSize::new);
        Ok(Outcome::Judged(Box::new(Judged {
            asked,
            file,
            judgement: held_against(self.policy, judged(self.ledger, request, size, content)?),
            root: self.trust.root().clone(),
            signer: None,
        })))
    }

    /// Returns what speaks against the checkpoint itself.
    fn against(&self) -> Result<Option<Finding>, Error> {
        self.earlier.against(self.ledger, self.trust)
    }
}

/// Judges; what is as of an earlier size is held against what stands in the log now.
fn judged(
    ledger: &Ledger,
    request: Request,
    size: Option<TreeSize>,
    content: Option<&mut ContentFolder<'_>>,
) -> Result<Verified<Judgement>, Error> {
    if size.is_none() {
        return Ok(judge_as_of(ledger, request, None, content)?);
    }
    let now = Request {
        content: false,
        ..request.clone()
    };
    let then = judge_as_of(ledger, request, size, content)?;
    Ok(then.disputed_by(&judge_as_of(ledger, now, None, None)?))
}

/// Whose word counts: a file that was given, a pin, the ledger's own when asked for, else nobody's.
pub(super) fn trust(
    session: &Session,
    trust_genesis: bool,
    ledger: &Ledger,
    given: Option<TrustRoot>,
) -> Result<Trust, Error> {
    if let Some(root) = given {
        return Ok(Trust::Pinned(root));
    }
    if let Some(root) = session.pin(&ledger.checkpoint().origin)? {
        return Ok(Trust::Pinned(root));
    }
    let founding = ledger.founding();
    let own = TrustRoot::of(founding.id, &founding.genesis);
    Ok(if trust_genesis {
        Trust::SelfAsserted(own)
    } else {
        Trust::Missing(own)
    })
}

fn answer(outcomes: &[Outcome]) -> Answer {
    let worst = outcomes.iter().map(Outcome::verdict).min();
    Answer {
        text: String::new(),
        json: json::all(outcomes),
        notes: Vec::new(),
        exit: worst.map_or(Exit::Failure, Exit::from),
    }
}

/// A ledger that cannot be opened because evidence is false or gone: that is the verdict on everything asked about.
fn broken(args: &args::Verify, error: LedgerError) -> Vec<Outcome> {
    let (code, line) = if error.is_missing() {
        let line =
            "undecidable: a file of the ledger is missing or cannot be read, so nothing in it was judged";
        (Code::EntryMissing, line)
    } else if error.is_newer() {
        let line =
            "undecidable: an entry is of a kind that this version does not know, so nothing was judged";
        (Code::NotJudged, line)
    } else {
        let line =
            "tampered: the ledger holds false evidence, so nothing in it was judged; see `herdbook fsck`";
        (Code::Undecodable, line)
    };
    let why = Error::from(error).whole();
    let told = |asked: &String| {
        let finding = Finding::of_ledger(code, "ledger", why.clone());
        Outcome::Told(Box::new(Told {
            asked: asked.clone(),
            artifacts: Vec::new(),
            line: line.to_owned(),
            finding,
            checkpoint: None,
        }))
    };
    args.nodes.iter().map(told).collect()
}

fn told(target: Target, view: &View<'_>) -> Told {
    let checkpoint = view.reader().checkpoint().clone();
    let (asked, artifact, finding, line) = match target {
        Target::Unclaimed {
            asked,
            sha256,
            incomplete: true,
        } => {
            let message = format!(
                "no artifact with sha256 {sha256} was found, but a manifest is missing from blobs/ that may list it"
            );
            let finding = about_file(Code::ClaimsIncomplete, &asked, message);
            let line = "undecidable: not found, and not everything could be searched".to_owned();
            (asked, None, finding, line)
        }
        Target::Unclaimed { asked, sha256, .. } => {
            let message = format!("nobody registered content with sha256 {sha256} in this ledger");
            let finding = about_file(Code::NotRegistered, &asked, message);
            let line = format!(
                "not_traced: not registered among the {} entries of {}",
                checkpoint.size.get(),
                checkpoint.origin
            );
            (asked, None, finding, line)
        }
        Target::Differs {
            asked,
            name,
            artifact,
            expected,
            found,
        } => {
            let message = format!(
                "{asked}: expected blake3 {expected}, found {found}, though its sha256 is the one registered; the file \
                 is not the one registered, which does not say who changed it or why"
            );
            let mut finding = about_file(Code::ContentDiffers, &asked, message);
            finding.path = vec![step(artifact, &name)];
            let line = "tampered: the file is not the one registered".to_owned();
            (asked, Some(artifact), finding, line)
        }
        // Judged elsewhere.
        Target::Artifacts { asked, .. } => {
            let finding = about_file(Code::NotJudged, &asked, "it was not judged".to_owned());
            (asked, None, finding, "undecidable: it was not judged".to_owned())
        }
    };
    Told {
        asked,
        artifacts: artifact.iter().map(ToString::to_string).collect(),
        finding,
        line,
        checkpoint: Some(checkpoint),
    }
}

fn about_file(code: Code, asked: &str, message: String) -> Finding {
    let mut finding = Finding::of_ledger(code, asked, message);
    finding.path = vec![PathStep {
        id: asked.to_owned(),
        name: asked.to_owned(),
    }];
    finding
}

fn step(artifact: ArtifactRef, name: &str) -> PathStep {
    PathStep {
        id: artifact.to_string(),
        name: name.to_owned(),
    }
}
