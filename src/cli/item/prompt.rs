//! `herdbook prompt add`: a template, a constitution.

use clap::Args as ClapArgs;

use super::ConfidentialArgs;
use super::ContentArgs;
use super::Finish;
use super::Item;
use crate::cli::error::Error;

/// Arguments of `prompt add`.
#[derive(Debug, ClapArgs)]
pub struct PromptArgs {
    /// What it is called from now on
    name: String,
    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    confidential: ConfidentialArgs,
    #[command(flatten)]
    pub(super) finish: Finish,
}

impl PromptArgs {
    pub(super) fn item(&self) -> Result<Item, Error> {
        let mut item = Item::new("prompt", &self.name);
        self.content.put_some(&mut item)?;
        self.confidential.put(&mut item);
        Ok(item)
    }
}
