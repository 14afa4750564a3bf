//! From a verified judgement to the document.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive as _;

use crate::digest::Sha256Digest;
use crate::key::PublicKey;
use crate::statement::FORMAT_VERSION;
use crate::trust::TrustRoot;
use crate::verify;
use crate::verify::Assurance;
use crate::verify::Judgement;
use crate::verify::SHARE_BITS_MAX;
use crate::verify::Verified;
use crate::verify::fixed_point;

use super::CAVEAT;
use super::details::Details;
use super::document as wire;
use super::document::Document;
use super::words;

/// The most findings of a document; the rest is counted.
pub const FINDINGS_MAX: usize = 2_000;

/// The most steps that all paths of a document have together; later paths show their ends only.
pub const PATH_STEPS_MAX: usize = 50_000;

/// The most artifacts, the most sources and the most external models of a document; the rest is counted.
pub const FACTS_MAX: usize = 1_000;

/// What a document says beside the judgement.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The trust root that the judgement used.
    pub trust_root: &'a TrustRoot,
    /// The exact checkpoint that was judged.
    pub checkpoint: &'a [u8],
    /// Whether files were to be opened.
    pub content: bool,
    /// The least assurance that was asked for.
    pub require: Assurance,
    /// Who will sign.
    pub signer: PublicKey,
    /// The version of the program.
    pub version: &'a str,
}

