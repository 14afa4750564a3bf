//! The page: a function of a signed report and of nothing else, so anybody can make it again.
//!
//! All texts of the report are escaped twice over: what shows otherwise than it is (control and bidirectional
//! characters) by the rule of every other output, and markup by the template engine. The page has no script, asks for
//! nothing over the network, and its content security policy forbids both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::UndefinedBehavior;
use minijinja::Value;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::commitment::SHOWN_PREFIX;
use crate::commitment::replaced;
use crate::statement::escaped;

use super::Report;
use super::ReportError;
use super::details::Details;
use super::document::Artifact;
use super::document::Document;
use super::document::File;
use super::document::Finding;
use super::document::Node;
use super::document::Share;
use super::draw;
use super::draw::Drawing;
use super::sheet::Sheet;
use super::words;

const PAGE: &str = include_str!("page.html");
const PEDIGREE: &str = include_str!("pedigree.html");
const STYLE: &str = include_str!("page.css");

/// How many findings of one code the page shows; the document has more.
const SHOWN_OF_A_CODE_MAX: usize = 25;

/// How many rows of one table the page shows; the document has more.
const SHOWN_ROWS_MAX: usize = 200;

/// The digits of an id that are shown where it stands beside a name; commands take any unique beginning.
const ID_DIGITS: usize = 12;

/// How many of the artifacts that were judged are shown with their files.
const LISTINGS_MAX: usize = 20;

/// How many names stand in one sentence.
const NAMES_MAX: usize = 8;

/// What the template sees.
#[derive(Debug, Serialize)]
struct Page {
    /// The document with everything odd in its texts escaped.
    r: Document,
    sha256: String,
    /// The verdict as people read it.
    word: String,
    meaning: &'static str,
    /// Who contributes how much, in a sentence.
    boundary: String,
    /// What steps say about whether their inputs are all, in a sentence; empty without steps.
    completeness: String,
    details: Vec<String>,
    /// What stands behind the verdict, in words.
    assurance: &'static str,
    /// The line without its word.
    rest: String,
    shares: Vec<Class>,
    /// Of what was judged, what consists of files.
    listings: Vec<Listing>,
    failing: Vec<Group>,
    notes: Vec<Group>,
    gaps: Vec<Gap>,
    /// What else is not known, each a sentence.
    lacking: Vec<String>,
    drawing: Drawing,
    nodes: Vec<NodeRow>,
    shown_rows_max: usize,
}

/// One class of the boundary.
#[derive(Debug, Serialize)]
struct Class {
    name: &'static str,
    look: &'static str,
    share: Share,
    stage: Option<Share>,
}

/// The files of one thing that was judged.
#[derive(Debug, Serialize)]
struct Listing {
    name: String,
    sha256: String,
    count: u64,
    shown: Vec<File>,
    more: u64,
    /// Whether all names are withheld, as where personal data is behind it.
    withheld: bool,
}

/// Findings of one code.
#[derive(Debug, Serialize)]
struct Group {
    code: String,
    meaning: String,
    advice: String,
    count: usize,
    shown: Vec<Finding>,
    more: usize,
}

/// What nobody declared.
#[derive(Debug, Serialize)]
struct Gap {
    text: String,
    id: String,
    step: String,
    step_id: String,
}

/// A node of the lineage in the table.
#[derive(Debug, Serialize)]
struct NodeRow {
    name: String,
    what: String,
    uses: String,
    said_by: String,
    entry: u64,
    id: String,
}

/// Makes the page of a report.
pub fn page(report: &Report) -> Result<String, ReportError> {
    let document = safe(report.document())?;
    let page = Value::from(Serde(content(document, report.sha256().to_hex())));
    rendered(PAGE, minijinja::context! { page })
}

/// Returns the page of a pedigree.
pub fn pedigree_page(sheet: &Sheet) -> Result<String, ReportError> {
    let sheet = safe_value(serde_json::to_value(sheet).map_err(ReportError::Fields)?);
    let context = minijinja::context! { sheet => Value::from(Serde(sheet)), caveat => super::CAVEAT };
    rendered(PEDIGREE, context)
}

