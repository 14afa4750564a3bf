//! `herdbook completions` and `herdbook man`: what is made from the arguments themselves, without a ledger.

use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::Command;
use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::json;

use super::args::Args;
use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use super::ui::Answer;

/// Arguments of `completions`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  herdbook completions bash > ~/.local/share/bash-completion/completions/herdbook
  herdbook completions zsh > ~/.zfunc/_herdbook
  herdbook completions fish > ~/.config/fish/completions/herdbook.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, ClapArgs)]
pub struct ManArgs {
    /// Write one page for each command into this folder, and not the first one to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> Answer {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "herdbook", &mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer {
        json: json!({
            "schema": "herdbook/completions/v1",
            "shell": args.shell.to_string(),
            "script": text,
        }),
        text,
        notes: Vec::new(),
        exit: Exit::Ok,
    }
}

/// Writes the manual pages.
pub fn man(session: &Session, args: &ManArgs) -> Result<Answer, Error> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = &args.out else {
        let page = page(&command)?;
        return Ok(Answer {
            json: json!({ "schema": "herdbook/man/v1", "page": page }),
            text: page,
            notes: vec!["`herdbook man --out DIR` writes a page for every command.".to_owned()],
            exit: Exit::Ok,
        });
    };
    let folder = session.path(folder);
    std::fs::create_dir_all(&folder).map_err(|source| unwritable(&folder, source))?;
    let mut written = Vec::new();
    write_pages(&command, "herdbook", &folder, &mut written)?;
    Ok(Answer {
        text: written.join("\n") + "\n",
        json: json!({ "schema": "herdbook/man/v1", "pages": written }),
        notes: Vec::new(),
        exit: Exit::Ok,
    })
}

fn page(command: &Command) -> Result<String, Error> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut bytes)
        .map_err(|source| Error::new(Exit::Failure, "the manual page cannot be made").because(source))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes the page of a command and those of the commands below it: `herdbook-source-add.1`.
fn write_pages(command: &Command, name: &str, folder: &Path, written: &mut Vec<String>) -> Result<(), Error> {
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).map_err(|source| unwritable(&path, source))?;
    written.push(path.display().to_string());
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        write_pages(inner, &format!("{name}-{}", inner.get_name()), folder, written)?;
    }
    Ok(())
}

fn unwritable(path: &Path, source: std::io::Error) -> Error {
    Error::new(Exit::Failure, format!("{} cannot be written", path.display()))
        .because(source)
        .code(ErrorCode::FileMissing)
        .hint("give a folder that can be written to")
}
