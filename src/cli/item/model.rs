//! `herdbook model add`: a model that was not trained in this ledger.

use clap::Args as ClapArgs;

use super::ConfidentialArgs;
use super::ContentArgs;
use super::Finish;
use super::Item;
use super::words;
use crate::statement::Access;
use crate::statement::Restriction;

/// Arguments of `model add`.
#[derive(Debug, ClapArgs)]
pub struct ModelArgs {
    /// What it is called from now on
    name: String,
    #[command(flatten)]
    content: ContentArgs,
    /// Who provides it
    #[arg(long, value_name = "NAME")]
    provider: String,
    /// Which version, as the provider calls it
    #[arg(long, value_name = "VERSION")]
    version: String,
    /// How it is reached
    #[arg(long, value_name = "HOW", value_parser = words::<Access>())]
    access: String,
    /// The version may point to another model tomorrow
    #[arg(long)]
    alias: bool,
    /// Terms of use
    #[arg(long, value_name = "TEXT")]
    terms: Option<String>,
    /// SPDX expression, or `LicenseRef-...`
    #[arg(long, alias = "license", value_name = "LICENCE")]
    licence: Option<String>,
    /// On which day it had this licence: YYYY-MM-DD
    #[arg(long, alias = "license-date", value_name = "DAY")]
    licence_date: Option<String>,
    /// What its terms forbid or demand, all of it, or `none`
    #[arg(long, value_name = "WORD", num_args = 1.., value_parser = words::<Restriction>())]
    restrictions: Vec<String>,
    /// The family it belongs to
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// Where its own report or public summary is
    #[arg(long, value_name = "TEXT")]
    report: Option<String>,
    #[command(flatten)]
    confidential: ConfidentialArgs,
    #[command(flatten)]
    pub(super) finish: Finish,
}

impl ModelArgs {
    pub(super) fn item(&self) -> Item {
        let mut item = Item::new("model", &self.name);
        self.content.put(&mut item);
        item.text("provider", Some(&self.provider));
        item.text("version", Some(&self.version));
        item.text("access", Some(&self.access));
        item.flag("alias", self.alias);
        item.text("terms", self.terms.as_ref());
        item.text("licence", self.licence.as_ref());
        item.text("licence_date", self.licence_date.as_ref());
        item.list("restrictions", &self.restrictions);
        item.text("family", self.family.as_ref());
        item.text("report", self.report.as_ref());
        self.confidential.put(&mut item);
        item
    }
}
