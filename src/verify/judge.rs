//! Judging what was read: every rule over one case, then the verdict with its boundary.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::checkpoint::Checkpoint;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::statement::Answer;
use crate::statement::ArtifactRef;
use crate::statement::Genesis;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Read;
use crate::statement::Role;
use crate::statement::Word as _;
use crate::trust::Keys;

use super::Given;
use super::Request;
use super::Trust;
use super::contents::Contents;
use super::descent;
use super::details::Commits;
use super::details::details;
use super::files::FileChecks;
use super::finding::Code;
use super::finding::Finding;
use super::finding::verdict_of;
use super::graph::Graph;
use super::judgement::Assurance;
use super::judgement::Completeness;
use super::judgement::Conditioning;
use super::judgement::ContentCheck;
use super::judgement::ExternalModel;
use super::judgement::Judgement;
use super::judgement::SourceFact;
use super::judgement::Verified;
use super::limits::Limits;
use super::lineage;
use super::mass::Boundary;
use super::mass::Mass;
use super::mass::has_mass;
use super::notices::Notified;
use super::rules;
use super::rules::Effects;
use super::sampled::Sampled;
use super::scene::Scene;
use super::share::Share;
use super::subjects;

/// Everything that was read for one target.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) request: Request,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) genesis: Option<Genesis>,
    pub(super) keys: Option<Keys>,
    /// What is judged: the artifacts of the request, or what a notice put in their place.
    pub(super) starts: Vec<ArtifactRef>,
    pub(super) notices: Vec<Notified>,
    pub(super) effects: Effects,
    pub(super) graph: Graph,
    pub(super) claims: BTreeMap<Sha256Digest, BTreeSet<ArtifactRef>>,
    pub(super) own_models: BTreeMap<ArtifactRef, String>,
    pub(super) envelopes: BTreeMap<StatementId, Envelope>,
    pub(super) reads: BTreeMap<StatementId, Vec<Read>>,
    pub(super) files: FileChecks,
    pub(super) sampled: Option<Sampled>,
    pub(super) commits: Commits,
    pub(super) limits: Limits,
    /// What is cited and is not part of this evidence.
    pub(super) absent: BTreeSet<StatementId>,
}

/// Judges a case; `findings` are those of the reading.
pub(super) fn judge(case: &Case, mut findings: Vec<Finding>) -> Verified<Judgement> {
    let scene = Scene::of(case);
    if findings.iter().all(|finding| finding.code.verdict().is_none()) && case.genesis.is_none() {
        findings.push(Finding::of_ledger(
            Code::EntryMissing,
            "ledger",
            "the log has no genesis entry",
        ));
    }
    trust_findings(case, &mut findings);
    let told = rules::apply(&scene, &mut findings);
    let origins = case.request.descent.then(|| told.origins.clone());
    let contents = Contents::new(&case.graph, told.origins, case.limits.contents);
    let mass = Mass::over(&contents, &scene.replaced, &case.starts);
    let boundary = mass.of_all(&case.starts);
    let content = content_check(&case.files);
    let assurance = assurance(case, content);
    if !assurance.meets(case.request.require) {
        let message = too_low(case.request.require, assurance);
        findings.push(Finding::of_ledger(Code::AssuranceTooLow, "ledger", message));
    }
    if scene.contents.is_exhausted() || contents.is_exhausted() {
        let message = format!(
            "the rows of this lineage were not all counted: it has more than {} artifacts and members",
            case.limits.contents
        );
        findings.push(Finding::of_ledger(Code::LimitReached, "ledger", message));
    }
    last_line_of_defence(case, &boundary, &mut findings);
    let excludes = rules::excluded(&scene, &mut findings);
    // Failures first, in the order of verdicts; equal ones stay in the order in which they were found.
    findings.sort_by_key(|finding| {
        (
            finding.code.verdict().is_none(),
            finding.code.verdict(),
            finding.code,
        )
    });
    let heavy = mass_reach(&scene);
    let stage = match case.starts.as_slice() {
        [only] => mass.stage(*only),
        _ => None,
    };
    let judgement = Judgement {
        verdict: verdict_of(&findings),
        findings,
        artifacts: case.request.artifacts.iter().map(ToString::to_string).collect(),
        trust_kind: case.request.trust.kind(),
        boundary,
        stage,
        sources: sources(&scene, &heavy),
        external_models: external_models(&scene, &heavy),
        conditioning: conditioning(&scene),
        content,
        assurance,
        completeness: completeness(&scene),
        organisation: (case.genesis.as_ref()).and_then(|genesis| genesis.organisation.clone()),
        subjects: subjects::subjects(&scene),
        lineage: lineage::lineage(&scene),
        descent: origins.map(|origins| descent::descent(&scene, origins)),
        withheld: told.withheld,
        disclosed: told.disclosed,
        sampled: case.sampled.clone(),
        details: details(&scene),
        policy: None,
        excludes,
        beyond: rules::beyond(&scene),
        name: case.request.name.clone(),
        checkpoint: case.checkpoint.clone(),
    };
    Verified::new(judgement)
}

