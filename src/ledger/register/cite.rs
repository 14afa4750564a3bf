//! What `use:` means: this file's item first, else what the ledger has.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::ops::Range;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::IndexError;
use crate::index::Indexed;
use crate::index::resolve;
use crate::index::resolve::Node;
use crate::index::resolve::ResolveError;
use crate::index::resolve::similar;
use crate::index::thing_word;
use crate::ledger::admission::State;
use crate::ledger::private::Sidecar;
use crate::ledger::private::withheld_name;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Statement;
use crate::statement::Thing;

use super::problem::ProblemKind;

/// What is taken by one `use:`.
#[derive(Debug, Clone)]
pub(super) struct Cited {
    pub(super) artifacts: Vec<ArtifactRef>,
    pub(super) thing: Thing,
    /// Whether it holds personal data or descends from what does.
    pub(super) personal: bool,
    /// How many rows it has, where known.
    pub(super) rows: Option<u64>,
}

/// One set of artifacts that this file declares.
#[derive(Debug, Clone)]
struct Declared {
    statement: StatementId,
    subjects: Range<u32>,
    thing: Thing,
    personal: bool,
    rows: Option<u64>,
}

/// Everything that can be used so far: the ledger, and the items of this file that came before.
#[derive(Debug)]
pub(super) struct Known<'a> {
    state: &'a State,
    sets: HashMap<String, Declared>,
    runs: HashMap<String, Vec<ItemName>>,
    /// Who claims a digest first, and of the few that several claim, all. A million files are a million digests.
    claims: HashMap<Sha256Digest, ArtifactRef>,
    shared: HashMap<Sha256Digest, BTreeSet<ArtifactRef>>,
    planned: HashMap<StatementId, (Statement, Indexed)>,
    left_out: BTreeSet<String>,
    /// Every name of the file that can be used, also of items that come later.
    offered: Vec<ItemName>,
    /// By which names are known that are withheld.
    sidecar: Option<&'a Sidecar>,
}

