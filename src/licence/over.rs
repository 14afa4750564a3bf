//! The terms of a whole lineage: everything it descends from, whatever its role and its share.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::Restriction;
use crate::verify::Descent;
use crate::verify::DescentPart;
use crate::verify::Judgement;
use crate::verify::PathStep;

use super::claim::Claim;
use super::claim::Unstated;
use super::terms::RESTRICTIONS;
use super::terms::Terms;

/// Something that the terms of a lineage come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// `hb:` id of its statement, or `gap:` id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `source`, `external_model` or `gap`.
    pub kind: &'static str,
    /// The entry of its statement.
    pub entry: u64,
    /// `vouched` by the holder's key or `stated` by the operator.
    pub said_by: &'static str,
    /// Whether it contributes mass; nothing for what only claims the same bytes as something of the lineage.
    pub mass: Option<bool>,
    /// What it says.
    pub claim: Claim,
    /// The position in the lineage of it, or of what has the same bytes.
    at: usize,
}

impl Bound {
    /// Returns whether it only claims the same bytes as something of the lineage.
    pub fn is_elsewhere(&self) -> bool {
        self.mass.is_none() && self.kind != "gap"
    }
}

/// That something brings a restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// What is restricted.
    pub restriction: Restriction,
    /// The position in [`Licences::bound`] of what brings it.
    pub bound: usize,
    /// Whether another choice of its licence does without.
    pub avoidable: bool,
}

/// Content about which statements say different terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// SHA-256 of the bytes.
    pub sha256: Sha256Digest,
    /// The positions in [`Licences::bound`] of those who say so, in the order of the log.
    pub claims: Vec<usize>,
}

/// The terms of a lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licences {
    /// Everything with terms, in the order of the log.
    pub bound: Vec<Bound>,
    /// The join over all of it, of each what holds whichever of its choices is taken. A lower bound, where something
    /// is not stated.
    pub terms: Terms,
    /// Who brings which restriction: sorted, by restriction first.
    pub witnesses: Vec<Witness>,
    /// Share-alike licences that stand beside each other; none or at least two. Whether one can be met by the other is
    /// not worked out.
    pub conflict: Vec<String>,
    /// Contents with several claims that are not the same; never merged, and all of them bind.
    pub differing: Vec<Differing>,
    /// All licences together as an SPDX expression, without those that are none and those that are not stated.
    pub expression: Option<String>,
    reached_from: Vec<Option<usize>>,
}

impl Licences {
    /// Works out the terms of a judged lineage; nothing if the judgement does not hold it.
    pub fn of(judgement: &Judgement) -> Option<Self> {
        let descent = judgement.descent.as_ref()?;
        let (bound, differing) = bound(judgement, descent);
        let terms = bound
            .iter()
            .fold(Terms::free(), |so_far, one| so_far.join(&one.claim.terms()));
        let conflict: Vec<String> = match terms.share_alike.len() {
            0 | 1 => Vec::new(),
            _ => terms.share_alike.iter().cloned().collect(),
        };
        let expressions: BTreeSet<String> = bound.iter().filter_map(|one| one.claim.expression()).collect();
        let expressions: Vec<String> = expressions.into_iter().collect();
        Some(Self {
            witnesses: witnesses(&bound),
            expression: (!expressions.is_empty()).then(|| expressions.join(" AND ")),
            reached_from: descent.reached_from(),
            terms,
            conflict,
            differing,
            bound,
        })
    }

    /// Returns the way from the model to something with terms. What only claims the same bytes stands behind what it
    /// has them in common with.
    pub fn path(&self, descent: &Descent, bound: &Bound) -> Vec<PathStep> {
        let mut path = descent.path(&self.reached_from, bound.at);
        if bound.is_elsewhere() {
            path.push(PathStep {
                id: bound.id.clone(),
                name: bound.name.clone(),
            });
        }
        path
    }

    /// Returns what of the terms is not stated, with the position of what leaves it open.
    pub fn not_stated(&self) -> impl Iterator<Item = (usize, &Unstated)> {
        let all = self.bound.iter().enumerate();
        all.flat_map(|(at, one)| one.claim.not_stated.iter().map(move |why| (at, why)))
    }
}

