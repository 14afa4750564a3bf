//! What attacks are made of: a log that is written as told, bundles of it, and the folder of an attack.

mod bundle;
mod items;
mod world;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use herdbook::canonical::Value;
use herdbook::verify::Code;
use herdbook::verify::Verdict;

pub use bundle::Bundle;
pub use bundle::Member;
pub use bundle::tar;
pub use items::*;
pub use world::*;

/// A file of a fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Bytes(Vec<u8>),
    /// A symbolic link and where it leads.
    Link(String),
}

/// The files of a fixture by their relative names.
pub type Files = BTreeMap<String, Found>;

/// A file with its name.
pub fn file(name: &str, bytes: impl Into<Vec<u8>>) -> (String, Found) {
    (name.to_owned(), Found::Bytes(bytes.into()))
}

/// A symbolic link with its name.
pub fn link(name: &str, to: &str) -> (String, Found) {
    (name.to_owned(), Found::Link(to.to_owned()))
}

/// What a command must say.
#[derive(Debug, Clone)]
pub struct Check {
    pub command: Vec<String>,
    pub exit: u8,
    pub verdict: Option<Verdict>,
    pub findings: BTreeSet<String>,
    pub code: Option<&'static str>,
}

impl Check {
    /// A command that ends with the verdict that these codes lead to.
    pub fn verdict(command: &str, codes: &[Code]) -> Self {
        let verdict = codes.iter().filter_map(|code| code.verdict()).min();
        let verdict = verdict.unwrap_or(Verdict::Traced);
        Self {
            verdict: Some(verdict),
            findings: codes.iter().map(|code| code.as_str().to_owned()).collect(),
            ..Self::words(command, exit(verdict), &[])
        }
    }

    /// A command that has findings of its own and gives no verdict.
    pub fn words(command: &str, exit: u8, codes: &[&str]) -> Self {
        Self {
            command: command.split(' ').map(str::to_owned).collect(),
            exit,
            verdict: None,
            findings: codes.iter().map(|code| (*code).to_owned()).collect(),
            code: None,
        }
    }

    /// A command that ends with an error.
    pub fn error(command: &str, exit: u8, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..Self::words(command, exit, &[])
        }
    }

    fn members(&self) -> BTreeMap<String, Value> {
        let list = |texts: Vec<&String>| {
            Value::List(texts.into_iter().map(|text| Value::from(text.as_str())).collect())
        };
        let mut members = BTreeMap::from([
            ("command".to_owned(), list(self.command.iter().collect())),
            ("exit".to_owned(), Value::Integer(i64::from(self.exit))),
            ("findings".to_owned(), list(self.findings.iter().collect())),
        ]);
        if let Some(verdict) = self.verdict {
            members.insert("verdict".to_owned(), Value::from(verdict.as_str()));
        }
        if let Some(code) = self.code {
            members.insert("code".to_owned(), Value::from(code));
        }
        members
    }
}

fn exit(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Traced => 0,
        Verdict::Tampered => 20,
        Verdict::NotTraced => 21,
        Verdict::Undecidable => 22,
        Verdict::NotPermitted => 23,
    }
}

/// One attack: its evidence and what must come of it.
#[derive(Debug, Clone)]
pub struct Attack {
    pub name: &'static str,
    pub what: &'static str,
    pub goal: &'static str,
    pub files: Files,
    /// Commands that ran before on the same machine, and how they ended.
    pub before: Vec<(Vec<String>, u8)>,
    /// The first is the one that counts.
    pub checks: Vec<Check>,
}

const VERIFY_BUNDLE: &str = "verify-bundle bundle.tar --trust-root trust-root.json";

/// Returns the command that verifies an item of the ledger.
pub fn verify(item: &str) -> String {
    format!("verify {item} --ledger ledger --trust-root trust-root.json")
}

impl Attack {
    /// An attack with nothing in its folder but the auditor's trust root.
    pub fn new(name: &'static str, what: &'static str, goal: &'static str, world: &World) -> Self {
        Self {
            name,
            what,
            goal,
            files: Files::from([file("trust-root.json", world.root.encode())]),
            before: vec![],
            checks: vec![],
        }
    }