/// Whatever the rules missed: nothing is traced whose shares lead to nothing declared.
fn last_line_of_defence(case: &Case, boundary: &Boundary, findings: &mut Vec<Finding>) {
    let fails = findings.iter().any(|finding| finding.code.verdict().is_some());
    if !fails && boundary.unknown != Share::zero() {
        let message = format!(
            "{} of {} leads to nothing that is declared",
            boundary.unknown.percent(),
            case.request.name
        );
        findings.push(Finding::of_ledger(
            Code::NothingToTrace,
            case.request.name.clone(),
            message,
        ));
    }
}

fn trust_findings(case: &Case, findings: &mut Vec<Finding>) {
    if let Trust::Missing(root) = &case.request.trust {
        let message = format!(
            "no trust root says that {} is the ledger that is meant; give --trust-root FILE, or --trust-genesis to \
             take the ledger's own word",
            root.origin
        );
        findings.push(Finding::of_ledger(Code::TrustNotPinned, "ledger", message));
    }
}

fn content_check(files: &FileChecks) -> ContentCheck {
    let differing = files.others.iter();
    let differing = differing.filter(|(_, given)| matches!(given, Given::Found(_)));
    ContentCheck {
        checked: files.right,
        differing: differing.count(),
        of: files.known,
        given: files.given,
        held: files.held,
    }
}

fn too_low(required: Assurance, there_is: Assurance) -> String {
    let cannot = match required {
        Assurance::Witnessed => {
            ": no ledger has witnesses in this version, and opening files does not stand for them"
        }
        Assurance::Sampled if there_is != Assurance::SelfAsserted => {
            ": give a sample and its files (--sample FILE --content DIR) of which this opens every item, finds it as registered, \
             and shows with 95 % confidence that at most 5 % differ; all files together (`full`) are enough too"
        }
        _ => "",
    };
    format!(
        "`{}` was asked for, but this has `{}`{cannot}",
        required.as_str(),
        there_is.as_str()
    )
}

/// Every file was opened, or enough of them, only if nothing has bytes that nobody hashed.
fn assurance(case: &Case, content: ContentCheck) -> Assurance {
    match &case.request.trust {
        Trust::SelfAsserted(_) | Trust::Missing(_) => Assurance::SelfAsserted,
        Trust::Pinned(_) if case.files.unhashed > 0 => Assurance::Pinned,
        Trust::Pinned(_) if content.of > 0 && content.checked == content.of => Assurance::Full,
        Trust::Pinned(_) if case.sampled.as_ref().is_some_and(Sampled::is_enough) => Assurance::Sampled,
        Trust::Pinned(_) => Assurance::Pinned,
    }
}

/// Returns the statements that contribute mass to the target.
fn mass_reach(scene: &Scene<'_>) -> BTreeSet<StatementId> {
    let mut queue: Vec<ArtifactRef> = scene.case.starts.clone();
    let mut seen: BTreeSet<ArtifactRef> = queue.iter().copied().collect();
    while let Some(reference) = queue.pop() {
        let Some(node) = scene.graph.nodes.get(&reference.statement) else {
            continue;
        };
        let heavy: Vec<ArtifactRef> = match &node.statement.predicate {
            Predicate::Run(run) => run
                .inputs
                .iter()
                .zip(&node.cites)
                .filter(|(input, _)| has_mass(run, input.role))
                .flat_map(|(_, cited)| cited.iter().copied())
                .collect(),
            Predicate::Dataset(_) => node.cites.concat(),
            _ => Vec::new(),
        };
        queue.extend(heavy.into_iter().filter(|next| seen.insert(*next)));
    }
    seen.into_iter().map(|reference| reference.statement).collect()
}

