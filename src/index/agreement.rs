//! Random logs in random batches: every backend gives equal answers to every question.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::conformance;
use super::conformance::Backend;
use super::conformance::id;
use super::conformance::indexed;
use super::conformance::name;
use super::*;

/// How many statements, names and contents a random log draws from: few, so that they repeat.
const IDS: u8 = 12;
const NAMES: [&str; 4] = ["a", "a b", "ab", "b"];
const CONTENTS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// Publishes every batch as a segment.
pub(crate) struct Published {
    folder: PathBuf,
    reader: Box<dyn Index>,
}

/// Gives every batch to sled, and publishes it: as one segment for all, or when it is time to.
pub(crate) struct Appender {
    folder: PathBuf,
    sled: SledIndex,
    always: bool,
    reader: Box<dyn Index>,
}

fn origin() -> String {
    conformance::to(0).origin
}

fn segments(folder: &Path) -> Box<dyn Index> {
    match Segments::open(&folder.join("segments"), &origin()).unwrap() {
        Some(segments) => Box::new(segments),
        None => Box::new(MemoryIndex::new()),
    }
}

impl Published {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            reader: Box::new(MemoryIndex::new()),
        }
    }
}

impl Backend for Published {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        Segments::publish(&self.folder.join("segments"), &batch, &to, &resume)?;
        self.reader = segments(&self.folder);
        Ok(())
    }

    fn index(&self) -> &dyn Index {
        &*self.reader
    }

    fn into_index(self: Box<Self>) -> Box<dyn Index> {
        self.reader
    }
}

impl Appender {
    pub(crate) fn new(folder: &Path, always: bool) -> Self {
        Self {
            sled: SledIndex::open(&folder.join("sled"), &origin()).unwrap(),
            folder: folder.to_owned(),
            always,
            reader: Box::new(MemoryIndex::new()),
        }
    }
}

impl Backend for Appender {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        IndexMut::apply(&mut self.sled, batch.clone(), to.clone(), resume.clone())?;
        let folder = self.folder.join("segments");
        if !self.always {
            Segments::publish(&folder, &batch, &to, &resume)?;
        }
        if self.always || Segments::should_consolidate(&folder)? {
            Segments::consolidate(&folder, &self.sled)?;
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        }
        self.reader = segments(&self.folder);
        Ok(())
    }

    fn index(&self) -> &dyn Index {
        &*self.reader
    }

    fn into_index(self: Box<Self>) -> Box<dyn Index> {
        self.reader
    }
}

/// Sled, opened again for every batch.
struct Reopened {
    folder: PathBuf,
    sled: Option<SledIndex>,
}

impl Reopened {
    fn new(folder: &Path) -> Self {
        let sled = SledIndex::open(folder, &origin()).ok();
        let folder = folder.to_owned();
        Self { folder, sled }
    }
}

impl Backend for Reopened {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        self.sled = None;
        let mut sled = SledIndex::open(&self.folder, &origin())?;
        let applied = IndexMut::apply(&mut sled, batch, to, resume);
        self.sled = Some(sled);
        applied
    }

    fn index(&self) -> &dyn Index {
        self.sled.as_ref().unwrap()
    }

    fn into_index(self: Box<Self>) -> Box<dyn Index> {
        Box::new(self.sled.unwrap())
    }
}

/// One entry of a random log.
#[derive(Debug, Clone)]
struct Draw {
    id: u8,
    name: usize,
    contents: Vec<usize>,
    members: Vec<usize>,
    parents: Vec<u8>,
    run: bool,
    /// Whether a batch ends behind it.
    ends: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    let contents = || vec(0..CONTENTS.len(), 0..3);
    let fields = (
        0..IDS,
        0..NAMES.len(),
        contents(),
        contents(),
        vec(0..IDS, 0..4),
        any::<bool>(),
        any::<bool>(),
    );
    fields.prop_map(|(id, name, contents, members, parents, run, ends)| Draw {
        id,
        name,
        contents,
        members,
        parents,
        run,
        ends,
    })
}

fn entry(at: u64, draw: &Draw) -> Indexed {
    let contents: Vec<_> = draw.contents.iter().map(|at| CONTENTS[*at]).collect();
    let parents: Vec<_> = draw.parents.iter().map(|parent| id(*parent)).collect();
    let item = NAMES[draw.name];
    let predicate = if draw.run {
        let other = NAMES[(draw.name + 1) % NAMES.len()];
        conformance::generation(item, id(0), &[(item, &contents), (other, &[])])
    } else {
        conformance::prompt(item, &contents)
    };
    let mut indexed = indexed(at, id(draw.id), predicate, &parents);
    for (member, content) in (0..).zip(&draw.members) {
        let artifact = ArtifactRef {
            member: Some(u64::MAX - member),
            ..ArtifactRef::subject(id(draw.id), 0)
        };
        let digest = Sha256Digest::of(CONTENTS[*content].as_bytes());
        indexed.claims.push(Claim { digest, artifact });
    }
    indexed
}

/// Makes an empty backend in a folder.
type Fresh = fn(&Path) -> Box<dyn Backend>;

pub(crate) type Batches = Vec<(Vec<Indexed>, Watermark, Resume)>;

/// Cuts the log into batches.
fn batches(draws: &[Draw]) -> Batches {
    let (mut batches, mut batch) = (Batches::new(), Vec::new());
    for (at, draw) in (0_u64..).zip(draws) {
        batch.push(entry(at, draw));
        let is_last = at + 1 == draws.len() as u64;
        if draw.ends || is_last {
            let resume = Resume {
                tree_peaks: vec![[7; 32]],
                next_commit: batches.len() as u64 + 1,
                rulings: (0..=at).collect(),
                sealed: at % 2 == 0,
                ..Resume::default()
            };
            batches.push((std::mem::take(&mut batch), conformance::to(at + 1), resume));
        }
    }
    batches
}