    /// An attack that shows in a bundle of `item` and in the ledger itself, where all that fails has these codes.
    /// The world must be at the end of a commit.
    pub fn both(text: [&'static str; 3], world: &World, item: &str, codes: &[Code]) -> Self {
        Self::bundle_and_ledger(text, world, item, codes, codes)
    }

    /// The same for what nobody can open as a ledger: false evidence there is told without looking further.
    pub fn refused(text: [&'static str; 3], world: &World, item: &str, codes: &[Code]) -> Self {
        Self::bundle_and_ledger(text, world, item, codes, &[Code::Undecodable])
    }

    /// An attack of which bundle and ledger tell different things.
    pub fn bundle_and_ledger(
        [name, what, goal]: [&'static str; 3],
        world: &World,
        item: &str,
        of_bundle: &[Code],
        of_ledger: &[Code],
    ) -> Self {
        Self::new(name, what, goal, world)
            .bundle(&Bundle::of(world, item).tar(), of_bundle)
            .files(world.ledger())
            .check(Check::verdict(&verify(item), of_ledger))
    }

    /// An attack that only a ledger can show.
    pub fn ledger([name, what, goal]: [&'static str; 3], world: &World, item: &str, codes: &[Code]) -> Self {
        Self::new(name, what, goal, world)
            .files(world.ledger())
            .check(Check::verdict(&verify(item), codes))
    }

    /// An attack that only a bundle can show.
    pub fn on_bundle(
        [name, what, goal]: [&'static str; 3],
        world: &World,
        tar: &[u8],
        codes: &[Code],
    ) -> Self {
        Self::new(name, what, goal, world).bundle(tar, codes)
    }

    /// Adds a bundle, which is what counts from now on.
    #[must_use]
    pub fn bundle(mut self, tar: &[u8], codes: &[Code]) -> Self {
        self.checks.insert(0, Check::verdict(VERIFY_BUNDLE, codes));
        self.file("bundle.tar", tar)
    }

    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    #[must_use]
    pub fn file(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.extend([file(name, bytes)]);
        self
    }

    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files.extend(files);
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        assert!(self.files.remove(name).is_some(), "{name} is not there");
        self
    }

    /// Changes the bytes of a file.
    #[must_use]
    pub fn change(mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let Some(Found::Bytes(bytes)) = self.files.get_mut(name) else {
            panic!("{name} is not there");
        };
        change(bytes);
        self
    }

    /// Adds that an item of another ledger was verified before on the same machine, which ended so.
    #[must_use]
    pub fn seen(self, ledger: &str, item: &str, exit: u8) -> Self {
        self.before(
            &format!("verify {item} --ledger {ledger} --trust-root trust-root.json"),
            exit,
        )
    }

    /// Adds that another bundle was verified before on the same machine, which ended so.
    #[must_use]
    pub fn seen_bundle(self, bundle: &str, exit: u8) -> Self {
        self.before(
            &format!("verify-bundle {bundle} --trust-root trust-root.json"),
            exit,
        )
    }

    fn before(mut self, command: &str, exit: u8) -> Self {
        let command = command.split(' ').map(str::to_owned).collect();
        self.before.push((command, exit));
        self
    }

    /// Returns all files of the folder.
    pub fn folder(&self) -> Files {
        let mut files = self.files.clone();
        files.extend([file("attack.json", self.describe())]);
        files
    }

    fn describe(&self) -> Vec<u8> {
        let (first, rest) = self
            .checks
            .split_first()
            .expect("an attack has something to check");
        let mut members = first.members();
        for (key, text) in [("name", self.name), ("what", self.what), ("goal", self.goal)] {
            members.insert(key.to_owned(), Value::from(text));
        }
        let command =
            |words: &Vec<String>| Value::List(words.iter().map(|word| Value::from(word.as_str())).collect());
        if !self.before.is_empty() {
            let before = self.before.iter().map(|(words, exit)| {
                let exit = Value::Integer(i64::from(*exit));
                let members = [("command", command(words)), ("exit", exit)];
                Value::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
            });
            members.insert("before".to_owned(), Value::List(before.collect()));
        }
        if !rest.is_empty() {
            let also = rest.iter().map(|check| Value::Object(check.members()));
            members.insert("also".to_owned(), Value::List(also.collect()));
        }
        let mut bytes = Value::Object(members).encode();
        bytes.push(b'\n');
        bytes
    }
}
