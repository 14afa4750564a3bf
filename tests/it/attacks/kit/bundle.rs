//! Evidence bundles (`docs/formats/bundle.md`), honest unless an attack changes a part: a second writer beside the
//! program's own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use herdbook::digest::BlobId;
use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::manifest::read_cited;
use herdbook::merkle;
use herdbook::statement::*;

use super::World;

/// A bundle before it is a file.
#[derive(Debug, Clone)]
pub struct Bundle {
    pub world: World,
    pub artifacts: Vec<ArtifactRef>,
    pub checkpoint: Vec<u8>,
    /// The entries that are here.
    pub here: BTreeSet<usize>,
    pub contested: Vec<Contested>,
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
}

impl Bundle {
    /// Makes the bundle of an item.
    pub fn of(world: &World, item: &str) -> Self {
        let artifacts = world.refs(item);
        let statements: BTreeMap<StatementId, Statement> = world
            .statements()
            .into_iter()
            .map(|(_, id, statement)| (id, statement))
            .collect();
        let starts = artifacts.iter().map(|artifact| artifact.statement);
        let lineage = descent(world, &statements, starts.collect());
        let ties: BTreeSet<Sha256Digest> = lineage
            .iter()
            .filter_map(|id| Some(world.ties(*id, &statements.get(id)?.predicate)))
            .flatten()
            .collect();
        let shares = |(id, statement): &(&StatementId, &Statement)| {
            !world.ties(**id, &statement.predicate).is_disjoint(&ties)
        };
        let rivals = statements.iter().filter(shares).map(|(id, _)| *id);
        let all = descent(
            world,
            &statements,
            lineage.iter().copied().chain(rivals).collect(),
        );
        let is_ruling = |bytes: &Vec<u8>| {
            let statement = Envelope::decode(bytes).and_then(|envelope| envelope.statement());
            statement.is_ok_and(|statement| statement.predicate.is_ruling())
        };
        let rulings = world.entries.iter().enumerate();
        let rulings = rulings.filter(|(_, bytes)| is_ruling(bytes)).map(|(at, _)| at);
        let mut here: BTreeSet<usize> = all.iter().filter_map(|id| world.place(*id)).collect();
        here.extend(rulings);
        here.extend([0, world.entries.len() - 1]);
        Self {
            artifacts,
            checkpoint: world.checkpoint(),
            here,
            contested: world.contested(),
            blobs: blobs(world, &statements, &lineage, &all),
            world: world.clone(),
        }
    }

    /// Leaves out an entry, as one that nothing rests on.
    #[must_use]
    pub fn without(mut self, entry: usize) -> Self {
        assert!(self.here.remove(&entry), "entry {entry} is not in the bundle");
        self
    }

    /// Returns the lines of `tree`.
    pub fn tree(&self) -> String {
        let leaves = self.world.leaves();
        let mut lines = String::new();
        let mut end = leaves.len();
        while end > 0 {
            // The rightmost complete subtree of what is left.
            let level = end.trailing_zeros();
            let start = end - (1 << level);
            self.subtree(level, start, &leaves, &mut lines);
            end = start;
        }
        lines
    }

    fn subtree(&self, level: u32, start: usize, leaves: &[herdbook::digest::NodeHash], lines: &mut String) {
        let end = start + (1 << level);
        if self.here.range(start..end).next().is_none() {
            let hash = merkle::root(&leaves[start..end]);
            writeln!(lines, "node {level} {start} {hash}").unwrap();
        } else if level == 0 {
            writeln!(lines, "entry {start} {}", leaves[start]).unwrap();
        } else {
            self.subtree(level - 1, start + (1 << (level - 1)), leaves, lines);
            self.subtree(level - 1, start, leaves, lines);
        }
    }