/// Returns the statements on the walk, by their entry.
fn statements(scene: &Scene<'_>) -> Vec<StatementId> {
    let ids: BTreeSet<_> = scene.artifacts().map(|reference| reference.statement).collect();
    let mut ids: Vec<_> = ids
        .into_iter()
        .filter_map(|id| Some((scene.graph.nodes.get(&id)?.index, id)))
        .collect();
    ids.sort_unstable();
    ids.into_iter().map(|(_, id)| id).collect()
}

fn sources(scene: &Scene<'_>, heavy: &BTreeSet<StatementId>) -> Vec<SourceFact> {
    let fact = |id: StatementId| {
        let node = scene.graph.nodes.get(&id)?;
        let Predicate::Source(source) = &node.statement.predicate else {
            return None;
        };
        // Of several files the least favourable word is shown.
        let replaced = scene.replaced.iter().filter(|(at, _)| at.statement == id);
        let effective = replaced
            .map(|(_, worse)| worse)
            .min_by_key(|worse| super::mass::classify(worse))
            .unwrap_or(source);
        Some(SourceFact {
            id: format!("hb:{id}"),
            name: source.name.to_string(),
            made_by: effective.made_by.to_string(),
            acquired_by: effective.acquired_by.to_string(),
            licence: source.licence.clone(),
            licence_date: source.licence_date.as_ref().map(ToString::to_string),
            restrictions: source.restrictions.iter().map(|word| word.as_str()).collect(),
            said_by: lineage::said_by(&node.statement, scene.case.keys.as_ref()),
            mass: heavy.contains(&id),
            holder: source.holder.clone(),
            personal_data: source.personal_data.to_string(),
            url: source.url.clone(),
            period: source.period.clone(),
            languages: source.languages.clone(),
            legal_basis: source.legal_basis.clone(),
        })
    };
    statements(scene).into_iter().filter_map(fact).collect()
}

fn external_models(scene: &Scene<'_>, heavy: &BTreeSet<StatementId>) -> Vec<ExternalModel> {
    let organisation = scene
        .case
        .genesis
        .as_ref()
        .and_then(|genesis| genesis.organisation.as_deref());
    let fact = |id: StatementId| {
        let node = scene.graph.nodes.get(&id)?;
        let Predicate::Model(model) = &node.statement.predicate else {
            return None;
        };
        Some(ExternalModel {
            id: format!("hb:{id}"),
            name: model.name.to_string(),
            provider: model.provider.clone(),
            version: model.version.clone(),
            mass: heavy.contains(&id),
            own: organisation == Some(model.provider.as_str()),
            access: model.access.to_string(),
            alias: model.alias,
            licence: model.licence.clone(),
            licence_date: model.licence_date.as_ref().map(ToString::to_string),
            restrictions: model.restrictions.iter().map(|word| word.as_str()).collect(),
            terms: model.terms.clone(),
            report: model.report.clone(),
            said_by: lineage::said_by(&node.statement, scene.case.keys.as_ref()),
        })
    };
    statements(scene).into_iter().filter_map(fact).collect()
}

fn conditioning(scene: &Scene<'_>) -> Conditioning {
    let mut count = Conditioning::default();
    for id in scene.runs() {
        let Some((_, run)) = scene.graph.run(id) else {
            continue;
        };
        for input in run.inputs.iter().filter(|input| !has_mass(run, input.role)) {
            count.seeds_and_prompts += usize::from(matches!(input.role, Role::Seed | Role::Prompt));
            match input.from {
                InputFrom::Artifacts(_) => count.declared += 1,
                InputFrom::Gap(_) => count.undeclared += 1,
            }
        }
    }
    count
}

fn completeness(scene: &Scene<'_>) -> Completeness {
    let mut count = Completeness::default();
    for id in scene.runs() {
        let Some((_, run)) = scene.graph.run(id) else {
            continue;
        };
        match run.inputs_complete {
            Answer::Yes => count.yes += 1,
            Answer::No => count.no += 1,
            Answer::NotKnown => count.not_known += 1,
        }
    }
    count
}
