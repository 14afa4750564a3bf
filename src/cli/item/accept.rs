//! `herdbook source accept`: appends what a vendor signed, as it was signed.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::key::named::public_json;
use crate::cli::plain_file;
use crate::cli::session::Session;
use crate::cli::surroundings::Nonces;
use crate::cli::ui::Answer;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::table;
use crate::index::IndexError;
use crate::index::resolve::versions_below;
use crate::ledger::Ledger;
use crate::ledger::offer::OFFER_BYTES_MAX;
use crate::ledger::offer::Offer;
use crate::ledger::offer::OfferError;
use crate::query::QueryError;
use crate::statement::Answer as Says;
use crate::statement::Source;
use crate::trust::TrustError;

/// Arguments of `source accept`.
#[derive(Debug, ClapArgs)]
pub struct AcceptArgs {
    /// The offer, as `herdbook source offer` wrote it
    file: PathBuf,
    /// Show what it says and whether it would be appended, and append nothing
    #[arg(long)]
    dry_run: bool,
    /// Accept it as a further version of a name that is registered
    #[arg(long)]
    new_version: bool,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
}

impl From<OfferError> for Error {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Sign(inner) => {
                Self::new(Exit::KeyUnusable, "the offer was not signed").because(inner)
            }
            other => Self::new(Exit::Failure, "this is not an offer that counts")
                .because(other)
                .code(ErrorCode::OfferInvalid)
                .hint("ask the vendor for the file again; it is taken as it was signed, or not at all"),
        }
    }
}

