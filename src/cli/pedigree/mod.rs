//! `herdbook pedigree`: how much of a model comes from where, through how many generations, and whether it feeds on itself or
//! on what it is measured by.

mod json;
mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::ledger::Ledger;
use crate::ledger::drive::judge;
use crate::ledger::drive::published_note;
use crate::merkle::TreeSize;
use crate::pedigree::GraphError;
use crate::pedigree::Pedigree;
use crate::pedigree::Target;
use crate::pedigree::pedigree;
use crate::pedigree::versus;
use crate::query::EVALUATIONS_MAX;
use crate::query::evaluations;
use crate::report::Sheet;
use crate::report::pedigree_page;
use crate::report::sheet;
use crate::report::versus_sheet;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Word as _;
use crate::verify::Descent;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Trust;
use crate::verify::Verdict;
use crate::verify::Verified;

use super::args::Judging;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::home::write_new;
use super::progress::Bar;
use super::report::name_then;
use super::report::only_target;
use super::session::Session;
use super::ui::Answer;
use super::verify::trust;

/// The most evaluation sets that are looked for without being named.
const EVALUATION_SETS_MAX: usize = 100;

/// Arguments of `pedigree`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The exit code is that of the verdict, as for `verify`; where evidence is false no pedigree is told. \
                  What each number means: docs/pedigree.md."
)]
pub struct Args {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(value_name = "MODEL")]
    node: String,
    /// Tell instead what it has in common with this one
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["evaluated", "html"])]
    versus: Option<String>,
    /// Look for this evaluation set among the ancestors, beside those that runs evaluate it on; may be repeated
    #[arg(long = "eval", value_name = "NODE")]
    evaluated: Vec<String>,
    /// Write the same as a page into this new file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    judging: Judging,
}

/// Tells the pedigree of a model, or of two beside each other.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let given = args.judging.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let note = published_note(&mut ledger)?;
    let trust = trust(session, args.judging.trust_genesis, &ledger, given)?;
    let bar = Bar::new(session.ui.progress());
    let asking = Asking {
        session,
        ledger: &ledger,
        args,
        note: &note,
        trust: &trust,
        bar: &bar,
    };
    let answer = match &args.versus {
        Some(other) => asking.versus(other)?,
        None => asking.one()?,
    };
    bar.done();
    let trusted = match &trust {
        Trust::Pinned(root) => Some(root),
        Trust::SelfAsserted(_) | Trust::Missing(_) => None,
    };
    let notes = session.accept(&ledger, &note, trusted)?;
    Ok(Answer {
        notes: answer.notes.into_iter().chain(notes).collect(),
        ..answer
    })
}

/// What is asked, of which ledger, and on whose word.
struct Asking<'a> {
    session: &'a Session,
    ledger: &'a Ledger,
    args: &'a Args,
    note: &'a [u8],
    trust: &'a Trust,
    bar: &'a Bar,
}

/// Something that was judged, with its artifacts.
struct Judged {
    artifacts: Vec<ArtifactRef>,
    judgement: Verified<Judgement>,
}

impl Judged {
    fn get(&self) -> &Judgement {
        self.judgement.get()
    }

    /// Returns the lineage, unless its evidence is false or nothing could be read of it.
    fn descent(&self) -> Option<&Descent> {
        let judgement = self.get();
        let is_read = judgement.verdict != Verdict::Tampered && judgement.checkpoint.is_some();
        judgement.descent.as_ref().filter(|_| is_read)
    }
}

