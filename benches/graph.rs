//! Ancestors of the newest of a million entries, three parents each: a downward sweep over the mapped index, against
//! the same sweep over plain lists in memory and against a breadth-first search of petgraph. Then ids, against a binary
//! search in memory. `cargo bench --bench graph [-- ENTRIES]`; `benches/README.md` says how to read it.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::time::Duration;
use std::time::Instant;

use herdbook::digest::KeyId;
use herdbook::digest::NodeHash;
use herdbook::digest::StatementId;
use herdbook::index::Facts;
use herdbook::index::Index;
use herdbook::index::IndexError;
use herdbook::index::Indexed;
use herdbook::index::Resume;
use herdbook::index::Segments;
use herdbook::index::Watermark;
use herdbook::merkle::LeafIndex;
use herdbook::merkle::TreeSize;
use petgraph::graph::Graph;
use petgraph::graph::NodeIndex;
use petgraph::visit::Bfs;

const ENTRIES: u32 = 1_000_000;
const PARENTS: u32 = 3;
const ROUNDS: usize = 5;
const LOOKUPS: usize = 100_000;
const ORIGIN: &str = "example.com/bench";

/// How far below an entry its near parents stand.
const NEAR: u64 = 64;

/// Numbers that only look random (splitmix64), so that every run has the same graph.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn id(&mut self) -> StatementId {
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_be_bytes());
        }
        StatementId::from_bytes(bytes)
    }

    /// Returns parents of an entry, half of them near, half anywhere below.
    fn parents(&mut self, entry: u32) -> Result<Vec<u32>, Box<dyn Error>> {
        let mut parents = Vec::new();
        for _ in 0..PARENTS.min(entry) {
            let all = u64::from(entry);
            let reach = if self.next() & 1 == 0 { all.min(NEAR) } else { all };
            parents.push(u32::try_from(all - 1 - self.next() % reach)?);
        }
        parents.sort_unstable();
        parents.dedup();
        Ok(parents)
    }
}

/// Edges in memory: the parents of entry `n` stand from `starts[n]` on and below `starts[n + 1]`.
struct Lists {
    starts: Vec<u32>,
    parents: Vec<u32>,
}

fn lists(entries: u32, numbers: &mut Numbers) -> Result<Lists, Box<dyn Error>> {
    let (mut starts, mut parents) = (vec![0], Vec::new());
    for entry in 0..entries {
        parents.extend(numbers.parents(entry)?);
        starts.push(u32::try_from(parents.len())?);
    }
    Ok(Lists { starts, parents })
}

/// Publishes the graph as one segment and opens it. It takes about 1 KB of memory an entry.
#[expect(clippy::indexing_slicing, reason = "made-up data of known size")]
fn published(
    folder: &std::path::Path,
    lists: &Lists,
    ids: &[StatementId],
) -> Result<Segments, Box<dyn Error>> {
    let indexed = |(entry, ids_of): (u64, &[u32])| {
        let parents = &lists.parents[ids_of[0] as usize..ids_of[1] as usize];
        let place = usize::try_from(entry)?;
        let facts = Facts {
            id: ids[place],
            entry: LeafIndex::new(entry),
            issuer: KeyId::from_bytes([1; 32]),
            kind: "run",
            name: None,
            sets: vec![],
            subjects: vec![],
            personal: false,
            parents: parents.iter().map(|parent| ids[*parent as usize]).collect(),
        };
        let claims = vec![];
        Ok(Indexed { facts, claims })
    };
    let batch: Result<Vec<_>, Box<dyn Error>> = (0..).zip(lists.starts.windows(2)).map(indexed).collect();
    let to = Watermark {
        origin: ORIGIN.to_owned(),
        size: TreeSize::new(ids.len() as u64),
        root: NodeHash::from_bytes([7; 32]),
    };
    Segments::publish(folder, &batch?, &to, &Resume::default())?;
    Ok(Segments::open(folder, ORIGIN)?.ok_or("nothing was published")?)
}