impl Document {
    /// Says what a judgement says, in a form that can be signed.
    pub fn of(judgement: &Verified<Judgement>, basis: &Basis<'_>) -> Self {
        let judged = judgement.get();
        let (artifacts, artifacts_left_out) = bounded(&judged.subjects, artifact);
        let (sources, sources_left_out) = bounded(&judged.sources, source);
        let (external_models, external_models_left_out) = bounded(&judged.external_models, external_model);
        let (findings, findings_left_out) = findings(&judged.findings);
        let kept = judged.findings.iter().take(findings.len());
        let codes: BTreeSet<verify::Code> = kept.map(|finding| finding.code).collect();
        Self {
            format: FORMAT_VERSION,
            program: wire::Program {
                name: "herdbook".to_owned(),
                version: basis.version.to_owned(),
            },
            signer: wire::Signer {
                public_key: basis.signer.to_hex(),
                keyid: basis.signer.id().to_hex(),
            },
            name: judged.name.clone(),
            verdict: judged.verdict.to_string(),
            line: judged.line(),
            boundary: boundary(&judged.boundary),
            stage: judged.stage.as_ref().map(boundary),
            conditioning: wire::Conditioning {
                declared: count(judged.conditioning.declared),
                undeclared: count(judged.conditioning.undeclared),
                seeds_and_prompts: count(judged.conditioning.seeds_and_prompts),
            },
            content: wire::Content {
                asked: basis.content,
                checked: count(judged.content.checked),
                differing: count(judged.content.differing),
                of: count(judged.content.of),
                given: count(judged.content.given),
            },
            assurance: judged.assurance.as_str().to_owned(),
            required: basis.require.as_str().to_owned(),
            completeness: wire::Completeness {
                yes: count(judged.completeness.yes),
                no: count(judged.completeness.no),
                not_known: count(judged.completeness.not_known),
            },
            details: Some(Details::of(&judged.details)),
            policy: judged.policy.as_ref().map(policy),
            codes: codes.into_iter().map(words::meaning).collect(),
            lineage: lineage(&judged.lineage),
            checkpoint: judged.checkpoint.as_ref().map(checkpoint),
            checkpoint_note: note(basis.checkpoint),
            trust_root: trust_root(judged, basis.trust_root),
            organisation: judged.organisation.clone(),
            recheck: recheck(judged, basis.content),
            caveats: caveats(),
            artifacts,
            artifacts_left_out,
            findings,
            findings_left_out,
            sources,
            sources_left_out,
            external_models,
            external_models_left_out,
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn bounded<T, U>(all: &[T], one: impl Fn(&T) -> U) -> (Vec<U>, u64) {
    let kept: Vec<U> = all.iter().take(FACTS_MAX).map(one).collect();
    let left_out = count(all.len() - kept.len());
    (kept, left_out)
}

fn artifact(subject: &verify::Subject) -> wire::Artifact {
    wire::Artifact {
        id: subject.id.clone(),
        name: subject.name.clone(),
        sha256: subject.sha256.map(|digest| digest.to_hex()),
        sha256_of: subject.sha256_of.map(str::to_owned),
        files: (subject.files.iter())
            .map(|file| wire::File {
                name: file.name.clone(),
                sha256: file.sha256.to_hex(),
            })
            .collect(),
        files_left_out: count(subject.files_left_out),
    }
}

fn boundary(shares: &verify::Boundary) -> wire::Boundary {
    wire::Boundary {
        sources: share(&shares.sources),
        external_models: share(&shares.external_models),
        opaque_synthetic: share(&shares.opaque_synthetic),
        origin_not_known: share(&shares.origin_not_known),
        unknown: share(&shares.unknown),
    }
}

fn share(share: &verify::Share) -> wire::Share {
    let number = |value: &BigRational, up: bool| {
        if value.numer().bits() + value.denom().bits() <= SHARE_BITS_MAX {
            value.to_string()
        } else {
            fixed_point(value, up)
        }
    };
    let permille = |value: BigRational| value.to_integer().to_u64().unwrap_or_default().min(1000);
    let thousand = BigRational::from_integer(BigInt::from(1000));
    wire::Share {
        low: number(&share.low, false),
        high: number(&share.high, true),
        percent: share.percent(),
        low_permille: permille((&share.low * &thousand).floor()),
        high_permille: permille((&share.high * &thousand).ceil()),
    }
}

fn policy(ruling: &verify::Ruling) -> wire::Policy {
    let rules = ruling.rules.iter().map(|rule| wire::PolicyRule {
        id: rule.id.clone(),
        rule: rule.rule.to_owned(),
        outcome: rule.outcome().to_owned(),
    });
    wire::Policy {
        name: ruling.name.clone(),
        sha256: ruling.sha256.to_hex(),
        rules: rules.collect(),
    }
}

fn findings(found: &[verify::Finding]) -> (Vec<wire::Finding>, u64) {
    let mut left = PATH_STEPS_MAX;
    let mut path = |steps: &[verify::PathStep]| -> Vec<wire::Step> {
        let step = |step: &verify::PathStep| wire::Step {
            id: step.id.clone(),
            name: step.name.clone(),
        };
        if steps.len() <= left {
            left -= steps.len();
            return steps.iter().map(step).collect();
        }
        let between = wire::Step {
            id: "...".to_owned(),
            name: format!("steps left out: all paths of a report together have {PATH_STEPS_MAX} at most"),
        };
        let first = steps.first().map(step);
        let last = steps.last().map(step);
        first.into_iter().chain([between]).chain(last).collect()
    };
    let kept: Vec<wire::Finding> = found
        .iter()
        .take(FINDINGS_MAX)
        .map(|finding| wire::Finding {
            code: finding.code.as_str().to_owned(),
            severity: finding.severity().to_owned(),
            node: finding.node.clone(),
            name: finding.name.clone(),
            message: finding.message.clone(),
            path: path(&finding.path),
            other_path: path(&finding.other_path),
        })
        .collect();
    let left_out = count(found.len() - kept.len());
    (kept, left_out)
}

fn lineage(lineage: &verify::Lineage) -> wire::Lineage {
    wire::Lineage {
        nodes: lineage
            .nodes
            .iter()
            .map(|node| wire::Node {
                id: node.id.clone(),
                name: node.name.clone(),
                kind: node.kind.to_owned(),
                detail: node.detail.clone(),
                said_by: node.said_by.to_owned(),
                entry: node.entry.get(),
                files: node.files,
                rows: node.rows,
            })
            .collect(),
        edges: lineage
            .edges
            .iter()
            .map(|edge| wire::Edge {
                from: count(edge.from),
                to: count(edge.to),
                role: edge.role.to_owned(),
            })
            .collect(),
        nodes_left_out: count(lineage.nodes_left_out),
        edges_left_out: count(lineage.edges_left_out),
    }
}

fn source(source: &verify::SourceFact) -> wire::Source {
    wire::Source {
        id: source.id.clone(),
        name: source.name.clone(),
        made_by: source.made_by.clone(),
        acquired_by: source.acquired_by.clone(),
        personal_data: source.personal_data.clone(),
        said_by: source.said_by.to_owned(),
        mass: source.mass,
        licence: source.licence.clone(),
        licence_date: source.licence_date.clone(),
        restrictions: source
            .restrictions
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
        holder: source.holder.clone(),
        url: source.url.clone(),
        period: source.period.clone(),
        languages: source.languages.clone(),
        legal_basis: source.legal_basis.clone(),
    }
}

fn external_model(model: &verify::ExternalModel) -> wire::ExternalModel {
    wire::ExternalModel {
        id: model.id.clone(),
        name: model.name.clone(),
        provider: model.provider.clone(),
        version: model.version.clone(),
        access: model.access.clone(),
        alias: model.alias,
        mass: model.mass,
        own: model.own,
        said_by: model.said_by.to_owned(),
        licence: model.licence.clone(),
        licence_date: model.licence_date.clone(),
        restrictions: model.restrictions.iter().map(|word| (*word).to_owned()).collect(),
        terms: model.terms.clone(),
        report: model.report.clone(),
    }
}

fn checkpoint(checkpoint: &crate::checkpoint::Checkpoint) -> wire::Checkpoint {
    wire::Checkpoint {
        origin: checkpoint.origin.to_string(),
        size: checkpoint.size.get(),
        root: STANDARD.encode(checkpoint.root.as_bytes()),
    }
}

/// A checkpoint that is no text is none that counts, and is kept all the same.
fn note(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => STANDARD.encode(bytes),
    }
}

fn trust_root(judged: &Judgement, root: &TrustRoot) -> wire::TrustRoot {
    wire::TrustRoot {
        kind: judged.trust_kind.to_owned(),
        origin: root.origin.clone(),
        genesis: format!("hb:{}", root.genesis),
        sha256: Sha256Digest::of(&root.encode()).to_hex(),
    }
}

fn recheck(judged: &Judgement, content: bool) -> Vec<wire::Recheck> {
    let one = |what: &str, command: &str| wire::Recheck {
        what: what.to_owned(),
        command: command.to_owned(),
    };
    let mut ways = vec![
        one(
            "With these two files alone: whether the report is signed by the key it names, and whether the page shows \
             what was signed.",
            "herdbook verify-report report.json --html report.html",
        ),
        one(
            "With the trust root, which you should have from the ledger's owner by another way than this report: whether \
             the checkpoint is one of that ledger. KEYID stands for the key that you expect to have signed, which its \
             holder tells you by another way.",
            "herdbook verify-report report.json --trust-root trust-root.json --signer KEYID",
        ),
    ];
    let with_files = if content { " --content FILES" } else { "" };
    let by_policy = if judged.policy.is_some() {
        " --policy POLICY"
    } else {
        ""
    };
    ways.push(one(
        if content {
            "With a copy of the ledger, and a folder with the files: whether judging it again gives the same report. \
             LEDGER and FILES stand for their folders."
        } else {
            "With a copy of the ledger: whether judging it again gives the same report. LEDGER stands for its folder."
        },
        &format!(
            "herdbook --ledger LEDGER verify-report report.json --trust-root trust-root.json{with_files}{by_policy}"
        ),
    ));
    if let Some(first) = judged.artifacts.first() {
        ways.push(one(
            "What the ledger says today, which may be less than what it said then.",
            &format!(
                "herdbook --ledger LEDGER verify {first} --trust-root trust-root.json{with_files}{by_policy}"
            ),
        ));
    }
    ways
}

fn caveats() -> Vec<String> {
    [
        CAVEAT,
        "It proves what was signed, by whom, in which order, and that what was recorded satisfies the rules. It does not \
         prove that training used only the inputs that were declared.",
        "Whoever declares a source is believed about who made it, unless the ledger itself contradicts that: text that a \
         model wrote can be declared as written by people.",
        "The data behind external models is not known here.",
        "The report holds as of its checkpoint. What is recorded later, such as a withdrawal, can lower the verdict.",
        "It has no date of its own: it is a function of the ledger, the model and the key, so that anybody can make it \
         again byte for byte.",
    ]
    .map(str::to_owned)
    .to_vec()
}
