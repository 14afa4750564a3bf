//! `herdbook filter add`: a rule that data must pass.

use clap::Args as ClapArgs;

use super::ConfidentialArgs;
use super::ContentArgs;
use super::Finish;
use super::Item;
use super::pair;
use super::words;
use crate::cli::error::Error;
use crate::statement::FilterRule;

/// Arguments of `filter add`.
#[derive(Debug, ClapArgs)]
pub struct FilterArgs {
    /// What it is called from now on
    name: String,
    #[command(flatten)]
    content: ContentArgs,
    /// What kind of rule
    #[arg(long, value_name = "RULE", value_parser = words::<FilterRule>())]
    rule: String,
    /// A parameter of the rule; may be given often
    #[arg(long = "param", alias = "params", value_name = "KEY=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// The model that decides
    #[arg(long, value_name = "NODE")]
    model: Option<String>,
    #[command(flatten)]
    confidential: ConfidentialArgs,
    #[command(flatten)]
    pub(super) finish: Finish,
}

impl FilterArgs {
    pub(super) fn item(&self) -> Result<Item, Error> {
        let mut item = Item::new("filter", &self.name);
        if self.model.is_some() {
            self.content.put(&mut item);
        } else {
            self.content.put_some(&mut item)?;
        }
        item.text("rule", Some(&self.rule));
        item.pairs("params", "--param", &self.params)?;
        item.text("model", self.model.as_ref());
        self.confidential.put(&mut item);
        Ok(item)
    }
}
