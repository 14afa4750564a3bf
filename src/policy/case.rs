//! A lineage as rules look at it, and what they have against it.

use std::cell::OnceCell;

use crate::licence::Licences;
use crate::pedigree::Pedigree;
use crate::pedigree::pedigree;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Source;
use crate::verify::Descent;
use crate::verify::DescentNode;
use crate::verify::DescentPart;
use crate::verify::Judgement;
use crate::verify::Objection;
use crate::verify::PathStep;
use crate::verify::RuleResult;
use crate::verify::Ruling;
use crate::verify::Verified;

use super::between;
use super::ends;
use super::facts;
use super::licences;
use super::measures;
use super::rule::Demand;
use super::rule::Policy;
use super::rule::Rule;
use super::select::Facts;

/// The most objections that one rule tells one by one; the rest is counted.
pub const OBJECTIONS_MAX: usize = 100;

/// The most steps of a path that are told; of a longer one its ends.
const PATH_STEPS_MAX: usize = 1_000;

/// What of a lineage rules look at.
pub(super) struct Case<'a> {
    pub(super) judgement: &'a Judgement,
    pub(super) descent: &'a Descent,
    pub(super) licences: &'a Licences,
    pub(super) sources: Vec<Candidate<'a>>,
    reached_from: Vec<Option<usize>>,
    pedigree: OnceCell<Result<Pedigree, String>>,
}

/// A source of the lineage, or one that claims the same bytes as something of it.
pub(super) struct Candidate<'a> {
    /// The position of its node, or of what has the same bytes.
    pub(super) at: usize,
    pub(super) facts: Facts<'a>,
    /// Where it stands, if it is not part of the lineage itself.
    pub(super) elsewhere: Option<PathStep>,
}

/// Holds a judged lineage against a policy.
#[must_use]
pub fn apply(policy: &Policy, judgement: Verified<Judgement>) -> Verified<Judgement> {
    let judged = judgement.get();
    let licences = Licences::of(judged);
    let case = judged.descent.as_ref().zip(licences.as_ref());
    let case = case.filter(|(descent, _)| !descent.nodes.is_empty());
    let case = case.map(|(descent, licences)| Case {
        judgement: judged,
        descent,
        licences,
        sources: candidates(descent),
        reached_from: descent.reached_from(),
        pedigree: OnceCell::new(),
    });
    let rules = policy.rules.iter().map(|rule| RuleResult {
        id: rule.id.clone(),
        rule: rule.demand.kind(),
        objections: match &case {
            Some(case) => against(rule, case),
            None => vec![unread()],
        },
    });
    let ruling = Ruling {
        name: policy.name.clone(),
        sha256: policy.sha256(),
        rules: rules.collect(),
    };
    judgement.ruled(ruling)
}

fn unread() -> Objection {
    Objection {
        is_known: false,
        node: "ledger".to_owned(),
        name: "ledger".to_owned(),
        path: Vec::new(),
        message: "the lineage could not be read".to_owned(),
    }
}

fn against(rule: &Rule, case: &Case<'_>) -> Vec<Objection> {
    let mut found = Against::new(case);
    match &rule.demand {
        Demand::Sources { allow, forbid } => facts::sources(case, allow, forbid, &mut found),
        Demand::Licences(demand) => licences::apply(case, demand, &mut found),
        Demand::Providers(names) => facts::providers(case, names, &mut found),
        Demand::FilterBetween { from, filter, before } => {
            between::apply(case, from, *filter, before, &mut found);
        }
        Demand::NoEvaluationData(sets) => ends::no_evaluation_data(case, sets, &mut found),
        Demand::VouchedSources => facts::vouched(case, &mut found),
        Demand::InputsComplete => facts::complete(case, &mut found),
        Demand::DeclaredBeforeTrained => ends::declared_before_trained(case, &mut found),
        Demand::Witnesses { at_least } => ends::witnesses(*at_least, &mut found),
        Demand::SyntheticShare { .. }
        | Demand::Generations { .. }
        | Demand::EffectiveSources { .. }
        | Demand::NoSelfConsumption => measures::apply(case, &rule.demand, &mut found),
    }
    let mut objections = found.finish();
    if let Some(why) = &rule.why {
        for objection in &mut objections {
            objection.message = format!("{} (why: {why})", objection.message);
        }
    }
    objections
}

fn candidates(descent: &Descent) -> Vec<Candidate<'_>> {
    let mut all = Vec::new();
    for (at, node) in descent.nodes.iter().enumerate() {
        let Some(source) = source_of(node) else {
            continue;
        };
        let replaced = node.replaced.iter();
        all.extend(std::iter::once(source).chain(replaced).map(|source| Candidate {
            at,
            facts: facts_of(source),
            elsewhere: None,
        }));
    }
    for content in &descent.shared {
        let Some(at) = content.claims.iter().find_map(|claim| claim.node) else {
            continue;
        };
        for claim in content.claims.iter().filter(|claim| claim.node.is_none()) {
            if let Predicate::Source(source) = &claim.statement.predicate {
                all.push(Candidate {
                    at,
                    facts: facts_of(source),
                    elsewhere: Some(PathStep {
                        id: format!("hb:{}", claim.id),
                        name: claim.name.clone(),
                    }),
                });
            }
        }
    }
    all
}

