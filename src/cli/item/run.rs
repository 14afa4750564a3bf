//! `herdbook run`: an activity with everything that went in and came out.

use clap::Args as ClapArgs;
use clap::builder::TypedValueParser as _;
use serde_json::Value;

use crate::cli::error::Error;
use crate::cli::ui::put;
use crate::statement::Answer;
use crate::statement::Does;
use crate::statement::Role;
use crate::statement::Word as _;

use super::ConfidentialArgs;
use super::Finish;
use super::Item;
use super::RowRootArgs;
use super::input;
use super::no_add;
use super::no_second;
use super::output::Output;
use super::output::outputs;
use super::pair;
use super::words;

/// Arguments of `run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = after_help())]
pub struct RunArgs {
    /// What it is called from now on
    #[arg(value_parser = no_add)]
    name: String,
    /// Nothing: a second name is refused.
    #[arg(hide = true, value_parser = no_second)]
    second: Option<String>,
    /// What it does
    #[arg(long, value_name = "WORD", value_parser = words::<Does>().try_map(|word| Does::parse(&word)))]
    does: Does,
    /// What went in, and as what: NODE:ROLE, with ,rows=N ,tokens=N ,kept=N ,repeat=X ,share=X where known;
    /// may be given often
    #[arg(long = "input", alias = "inputs", value_name = "NODE:ROLE", num_args = 1.., value_parser = input::used)]
    inputs: Vec<Value>,
    /// What went in and nobody declared: TEXT:ROLE, with ,digest=sha256:HEX and the rest as in --input
    #[arg(long, value_name = "TEXT:ROLE", value_parser = input::gap)]
    unresolved: Vec<Value>,
    /// What came out: NAME=PATH, a path or a pattern in quotes; NAME:shard=, NAME:model= or NAME:scores= say what it
    /// is; NAME=sha256:HEX gives a digest, NAME=@PATH a file of digests; may be given often
    #[arg(long = "output", alias = "outputs", value_name = "NAME=PATH", required = true, value_parser = Output::parse)]
    outputs: Vec<Output>,
    /// Rows of all files of an output together
    #[arg(long = "rows", value_name = "NAME=N", value_parser = pair)]
    rows: Vec<(String, String)>,
    /// Tokens of all files of an output together
    #[arg(long = "tokens", value_name = "NAME=N", value_parser = pair)]
    tokens: Vec<(String, String)>,
    /// A parameter; may be given often
    #[arg(long = "param", alias = "params", value_name = "KEY=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// The command line that was run
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,
    /// Its code, which the ledger keeps
    #[arg(long, value_name = "PATH", num_args = 1..)]
    code: Vec<String>,
    /// Versions and images; may be given often
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    environment: Vec<(String, String)>,
    /// Who ran it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// When it began, such as 2026-03-13T09:30:00Z
    #[arg(long, value_name = "TIME")]
    started: Option<String>,
    /// When it ended
    #[arg(long, value_name = "TIME")]
    ended: Option<String>,
    /// Whether the inputs given are all there were
    #[arg(long, value_name = "ANSWER", value_parser = words::<Answer>())]
    inputs_complete: Option<String>,
    /// How many rows may come out for each that went in
    #[arg(long, value_name = "X")]
    expansion: Option<String>,
    /// The transform makes new content
    #[arg(long)]
    rewrites: bool,
    /// How often training passes over its rows
    #[arg(long, value_name = "X")]
    epochs: Option<String>,
    #[command(flatten)]
    row_root: RowRootArgs,
    #[command(flatten)]
    confidential: ConfidentialArgs,
    #[command(flatten)]
    pub(super) finish: Finish,
}

const EXAMPLE: &str = "\
Example:
  herdbook run answer --does generate --input gpt:generator questions:seed answer-prompt:prompt --output 'answers=out/*.jsonl'
  herdbook run sft --does train --input base-7b:base --input tasks:data,rows=52002 --output 'specialist-7b=ckpt/*'";

/// Returns the table of roles, and which `--does` takes each.
fn after_help() -> String {
    let mut text = "Roles, and the --does that take them:\n".to_owned();
    for word in Role::WORDS {
        let Ok(role) = Role::parse(word) else { continue };
        let (take, not): (Vec<&str>, Vec<&str>) = Does::WORDS
            .iter()
            .partition(|does| Does::parse(does).is_ok_and(|does| does.allows(role)));
        let who = if not.len() < take.len() {
            format!("all but {}", not.join(", "))
        } else {
            take.join(", ")
        };
        put(
            &mut text,
            format_args!("  {word:<10} {:<42} {who}\n", meaning(role)),
        );
    }
    text + "\nPaths are relative to the current folder.\n\n" + EXAMPLE
}

fn meaning(role: Role) -> &'static str {
    match role {
        Role::Generator => "a model that writes what comes out",
        Role::Teacher => "a model that is imitated",
        Role::Seed => "rows that what comes out was made from",
        Role::Prompt => "a prompt: it steers and is not copied",
        Role::Data => "rows that go in as they are",
        Role::Filter => "a filter: the rule that rows must pass",
        Role::Judge => "a model that rates or chooses",
        Role::Reference => "what rows are compared with",
        Role::Labels => "labels or scores that are joined to rows",
        Role::Eval => "rows that are tested with",
        Role::Base => "a model whose weights are continued",
    }
}

impl RunArgs {
    pub(super) fn item(&self) -> Result<Item, Error> {
        let mut item = Item::new("run", &self.name);
        item.text("does", Some(&self.does.to_string()));
        let mut inputs = self.inputs.clone();
        inputs.extend(self.unresolved.iter().cloned());
        item.values("inputs", &inputs);
        item.values(
            "outputs",
            &outputs(
                self.does,
                &self.outputs,
                &self.rows,
                &self.tokens,
                self.row_root.value().as_ref(),
            )?,
        );
        item.pairs("params", "--param", &self.params)?;
        item.text("command", self.command.as_ref());
        item.list("code", &self.code);
        item.pairs("environment", "--environment", &self.environment)?;
        item.text("operator", self.operator.as_ref());
        item.text("started", self.started.as_ref());
        item.text("ended", self.ended.as_ref());
        item.text("inputs_complete", self.inputs_complete.as_ref());
        item.text("expansion", self.expansion.as_ref());
        item.flag("rewrites", self.rewrites);
        item.text("epochs", self.epochs.as_ref());
        self.confidential.put(&mut item);
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_in_the_help_with_the_runs_that_take_it() {
        let help = after_help();
        for word in Role::WORDS {
            assert!(help.contains(&format!("\n  {word} ")), "{word}");
        }
        let line = |word: &str| {
            let mut lines = help.lines();
            lines.find(|line| line.trim_start().starts_with(word)).unwrap()
        };
        assert!(
            line("base").ends_with("transform, train, merge"),
            "{}",
            line("base")
        );
        assert!(line("data").ends_with("all but merge"), "{}", line("data"));
    }
}