/// One bit for each entry.
struct Marks(Vec<u64>);

impl Marks {
    fn new(entries: usize) -> Self {
        Self(vec![0; entries.div_ceil(64)])
    }

    #[expect(clippy::indexing_slicing, reason = "both sweeps are as plain as they can be")]
    fn has(&self, entry: usize) -> bool {
        self.0[entry / 64] & (1 << (entry % 64)) != 0
    }

    #[expect(clippy::indexing_slicing, reason = "both sweeps are as plain as they can be")]
    fn set(&mut self, entry: usize) {
        self.0[entry / 64] |= 1 << (entry % 64);
    }

    /// Returns how many are marked beside the newest.
    fn ancestors(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() - 1
    }
}

#[expect(clippy::indexing_slicing, reason = "the plainest sweep there is")]
fn in_memory(lists: &Lists) -> u32 {
    let newest = lists.starts.len() - 2;
    let mut marks = Marks::new(newest + 1);
    marks.set(newest);
    for entry in (0..=newest).rev() {
        if marks.has(entry) {
            let (start, end) = (lists.starts[entry] as usize, lists.starts[entry + 1] as usize);
            for parent in &lists.parents[start..end] {
                marks.set(*parent as usize);
            }
        }
    }
    marks.ancestors()
}

/// Sweeps over an index, with one list for all entries.
fn in_index(index: &dyn Index, entries: usize) -> Result<u32, IndexError> {
    let mut marks = Marks::new(entries);
    marks.set(entries - 1);
    let mut parents = Vec::new();
    for entry in (0..entries).rev() {
        if marks.has(entry) {
            parents.clear();
            index.add_parents(LeafIndex::new(entry as u64), &mut parents)?;
            for parent in &parents {
                marks.set(place(*parent));
            }
        }
    }
    Ok(marks.ancestors())
}

/// Returns the place of an entry in a list of all.
fn place(entry: LeafIndex) -> usize {
    usize::try_from(entry.get()).expect("a list of all entries is in memory")
}

/// Sweeps over an index, with a list of its own for each entry.
fn in_index_by_lists(index: &dyn Index, entries: usize) -> Result<u32, IndexError> {
    let mut marks = Marks::new(entries);
    marks.set(entries - 1);
    for entry in (0..entries).rev() {
        if marks.has(entry) {
            for parent in index.parents(LeafIndex::new(entry as u64))? {
                marks.set(place(parent));
            }
        }
    }
    Ok(marks.ancestors())
}

fn graph(lists: &Lists) -> Result<Graph<(), ()>, Box<dyn Error>> {
    let mut graph = Graph::with_capacity(lists.starts.len(), lists.parents.len());
    let nodes: Vec<_> = lists.starts.iter().skip(1).map(|_| graph.add_node(())).collect();
    for (node, ends) in nodes.iter().zip(lists.starts.windows(2)) {
        let range = ends.first().zip(ends.last()).ok_or("two ends")?;
        let parents = lists.parents.get(*range.0 as usize..*range.1 as usize);
        for parent in parents.ok_or("parents of each entry")? {
            graph.add_edge(*node, NodeIndex::new(*parent as usize), ());
        }
    }
    Ok(graph)
}

fn in_petgraph(graph: &Graph<(), ()>) -> u32 {
    let mut search = Bfs::new(graph, NodeIndex::new(graph.node_count() - 1));
    let mut found = 0;
    while search.next(graph).is_some() {
        found += 1;
    }
    found - 1
}

