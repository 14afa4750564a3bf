//! What the program is told by its surroundings: the only place that reads the environment.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::digest::Hasher;

use super::error::Error;
use super::exit::Exit;

/// What the environment says of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Nothing: a terminal has colour, a file has none.
    OnTerminal,
    /// `NO_COLOR` is set, or the terminal is a dumb one.
    Never,
    /// `CLICOLOR_FORCE` is set to something but 0.
    Forced,
}

/// The environment, read once.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The current folder.
    pub current: PathBuf,
    /// The folder that typed paths are relative to, where that is not the one the process has.
    pub base: Option<PathBuf>,
    /// `HERDBOOK_HOME`: keys and pins, all in one folder.
    pub herdbook_home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, else `~/.config`.
    pub config_home: Option<PathBuf>,
    /// `XDG_STATE_HOME`, else `~/.local/state`.
    pub state_home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`, else `~/.cache`.
    pub cache_home: Option<PathBuf>,
    /// `SSH_AUTH_SOCK`: where an ssh-agent listens.
    pub agent: Option<PathBuf>,
    /// What the environment says of colour.
    pub colour: Colour,
    /// Whether standard output goes to a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error goes to a terminal.
    pub stderr_is_terminal: bool,
}

impl Surroundings {
    /// Reads the environment.
    pub fn read() -> Result<Self, Error> {
        let current = std::env::current_dir().map_err(|source| {
            Error::new(Exit::Failure, "the current folder cannot be found")
                .because(source)
                .hint("change to a folder that exists")
        })?;
        let home = variable("HOME").map(PathBuf::from);
        // The XDG specification: a relative path there is to be ignored.
        let absolute = |name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let below = |folder: &str| home.as_deref().map(|home| home.join(folder));
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let colour = if variable("NO_COLOR").is_some() || dumb {
            Colour::Never
        } else if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
            Colour::Forced
        } else {
            Colour::OnTerminal
        };
        Ok(Self {
            herdbook_home: variable("HERDBOOK_HOME").map(|path| current.join(path)),
            config_home: absolute("XDG_CONFIG_HOME").or_else(|| below(".config")),
            state_home: absolute("XDG_STATE_HOME").or_else(|| below(".local/state")),
            cache_home: absolute("XDG_CACHE_HOME").or_else(|| below(".cache")),
            agent: variable("SSH_AUTH_SOCK").map(PathBuf::from),
            colour,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            base: None,
            current,
        })
    }

    /// Returns surroundings of which nothing could be read.
    pub fn none() -> Self {
        Self {
            current: PathBuf::new(),
            base: None,
            herdbook_home: None,
            config_home: None,
            state_home: None,
            cache_home: None,
            agent: None,
            colour: Colour::Never,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }

    /// Returns the same surroundings in another folder, where keys and pins are too.
    pub fn inside(&self, folder: &Path) -> Self {
        Self {
            current: folder.to_owned(),
            base: Some(folder.to_owned()),
            herdbook_home: Some(folder.join("home")),
            ..self.clone()
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge that hands the environment on"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns whether `--json` stands among the arguments, for errors that come before they are understood.
pub fn json_was_asked() -> bool {
    std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json")
}

/// Returns what the clock of this machine says. Nothing that is signed or decided depends on it.
#[expect(clippy::disallowed_methods, reason = "this is the edge that reads the clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the time in nanoseconds since 1970; before then, a clock is wrong and everything is young.
pub fn now_ns() -> i128 {
    let since = now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i128::try_from(since.as_nanos()).unwrap_or(0))
}

/// Returns fresh random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|source| {
        Error::new(
            Exit::Failure,
            "the operating system gave no random numbers for a key",
        )
        .because(source)
    })?;
    Ok(bytes)
}

/// Nonces of commits: one random seed, drawn before anything is written, and a count.
#[derive(Debug)]
pub struct Nonces {
    seed: [u8; 32],
    drawn: u64,
}

impl Nonces {
    /// Draws the seed.
    pub fn new() -> Result<Self, Error> {
        let seed = random()?;
        Ok(Self { seed, drawn: 0 })
    }

    /// Returns a nonce that nobody else has.
    pub fn draw(&mut self) -> [u8; 16] {
        let mut hasher = Hasher::new();
        hasher.update(&self.seed);
        hasher.update(&self.drawn.to_be_bytes());
        self.drawn += 1;
        let digest = hasher.finish().sha256;
        let mut nonce = [0; 16];
        for (to, from) in nonce.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        nonce
    }
}