impl Asking<'_> {
    fn find(&self, asked: &str) -> Result<Vec<ArtifactRef>, Error> {
        Ok(only_target(self.session, self.ledger, asked, self.bar)?.1)
    }

    fn judge(&self, artifacts: Vec<ArtifactRef>, with_content: bool) -> Result<Judged, Error> {
        let mut content = match &self.args.judging.content {
            Some(folder) if with_content => {
                let folder = self.session.path(folder);
                Some(crate::ledger::content::ContentFolder::at(&folder, self.bar)?)
            }
            _ => None,
        };
        let request = Request {
            name: name_then(self.ledger, self.note, &artifacts)?,
            artifacts: artifacts.clone(),
            checkpoint: self.note.to_vec(),
            content: content.is_some(),
            require: self.args.judging.require,
            descent: true,
            ..Request::of(self.trust.clone())
        };
        Ok(Judged {
            artifacts,
            judgement: judge(self.ledger, request, content.as_mut())?,
        })
    }

    fn one(&self) -> Result<Answer, Error> {
        let judged = self.judge(self.find(&self.args.node)?, true)?;
        let Some(descent) = judged.descent() else {
            return Ok(nothing(&judged));
        };
        let (sets, mut notes) = self.evaluation_sets(&judged, descent)?;
        let sets = sets.into_iter().map(|set| self.judge(set, false));
        let sets: Vec<Judged> = sets.collect::<Result<_, Error>>()?;
        let unreadable = sets.iter().filter(|set| set.descent().is_none());
        notes.extend(unreadable.map(|set| {
            let set = set.get();
            format!(
                "{} was not looked for: its own evidence is {}.",
                set.name, set.verdict
            )
        }));
        let targets: Vec<Target<'_>> = sets
            .iter()
            .filter_map(|set| {
                Some(Target {
                    name: &set.get().name,
                    artifacts: &set.artifacts,
                    descent: set.descent()?,
                })
            })
            .collect();
        let pedigree = pedigree(descent, &targets)?;
        let sheet = sheet(judged.get(), &pedigree);
        if let Some(path) = &self.args.html {
            write_new(&self.session.path(path), pedigree_page(&sheet)?.as_bytes())?;
            notes.push(format!("wrote the page to {}", path.display()));
        }
        Ok(self.answer(&judged, &pedigree, &sheet, notes))
    }

    fn answer(&self, judged: &Judged, pedigree: &Pedigree, sheet: &Sheet, notes: Vec<String>) -> Answer {
        let judgement = judged.get();
        Answer {
            text: text::of(sheet, judgement.verdict, self.session.ui.paint()),
            json: json::of(judgement, pedigree),
            notes,
            exit: Exit::from(judgement.verdict),
        }
    }

    fn versus(&self, other: &str) -> Result<Answer, Error> {
        let first = self.judge(self.find(&self.args.node)?, true)?;
        let second = self.judge(self.find(other)?, true)?;
        let verdict = first.get().verdict.min(second.get().verdict);
        let (Some(one), Some(two)) = (first.descent(), second.descent()) else {
            let told = if first.descent().is_none() { first } else { second };
            return Ok(nothing(&told));
        };
        let (one, two) = (pedigree(one, &[])?, pedigree(two, &[])?);
        let versus = versus(&one.whole.founders, &two.whole.founders);
        let sheet = versus_sheet(first.get(), second.get(), &versus);
        Ok(Answer {
            text: text::of(&sheet, verdict, self.session.ui.paint()),
            json: json::versus(first.get(), second.get(), &versus),
            notes: Vec::new(),
            exit: Exit::from(verdict),
        })
    }

    /// Returns the evaluation sets that are named, those that runs evaluate the model on, and those on its walk.
    fn evaluation_sets(
        &self,
        judged: &Judged,
        descent: &Descent,
    ) -> Result<(Vec<Vec<ArtifactRef>>, Vec<String>), Error> {
        let mut sets = Vec::new();
        for asked in &self.args.evaluated {
            sets.push(self.find(asked)?);
        }
        let mut notes = Vec::new();
        let size = judged
            .get()
            .checkpoint
            .as_ref()
            .map_or(TreeSize::new(0), |checkpoint| checkpoint.size);
        let (found, is_more) = evaluations(&self.ledger.view_at(size)?, &judged.artifacts)?;
        if is_more {
            notes.push(format!(
                "More than {EVALUATIONS_MAX} entries cite the model; evaluations beyond them were not looked for."
            ));
        }
        let mut seen: BTreeSet<Vec<ArtifactRef>> = sets.iter().cloned().collect();
        let named = sets.len();
        for set in found.into_iter().chain(on_the_walk(descent)) {
            if seen.insert(set.clone()) {
                sets.push(set);
            }
        }
        if sets.len() > named + EVALUATION_SETS_MAX {
            notes.push(format!(
                "{} evaluation sets were not looked for: {EVALUATION_SETS_MAX} are, beside those given with --eval.",
                sets.len() - named - EVALUATION_SETS_MAX
            ));
            sets.truncate(named + EVALUATION_SETS_MAX);
        }
        Ok((sets, notes))
    }
}

/// Returns what runs among the ancestors took with the role `eval`.
fn on_the_walk(descent: &Descent) -> Vec<Vec<ArtifactRef>> {
    let mut sets = Vec::new();
    for node in &descent.nodes {
        for edge in node
            .descends
            .iter()
            .filter(|edge| edge.role == Role::Eval.as_str())
        {
            let Predicate::Run(run) = &node.statement.predicate else {
                continue;
            };
            let input = edge.input.and_then(|input| run.inputs.get(input));
            let whole = || {
                descent
                    .nodes
                    .get(edge.to)
                    .map(crate::verify::DescentNode::references)
                    .unwrap_or_default()
            };
            let set = match input.map(|input| &input.from) {
                Some(InputFrom::Artifacts(Cites::Inline(cited))) => cited.clone(),
                Some(InputFrom::Artifacts(Cites::Manifest { .. })) => whole(),
                Some(InputFrom::Gap(_)) | None => continue,
            };
            if !set.is_empty() && !sets.contains(&set) {
                sets.push(set);
            }
        }
    }
    sets
}

/// The answer where there is no lineage to work anything out from.
fn nothing(judged: &Judged) -> Answer {
    let judgement = judged.get();
    let why = if judgement.verdict == Verdict::Tampered {
        "No pedigree is told: evidence is false, and nothing that rests on it is worth a number."
    } else {
        "No pedigree is told: nothing of the lineage could be read."
    };
    Answer {
        text: format!(
            "{}\n\n{why} `herdbook verify` lists what fails.\n",
            super::ui::in_line(&judgement.line())
        ),
        json: json::nothing(judgement, why),
        notes: Vec::new(),
        exit: Exit::from(judgement.verdict),
    }
}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Self {
        Self::new(Exit::Failure, "no pedigree can be worked out of this lineage").because(error)
    }
}

/// The schema of the answers.
fn schema(of: &str) -> Value {
    Value::from(format!("herdbook/{of}/v1"))
}
