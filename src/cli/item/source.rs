//! `herdbook source add`, `offer`, `accept`: data from outside.

use clap::Args as ClapArgs;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::ConfidentialArgs;
use super::ContentArgs;
use super::Finish;
use super::Item;
use super::RowRootArgs;
use super::input;
use super::pair;
use super::words;
use crate::cli::error::Error;
use crate::statement::AcquiredBy;
use crate::statement::Answer;
use crate::statement::MadeBy;
use crate::statement::Restriction;

/// Arguments of `source`.
#[derive(Debug, ClapArgs)]
pub struct SourceVerb {
    /// What to do.
    #[command(subcommand)]
    pub command: SourceCommand,
}

/// The verbs of `source`.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Register one from options instead of a lineage file
    Add(SourceArgs),
    /// Sign one in a file for whoever accepts it, with no ledger
    Offer(super::offer::OfferArgs),
    /// Append one that its vendor signed, as it was signed
    Accept(super::accept::AcceptArgs),
}

/// Arguments of `source add`.
#[derive(Debug, ClapArgs)]
pub struct SourceArgs {
    #[command(flatten)]
    pub(super) facts: SourceFacts,
    #[command(flatten)]
    pub(super) finish: Finish,
}

/// What is said of a source.
#[derive(Debug, ClapArgs)]
pub struct SourceFacts {
    /// What it is called from now on
    name: String,
    #[command(flatten)]
    content: ContentArgs,
    /// Who or what made it
    #[arg(long, value_name = "WHO", value_parser = words::<MadeBy>())]
    made_by: Option<String>,
    /// How it came here
    #[arg(long, value_name = "HOW", value_parser = words::<AcquiredBy>())]
    acquired_by: Option<String>,
    /// The models that made it, or `not_known`
    #[arg(long, alias = "generator", value_name = "NAME", num_args = 1..)]
    generators: Vec<String>,
    /// Which part of a mixed source is synthetic, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    synthetic_share: Option<String>,
    /// SPDX expression, or `LicenseRef-...`
    #[arg(long, alias = "license", value_name = "LICENCE")]
    licence: Option<String>,
    /// On which day it had this licence: YYYY-MM-DD
    #[arg(long, alias = "license-date", value_name = "DAY")]
    licence_date: Option<String>,
    /// What its terms forbid or demand, all of it, or `none`
    #[arg(long, value_name = "WORD", num_args = 1.., value_parser = words::<Restriction>())]
    restrictions: Vec<String>,
    /// Who holds the rights
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// When it was made or collected
    #[arg(long, value_name = "TEXT")]
    period: Option<String>,
    /// Where it comes from
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    geography: Vec<String>,
    /// Its languages
    #[arg(long, alias = "language", value_name = "TAG", num_args = 1..)]
    languages: Vec<String>,
    /// What it is made of: text, image, ...
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    modality: Vec<String>,
    /// Whether it holds personal data
    #[arg(long, value_name = "ANSWER", value_parser = words::<Answer>())]
    personal_data: Option<String>,
    /// Where it was found
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How a crawl behaved: `agent=...`, `robots=...`, `opt_out=...`
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    crawl: Vec<(String, String)>,
    /// On what legal basis it is used
    #[arg(long, value_name = "TEXT")]
    legal_basis: Option<String>,
    /// Documents about it, which the ledger keeps
    #[arg(long, value_name = "PATH", num_args = 1..)]
    evidence: Vec<String>,
    /// Rows of all its files together
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// Tokens of all its files together
    #[arg(long, value_name = "N")]
    tokens: Option<u64>,
    /// What it was made from: names or ids of sources, outputs and data sets
    #[arg(long, value_name = "NODE", num_args = 1..)]
    derived_from: Vec<String>,
    /// What it was made from and nobody declared, in words; with ,digest=sha256:HEX where that is known
    #[arg(long, value_name = "TEXT")]
    unresolved: Vec<String>,
    #[command(flatten)]
    row_root: RowRootArgs,
    #[command(flatten)]
    confidential: ConfidentialArgs,
}

impl SourceFacts {
    pub(super) fn item(&self) -> Result<Item, Error> {
        let mut item = Item::new("source", &self.name);
        self.content.put_some(&mut item)?;
        item.text("made_by", self.made_by.as_ref());
        item.text("acquired_by", self.acquired_by.as_ref());
        match self.generators.as_slice() {
            [word] if word == "not_known" => item.text("generators", Some(word)),
            names => item.list("generators", names),
        }
        item.text("synthetic_share", self.synthetic_share.as_ref());
        item.text("licence", self.licence.as_ref());
        item.text("licence_date", self.licence_date.as_ref());
        item.list("restrictions", &self.restrictions);
        item.text("holder", self.holder.as_ref());
        item.text("period", self.period.as_ref());
        item.list("geography", &self.geography);
        item.list("languages", &self.languages);
        item.list("modality", &self.modality);
        item.text("personal_data", self.personal_data.as_ref());
        item.text("url", self.url.as_ref());
        item.pairs("crawl", "--crawl", &self.crawl)?;
        item.text("legal_basis", self.legal_basis.as_ref());
        item.list("evidence", &self.evidence);
        item.count("rows", self.rows);
        item.count("tokens", self.tokens);
        let mut parents: Vec<Value> = self.derived_from.iter().map(|parent| json!(parent)).collect();
        parents.extend(self.unresolved.iter().map(|text| input::gap_of_list(text)));
        if !parents.is_empty() {
            item.values("derived_from", &parents);
        }
        item.value("row_root", self.row_root.value());
        self.confidential.put(&mut item);
        Ok(item)
    }
}