/// Returns the source that a node is; a gap of one is none.
pub(super) fn source_of(node: &DescentNode) -> Option<&Source> {
    match (&node.statement.predicate, node.part) {
        (Predicate::Source(source), DescentPart::Set(_)) => Some(source),
        _ => None,
    }
}

pub(super) fn facts_of(source: &Source) -> Facts<'_> {
    Facts {
        name: source.name.as_str(),
        artifacts: &source.set.artifacts,
        source: Some(source),
    }
}

impl<'a> Case<'a> {
    /// Returns the runs of the lineage with their positions.
    pub(super) fn runs(&self) -> impl Iterator<Item = (usize, &'a DescentNode, &'a Run)> + use<'a> {
        let all = self.descent.nodes.iter().enumerate();
        all.filter_map(|(at, node)| match (&node.statement.predicate, node.part) {
            (Predicate::Run(run), DescentPart::Run) => Some((at, node, run)),
            _ => None,
        })
    }

    /// Returns the inputs that nobody declared.
    pub(super) fn gaps(&self) -> impl Iterator<Item = usize> + use<'a> {
        let all = self.descent.nodes.iter().enumerate();
        all.filter(|(_, node)| matches!(node.part, DescentPart::Gap(_)))
            .map(|(at, _)| at)
    }

    /// Returns the pedigree, which is worked out for the first rule that asks for it.
    pub(super) fn pedigree(&self) -> Result<&Pedigree, String> {
        let made = self
            .pedigree
            .get_or_init(|| pedigree(self.descent, &[]).map_err(|error| error.to_string()));
        made.as_ref().map_err(Clone::clone)
    }

    /// Returns a node.
    pub(super) fn node(&self, at: usize) -> Option<&'a DescentNode> {
        self.descent.nodes.get(at)
    }

    /// Returns what a node is called.
    pub(super) fn name(&self, at: usize) -> &'a str {
        self.node(at).map_or("", |node| node.shown.name.as_str())
    }

    /// Returns the way from the model to a node.
    pub(super) fn path(&self, at: usize) -> Vec<PathStep> {
        self.descent.path(&self.reached_from, at)
    }
}

/// What one rule has against a lineage.
pub(super) struct Against<'c, 'a> {
    case: &'c Case<'a>,
    list: Vec<Objection>,
    left_out: usize,
}

impl<'c, 'a> Against<'c, 'a> {
    fn new(case: &'c Case<'a>) -> Self {
        Self {
            case,
            list: Vec::new(),
            left_out: 0,
        }
    }

    /// Objects to a node: known to break the rule, or not known to keep it.
    pub(super) fn node(&mut self, is_known: bool, at: usize, elsewhere: Option<&PathStep>, message: String) {
        if self.list.len() >= OBJECTIONS_MAX {
            self.left_out += 1;
            return;
        }
        let mut path = self.case.path(at);
        path.extend(elsewhere.cloned());
        self.add(is_known, path, message);
    }

    /// Objects to what stands at the end of a path.
    pub(super) fn path(&mut self, is_known: bool, path: Vec<PathStep>, message: String) {
        if self.list.len() >= OBJECTIONS_MAX {
            self.left_out += 1;
            return;
        }
        self.add(is_known, path, message);
    }

    /// Objects to the lineage as a whole.
    pub(super) fn broken_by_all(&mut self, message: String) {
        let start = self.case.descent.starts.first().copied();
        let path = start.map(|at| self.case.path(at)).unwrap_or_default();
        self.path(true, path, message);
    }

    /// Says that the lineage as a whole cannot be judged.
    pub(super) fn not_known_of_all(&mut self, message: String) {
        let start = self.case.descent.starts.first().copied();
        let path = start.map(|at| self.case.path(at)).unwrap_or_default();
        self.path(false, path, message);
    }

    fn add(&mut self, is_known: bool, path: Vec<PathStep>, message: String) {
        let ledger = || PathStep {
            id: "ledger".to_owned(),
            name: "ledger".to_owned(),
        };
        let last = path.last().cloned().unwrap_or_else(ledger);
        self.list.push(Objection {
            is_known,
            node: last.id,
            name: last.name,
            path: shortened(path),
            message,
        });
    }

    fn finish(mut self) -> Vec<Objection> {
        if self.left_out > 0 {
            let message = format!(
                "{} more, beyond the {OBJECTIONS_MAX} that are told one by one",
                self.left_out
            );
            let is_known = self.list.iter().any(|objection| objection.is_known);
            self.add(is_known, Vec::new(), message);
        }
        self.list
    }
}

fn shortened(path: Vec<PathStep>) -> Vec<PathStep> {
    if path.len() <= PATH_STEPS_MAX {
        return path;
    }
    let between = PathStep {
        id: "...".to_owned(),
        name: format!("steps left out: a path of a policy has {PATH_STEPS_MAX} at most"),
    };
    let ends = (path.first().cloned(), path.last().cloned());
    ends.0.into_iter().chain([between]).chain(ends.1).collect()
}