type All = BTreeMap<(u64, String), Bound>;

fn bound(judgement: &Judgement, descent: &Descent) -> (Vec<Bound>, Vec<Differing>) {
    let mut all = of_nodes(judgement, descent);
    let claimed = of_claims(descent, &mut all);
    let bound: Vec<Bound> = all.into_values().collect();
    let differing = claimed.into_iter().filter_map(|(sha256, ids)| {
        let claims = bound.iter().enumerate().filter(|(_, one)| ids.contains(&one.id));
        let claims: Vec<usize> = claims.map(|(at, _)| at).collect();
        let said = claims.iter().filter_map(|at| bound.get(*at));
        let said: Vec<_> = said.map(|one| said_of(&one.claim)).collect();
        let differ = said
            .windows(2)
            .any(|two| matches!(two, [one, other] if one != other));
        differ.then_some(Differing { sha256, claims })
    });
    let differing = differing.collect();
    (bound, differing)
}

/// Everything with terms that the lineage consists of.
fn of_nodes(judgement: &Judgement, descent: &Descent) -> All {
    let sources = judgement.sources.iter().map(|one| (one.id.as_str(), one.mass));
    let models = judgement.external_models.iter();
    let models = models.map(|one| (one.id.as_str(), one.mass));
    let mass: BTreeMap<&str, bool> = sources.chain(models).collect();
    let mut all = All::new();
    for (at, node) in descent.nodes.iter().enumerate() {
        let is_gap = matches!(node.part, DescentPart::Gap(_));
        let (id, claim) = if is_gap {
            (node.shown.id.clone(), Some(Claim::undeclared()))
        } else {
            (format!("hb:{}", node.id), Claim::of(&node.statement))
        };
        let Some(claim) = claim else { continue };
        let entry = node.shown.entry.get();
        let has_mass = mass.get(id.as_str()).copied().unwrap_or_default();
        all.entry((entry, id.clone())).or_insert_with(|| Bound {
            mass: (!is_gap).then_some(has_mass),
            name: node.shown.name.clone(),
            kind: node.shown.kind,
            said_by: node.shown.said_by,
            id,
            entry,
            claim,
            at,
        });
    }
    all
}

/// Adds what claims the bytes of something in the lineage, and returns who claims what.
fn of_claims(descent: &Descent, all: &mut All) -> Vec<(Sha256Digest, BTreeSet<String>)> {
    let mut claimed = Vec::new();
    for content in &descent.shared {
        let Some(at) = content.claims.iter().find_map(|claim| claim.node) else {
            continue;
        };
        let mut ids = BTreeSet::new();
        for claimant in &content.claims {
            let Some(claim) = Claim::of(&claimant.statement) else {
                continue;
            };
            let (entry, id) = (claimant.entry.get(), format!("hb:{}", claimant.id));
            ids.insert(id.clone());
            all.entry((entry, id.clone())).or_insert_with(|| Bound {
                kind: match claimant.statement.predicate.kind() {
                    "model" => "external_model",
                    _ => "source",
                },
                name: claimant.name.clone(),
                said_by: claimant.said_by,
                mass: None,
                id,
                entry,
                claim,
                at,
            });
        }
        claimed.push((content.sha256, ids));
    }
    claimed
}

/// What two claims have to say alike not to differ.
fn said_of(claim: &Claim) -> (Option<&str>, Option<&str>, &[Restriction]) {
    (
        claim.licence.as_deref(),
        claim.terms_of_use.as_deref(),
        &claim.restrictions,
    )
}

fn witnesses(bound: &[Bound]) -> Vec<Witness> {
    let mut all = Vec::new();
    for restriction in RESTRICTIONS {
        for (at, one) in bound.iter().enumerate() {
            let with = one
                .claim
                .choices
                .iter()
                .filter(|choice| choice.terms.has(restriction))
                .count();
            if with > 0 {
                all.push(Witness {
                    restriction,
                    bound: at,
                    avoidable: with < one.claim.choices.len(),
                });
            }
        }
    }
    all
}
