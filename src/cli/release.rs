//! `herdbook release`: that a model went out, where, which way and when.

use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use chrono::NaiveDate;
use clap::Args as ClapArgs;
use serde_json::json;

use crate::ledger::Ledger;
use crate::query::Place;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Release;
use crate::statement::check_text;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::nodes::Asked;
use super::session::Session;
use super::surroundings::Nonces;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::short_id;

/// Arguments of `release`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  herdbook release specialist-7b --to model-hub --channel https://hub.example/lab/specialist-7b --date 2026-11-22")]
pub struct ReleaseArgs {
    /// The model: NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of its file
    #[arg(value_parser = super::item::no_add)]
    node: String,
    /// Nothing: a second name is refused.
    #[arg(hide = true, value_parser = super::item::no_second)]
    second: Option<String>,
    /// Where it went, in a short name, such as model-hub or production
    #[arg(long = "to", value_name = "TARGET")]
    target: String,
    /// Which way it went: an address, a product, a group of customers
    #[arg(long, value_name = "TEXT")]
    channel: Option<String>,
    /// When, such as 2026-11-22 or 2026-11-22T09:30:00Z; nothing is assumed
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<String>,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
    /// Sign with the key in this file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

fn date(text: &str) -> Result<String, String> {
    let is_day = NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == "2026-11-22".len();
    if is_day || DateTime::parse_from_rfc3339(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err("write a day such as 2026-11-22, or a time such as 2026-11-22T09:30:00Z".to_owned())
    }
}

/// Appends the release.
pub fn run(session: &Session, args: &ReleaseArgs) -> Result<Answer, Error> {
    let invalid = |message: &str| Error::new(Exit::Usage, message).code(ErrorCode::OptionInvalid);
    let name = ItemName::new(&args.target).map_err(|source| {
        invalid("`--to` takes a short name")
            .because(source)
            .hint("write for example --to model-hub, and the address with --channel")
    })?;
    if let Some(channel) = &args.channel {
        check_text(channel).map_err(|source| invalid("`--channel` is not a text").because(source))?;
    }
    let mut ledger = session.open_log()?;
    let asked = Asked::read(session, &args.node)?;
    let (target, item) = model(&ledger, &asked, &args.node)?;
    let predicate = Predicate::Release(Release {
        name,
        target,
        channel: args.channel.clone(),
        date: args.date.clone(),
    });
    let signers = session.signers(&ledger, args.key.as_deref())?;
    let mut nonces = Nonces::new()?;
    let wait = Duration::from_secs(args.lock_wait);
    let appended = ledger.append_statement(predicate, Vec::new(), &signers, wait, &mut || nonces.draw())?;
    let id = format!("hb:{}", appended.id);
    let state = if appended.already_present {
        "is recorded already"
    } else {
        "is recorded"
    };
    Ok(Answer {
        text: format!(
            "the release of {} to {} {state}: {} at entry {}\n",
            in_line(&item),
            in_line(&args.target),
            short_id(&id),
            appended.entry
        ),
        json: json!({
            "schema": "herdbook/release/v1",
            "id": id,
            "entry": appended.entry.get(),
            "already_present": appended.already_present,
            "tree_size": ledger.checkpoint().size.get(),
            "to": args.target,
            "target": { "id": target.to_string(), "name": item },
            "channel": args.channel,
            "date": args.date,
        }),
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}

/// Finds the one model that `text` means, and its name.
fn model(ledger: &Ledger, asked: &Asked<'_>, text: &str) -> Result<(ArtifactRef, String), Error> {
    let view = ledger.view();
    let mut models = Vec::new();
    let mut other = None;
    for place in asked.nodes(&view)? {
        let Place::Artifact(artifact) = place else {
            other.get_or_insert("run");
            continue;
        };
        let facts = view
            .index()
            .facts(artifact.statement)
            .map_err(crate::query::QueryError::from)?;
        let set = facts.as_ref().and_then(|facts| facts.set_of(artifact.subject));
        match set {
            Some(set) if set.thing.is_model() => models.push((artifact, set.name.to_string())),
            Some(set) => {
                other.get_or_insert(crate::index::thing_word(set.thing));
            }
            None => {}
        }
    }
    let told = in_line(text);
    match (models.as_slice(), other) {
        ([one], _) => Ok(one.clone()),
        ([], what) => Err(Error::new(
            Exit::Failure,
            format!(
                "`{told}` is a {}, and only a model is released",
                what.unwrap_or("statement")
            ),
        )
        .code(ErrorCode::NotAModel)
        .hint("run `herdbook list` to see which models there are")),
        (several, _) => {
            let ids: Vec<String> = several.iter().map(|(artifact, _)| artifact.to_string()).collect();
            Err(
                Error::new(Exit::Failure, format!("`{told}` means {} models", several.len()))
                    .code(ErrorCode::SeveralIds)
                    .hint(format!("write one of {}", ids.join(", "))),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn a_date_is_a_day_or_a_time() {
        for good in ["2026-11-22", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00+02:00"] {
            assert_eq!(date(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "today",
            "2026-13-01",
            "2026-11-22T09:30",
            "22.11.2026",
            "2026-1-2",
            "+2026-01-01",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
