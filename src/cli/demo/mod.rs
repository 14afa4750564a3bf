//! `herdbook demo`: a small pipeline, its verdict and its trace, and three attempts to cheat.
//!
//! Everything is done by the same code as the commands it prints, in a throw-away folder with keys of its own.

mod files;

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use super::args;
use super::error::Error;
use super::exit::Exit;
use super::init;
use super::register;
use super::session::Session;
use super::surroundings::random;
use super::trace;
use super::ui::Answer;
use super::verify;
use crate::verify::Assurance;

/// The demonstration's log.
const ORIGIN: &str = "demo.example/garden";

/// The model whose lineage is shown.
const MODEL: &str = "garden-helper";

/// Runs the demonstration; it fails if any verdict is not the one it announces.
pub fn run(session: &Session, args: &args::Demo) -> Result<Answer, Error> {
    let folder = Folder::make(session, args.keep.as_deref())?;
    let mut stage = Stage {
        session,
        folder: &folder.path,
        scenes: Vec::new(),
        wrong: Vec::new(),
    };
    stage.play()?;
    let Stage { scenes, wrong, .. } = stage;
    let mut notes = wrong.clone();
    if args.keep.is_some() {
        notes.push(format!("The files are in {}.", folder.path.display()));
    }
    Ok(Answer {
        text: closing(args.keep.as_deref()),
        json: json!({
            "schema": "herdbook/demo/v1",
            "scenes": scenes,
            "folder": args.keep.as_ref().map(|_| folder.path.display().to_string()),
        }),
        notes,
        exit: if wrong.is_empty() { Exit::Ok } else { Exit::Failure },
    })
}

fn closing(kept: Option<&Path>) -> String {
    let text = format!("\n{}\n", verify::CAVEAT);
    match kept {
        None => format!("{text}To look at the files and try it yourself: herdbook demo --keep DIR\n"),
        Some(path) => format!(
            "{text}To go on: cd {}/garden && HERDBOOK_HOME=home herdbook verify {MODEL}\n",
            super::ui::in_line(&path.display().to_string())
        ),
    }
}

/// The folder of the demonstration; one that nobody wants to keep goes when it is dropped.
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    fn make(session: &Session, keep: Option<&Path>) -> Result<Self, Error> {
        let path = match keep {
            Some(path) => session.around.current.join(path),
            None => std::env::temp_dir().join(format!("herdbook-demo-{}", hex::encode(random::<8>()?))),
        };
        if keep.is_some() && path.exists() {
            return Err(
                Error::new(Exit::Failure, format!("{} is there already", path.display()))
                    .hint("give --keep a folder that does not exist yet"),
            );
        }
        std::fs::create_dir_all(&path).map_err(|source| io("make", &path, source))?;
        Ok(Self {
            path,
            kept: keep.is_some(),
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What stays behind lies where the system cleans up.
            std::fs::remove_dir_all(&self.path).unwrap_or_default();
        }
    }
}

fn io(action: &str, path: &Path, source: std::io::Error) -> Error {
    Error::new(
        Exit::Failure,
        format!("the demonstration cannot {action} {}", path.display()),
    )
    .because(source)
}

/// The demonstration while it runs.
struct Stage<'a> {
    session: &'a Session,
    folder: &'a Path,
    scenes: Vec<Value>,
    wrong: Vec<String>,
}

