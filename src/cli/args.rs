//! The command line as it is typed. What it means is decided by the verbs.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use crate::verify::Assurance;

/// Record where training data and models come from, and prove it.
#[derive(Debug, Parser)]
#[command(
    name = "herdbook",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 ok or traced, 1 failure, 2 usage, 3 partial, 4 not authorised, 10 no ledger, \
                        11 locked, 12 key unusable, 20 tampered, 21 not_traced, 22 undecidable, 23 not_permitted, \
                        130 interrupted."
)]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The heading of the options that every command has, below those of its own.
const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
pub struct Global {
    /// Use the ledger in this folder; without it, the nearest `.herdbook` from here upwards
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "HERDBOOK_LEDGER", value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Answer with one JSON value on standard output, errors too
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Say nothing on standard error but errors
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
    /// Show no progress bar
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub no_progress: bool,
    /// Take the passphrase of protected key files from the first line of this file
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "HERDBOOK_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Use colour
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal or with `CLICOLOR_FORCE`, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a ledger and its keys
    Init(Init),
    /// Check a lineage file, hash what it names, sign and append
    Register(Register),
    /// Register data from outside; offer it as a vendor, accept such an offer
    Source(Box<super::item::SourceVerb>),
    /// Register a prompt or a constitution
    Prompt(Box<super::item::Verb<super::item::PromptArgs>>),
    /// Register a rule that data must pass
    Filter(Box<super::item::Verb<super::item::FilterArgs>>),
    /// Register a model that was not trained in this ledger
    Model(Box<super::item::Verb<super::item::ModelArgs>>),
    /// Register a run with what went in and came out
    Run(Box<super::item::RunArgs>),
    /// Register a named collection
    Dataset(Box<super::item::Verb<super::item::DatasetArgs>>),
    /// Record that a model went out
    Release(super::release::ReleaseArgs),
    /// Withdraw, recall, correct or supersede something, or resolve a gap
    Notice(Box<super::notice::Verb>),
    /// Write the digests of files as records for `digests_from`, with no ledger and no key
    Hash(super::hash::Args),
    /// Turn what others have recorded of data into a lineage file
    Import(super::import::Args),
    /// Show everything about one item, statement or artifact
    Show(super::show::Args),
    /// List the items of the ledger
    List(super::list::Args),
    /// List the entries of the log, and the checkpoint over them
    Log(super::log::Args),
    /// Show what something descends from, or with --down what descends from it
    Trace(super::trace::Args),
    /// Tell everything that something has a part in, and how much
    Impact(super::impact::Args),
    /// List what is missing, and what to write to close each gap
    Gaps(super::gaps::Args),
    /// Tell the licences and terms of everything a model descends from
    Licences(super::licences::LicencesArgs),
    /// Judge whether a lineage is whole: the verdict, and every reason
    Verify(Verify),
    /// Tell how much of a model comes from where, and through how many generations
    Pedigree(super::pedigree::Args),
    /// Draw a sample of a lineage, and keep what is found of it
    Sample(super::sample::SampleArgs),
    /// Hold what a job really opened against what its run declares
    Reconcile(super::reconcile::ReconcileArgs),
    /// Make a signed report and a page for somebody who has neither ledger nor trust
    Report(super::report::ReportArgs),
    /// Check a report: its signature, its page, and whether it holds
    VerifyReport(super::verify_report::VerifyReport),
    /// Write everything that a verdict rests on into one file
    Bundle(super::bundle::Args),
    /// Judge a bundle: the verdict with nothing but the file and the trust root
    VerifyBundle(super::verify_bundle::Args),
    /// Prove that a node is in the log, in one file that needs no ledger to be checked
    Prove(super::prove::Args),
    /// Which rows of an evaluation are in the data that a model descends from
    Contamination(super::contamination::Args),
    /// Single rows of registered files: prove one, find one
    Rows(super::rows::RowsArgs),
    /// Write what opens commitments of an item to one file, for whoever is to see it
    Disclose(super::disclose::DiscloseArgs),
    /// What you withhold in this ledger: list it, erase it
    Private(super::private::PrivateArgs),
    /// Keys, who may sign what, and the trust root
    Key(super::key::Key),
    /// Check every byte the ledger holds
    Fsck(Fsck),
    /// Check this installation: keys, pin, ledger, lock, disk
    Doctor(super::doctor::DoctorArgs),
    /// Write completions for a shell
    Completions(super::completions::CompletionsArgs),
    /// Write the manual pages
    Man(super::completions::ManArgs),
    /// Build the index again from the log; no answer depends on it
    Reindex(super::reindex::Args),
    /// Show a small pipeline, its verdict, and three attempts to cheat
    Demo(Demo),
}

