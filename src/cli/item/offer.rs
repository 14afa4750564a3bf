//! `herdbook source offer`: a vendor signs a source in one file, with no ledger.

use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::json;

use super::OPTIONS;
use super::source::SourceFacts;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::home::write_new;
use crate::cli::key::named::public_json;
use crate::cli::progress::Bar;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::digest::KeyId;
use crate::ledger::lineage_file;
use crate::ledger::offer::Offer;
use crate::ledger::register::plan_offer;

/// Arguments of `source offer`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  herdbook source offer reviews-2026 --file 'parts/*.jsonl' --made-by human --acquired-by own_production \\
    --personal-data no --licence LicenseRef-example --holder 'Example Data Ltd' --key vendor.pem -o reviews.offer

Whoever accepts it needs a grant for your key in their ledger: give them the file and, by another way, the key id.")]
pub struct OfferArgs {
    #[command(flatten)]
    facts: SourceFacts,
    /// Write the offer to this new file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Sign with this key: a key file, a .pub file whose key an ssh-agent holds, or agent:SHA256:...
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Writes the offer.
pub fn run(session: &Session, args: &OfferArgs) -> Result<Answer, Error> {
    let line = args.facts.item()?.into_value().to_string();
    let path = session.path(Path::new(OPTIONS));
    let file = lineage_file::parse_item(&path, &line)?;
    let signer = session.opener().open(&args.key)?;
    let issuer = KeyId::of_public_key(&signer.public_key());
    let bar = Bar::new(session.ui.progress());
    // A vendor without a home has no keys in one.
    let keys = session.home().ok().map(|home| home.keys.as_path());
    let planned = plan_offer(issuer, &path, &file, keys, &bar);
    bar.done();
    let (statement, blobs) = planned?;
    let offer = Offer::sign(statement, blobs, &*signer)?;
    let bytes = offer.encode()?;
    write_new(&session.path(&args.output), &bytes)?;
    let source = offer.source()?;
    let id = format!("hb:{}", offer.envelope().id());
    let written = args.output.display().to_string();
    Ok(Answer {
        text: format!(
            "offered {} in {}, signed by key {}; {} with it\n",
            in_line(source.name.as_str()),
            in_line(&written),
            issuer.to_hex(),
            counted(offer.blobs().len(), "blob")
        ),
        json: json!({
            "schema": "herdbook/source-offer/v1",
            "file": written,
            "id": id,
            "name": source.name.as_str(),
            "holder": source.holder,
            "key": public_json(offer.key()),
            "blobs": offer.blobs().len(),
            "bytes": bytes.len(),
        }),
        notes: vec![
            "Hand the file to whoever takes your data, and the key id by another way. They append it with \
             `herdbook source accept FILE`."
                .to_owned(),
        ],
        exit: Exit::Ok,
    })
}