impl<'a> Known<'a> {
    pub(super) fn new(state: &'a State, offered: Vec<ItemName>, sidecar: Option<&'a Sidecar>) -> Self {
        Self {
            state,
            offered,
            sidecar,
            sets: HashMap::new(),
            runs: HashMap::new(),
            claims: HashMap::new(),
            shared: HashMap::new(),
            planned: HashMap::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Makes the sets of a planned statement usable.
    pub(super) fn declare(&mut self, statement: &Statement, indexed: Indexed) {
        let id = indexed.facts.id;
        let facts = &indexed.facts;
        for set in &facts.sets {
            let declared = Declared {
                statement: id,
                subjects: set.subjects.clone(),
                thing: set.thing,
                personal: facts.personal,
                rows: set.rows,
            };
            self.sets.insert(set.name.as_str().to_owned(), declared);
        }
        if let Predicate::Run(run) = &statement.predicate {
            let outputs = run.outputs.iter().map(|output| output.name.clone());
            self.runs.insert(run.name.as_str().to_owned(), outputs.collect());
        }
        for claim in &indexed.claims {
            let first = *self.claims.entry(claim.digest).or_insert(claim.artifact);
            if first != claim.artifact {
                let shared = self.shared.entry(claim.digest).or_default();
                shared.extend([first, claim.artifact]);
            }
        }
        self.planned.insert(id, (statement.clone(), indexed));
    }

    /// Returns a statement of this file that was planned.
    pub(super) fn planned(&self, id: StatementId) -> Option<&(Statement, Indexed)> {
        self.planned.get(&id)
    }

    /// Notes names that this file has but that will not be registered.
    pub(super) fn leave_out<'n>(&mut self, names: impl IntoIterator<Item = &'n ItemName>) {
        self.left_out
            .extend(names.into_iter().map(|name| name.as_str().to_owned()));
    }

    /// Finds what `text` means.
    pub(super) fn cite(&self, text: &str) -> Result<Cited, ProblemKind> {
        self.cite_for(text, &[])
    }

    /// Finds what `text` means to an item that makes `own`: only there can `NAME@latest` beside a `NAME` of this file
    /// mean nothing but the version before.
    pub(super) fn cite_for(&self, text: &str, own: &[&ItemName]) -> Result<Cited, ProblemKind> {
        if let Some(name) = text.strip_suffix("@latest")
            && self.offered.iter().any(|offered| offered.as_str() == name)
            && !own.iter().any(|own| own.as_str() == name)
        {
            let (text, name) = (text.to_owned(), name.to_owned());
            return Err(ProblemKind::LatestOfFile { text, name });
        }
        let owned = || text.to_owned();
        let hidden = self.hidden(text);
        if let Some(declared) = either(&self.sets, text, hidden.as_deref()) {
            return Ok(Cited {
                artifacts: artifacts(declared.statement, &declared.subjects),
                thing: declared.thing,
                personal: declared.personal,
                rows: declared.rows,
            });
        }
        if let Some(outputs) = either(&self.runs, text, hidden.as_deref()) {
            let (text, outputs) = (owned(), outputs.clone());
            return Err(ProblemKind::UsesRun { text, outputs });
        }
        if self.left_out.contains(text) {
            return Err(ProblemKind::LeftOut { text: owned() });
        }
        let index = self.state.index();
        let resolved = resolve::resolve(index, self.state.size(), text);
        let resolved = match (resolved, hidden) {
            (Err(ResolveError::UnknownName { name, similar }), Some(hidden)) => {
                match resolve::resolve(index, self.state.size(), &hidden) {
                    // Of a name that nobody has, not even withheld, the name that was written is told.
                    Err(ResolveError::UnknownName { .. }) => Err(ResolveError::UnknownName { name, similar }),
                    other => other,
                }
            }
            (resolved, _) => resolved,
        };
        self.of_node(text, resolved.map_err(|source| self.unresolved(text, source))?)
    }

    /// Returns what an item of this name goes by if its name is withheld.
    fn hidden(&self, text: &str) -> Option<String> {
        // A secret that cannot be read is told as soon as it is needed; here it only makes a name unknown.
        let secret = self.sidecar?.secret().ok().flatten()?;
        Some(withheld_name(secret, text))
    }

    fn unresolved(&self, text: &str, source: ResolveError) -> ProblemKind {
        let near = ItemName::new(text)
            .ok()
            .and_then(|name| similar(&name, &self.offered));
        ProblemKind::Use {
            text: text.to_owned(),
            // One suggestion is enough: what stands in this file is the likelier one.
            similar: near.filter(|_| matches!(source, ResolveError::UnknownName { similar: None, .. })),
            source: Box::new(source),
        }
    }

    fn of_node(&self, text: &str, node: Node) -> Result<Cited, ProblemKind> {
        let facts = self
            .state
            .index()
            .facts(node.statement())
            .map_err(|source| ProblemKind::Use {
                text: text.to_owned(),
                similar: None,
                source: Box::new(source.into()),
            })?;
        // What was just resolved has facts; were it not so, it would be unusable all the same.
        let unusable = |kind| ProblemKind::UsesNoArtifact {
            text: text.to_owned(),
            kind,
        };
        let facts = facts.ok_or_else(|| unusable("unknown"))?;
        let cited = |artifacts, thing, rows| Cited {
            artifacts,
            thing,
            personal: facts.personal,
            rows,
        };
        match node {
            Node::Artifact(artifact) => {
                let thing = facts.thing(&artifact).ok_or_else(|| unusable(facts.kind))?;
                let subject = usize::try_from(artifact.subject).ok();
                let subject = subject.and_then(|subject| facts.subjects.get(subject));
                let alone = facts
                    .set_of(artifact.subject)
                    .filter(|set| set.subjects.len() == 1);
                let whole = subject
                    .and_then(|subject| subject.rows)
                    .or_else(|| alone.and_then(|set| set.rows));
                let rows = whole.filter(|_| artifact.member.is_none());
                Ok(cited(vec![artifact], thing, rows))
            }
            Node::Set { statement, set } => {
                let set = facts.sets.get(set).ok_or_else(|| unusable(facts.kind))?;
                Ok(cited(artifacts(statement, &set.subjects), set.thing, set.rows))
            }
            Node::Statement(_) if facts.kind == "run" => Err(ProblemKind::UsesRun {
                text: text.to_owned(),
                outputs: facts.sets.iter().map(|set| set.name.clone()).collect(),
            }),
            Node::Statement(statement) => match facts.sets.as_slice() {
                [set] => Ok(cited(artifacts(statement, &set.subjects), set.thing, set.rows)),
                _ => Err(unusable(facts.kind)),
            },
        }
    }

    /// Returns every artifact that claims these bytes.
    pub(super) fn claims(&self, digest: Sha256Digest) -> Result<BTreeSet<ArtifactRef>, IndexError> {
        let mut claims: BTreeSet<ArtifactRef> = self.state.index().claims(digest)?.into_iter().collect();
        match self.shared.get(&digest) {
            Some(all) => claims.extend(all),
            None => claims.extend(self.claims.get(&digest)),
        }
        Ok(claims)
    }

    /// Returns the one artifact with these bytes, if there is exactly one and it can play the role.
    pub(super) fn only_claim(
        &self,
        digest: Sha256Digest,
        fits: impl Fn(Thing) -> bool,
    ) -> Result<Option<Cited>, IndexError> {
        let claims = self.claims(digest)?;
        let (Some(&artifact), 1) = (claims.first(), claims.len()) else {
            return Ok(None);
        };
        let cited = self.cite_artifact(artifact)?;
        Ok(cited.filter(|cited| fits(cited.thing)))
    }

    fn cite_artifact(&self, artifact: ArtifactRef) -> Result<Option<Cited>, IndexError> {
        let there = self.state.index().facts(artifact.statement)?;
        let here = self
            .planned(artifact.statement)
            .map(|(_, indexed)| &indexed.facts);
        let facts = here.or(there.as_deref());
        Ok(facts.and_then(|facts| {
            Some(Cited {
                artifacts: vec![artifact],
                thing: facts.thing(&artifact)?,
                personal: facts.personal,
                rows: None,
            })
        }))
    }
}

fn artifacts(statement: StatementId, subjects: &Range<u32>) -> Vec<ArtifactRef> {
    subjects
        .clone()
        .map(|subject| ArtifactRef::subject(statement, subject))
        .collect()
}

/// Says whether what is cited may play its role, with what to write instead.
pub(super) fn fits(text: &str, thing: Thing, role: Role, does: Does) -> Result<(), ProblemKind> {
    if does.takes(role, thing) {
        return Ok(());
    }
    Err(ProblemKind::Role {
        text: text.to_owned(),
        thing: thing_word(thing),
        role,
        does,
    })
}

fn either<'m, T>(map: &'m HashMap<String, T>, text: &str, hidden: Option<&str>) -> Option<&'m T> {
    map.get(text).or_else(|| map.get(hidden?))
}
