//! `--with` and `--disclosed-to`: what was disclosed, checked by the verifier, shown, and written out where it is content.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::commitment::Commitment;
use crate::digest::Sha256Digest;
use crate::disclosure::Disclosed;
use crate::disclosure::Disclosures;
use crate::verify::DisclosedFact;
use crate::verify::Judgement;

use super::disclose::read_all;
use super::error::Error;
use super::home::write_new;
use super::session::Session;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;

/// What was disclosed to whoever asks.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct With {
    /// Show what this file discloses, if it is what was committed to; from `herdbook disclose`
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Write sealed content that was disclosed to new files in this folder, each named by its sha256
    #[arg(long, value_name = "DIR", requires = "with")]
    pub disclosed_to: Option<PathBuf>,
}

impl With {
    /// Reads the files. Nothing in them is taken for true before the verifier has checked it.
    pub fn read(&self, session: &Session) -> Result<Vec<Disclosures>, Error> {
        read_all(session, &self.with)
    }

    /// Writes disclosed content that is true; returns what to tell.
    pub fn write<'j>(
        &self,
        session: &Session,
        judgements: impl Iterator<Item = &'j Judgement>,
    ) -> Result<Vec<String>, Error> {
        let Some(folder) = &self.disclosed_to else {
            return Ok(Vec::new());
        };
        let facts = judgements.flat_map(|judgement| &judgement.disclosed);
        let contents: BTreeMap<String, &Vec<u8>> = facts
            .filter_map(|fact| match &fact.what {
                Disclosed::Bytes(bytes) => Some((Sha256Digest::of(bytes).to_hex(), bytes)),
                Disclosed::Text(_) => None,
            })
            .collect();
        if contents.is_empty() {
            return Ok(vec![
                "Nothing was written: no sealed content was disclosed that is true.".to_owned(),
            ]);
        }
        let mut told = Vec::new();
        for (name, bytes) in contents {
            let path = folder.join(name);
            write_new(&session.path(&path), bytes)?;
            told.push(format!("Wrote disclosed content to {}.", path.display()));
        }
        Ok(told)
    }
}

/// Returns the section of an answer that has what was disclosed and is true, one line each.
pub fn section(judgement: &Judgement, heading: &str) -> String {
    if judgement.disclosed.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{heading}\n");
    for fact in &judgement.disclosed {
        let what = match &fact.what {
            Disclosed::Text(disclosed) => in_line(disclosed),
            Disclosed::Bytes(bytes) => format!(
                "{}, sha256 {}",
                counted(bytes.len(), "byte"),
                Sha256Digest::of(bytes)
            ),
        };
        put(
            &mut text,
            format_args!(
                "  {}  {}  {what}\n",
                item(judgement, &fact.address),
                in_line(&fact.field)
            ),
        );
    }
    text
}

/// The name of the item that a disclosure is about, with the id of the statement.
fn item(judgement: &Judgement, address: &str) -> String {
    let statement = address.split('/').next().unwrap_or(address);
    let same = |id: &str| id.split('/').next() == Some(statement);
    let nodes = judgement.lineage.nodes.iter();
    let named = nodes.map(|node| (node.id.as_str(), node.name.as_str()));
    let sources = judgement.sources.iter();
    let sources = sources.map(|source| (source.id.as_str(), source.name.as_str()));
    let mut called = sources.chain(named).filter(|(id, _)| same(id));
    match called.next() {
        Some((_, name)) => format!("{} ({})", in_line(name), short_id(address)),
        None => short_id(address),
    }
}

/// Returns the disclosed texts that are true, by what stands in the ledger in their place.
pub fn texts<'j>(judgements: impl Iterator<Item = &'j Judgement>) -> BTreeMap<Commitment, String> {
    let text = |fact: &DisclosedFact| match (&fact.what, fact.commitment) {
        (Disclosed::Text(text), Some(commitment)) => Some((commitment, text.clone())),
        _ => None,
    };
    judgements
        .flat_map(|judgement| &judgement.disclosed)
        .filter_map(text)
        .collect()
}