/// Appends the offer.
pub fn run(session: &Session, args: &AcceptArgs) -> Result<Answer, Error> {
    let offer = Offer::decode(&read(&session.path(&args.file))?)?;
    let source = offer.source()?;
    let mut ledger = session.open_log()?;
    check_grant(&ledger, &offer, source)?;
    let id = offer.envelope().id();
    let facts = ledger.index().facts(id).map_err(QueryError::from)?;
    if facts.is_none() && !args.new_version {
        check_name(&ledger, source)?;
    }
    let holder = ledger
        .state()
        .keys()
        .and_then(|keys| keys.holder(offer.key().id()));
    let said_by = if holder.is_some() && holder == source.holder.as_deref() {
        "vouched"
    } else {
        "stated"
    };
    let why = match (holder, source.holder.as_deref()) {
        _ if said_by == "vouched" => "vouched: by a key that is granted for the holder it names".to_owned(),
        (Some(of), Some(named)) => format!(
            "stated, not vouched: it is signed by a key granted for {}, not for the holder it names ({})",
            in_line(of),
            in_line(named)
        ),
        (None, Some(named)) => format!(
            "stated, not vouched: its key is granted for no holder, and it names {}",
            in_line(named)
        ),
        (_, None) => "stated, not vouched: it names no holder".to_owned(),
    };
    let holder = holder.map(str::to_owned);
    let appended = if args.dry_run {
        None
    } else {
        let log = session.log_signer(&ledger)?;
        let mut nonces = Nonces::new()?;
        let wait = Duration::from_secs(args.lock_wait);
        Some(ledger.append_offer(&offer, &log, wait, &mut || nonces.draw())?)
    };
    let done = match &appended {
        None => "nothing was appended".to_owned(),
        Some(one) if one.already_present => format!("it is entry {} already", one.entry),
        Some(one) => format!("appended at entry {}", one.entry),
    };
    Ok(Answer {
        text: format!(
            "{}{done}; what it says is {why}\n",
            told(&offer, source, holder.as_deref())
        ),
        json: json!({
            "schema": "herdbook/source-accept/v1",
            "id": format!("hb:{id}"),
            "entry": appended.map(|one| one.entry.get()),
            "already_present": appended.is_some_and(|one| one.already_present),
            "dry_run": args.dry_run,
            "name": source.name.as_str(),
            "said_by": said_by,
            "key": public_json(offer.key()),
            "speaks_for": holder,
            "says": says(source).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<serde_json::Map<String, Value>>(),
            "tree_size": ledger.checkpoint().size.get(),
        }),
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: std::io::Error| {
        Error::new(
            Exit::Failure,
            format!("the offer {} cannot be read", path.display()),
        )
        .because(source)
        .code(ErrorCode::FileMissing)
    };
    plain_file::read(path, OFFER_BYTES_MAX, "an offer").map_err(failed)
}

/// The vendor's key needs a grant here, which only an owner can give: nothing that the offer says of itself helps.
fn check_grant(ledger: &Ledger, offer: &Offer, source: &Source) -> Result<(), Error> {
    let Some(keys) = ledger.state().keys() else {
        return Ok(());
    };
    let next = ledger.state().size().get();
    let issuer = offer.key().id();
    let Err(error) = keys.may_sign(issuer, &offer.statement().grant_words(), next) else {
        return Ok(());
    };
    let is_new = matches!(error, TrustError::Unknown { .. });
    let mut told = Error::new(Exit::NotAuthorised, "nothing was appended").because(error);
    if is_new {
        let holder = source.holder.as_ref().map_or_else(String::new, |holder| {
            format!(" --holder {}", quoted(&in_line(holder)))
        });
        told = told
            .hint(format!(
                "ask {} by another way than this file whether {issuer} is the id of their key",
                source
                    .holder
                    .as_deref()
                    .map_or_else(|| "the vendor".to_owned(), in_line)
            ))
            .hint(format!(
                "then, as an owner: herdbook key grant {} --kinds source{holder}",
                offer.key().to_hex()
            ));
    }
    Err(told)
}

/// Returns a text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A further version of a name takes the bare name away, so it needs a word (ADR 0013).
fn check_name(ledger: &Ledger, source: &Source) -> Result<(), Error> {
    let size = ledger.state().size();
    let found: Result<_, IndexError> = versions_below(ledger.index(), size, &source.name);
    let Some(last) = found.map_err(QueryError::from)?.pop() else {
        return Ok(());
    };
    let name = in_line(source.name.as_str());
    Err(Error::new(
        Exit::Failure,
        format!(
            "`{name}` is registered already, as {name}@{}, and this is not the same",
            last.entry
        ),
    )
    .code(ErrorCode::OtherStatement)
    .hint(format!(
        "accept it with --new-version if it is to be a further version of `{name}`"
    )))
}

fn says(source: &Source) -> Vec<(&'static str, String)> {
    let mut says = vec![
        ("name", source.name.to_string()),
        ("made_by", source.made_by.to_string()),
        ("acquired_by", source.acquired_by.to_string()),
        ("personal_data", answer(source.personal_data)),
    ];
    let optional = [
        ("holder", &source.holder),
        ("licence", &source.licence),
        ("period", &source.period),
        ("url", &source.url),
        ("legal_basis", &source.legal_basis),
    ];
    says.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?))),
    );
    says.extend(
        source
            .licence_date
            .as_ref()
            .map(|day| ("licence_date", day.to_string())),
    );
    if !source.restrictions.is_empty() {
        let words: Vec<String> = source.restrictions.iter().map(ToString::to_string).collect();
        says.push(("restrictions", words.join(", ")));
    }
    let files: u64 = (source.set.artifacts.iter())
        .map(|artifact| artifact.manifest().map_or(1, |manifest| manifest.count))
        .sum();
    says.push(("files", files.to_string()));
    if let Some(rows) = source.set.total_rows() {
        says.push(("rows", rows.to_string()));
    }
    if !source.evidence.is_empty() {
        says.push(("evidence", counted(source.evidence.len(), "document")));
    }
    says
}

fn answer(says: Says) -> String {
    says.to_string()
}

fn told(offer: &Offer, source: &Source, holder: Option<&str>) -> String {
    let mut rows: Vec<Vec<String>> = (says(source).iter())
        .map(|(name, value)| vec![format!("  {name}"), in_line(value)])
        .collect();
    let speaks = holder.map_or_else(
        || "granted here for no holder".to_owned(),
        |holder| format!("granted here for {}", in_line(holder)),
    );
    rows.push(vec!["  signed by".to_owned(), offer.key().id().to_hex()]);
    rows.push(vec![String::new(), speaks]);
    format!("an offer of a source\n{}", table(&rows))
}
