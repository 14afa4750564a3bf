//! Passphrases of key files: from the file that was named, else asked for on the terminal, without showing them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use zeroize::Zeroizing;

use crate::sign::MAX_PASSPHRASE_BYTES;
use crate::sign::Passphrase;
use crate::sign::PassphraseError;
use crate::sign::Passphrases;

use super::ui::in_line;

/// Where passphrases come from in one run of the program.
#[derive(Debug)]
pub struct AskedPassphrases {
    file: Option<PathBuf>,
    /// Whether there is a terminal with somebody at it.
    may_ask: bool,
    /// What was typed, so that a verb that opens a key again does not ask again.
    typed: Mutex<BTreeMap<PathBuf, Passphrase>>,
}

impl AskedPassphrases {
    /// Takes them from `file`, or asks if that makes sense here.
    pub fn new(file: Option<PathBuf>, may_ask: bool) -> Self {
        Self {
            file,
            may_ask,
            typed: Mutex::new(BTreeMap::new()),
        }
    }

    /// Returns the passphrase for a key that is made: typed twice, for nobody can look at it again.
    pub fn fresh(&self, path: &Path) -> Result<Passphrase, PassphraseError> {
        if let Some(file) = &self.file {
            return from_file(file);
        }
        let first = self.ask(&format!("New passphrase for {}: ", told(path)))?;
        let second = self.ask("The same again: ")?;
        if first.is(&second) {
            Ok(first)
        } else {
            Err(PassphraseError::Differ)
        }
    }

    fn ask(&self, text: &str) -> Result<Passphrase, PassphraseError> {
        if !self.may_ask {
            return Err(PassphraseError::NotGiven);
        }
        let typed = rpassword::prompt_password(text).map_err(|source| PassphraseError::Io {
            from: "the terminal".to_owned(),
            source,
        })?;
        Passphrase::new(Zeroizing::new(typed))
    }
}

impl Passphrases for AskedPassphrases {
    fn passphrase(&self, path: &Path) -> Result<Passphrase, PassphraseError> {
        if let Some(file) = &self.file {
            return from_file(file);
        }
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = typed.get(path) {
            return Ok(known.clone());
        }
        let asked = self.ask(&format!("Passphrase for {}: ", told(path)))?;
        typed.insert(path.to_owned(), asked.clone());
        Ok(asked)
    }
}

fn told(path: &Path) -> String {
    in_line(&path.display().to_string())
}

/// Reads the first line of a file, which nobody else may read; a pipe is nobody else's.
fn from_file(path: &Path) -> Result<Passphrase, PassphraseError> {
    let file = told(path);
    let failed = |source| PassphraseError::Io {
        from: file.clone(),
        source,
    };
    let opened = fs::File::open(path).map_err(failed)?;
    let metadata = opened.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(PassphraseError::LoosePermissions { file, mode });
    }
    // Room for the line end and one more, so that what is too long is seen to be.
    let limit = MAX_PASSPHRASE_BYTES + 3;
    let mut text = Zeroizing::new(String::with_capacity(limit));
    opened
        .take(limit as u64)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    Passphrase::new(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn known(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn the_first_line_of_the_file_is_the_passphrase() {
        for text in ["a b ", "a b \n", "a b \r\n", "a b \nanything\n"] {
            let (_folder, path) = written(text, 0o600);
            let given = AskedPassphrases::new(Some(path.clone()), false);
            assert!(
                given.passphrase(Path::new("k")).unwrap().is(&known("a b ")),
                "{text:?}"
            );
            assert!(given.fresh(Path::new("k")).unwrap().is(&known("a b ")));
        }
    }

    #[test]
    fn what_is_no_passphrase_is_told_and_never_shown() {
        let long = "x".repeat(MAX_PASSPHRASE_BYTES + 1);
        for (text, mode, part) in [
            ("", 0o600, "empty"),
            ("\nsecond", 0o600, "empty"),
            (long.as_str(), 0o600, "MAX_PASSPHRASE_BYTES"),
            ("hush", 0o644, "chmod 600"),
        ] {
            let (_folder, path) = written(text, mode);
            let refused = from_file(&path).unwrap_err();
            let told = format!("{refused} {refused:?}");
            assert!(told.contains(part), "{told}");
            assert!(!told.contains("hush") && !told.contains("xxxx"), "{told}");
        }
        let nobody = AskedPassphrases::new(None, false);
        let refused = nobody.passphrase(Path::new("k")).unwrap_err();
        assert!(refused.to_string().contains("--passphrase-file"), "{refused}");
    }
}