/// Arguments of `init`.
#[derive(Debug, ClapArgs)]
pub struct Init {
    /// The folder of the new ledger [default: .herdbook]
    pub dir: Option<PathBuf>,
    /// The name of the log for ever, such as example.org/lab: letters, digits and -._~/:@
    #[arg(long, value_name = "NAME")]
    pub origin: String,
    /// The organisation that runs the ledger
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// The public keys of its owners, who alone change keys: 64 digits each, or .pub, PEM or key files [default: a new key]
    #[arg(long = "owner", value_name = "PUBLIC", num_args = 1..)]
    pub owners: Vec<String>,
    /// How many owners must agree to a change of keys [default: 1]
    #[arg(long, value_name = "N", requires = "owners")]
    pub threshold: Option<u64>,
    /// Sign genesis with this key of one of the owners [default: owner.pem of your keys]
    #[arg(long, value_name = "FILE", requires = "owners")]
    pub key: Option<PathBuf>,
}

/// Arguments of `register`.
#[derive(Debug, ClapArgs)]
pub struct Register {
    /// The lineage file (YAML, JSON or JSON Lines), or - for standard input
    pub file: PathBuf,
    /// Fill `${KEY}` in names and paths
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// Leave out what cannot be registered, record a gap where it is used, and exit with 3
    #[arg(long)]
    pub keep_going: bool,
    /// How to append.
    #[command(flatten)]
    pub how: Append,
}

/// Arguments of everything that registers items.
#[derive(Debug, Clone, ClapArgs)]
pub struct Append {
    /// Check and hash everything, show what would be appended, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Accept what is not the same as what its name stands for as a further version of the name
    #[arg(long)]
    pub new_version: bool,
    /// Read every file, also those that have not changed since they were hashed last
    #[arg(long)]
    pub no_cache: bool,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub lock_wait: u64,
    /// Sign with this key: a key file, a .pub file whose key an ssh-agent holds, or agent:SHA256:...
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// What a lineage is judged by.
#[derive(Debug, ClapArgs)]
pub struct Judging {
    /// Hash the files of the lineage in this folder and hold them against the record
    #[arg(long, value_name = "DIR")]
    pub content: Option<PathBuf>,
    /// Trust the ledger that this file describes, and no other
    #[arg(long, value_name = "FILE", conflicts_with = "trust_genesis")]
    pub trust_root: Option<PathBuf>,
    /// Take the ledger's own word for who it is, when nothing is pinned
    #[arg(long)]
    pub trust_genesis: bool,
    /// The least assurance that is enough: self, pinned, witnessed, sampled, full
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "self")]
    pub require: Assurance,
}

/// Arguments of `verify`.
#[derive(Debug, ClapArgs)]
pub struct Verify {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(required_unless_present = "sample", value_name = "NODE|PATH")]
    pub nodes: Vec<String>,
    /// Judge what this sample was drawn from, as of then; draw it again, and open none but its files
    #[arg(long, value_name = "FILE", conflicts_with = "as_of")]
    pub sample: Option<PathBuf>,
    /// Write the sample with what was found of its items to this new file
    #[arg(long, value_name = "FILE", requires = "sample")]
    pub marks: Option<PathBuf>,
    /// What is judged by.
    #[command(flatten)]
    pub judging: Judging,
    /// What else it is held against.
    #[command(flatten)]
    pub by: super::by_policy::ByPolicy,
    /// What it must not descend from.
    #[command(flatten)]
    pub excludes: super::excludes::Excludes,
    /// What was disclosed.
    #[command(flatten)]
    pub with: super::with::With,
    /// How far the log counts.
    #[command(flatten)]
    pub as_of: super::as_of::AsOf,
    /// How new it must be.
    #[command(flatten)]
    pub fresh: super::fresh::Fresh,
}

/// Reads a level of assurance.
pub(super) fn level(word: &str) -> Result<Assurance, String> {
    let words: Vec<&str> = Assurance::WORDS.iter().map(|(_, word)| *word).collect();
    Assurance::parse(word).ok_or_else(|| format!("write one of {}", words.join(", ")))
}

/// Arguments of `fsck`.
#[derive(Debug, ClapArgs)]
pub struct Fsck {
    /// The trust root to check against [default: the pinned one]
    #[arg(long, value_name = "FILE")]
    pub trust_root: Option<PathBuf>,
    /// Write missing tiles anew, and replace false ones; what was there is kept in tmp/
    #[arg(long)]
    pub repair: bool,
}

/// Arguments of `demo`.
#[derive(Debug, ClapArgs)]
pub struct Demo {
    /// Keep the demonstration's files in this new folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn global_options_stand_anywhere() {
        let args = Args::try_parse_from(["herdbook", "verify", "m", "--json", "--ledger", "x"]).unwrap();
        assert!(args.global.json);
        assert_eq!(args.global.ledger, Some("x".into()));
        let wrong = Args::try_parse_from(["herdbook", "verify", "m", "--require", "much"]).unwrap_err();
        assert!(wrong.to_string().contains("write one of self, pinned"));
    }
}
