//! A ledger in a real folder: made, registered into, opened again.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use herdbook::checkpoint::Origin;
use herdbook::ledger::InitError;
use herdbook::ledger::InitRequest;
use herdbook::ledger::Initialised;
use herdbook::ledger::KeyPaths;
use herdbook::ledger::Ledger;
use herdbook::ledger::LedgerError;
use herdbook::ledger::PinError;
use herdbook::ledger::RegisterRequest;
use herdbook::ledger::Signers;
use herdbook::ledger::hash::Progress;
use herdbook::ledger::hash::Unwatched;
use herdbook::ledger::init;
use herdbook::ledger::lineage_file;
use herdbook::ledger::lineage_file::Settings;
use herdbook::ledger::private::Sidecar;
use herdbook::ledger::register::RegisterError;
use herdbook::ledger::register::RegisterOptions;
use herdbook::ledger::register::Registered;
use herdbook::ledger::register::RegisteredNode;
use herdbook::sign::KeyOpener;
use tempfile::TempDir;

/// A folder with a ledger, its keys and its pins.
pub struct House {
    pub root: TempDir,
    next: u8,
}

impl House {
    pub fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            next: 0,
        }
    }

    pub fn with_ledger() -> Self {
        let mut house = Self::new();
        house.init().unwrap();
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn request(&self) -> InitRequest {
        InitRequest {
            folder: self.path("ledger"),
            origin: Origin::parse("example.com/house").unwrap(),
            owners: None,
            opener: KeyOpener::plain(),
            organisation: Some("Example Lab".to_owned()),
            keys_folder: self.path("keys"),
            state_folder: self.path("state"),
            wait: Duration::from_secs(5),
        }
    }

    pub fn init(&mut self) -> Result<Initialised, InitError> {
        let request = self.request();
        init(&request, &mut || self.random())
    }

    /// Never the same twice, and the same in every run.
    pub fn random(&mut self) -> [u8; 32] {
        self.next += 1;
        [self.next; 32]
    }

    pub fn open(&self) -> Ledger {
        Ledger::open(&self.path("ledger")).unwrap()
    }

    pub fn signers(&self) -> Signers {
        let request = self.request();
        let paths = KeyPaths::of(&request.keys_folder, &request.origin);
        Signers {
            issuer: KeyOpener::plain().open(&paths.issuer).unwrap(),
            log: KeyOpener::plain().open(&paths.log).unwrap(),
        }
    }

    pub fn register(&self, yaml: &str) -> Result<Registered, LedgerError> {
        self.register_with(yaml, RegisterOptions::default())
    }

    pub fn register_with(&self, yaml: &str, options: RegisterOptions) -> Result<Registered, LedgerError> {
        self.register_watched(yaml, options, &Unwatched)
    }

    pub fn register_watched(
        &self,
        yaml: &str,
        options: RegisterOptions,
        progress: &dyn Progress,
    ) -> Result<Registered, LedgerError> {
        self.write("data/lineage.yaml", yaml);
        let path = self.path("data/lineage.yaml");
        let file = lineage_file::read(&path, &Settings::default()).map_err(RegisterError::Faults)?;
        let mut ledger = self.open();
        let signers = self.signers();
        let keys = self.request().keys_folder;
        let sidecar = Sidecar::of(&self.path("state"), &self.request().origin, [3; 32]);
        let request = RegisterRequest {
            path: &path,
            file: &file,
            signers: &signers,
            keys_folder: Some(&keys),
            sidecar: Some(&sidecar),
            options,
            cache: None,
            progress,
            wait: Duration::from_secs(5),
        };
        let mut nonce = ledger.checkpoint().size.get();
        ledger.register(&request, &mut || {
            nonce += 1;
            u128::from(nonce).to_le_bytes()
        })
    }

    /// The problems that keep `yaml` from being registered, in one text.
    pub fn refused(&self, yaml: &str) -> String {
        let size = self.open().checkpoint().size;
        let refused = match self.register(yaml) {
            Err(LedgerError::Register(error @ (RegisterError::Problems(_) | RegisterError::Faults(_)))) => {
                error.to_string()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(self.open().checkpoint().size, size, "nothing is appended");
        refused.replace(&format!("{}/", self.path("data").display()), "")
    }
}

pub const PIPELINE: &str = "
herdbook: 1
sources:
  - {name: seeds, files: [seeds/*.jsonl], made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
  - {name: base, provider: Example AI, version: '1', access: weights, digests: [{name: w.bin, sha256: '1111111111111111111111111111111111111111111111111111111111111111'}]}
prompts:
  - {name: task, files: [prompt.txt]}
filters:
  - {name: rouge, rule: dedup, files: [filter.py], params: {threshold: '0.7'}}
runs:
  - name: tune
    does: train
    inputs: [{use: base, as: base}, {use: kept, as: data}]
    outputs: [{name: specialist, kind: model, files: [ckpt/*]}]
  - name: generate
    does: generate
    inputs: [{use: teacher, as: generator}, {use: seeds, as: seed}, {use: task, as: prompt}]
    outputs: [{name: tasks, kind: shard, files: [out/*.jsonl]}]
  - name: drop
    does: filter
    inputs: [{use: tasks, as: data}, {use: rouge, as: filter}]
    outputs: [{name: kept, kind: shard, files: [kept.jsonl]}]
datasets:
  - {name: all, members: [seeds, tasks, kept]}
";

pub fn write_pipeline(house: &House) {
    house.write("data/seeds/a.jsonl", "{}\n{}\n");
    house.write("data/seeds/b.jsonl", "{\"b\":1}\n");
    house.write("data/prompt.txt", "write tasks");
    house.write("data/filter.py", "print()");
    house.write("data/out/1.jsonl", "{\"t\":1}\n{\"t\":2}\n");
    house.write("data/kept.jsonl", "{\"t\":1}\n");
    house.write("data/ckpt/weights.bin", "weights");
    house.write("data/ckpt/tokenizer.json", "{\"v\":1}");
}

#[test]
fn a_pipeline_is_registered_once() {
    let house = House::with_ledger();
    write_pipeline(&house);
    let first = house.register(PIPELINE).unwrap();
    assert_eq!((first.appended, first.already_present), (9, 0));
    // Genesis and its seal, nine statements and theirs.
    assert_eq!(first.tree_size, 12);
    assert!(first.warnings.is_empty(), "{:?}", first.warnings);
    let names: Vec<&str> = first.nodes.iter().map(|node| node.name.as_str()).collect();
    for name in [
        "seeds/seeds/a.jsonl",
        "teacher",
        "task",
        "rouge",
        "generate",
        "tasks",
        "drop",
        "kept",
        "tune",
        "specialist",
        "all",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let again = house.register(PIPELINE).unwrap();
    assert_eq!(
        (again.appended, again.already_present, again.tree_size),
        (0, 9, 12)
    );
    let ids =
        |nodes: &[RegisteredNode]| -> Vec<String> { nodes.iter().map(|node| node.id.clone()).collect() };
    assert_eq!(ids(&again.nodes), ids(&first.nodes));
    assert!(again.nodes.iter().all(|node| node.already_present));
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let house = House::with_ledger();
    write_pipeline(&house);
    let before = files_below(&house.path("ledger"));
    let options = RegisterOptions {
        dry_run: true,
        ..RegisterOptions::default()
    };
    let dry = house.register_with(PIPELINE, options).unwrap();
    assert_eq!((dry.appended, dry.already_present, dry.tree_size), (9, 0, 2));
    assert_eq!(files_below(&house.path("ledger")), before);
    assert_eq!(house.register(PIPELINE).unwrap().nodes, dry.nodes);
}

pub fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_new_ledger_is_pinned_and_opens() {
    let mut house = House::new();
    let made = house.init().unwrap();
    assert_eq!(made.ledger.checkpoint().size.get(), 2);
    assert!(made.ledger.state().is_sealed());
    let request = house.request();
    let pinned = herdbook::ledger::read_pin(&request.state_folder, &request.origin).unwrap();
    assert_eq!(pinned, Some(made.ledger.trust_root()));
    assert_eq!(house.open().trust_root(), made.ledger.trust_root());
    for key in [&made.keys.owner, &made.keys.log, &made.keys.issuer] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(matches!(house.init(), Err(InitError::Exists { .. })));
}

#[test]
fn an_origin_stands_for_one_ledger() {
    let mut house = House::with_ledger();
    fs::remove_dir_all(house.path("ledger")).unwrap();
    fs::remove_dir_all(house.path("keys")).unwrap();
    // Its last checkpoint is remembered; and where somebody moved that away, it is pinned.
    let seen = house.init();
    let Err(InitError::Seen { path, .. }) = seen else {
        panic!("{seen:?}");
    };
    assert!(!house.path("keys").exists());
    fs::remove_file(path).unwrap();
    let other = house.init();
    assert!(
        matches!(other, Err(InitError::Pin(PinError::Other { .. }))),
        "{other:?}"
    );
    assert!(!house.path("ledger").exists());
    assert!(!house.path("keys").exists());
}