/// Returns a log in two batches in which everything happens: statements and contents repeat within and across them.
pub(crate) fn some_batches() -> Batches {
    let draw = |id, name, contents: &[usize], members: &[usize], parents: &[u8], run, ends| Draw {
        id,
        name,
        contents: contents.to_vec(),
        members: members.to_vec(),
        parents: parents.to_vec(),
        run,
        ends,
    };
    batches(&[
        draw(1, 0, &[0, 1], &[], &[], false, false),
        draw(10, 1, &[1], &[2, 3], &[1], true, false),
        draw(1, 0, &[0, 1], &[], &[], false, true),
        draw(2, 0, &[4], &[0], &[10, 1], true, false),
        draw(10, 1, &[1], &[2, 3], &[1], true, false),
        draw(3, 3, &[4], &[], &[2, 1, 9], false, true),
    ])
}

/// Asks everything there is to ask.
pub(crate) fn answers(index: &dyn Index) -> Result<Vec<String>, IndexError> {
    let mut all = vec![format!("{:?} {:?}", index.watermark(), index.resume())];
    for at in 0..42 {
        let entry = LeafIndex::new(at);
        all.push(format!(
            "{at}: {:?} {:?} {:?}",
            index.id_at(entry)?,
            index.parents(entry)?,
            index.children(entry)?,
        ));
    }
    let digests: Vec<_> = CONTENTS
        .iter()
        .map(|text| Sha256Digest::of(text.as_bytes()))
        .collect();
    for byte in 0..=IDS {
        let others = index.claimed_by_others(&digests, id(byte))?;
        all.push(format!(
            "{:?} {:?} {others:?}",
            index.entry_of(id(byte))?,
            index.facts(id(byte))?
        ));
    }
    for prefix in ["0", "1", "00", "0a0"] {
        let prefix = IdPrefix::parse(prefix).unwrap();
        all.push(format!(
            "{:?} {:?}",
            index.ids(prefix, 2)?,
            index.ids(prefix, usize::MAX)?
        ));
    }
    for text in NAMES.iter().chain(&["c"]) {
        all.push(format!("{text}: {:?}", index.versions(&name(text))?));
    }
    for digest in &digests {
        all.push(format!("{digest}: {:?}", index.claims(*digest)?));
    }
    all.push(format!("{:?} {:?}", index.names()?, index.contested()?));
    Ok(all)
}

fn told(backend: &mut dyn Backend, batches: &[(Vec<Indexed>, Watermark, Resume)]) {
    for (batch, to, resume) in batches.iter().cloned() {
        backend.apply(batch, to, resume).unwrap();
    }
}

/// Returns what is answered when the first batches are in `below` and the others in memory above.
fn above(below: Box<dyn Index>, batches: &[(Vec<Indexed>, Watermark, Resume)]) -> Layered {
    let mut layered = Layered::on(Some(Arc::from(below)));
    for (batch, to, resume) in batches.iter().cloned() {
        IndexMut::apply(&mut layered, batch, to, resume).unwrap();
    }
    layered
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_backends_agree(draws in vec(draw(), 1..40), cut in any::<prop::sample::Index>()) {
        let batches = batches(&draws);
        let mut memory = MemoryIndex::new();
        told(&mut memory, &batches);
        let expected = answers(&memory).unwrap();

        let mut whole = MemoryIndex::new();
        let all: Vec<_> = batches.iter().flat_map(|(batch, _, _)| batch.clone()).collect();
        let (_, to, resume) = batches.last().unwrap().clone();
        Backend::apply(&mut whole, all, to, resume).unwrap();
        prop_assert_eq!(&answers(&whole).unwrap(), &expected);

        let (first, rest) = batches.split_at(cut.index(batches.len()));
        let backends: [Fresh; 5] = [
            |_| Box::new(MemoryIndex::new()),
            |folder| Box::new(Reopened::new(folder)),
            |folder| Box::new(Published::new(folder)),
            |folder| Box::new(Appender::new(folder, true)),
            |folder| Box::new(Appender::new(folder, false)),
        ];
        for (at, fresh) in backends.into_iter().enumerate() {
            let folders = tempfile::tempdir().unwrap();
            let mut backend = fresh(&folders.path().join("below"));
            told(&mut *backend, first);
            let layered = above(backend.into_index(), rest);
            prop_assert_eq!(answers(&layered).unwrap(), expected.clone(), "above {}", at);
            let mut backend = fresh(&folders.path().join("whole"));
            told(&mut *backend, &batches);
            prop_assert_eq!(answers(backend.index()).unwrap(), expected.clone(), "backend {}", at);
        }
    }
}

#[test]
fn all_backends_conform() {
    let folders = tempfile::tempdir().unwrap();
    let mut next = 0;
    let mut folder = || {
        next += 1;
        folders.path().join(next.to_string())
    };
    conformance::check(&mut || Box::new(Layered::default()));
    conformance::check(&mut || Box::new(Layered::on(Some(Arc::new(MemoryIndex::new())))));
    conformance::check(&mut || Box::new(Reopened::new(&folder())));
    conformance::check(&mut || Box::new(Published::new(&folder())));
    conformance::check(&mut || Box::new(Appender::new(&folder(), true)));
    conformance::check(&mut || Box::new(Appender::new(&folder(), false)));
}