/// Renders a template with the style that all pages have, and with everything escaped.
fn rendered(template: &str, context: Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.add_filter("plain", |word: &str| word.replace('_', " "));
    environment.add_filter("short", short);
    environment.add_template("page", template)?;
    let style_hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let context = minijinja::context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        // Base64 has no character that could end an attribute.
        style_hash => Value::from_safe_string(style_hash),
        ..context
    };
    Ok(environment.get_template("page")?.render(context)?)
}

/// Returns the document with everything escaped that would show otherwise than it is; line feeds of the checkpoint and
/// of messages stay.
fn safe(document: &Document) -> Result<Document, ReportError> {
    let value = serde_json::to_value(document).map_err(ReportError::Fields)?;
    serde_json::from_value(safe_value(value)).map_err(ReportError::Fields)
}

fn safe_value(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => {
            let text = replaced(&text, |commitment| commitment.shown());
            let lines: Vec<String> = text.split('\n').map(escaped).collect();
            Json::String(lines.join("\n"))
        }
        Json::Array(items) => Json::Array(items.into_iter().map(safe_value).collect()),
        Json::Object(members) => {
            let members = members.into_iter().map(|(key, value)| (key, safe_value(value)));
            Json::Object(members.collect())
        }
        other => other,
    }
}

fn content(document: Document, sha256: String) -> Page {
    let (word, rest) = document.line.split_once(':').map_or(
        (document.verdict.clone(), document.line.clone()),
        |(word, rest)| (word.to_owned(), rest.trim().to_owned()),
    );
    let (failing, notes): (Vec<&Finding>, Vec<&Finding>) = document
        .findings
        .iter()
        .partition(|finding| finding.severity == "fails");
    let uses = draw::uses(&document.lineage);
    let rows = document.lineage.nodes.iter().zip(uses);
    Page {
        sha256,
        word: word.replace('_', " "),
        meaning: words::of_verdict(&document.verdict),
        rest,
        boundary: boundary(&document),
        completeness: completeness(&document),
        details: document
            .details
            .as_ref()
            .map(Details::sentences)
            .unwrap_or_default(),
        assurance: words::of_assurance(&document.assurance),
        lacking: super::lacking::lacking(&document, NAMES_MAX),
        shares: shares(&document),
        listings: listings(&document),
        failing: groups(&document, &failing),
        notes: groups(&document, &notes),
        gaps: gaps(&document),
        drawing: draw::draw(&document.lineage),
        nodes: rows
            .take(SHOWN_ROWS_MAX)
            .map(|(node, uses)| node_row(node, uses))
            .collect(),
        shown_rows_max: SHOWN_ROWS_MAX,
        r: document,
    }
}

fn boundary(document: &Document) -> String {
    if document.checkpoint.is_none() {
        return "Nothing could be read of what it leads to.".to_owned();
    }
    let classes = shares(document);
    let told: Vec<String> = (classes.iter())
        .map(|class| format!("{} to {}", class.share.percent, class.name))
        .collect();
    format!("It leads {}.", told.join("; "))
}

fn completeness(document: &Document) -> String {
    let said = &document.completeness;
    match said.yes + said.no + said.not_known {
        0 => String::new(),
        1 if said.yes == 1 => "The 1 step says that all its inputs are listed.".to_owned(),
        1 => "The 1 step does not say that all its inputs are listed.".to_owned(),
        steps if said.yes == steps => format!("All {steps} steps say that all their inputs are listed."),
        steps => format!(
            "{} of {steps} steps say that all their inputs are listed.",
            said.yes
        ),
    }
}