/// What was measured, by round.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// Measures once, and checks the answer.
    fn measure(
        &mut self,
        expected: u32,
        run: impl FnOnce() -> Result<u32, IndexError>,
    ) -> Result<(), Box<dyn Error>> {
        let started = Instant::now();
        let answer = run()?;
        self.0.push(started.elapsed().as_secs_f64());
        if answer == expected {
            return Ok(());
        }
        Err(format!("the answer is {answer}, not {expected}").into())
    }

    /// Returns the time of each round divided by that of another measurement in the same round.
    fn over(&self, other: &Self) -> Self {
        let rounds = self.0.iter().zip(&other.0);
        Self(rounds.map(|(time, other)| time / other).collect())
    }

    fn nanoseconds_each(&self, of: u32) -> Self {
        let each = |time: &f64| time * 1e9 / f64::from(of);
        Self(self.0.iter().map(each).collect())
    }

    fn print(&self, what: &str) {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let (low, middle, high) = (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)));
        println!("{what:46} {low:9.2} {middle:9.2} {high:9.2}");
    }
}

fn ancestors(index: &Segments, lists: &Lists, entries: usize) -> Result<(), Box<dyn Error>> {
    let graph = graph(lists)?;
    let expected = in_memory(lists);
    let started = Instant::now();
    in_index(index, entries)?;
    let first = started.elapsed();
    println!("{expected} ancestors; the first sweep, which checks each page: {first:.1?}");
    let [mut plain, mut swept, mut listed, mut searched] = [const { Times(Vec::new()) }; 4];
    for _ in 0..ROUNDS {
        plain.measure(expected, || Ok(in_memory(lists)))?;
        swept.measure(expected, || in_index(index, entries))?;
        searched.measure(expected, || Ok(in_petgraph(&graph)))?;
        listed.measure(expected, || in_index_by_lists(index, entries))?;
    }
    plain.nanoseconds_each(expected).print("ns each, sweep in memory");
    swept
        .nanoseconds_each(expected)
        .print("ns each, sweep over the index");
    listed
        .nanoseconds_each(expected)
        .print("ns each, the same with a list for each entry");
    searched.nanoseconds_each(expected).print("ns each, petgraph Bfs");
    swept.over(&plain).print("sweep over the index / in memory");
    listed
        .over(&plain)
        .print("the same with a list for each entry / in memory");
    searched.over(&swept).print("petgraph Bfs / sweep over the index");
    Ok(())
}

fn lookups(index: &Segments, ids: &[StatementId], numbers: &mut Numbers) -> Result<(), Box<dyn Error>> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let mut asked = Vec::with_capacity(LOOKUPS);
    for _ in 0..LOOKUPS {
        let place = usize::try_from(numbers.next() % ids.len() as u64)?;
        asked.extend(ids.get(place));
    }
    let count = u32::try_from(LOOKUPS)?;
    let [mut plain, mut looked_up] = [const { Times(Vec::new()) }; 2];
    for _ in 0..ROUNDS {
        plain.measure(count, || {
            let found = asked.iter().filter(|id| sorted.binary_search(id).is_ok());
            Ok(u32::try_from(found.count()).expect("no more than were asked for"))
        })?;
        looked_up.measure(count, || {
            let mut found = 0;
            for id in &asked {
                found += u32::from(index.entry_of(*id)?.is_some());
            }
            Ok(found)
        })?;
    }
    plain
        .nanoseconds_each(count)
        .print("ns each, binary search of an id in memory");
    looked_up
        .nanoseconds_each(count)
        .print("ns each, an id in the index");
    looked_up.over(&plain).print("an id in the index / binary search");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().skip(1).find_map(|given| given.parse().ok());
    let entries: u32 = given.unwrap_or(ENTRIES).max(1);
    let mut numbers = Numbers(1);
    let lists = lists(entries, &mut numbers)?;
    let ids: Vec<_> = (0..entries).map(|_| numbers.id()).collect();
    let folder = tempfile::tempdir()?;
    let started = Instant::now();
    let index = published(folder.path(), &lists, &ids)?;
    let took: Duration = started.elapsed();
    let edges = lists.parents.len();
    println!(
        "{entries} entries, {edges} edges, published in {took:.1?}; min, median, max of {ROUNDS} rounds"
    );
    ancestors(&index, &lists, ids.len())?;
    lookups(&index, &ids, &mut numbers)
}