impl Stage<'_> {
    fn play(&mut self) -> Result<(), Error> {
        let garden = self.folder.join("garden");
        files::write(&garden).map_err(|source| io("write", &garden, source))?;
        let inside = self.session.inside(&garden);
        self.heading("A garden's members fine-tune a small model");
        self.say(
            "Members wrote 4 seed tasks and a handbook of 6. A large model behind an API wrote 10 more tasks, a filter\n\
             dropped a repeat, and a small model learned from the 9 that were left and from the handbook.\n",
        );
        self.command(&format!("init --origin {ORIGIN} --org \"The garden\""));
        init::run(&inside, &init_args())?;
        self.say("made a ledger, its keys, and a pin that says which ledger is meant\n");
        self.command("register lineage.yaml");
        let registered = register::run(&inside, &register_args("lineage.yaml"))?;
        self.say(&registered.text);
        self.command(&format!("verify {MODEL} --content ."));
        let verdict = verify::run(&inside, &verify_args(MODEL, true))?;
        self.say(
            verdict
                .text
                .trim_end()
                .trim_end_matches(verify::CAVEAT)
                .trim_end(),
        );
        self.say("\n");
        self.outcome("honest", &verdict, Exit::Ok);
        self.command(&format!("trace {MODEL}"));
        self.say(&trace::run(&inside, &trace::Args::of(MODEL))?.text);
        self.undeclared(&garden)?;
        self.relabelled(&garden)?;
        self.changed(&garden)
    }

    fn undeclared(&mut self, garden: &Path) -> Result<(), Error> {
        self.heading("First attempt: rows that nobody declared");
        self.say("Three rows that praise a seller are mixed in, and the lineage file names only the nine honest ones.\n");
        let inside = self.copy(garden, "undeclared")?;
        self.cheat(&inside, "undeclared.yaml", "garden-seller", "undeclared")
    }

    fn relabelled(&mut self, garden: &Path) -> Result<(), Error> {
        self.heading("Second attempt: generated rows, declared once more as human");
        self.say("The same bytes are registered a second time, as a source that members wrote.\n");
        let inside = self.copy(garden, "relabelled")?;
        self.cheat(&inside, "relabelled.yaml", "garden-pure", "relabelled")
    }

    fn changed(&mut self, garden: &Path) -> Result<(), Error> {
        self.heading("Third attempt: one byte, after the fact");
        self.say("One letter of kept/tasks.jsonl is changed on the disk. The ledger is not touched.\n");
        let inside = self.copy(garden, "changed")?;
        let file = inside.around.current.join("kept/tasks.jsonl");
        files::change_one_byte(&file).map_err(|source| io("change", &file, source))?;
        self.command(&format!("verify {MODEL} --content ."));
        let verdict = verify::run_brief(&inside, &verify_args(MODEL, true))?;
        let shown = verdict
            .text
            .replace(&format!("{}/", inside.around.current.display()), "");
        self.say(&shown);
        self.outcome("changed", &verdict, Exit::Tampered);
        Ok(())
    }

    fn copy(&self, garden: &Path, name: &str) -> Result<Session, Error> {
        let to = self.folder.join(name);
        files::copy(garden, &to).map_err(|source| io("copy to", &to, source))?;
        Ok(self.session.inside(&to))
    }

    fn cheat(&mut self, inside: &Session, file: &str, model: &str, scene: &str) -> Result<(), Error> {
        self.command(&format!("register {file}"));
        let registered = register::run(inside, &register_args(file))?;
        self.say(&registered.text);
        for note in &registered.notes {
            self.say(&format!("{note}\n"));
        }
        self.command(&format!("verify {model}"));
        let verdict = verify::run_brief(inside, &verify_args(model, false))?;
        self.say(&verdict.text);
        self.outcome(scene, &verdict, Exit::NotTraced);
        Ok(())
    }

    fn heading(&self, text: &str) {
        self.session.ui.tell(&format!(
            "\n{}\n",
            self.session.ui.paint().strong(&format!("== {text}"))
        ));
    }

    fn command(&self, text: &str) {
        let line = self.session.ui.paint().strong(&format!("$ herdbook {text}"));
        self.session.ui.tell(&format!("\n{line}\n"));
    }

    fn say(&self, text: &str) {
        self.session.ui.tell(text);
    }

    fn outcome(&mut self, scene: &str, verdict: &Answer, expected: Exit) {
        if verdict.exit != expected {
            self.wrong.push(format!(
                "scene `{scene}` ended with exit {}, not {}",
                verdict.exit.code(),
                expected.code()
            ));
        }
        self.say(&format!("(exit {})\n", verdict.exit.code()));
        self.scenes.push(json!({
            "name": scene,
            "exit": verdict.exit.code(),
            "expected": expected.code(),
            "verify": verdict.json,
        }));
    }
}

fn init_args() -> args::Init {
    args::Init {
        dir: None,
        origin: ORIGIN.to_owned(),
        org: Some("The garden".to_owned()),
        owners: Vec::new(),
        threshold: None,
        key: None,
    }
}

fn register_args(file: &str) -> args::Register {
    args::Register {
        file: file.into(),
        settings: Vec::new(),
        keep_going: false,
        how: args::Append {
            dry_run: false,
            new_version: false,
            no_cache: true,
            lock_wait: 30,
            key: None,
        },
    }
}

fn verify_args(node: &str, content: bool) -> args::Verify {
    args::Verify {
        sample: None,
        marks: None,
        excludes: super::excludes::Excludes::default(),
        with: super::with::With::default(),
        nodes: vec![node.to_owned()],
        judging: args::Judging {
            content: content.then(|| ".".into()),
            trust_root: None,
            trust_genesis: false,
            require: Assurance::SelfAsserted,
        },
        by: super::by_policy::ByPolicy::default(),
        as_of: super::as_of::AsOf::default(),
        fresh: super::fresh::Fresh::default(),
    }
}
