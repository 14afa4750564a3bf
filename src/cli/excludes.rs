//! `--excludes`: what must not be among the ancestors, as it is typed, and the answer as it is told.

use std::path::Path;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::ledger::View;
use crate::ledger::content::read_file_digests;
use crate::query::Place;
use crate::verify::Beyond;
use crate::verify::EXCLUDES_MAX;
use crate::verify::Excluded;
use crate::verify::Exclusion;
use crate::verify::ExclusionFact;
use crate::verify::Judgement;
use crate::verify::Unwanted;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::json::path;
use super::nodes::Asked;
use super::nodes::is_id;
use super::progress::Bar;
use super::session::Session;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;

/// How many things behind which nothing can be seen are told; JSON has all.
const BEYOND_SHOWN_MAX: usize = 20;

/// What a lineage must not descend from.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Excludes {
    /// Show that no path leads from NODE to it, or the path: an item, an artifact, sha256:HEX or a file; may be repeated
    #[arg(long = "excludes", value_name = "NODE")]
    pub excludes: Vec<String>,
}

impl Excludes {
    /// Finds what each means in a ledger.
    pub fn in_ledger(&self, session: &Session, view: &View<'_>) -> Result<Vec<Excluded>, Error> {
        self.each(|text| {
            let asked = Asked::read(session, text)?;
            let meant = asked.text(view)?;
            // Bytes need not be registered to be excluded.
            if let Some(digest) = digest_of(&meant)? {
                return Ok(vec![Unwanted::Bytes(digest)]);
            }
            let places = asked.nodes(view)?;
            Ok(places
                .into_iter()
                .map(|place| match place {
                    Place::Artifact(artifact) => Unwanted::Artifact(artifact),
                    Place::Run(id) | Place::Gap(id, _) => Unwanted::Statement(id),
                })
                .collect())
        })
    }

    /// Reads what each means where no ledger is at hand that knows names: ids, digests and files.
    pub fn in_bundle(&self, session: &Session) -> Result<Vec<Excluded>, Error> {
        self.each(|text| {
            if let Some(digest) = digest_of(text)? {
                return Ok(vec![Unwanted::Bytes(digest)]);
            }
            let file = session.path(Path::new(text));
            if !is_id(text) && file.is_file() {
                let bar = Bar::new(session.ui.progress());
                let digests = read_file_digests(&file, &bar);
                bar.done();
                return Ok(vec![Unwanted::Bytes(digests?.sha256)]);
            }
            let id = text.strip_prefix("hb:").map(StatementId::from_hex);
            let what = match (id, text.parse()) {
                (Some(Ok(id)), _) => Unwanted::Statement(id),
                (_, Ok(artifact)) => Unwanted::Artifact(artifact),
                _ => {
                    return Err(Error::new(
                        Exit::Usage,
                        format!("`{}` cannot be excluded here", in_line(text)),
                    )
                    .code(ErrorCode::NotANode)
                    .hint(
                        "a bundle has no list of names: write a whole hb: id, sha256: and 64 digits, or the path of a \
                         file",
                    ));
                }
            };
            Ok(vec![what])
        })
    }

    fn each(
        &self,
        mut find: impl FnMut(&str) -> Result<Vec<Unwanted>, Error>,
    ) -> Result<Vec<Excluded>, Error> {
        if self.excludes.len() > EXCLUDES_MAX {
            let message = format!("`--excludes` is given more than {EXCLUDES_MAX} times");
            return Err(Error::new(Exit::Usage, message).code(ErrorCode::LimitReached));
        }
        let excluded = |text: &String| {
            Ok(Excluded {
                asked: text.clone(),
                what: find(text)?,
            })
        };
        self.excludes.iter().map(excluded).collect()
    }
}

fn digest_of(text: &str) -> Result<Option<Sha256Digest>, Error> {
    let Some(digits) = text.strip_prefix("sha256:") else {
        return Ok(None);
    };
    Sha256Digest::from_hex(digits).map(Some).map_err(|_| {
        let shown = in_line(text);
        Error::new(
            Exit::Failure,
            format!("`{shown}` is not sha256: and 64 lower-case hexadecimal digits"),
        )
        .code(ErrorCode::NotANode)
    })
}

/// Returns the answers for programs.
pub fn facts(judgement: &Judgement) -> Value {
    let beyond: Vec<Value> = judgement.beyond.iter().map(beyond).collect();
    let fact = |fact: &ExclusionFact| {
        json!({
            "node": fact.asked,
            "excluded": fact.outcome == Exclusion::Excluded,
            "outcome": fact.outcome.as_str(),
            "why": fact.why,
            "path": path(&fact.path),
            "other_path": path(&fact.other_path),
            "not_known_beyond": beyond,
        })
    };
    Value::Array(judgement.excludes.iter().map(fact).collect())
}

fn beyond(beyond: &Beyond) -> Value {
    json!({ "id": beyond.id, "name": beyond.name, "what": beyond.what.as_str() })
}

/// Tells what is excluded, and what cannot be seen; what is not stands among the findings.
pub fn section(judgement: &Judgement, paint: Paint) -> String {
    let mut text = String::new();
    for fact in &judgement.excludes {
        let asked = in_line(&fact.asked);
        let word = match fact.outcome {
            Exclusion::Excluded => paint.good("excluded"),
            Exclusion::NotExcluded => paint.bad("not excluded"),
            Exclusion::NotShown => paint.notable("not shown to be excluded"),
        };
        put(&mut text, format_args!("\n{word}: {}\n", paint.strong(&asked)));
        if fact.outcome == Exclusion::Excluded {
            let size = judgement.checkpoint.as_ref().map(|checkpoint| checkpoint.size);
            let of = size.map_or_else(String::new, |size| format!(", as of {size} entries"));
            put(&mut text, format_args!("  {}{of}\n", in_line(&fact.why)));
        } else {
            text.push_str("  why: see the finding above\n");
        }
    }
    let is_any = |fact: &ExclusionFact| fact.outcome == Exclusion::Excluded;
    if !judgement.excludes.iter().any(is_any) {
        return text;
    }
    if !judgement.beyond.is_empty() {
        text.push_str("\nno path is declared, and this is not known here:\n");
    }
    for one in judgement.beyond.iter().take(BEYOND_SHOWN_MAX) {
        put(
            &mut text,
            format_args!("  {}: {}\n", in_line(&one.name), one.what.told()),
        );
    }
    let more = judgement.beyond.len().saturating_sub(BEYOND_SHOWN_MAX);
    if more > 0 {
        put(
            &mut text,
            format_args!("  and {} (--json lists all)\n", counted(more, "more thing")),
        );
    }
    text.push_str(
        "Whole files are compared, not rows: text that was copied out of a file has no digest of its own.\n",
    );
    text
}
