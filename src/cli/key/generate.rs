//! `herdbook key generate`: a key in a new file, outside of every ledger.

use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::ValueEnum;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::surroundings::random;
use crate::cli::ui::Answer;
use crate::cli::ui::table;
use crate::key::PublicKey;
use crate::sign::KeyFile;
use crate::sign::KeyFileError;
use crate::sign::KeyForm;
use crate::sign::Protection;
use crate::sign::Signer as _;
use crate::sign::ssh_forms;

use super::named::public_json;

/// Arguments of `key generate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  herdbook key generate ~/keys/vendor.pem --encrypt
  herdbook key generate ~/.ssh/herdbook --form openssh --encrypt
  ssh-keygen -t ed25519 -f ~/.ssh/herdbook        keys made elsewhere serve as well")]
pub struct Args {
    /// Where to write it; nothing is overwritten
    file: PathBuf,
    /// Protect it with a passphrase, which is asked for or comes from --passphrase-file
    #[arg(long)]
    encrypt: bool,
    /// The form of the file
    #[arg(long, value_enum, default_value = "pkcs8")]
    form: Form,
}

/// The form of a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// PKCS#8 PEM, which `openssl` reads
    Pkcs8,
    /// A file of OpenSSH, which `ssh-add` reads
    Openssh,
}

/// Makes the key.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let path = session.around.current.join(&args.file);
    refuse_in_ledger(&path)?;
    // Told before a passphrase is asked for, and told again should it come to be in between.
    if path.symlink_metadata().is_ok() {
        return Err(KeyFileError::Exists { path }.into());
    }
    let form = match args.form {
        Form::Pkcs8 => KeyForm::Pkcs8,
        Form::Openssh => KeyForm::OpenSsh,
    };
    let passphrase = if args.encrypt {
        let given = session.passphrases.fresh(&path).map_err(|source| {
            Error::new(
                Exit::KeyUnusable,
                "no key was made: a passphrase is needed to protect it",
            )
            .because(source)
        });
        Some(given?)
    } else {
        None
    };
    let (salt, iv) = (random()?, random()?);
    let protection = passphrase
        .as_ref()
        .map(|passphrase| Protection { passphrase, salt, iv });
    let made = KeyFile::generate_as(&path, random()?, form, protection.as_ref())?;
    let key = PublicKey::from_bytes(&made.public_key()).map_err(|source| {
        Error::new(Exit::KeyUnusable, "the key that was made is not one").because(source)
    })?;
    let (line, fingerprint) = ssh_forms(key);
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let mut text = format!("{}\n", key.to_hex());
    text.push_str(&table(&[
        row("key id", key.id().to_hex()),
        row("fingerprint", fingerprint),
        row("ssh", line),
        row("file", path.display().to_string()),
    ]));
    let mut json = public_json(key);
    if let Some(members) = json.as_object_mut() {
        members.insert("schema".to_owned(), json!("herdbook/key-generate/v1"));
        members.insert("file".to_owned(), json!(path.display().to_string()));
        members.insert("encrypted".to_owned(), json!(args.encrypt));
    }
    let mut notes = vec![format!(
        "The first line is the public key: an owner grants it with `herdbook key grant {} --kinds ...`.",
        key.to_hex()
    )];
    if !args.encrypt {
        notes.push("The file is not protected by a passphrase: whoever can read it can sign.".to_owned());
    }
    Ok(Answer {
        text,
        json,
        notes,
        exit: Exit::Ok,
    })
}

/// A ledger is made to be copied and published, so no private key is written into one.
fn refuse_in_ledger(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let is_ledger = |folder: &&Path| folder.join("herdbook.toml").is_file() || folder.join("commit").is_dir();
    match folder.ancestors().find(is_ledger) {
        None => Ok(()),
        Some(ledger) => Err(Error::new(
            Exit::KeyUnusable,
            format!(
                "{} lies inside a ledger, which is made to be copied",
                path.display()
            ),
        )
        .hint(format!("give a path outside of {}", ledger.display()))),
    }
}