    /// Returns the members in their order.
    pub fn members(&self) -> Vec<Member> {
        let artifacts: Vec<String> = self.artifacts.iter().map(|at| format!("\"{at}\"")).collect();
        let json = format!(
            "{{\"artifacts\":[{}],\"herdbook\":\"bundle/v1\"}}\n",
            artifacts.join(",")
        );
        let records = self.contested.iter().flat_map(|record| record.to_bytes());
        let mut members = vec![
            Member::new("bundle.json", json.into_bytes()),
            Member::new("checkpoint", self.checkpoint.clone()),
            Member::new("tree", self.tree().into_bytes()),
            Member::new("contested", records.collect()),
        ];
        for at in self.here.iter().rev() {
            let bytes = self.world.entries[*at].clone();
            members.push(Member::new(&merkle::leaf_hash(&bytes).to_hex(), bytes));
        }
        for (id, bytes) in &self.blobs {
            members.push(Member::new(&id.to_hex(), bytes.clone()));
        }
        members
    }

    /// Returns the file.
    pub fn tar(&self) -> Vec<u8> {
        tar(&self.members())
    }
}

/// Everything that these statements descend from, and they themselves.
fn descent(
    world: &World,
    statements: &BTreeMap<StatementId, Statement>,
    starts: Vec<StatementId>,
) -> BTreeSet<StatementId> {
    let mut open = starts;
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(statement) = statements.get(&id) else {
            continue;
        };
        let of = |cites: &Cites| match cites {
            Cites::Inline(references) => references.clone(),
            Cites::Manifest { blob, count, root } => world
                .blobs
                .get(blob)
                .and_then(|bytes| read_cited(bytes, *count, *root).ok())
                .unwrap_or_default(),
        };
        let cited: Vec<ArtifactRef> = match &statement.predicate {
            Predicate::Run(run) => {
                let inputs = run.inputs.iter().map(|input| match &input.from {
                    InputFrom::Artifacts(cites) => of(cites),
                    InputFrom::Gap(_) => vec![],
                });
                inputs.flatten().collect()
            }
            Predicate::Dataset(dataset) => dataset.members.as_ref().map(of).unwrap_or_default(),
            Predicate::Filter(filter) => filter.model.into_iter().collect(),
            _ => vec![],
        };
        open.extend(cited.iter().map(|artifact| artifact.statement));
    }
    seen
}

/// The manifests of all statements that are here, and what the ledger holds for those of the lineage.
fn blobs(
    world: &World,
    statements: &BTreeMap<StatementId, Statement>,
    lineage: &BTreeSet<StatementId>,
    all: &BTreeSet<StatementId>,
) -> BTreeMap<BlobId, Vec<u8>> {
    let mut wanted: BTreeSet<BlobId> = BTreeSet::new();
    for id in all {
        let Some(predicate) = statements.get(id).map(|statement| &statement.predicate) else {
            continue;
        };
        for artifact in predicate.artifacts() {
            let is_held = matches!(artifact.content, Content::File { held: true, .. });
            if artifact.manifest().is_some() || (is_held && lineage.contains(id)) {
                wanted.extend(artifact.blob());
            }
        }
        if lineage.contains(id) {
            wanted.extend(predicate.held_attachments().map(|attached| attached.blob));
        }
        let cites = match predicate {
            Predicate::Run(run) => run.inputs.iter().filter_map(|input| match &input.from {
                InputFrom::Artifacts(cites) => Some(cites.clone()),
                InputFrom::Gap(_) => None,
            }),
            _ => continue,
        };
        wanted.extend(cites.filter_map(|cites| match cites {
            Cites::Manifest { blob, .. } => Some(blob),
            Cites::Inline(_) => None,
        }));
    }
    let held = wanted.into_iter();
    held.filter_map(|id| Some((id, world.blobs.get(&id)?.clone())))
        .collect()
}

/// A member of an archive, with the fields an attack may change.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: Vec<u8>,
    pub content: Vec<u8>,
    pub typeflag: u8,
    pub linkname: Vec<u8>,
    /// What the size field says.
    pub size: Vec<u8>,
}

impl Member {
    pub fn new(name: &str, content: Vec<u8>) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            size: format!("{:011o}\0", content.len()).into_bytes(),
            content,
            typeflag: b'0',
            linkname: vec![],
        }
    }

    fn header(&self) -> [u8; 512] {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name);
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, &self.size);
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[self.typeflag]);
        put(157, &self.linkname);
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
        header
    }
}

/// Returns an archive of members.
pub fn tar(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    for member in members {
        out.extend(member.header());
        out.extend(&member.content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}
