//! `herdbook dataset add`: a named collection.

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use super::ConfidentialArgs;
use super::Finish;
use super::Item;
use super::input;

/// Arguments of `dataset add`.
#[derive(Debug, ClapArgs)]
pub struct DatasetArgs {
    /// What it is called from now on
    name: String,
    /// What it collects: names or ids of sources, outputs and datasets
    #[arg(long = "member", alias = "members", value_name = "NODE", num_args = 1..)]
    members: Vec<String>,
    /// A member that nobody declared, in words; with ,digest=sha256:HEX where that is known
    #[arg(long, value_name = "TEXT")]
    unresolved: Vec<String>,
    #[command(flatten)]
    confidential: ConfidentialArgs,
    #[command(flatten)]
    pub(super) finish: Finish,
}

impl DatasetArgs {
    pub(super) fn item(&self) -> Item {
        let mut item = Item::new("dataset", &self.name);
        let mut members: Vec<Value> = self.members.iter().map(|member| json!(member)).collect();
        members.extend(self.unresolved.iter().map(|text| input::gap_of_list(text)));
        item.values("members", &members);
        self.confidential.put(&mut item);
        item
    }
}
