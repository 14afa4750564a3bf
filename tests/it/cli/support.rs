//! Running the program in a throw-away folder.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;

/// A small pipeline: seeds and a teacher make tasks, tasks make a model.
pub const PIPELINE: &str = r"
herdbook: 1
sources:
  - {name: seeds, files: seeds.jsonl, made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
runs:
  - name: generate
    does: generate
    inputs: [{use: seeds, as: seed}, {use: teacher, as: generator}]
    outputs: [{name: tasks, kind: shard, files: 'out/*.jsonl'}]
  - name: train
    does: train
    inputs: [{use: tasks, as: data}]
    outputs: [{name: model, kind: model, files: weights.bin}]
";

/// A folder with a home in it.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Returns what was written to standard output, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Fails with everything that was said unless the code is this one.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

impl Place {
    /// Makes a folder without a ledger.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Makes a folder with an empty ledger.
    pub fn with_ledger() -> Self {
        let place = Self::new();
        place.run(&["init", "--origin", "test.example/lab"]).expect(0);
        place
    }

    /// Makes a folder with the files of [`PIPELINE`] and a ledger that has them.
    pub fn with_pipeline() -> Self {
        let place = Self::with_ledger();
        place.write_pipeline();
        place.run(&["register", "lineage.yaml"]).expect(0);
        place
    }

    pub fn write_pipeline(&self) {
        self.write("seeds.jsonl", "{\"a\":1}\n");
        self.write("out/0.jsonl", "{\"b\":1}\n{\"b\":2}\n");
        self.write("out/1.jsonl", "{\"b\":3}\n");
        self.write("weights.bin", "weights");
        self.write("lineage.yaml", PIPELINE);
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Returns the command with nothing of this machine's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_herdbook"));
        command
            .args(args)
            .current_dir(self.path())
            .env("HERDBOOK_HOME", self.at("home"))
            .env_remove("HERDBOOK_LEDGER")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("NO_COLOR");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, args: &[&str], input: impl AsRef<[u8]>) -> Ran {
        use std::io::Write as _;
        let mut child = self
            .command(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that refuses early does not read it all.
        stdin.write_all(input.as_ref()).unwrap_or_default();
        drop(stdin);
        ran(child.wait_with_output().unwrap())
    }

    /// Forgets which checkpoints were accepted, as somebody does who restores an older ledger on purpose.
    pub fn forget(&self) {
        fs::remove_dir_all(self.at("home/checkpoints")).unwrap();
    }

    /// Returns how many entries the log has.
    pub fn size(&self) -> u64 {
        self.run(&["list", "--json"]).expect(0).json()["checkpoint"]["size"]
            .as_u64()
            .unwrap()
    }
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns the codes of the findings of a verdict that fail.
pub fn failing(verdict: &Value) -> Vec<&str> {
    let findings = verdict["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["severity"] == "fails")
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// Returns the names on a path.
pub fn names(path: &Value) -> Vec<&str> {
    path.as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect()
}
