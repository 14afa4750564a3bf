//! `herdbook key`: who may sign what, and the file to hand to an auditor.
//!
//! | file | does |
//! |---|---|
//! | `generate`, `list`, `trust_root` | make a key; show what there is; write the trust root |
//! | `grant`, `revoke`, `rotate`, `approve` | what owners sign |
//! | `affirm` | what another granted key signs about suspect entries |
//! | `change`, `reach` | how an owner's change is appended; what becomes suspect and which models that reaches |
//! | `named` | which key a text means |

mod affirm;
mod approve;
mod change;
mod generate;
mod grant;
mod list;
pub mod named;
mod reach;
mod revoke;
mod rotate;
mod trust_root;

use clap::Args as ClapArgs;
use clap::Subcommand;

use super::error::Error;
use super::session::Session;
use super::ui::Answer;

/// Arguments of `key`.
#[derive(Debug, ClapArgs)]
pub struct Key {
    /// What to do with keys.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// The verbs of `key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key in a new file, and print its public half
    Generate(generate::Args),
    /// List owners, granted keys, and changes that await approval
    List,
    /// Let a key sign some kinds of statements
    Grant(grant::Args),
    /// Let a key sign no longer, and tell what becomes suspect with it
    Revoke(revoke::Args),
    /// Put a new key in the place of an old one
    Rotate(rotate::Args),
    /// Agree, as an owner, to what another owner proposed
    Approve(approve::Args),
    /// Vouch, with another key, for what a compromised key signed
    Affirm(affirm::Args),
    /// Write the trust root: the file to hand to an auditor
    TrustRoot(trust_root::Args),
}

/// Runs a verb of `key`.
pub fn run(session: &Session, args: &Key) -> Result<Answer, Error> {
    match &args.command {
        KeyCommand::Generate(args) => generate::run(session, args),
        KeyCommand::List => list::run(session),
        KeyCommand::Grant(args) => grant::run(session, args),
        KeyCommand::Revoke(args) => revoke::run(session, args),
        KeyCommand::Rotate(args) => rotate::run(session, args),
        KeyCommand::Approve(args) => approve::run(session, args),
        KeyCommand::Affirm(args) => affirm::run(session, args),
        KeyCommand::TrustRoot(args) => trust_root::run(session, args),
    }
}