/// The classes that have a share, and always the two that a reader looks for.
fn shares(document: &Document) -> Vec<Class> {
    let (all, stage) = (&document.boundary, document.stage.as_ref());
    let class = |name, look, share: &Share, stage: Option<&Share>| Class {
        name,
        look,
        share: share.clone(),
        stage: stage.cloned(),
    };
    let classes = [
        class(
            "data of which nobody knows what part a model made",
            "opaque",
            &all.origin_not_known,
            stage.map(|stage| &stage.origin_not_known),
        ),
        class(
            "declared sources",
            "source",
            &all.sources,
            stage.map(|stage| &stage.sources),
        ),
        class(
            "external models, whose own data is not known here",
            "external",
            &all.external_models,
            stage.map(|stage| &stage.external_models),
        ),
        class(
            "synthetic sources whose generators are named but not traced",
            "opaque",
            &all.opaque_synthetic,
            stage.map(|stage| &stage.opaque_synthetic),
        ),
        class(
            "nothing declared",
            "gap",
            &all.unknown,
            stage.map(|stage| &stage.unknown),
        ),
    ];
    let has = |share: &Share| share.high_permille > 0;
    classes
        .into_iter()
        .filter(|class| {
            matches!(class.look, "source" | "external")
                || has(&class.share)
                || class.stage.as_ref().is_some_and(has)
        })
        .collect()
}

fn listings(document: &Document) -> Vec<Listing> {
    let listing = |artifact: &Artifact| {
        let shown: Vec<File> = artifact.files.iter().take(SHOWN_ROWS_MAX).cloned().collect();
        let count = |files: &[File]| u64::try_from(files.len()).unwrap_or(u64::MAX);
        let all = count(&artifact.files).saturating_add(artifact.files_left_out);
        Listing {
            name: artifact.name.clone(),
            sha256: artifact.sha256.clone().unwrap_or_default(),
            count: all,
            more: all - count(&shown),
            withheld: shown.iter().all(|file| file.name.starts_with(SHOWN_PREFIX)),
            shown,
        }
    };
    let all = document.artifacts.iter().take(LISTINGS_MAX);
    all.filter(|artifact| !artifact.files.is_empty())
        .map(listing)
        .collect()
}

/// Findings by their code, in the order of the document.
fn groups(document: &Document, findings: &[&Finding]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for finding in findings {
        let known = groups.iter().position(|group| group.code == finding.code);
        let at = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(empty_group(document, &finding.code));
        }
        let Some(group) = groups.get_mut(at) else { continue };
        group.count += 1;
        if group.shown.len() < SHOWN_OF_A_CODE_MAX {
            group.shown.push((*finding).clone());
        } else {
            group.more += 1;
        }
    }
    groups
}

fn empty_group(document: &Document, code: &str) -> Group {
    let said = document.codes.iter().find(|one| one.code == code);
    Group {
        code: code.to_owned(),
        meaning: said.map_or_else(String::new, |said| said.meaning.clone()),
        advice: said.map_or_else(String::new, |said| said.advice.clone()),
        count: 0,
        shown: Vec::new(),
        more: 0,
    }
}

/// What nobody declared, with the step that lacks it: the last but one on its path.
fn gaps(document: &Document) -> Vec<Gap> {
    let gap = |finding: &Finding| {
        let step = finding.path.iter().rev().nth(1);
        Gap {
            text: finding.name.clone(),
            id: finding.node.clone(),
            step: step.map_or_else(String::new, |step| step.name.clone()),
            step_id: step.map_or_else(String::new, |step| step.id.clone()),
        }
    };
    document
        .findings
        .iter()
        .filter(|finding| finding.code == "unresolved_input")
        .map(gap)
        .collect()
}

fn node_row(node: &Node, uses: String) -> NodeRow {
    NodeRow {
        name: node.name.clone(),
        what: draw::note(node, None),
        uses,
        said_by: node.said_by.clone(),
        entry: node.entry,
        id: node.id.clone(),
    }
}

/// Returns an id as people read it: the scheme and the first digits, with the artifact where there is one.
fn short(id: &str) -> String {
    let Some((scheme, rest)) = id.split_once(':') else {
        return id.to_owned();
    };
    let (digits, artifact) = rest
        .find('/')
        .and_then(|at| rest.split_at_checked(at))
        .unwrap_or((rest, ""));
    let kept: String = digits.chars().take(ID_DIGITS).collect();
    format!("{scheme}:{kept}{artifact}")
}
