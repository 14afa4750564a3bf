//! `notice resolve`: what a gap with a digest was, declared after the fact.

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::ledger::Ledger;
use crate::ledger::notices::gap_at;
use crate::statement::ArtifactRef;
use crate::statement::GapRef;
use crate::statement::Notice;
use crate::statement::NoticeKind;

use super::How;
use super::append;
use super::artifacts;
use super::invalid;

/// Arguments of `notice resolve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`herdbook gaps` prints this command for every gap whose digest is known by now. Every verdict that rests on it says
that it was declared late.

Example:
  herdbook notice resolve gap:<64 hex digits>/1 --by seed-tasks/wiki.jsonl")]
pub(super) struct Args {
    /// The gap, as `herdbook gaps` names it
    #[arg(value_name = "GAP", value_parser = gap)]
    gap: GapRef,
    /// The source, prompt, filter or external model that it was, or a file of one
    #[arg(long, value_name = "NODE")]
    by: String,
    #[command(flatten)]
    how: How,
}

fn gap(text: &str) -> Result<GapRef, String> {
    text.parse()
        .map_err(|error: crate::statement::GapRefError| error.to_string())
}

/// Resolves a gap.
pub(super) fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let found = artifacts(session, &ledger, &args.by)?;
    let by = one(&ledger, args, &found)?;
    let notice = Notice {
        change: NoticeKind::Resolve,
        targets: Vec::new(),
        gap: Some(args.gap),
        by: vec![by],
        effect: None,
        reason: None,
        reaches: None,
    };
    let done = append(session, &mut ledger, notice, &args.how)?;
    let name = in_line(&args.by);
    let text = if args.how.dry_run {
        format!("{} would be resolved by {name}\n", args.gap)
    } else {
        format!("{} is resolved by {name}: {}\n", args.gap, done.text)
    };
    let mut notes = done.notes;
    notes.push("Every verdict that rests on it says that it was declared late.".to_owned());
    Ok(Answer {
        text,
        json: done.json,
        notes,
        exit: Exit::Ok,
    })
}

/// Finds the one file among what NODE means that has the digest of the gap; of a manifest, its member.
fn one(ledger: &Ledger, args: &Args, found: &[ArtifactRef]) -> Result<ArtifactRef, Error> {
    let view = ledger.view();
    let gap = gap_at(&view, args.gap)?;
    if let Some(digest) = gap.and_then(|(gap, ..)| gap.digest) {
        let claims = view
            .index()
            .claims(digest)
            .map_err(crate::query::QueryError::from)?;
        let among = |claim: &&ArtifactRef| found.contains(claim) || found.contains(&claim.whole());
        if let Some(claim) = claims.iter().find(among) {
            return Ok(*claim);
        }
    }
    found.first().copied().ok_or_else(|| {
        invalid(format!(
            "`{}` means nothing that can fill a gap",
            in_line(&args.by)
        ))
    })
}
