//! What is withheld on the walk, and by whom; and whether what was disclosed of it is true.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::commitment::CONTENT_CONTEXT;
use crate::commitment::Commitment;
use crate::digest::StatementId;
use crate::disclosure::Disclosed;
use crate::disclosure::Disclosure;
use crate::statement::FILE_NAME_CONTEXT;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Node;
use crate::verify::scene::Scene;
use crate::verify::withheld::DisclosedFact;
use crate::verify::withheld::Withheld;

/// How many digits of a key are told in a message; the list has all.
const KEY_DIGITS: usize = 12;

/// What was opened of one statement: places in it, and members by subject and line.
type Opened = BTreeSet<(String, Option<(u32, Option<u64>)>)>;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> (Vec<Withheld>, Vec<DisclosedFact>) {
    let mut opened: BTreeMap<StatementId, Opened> = BTreeMap::new();
    let disclosed = disclosed(scene, &mut opened, findings);
    let mut list = Vec::new();
    for (id, place) in scene.places() {
        let Some(node) = scene.graph.nodes.get(&id) else {
            continue;
        };
        let shown = opened.remove(&id).unwrap_or_default();
        let Some(withheld) = withheld(scene, id, node, &shown) else {
            continue;
        };
        let message = told(&withheld);
        findings.push(scene.finding(Code::Withheld, place, message));
        list.push((node.index, withheld));
    }
    list.sort_by_key(|(index, _)| *index);
    (
        list.into_iter().map(|(_, withheld)| withheld).collect(),
        disclosed,
    )
}

fn withheld(scene: &Scene<'_>, id: StatementId, node: &Node, opened: &Opened) -> Option<Withheld> {
    let statement = &node.statement;
    let is_open = |field: &str| opened.contains(&(field.to_owned(), None));
    let mut fields = BTreeMap::new();
    for text in statement.withheld() {
        if !is_open(&text.field) {
            fields.insert(text.field, text.context);
        }
    }
    for sealed in statement.sealed() {
        if !is_open(&sealed.field) {
            fields.insert(sealed.field, sealed.context.to_owned());
        }
    }
    let mut members = 0_u64;
    for (subject, artifact) in (0_u32..).zip(statement.predicate.artifacts()) {
        let lines = scene.graph.members_in(artifact).unwrap_or_default();
        for (line, member) in (0_u64..).zip(lines) {
            let is_hidden = Commitment::parse(&member.name).is_some();
            let place = (
                crate::disclosure::MEMBER_NAME_FIELD.to_owned(),
                Some((subject, Some(line))),
            );
            members += u64::from(is_hidden && !opened.contains(&place));
        }
    }
    if fields.is_empty() && members == 0 {
        return None;
    }
    let keys = scene.case.keys.as_ref();
    Some(Withheld {
        id: format!("hb:{id}"),
        name: statement
            .predicate
            .name()
            .map_or_else(|| statement.predicate.kind().to_owned(), ToString::to_string),
        signer: statement.issuer.to_hex(),
        holder: keys
            .and_then(|keys| keys.holder(statement.issuer))
            .map(str::to_owned),
        fields,
        members,
    })
}

fn told(withheld: &Withheld) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for context in withheld.fields.values() {
        *counts.entry(context).or_default() += 1;
    }
    if withheld.members > 0 {
        *counts.entry(FILE_NAME_CONTEXT).or_default() += withheld.members;
    }
    let parts = counts.into_iter().map(|(context, count)| match (context, count) {
        (CONTENT_CONTEXT, 1) => "the content of a file".to_owned(),
        (CONTENT_CONTEXT, _) => format!("the content of {count} files"),
        (FILE_NAME_CONTEXT, 1) => "the name of a file".to_owned(),
        (FILE_NAME_CONTEXT, _) => format!("the names of {count} files"),
        (_, 1) => context.to_owned(),
        _ => format!("{context} ({count} times)"),
    });
    let parts: Vec<String> = parts.collect();
    let key: String = withheld.signer.chars().take(KEY_DIGITS).collect();
    let signer = match &withheld.holder {
        Some(holder) => format!("{holder} (key {key})"),
        None => format!("key {key}"),
    };
    format!("of {}, {signer} withholds: {}", withheld.name, parts.join(", "))
}

/// Holds every disclosure against the statement it names.
fn disclosed(
    scene: &Scene<'_>,
    opened: &mut BTreeMap<StatementId, Opened>,
    findings: &mut Vec<Finding>,
) -> Vec<DisclosedFact> {
    let mut facts = Vec::new();
    let mut elsewhere = 0_u64;
    let places = scene.places();
    let genesis = scene.case.request.trust.root().genesis;
    for file in &scene.case.request.disclosures {
        if file.ledger != genesis {
            let message = format!(
                "what was disclosed is of the ledger hb:{}, and this one is hb:{genesis}",
                file.ledger
            );
            findings.push(Finding::of_ledger(Code::DisclosureDiffers, "disclosure", message));
            continue;
        }
        for disclosure in &file.list {
            let node = scene.graph.nodes.get(&disclosure.statement);
            let (Some(node), Some(place)) = (node, places.get(&disclosure.statement)) else {
                elsewhere += 1;
                continue;
            };
            match check(scene, node, disclosure) {
                Ok(fact) => {
                    let member = disclosure.member.map(|member| (member.subject, member.member));
                    let of = opened.entry(disclosure.statement).or_default();
                    of.insert((disclosure.field.clone(), member));
                    facts.push(fact);
                }
                Err(why) => {
                    let message = format!("what was disclosed of {}: {why}", disclosure.address());
                    findings.push(scene.finding(Code::DisclosureDiffers, *place, message));
                }
            }
        }
    }
    if elsewhere > 0 {
        let what = if elsewhere == 1 {
            "1 disclosure is".to_owned()
        } else {
            format!("{elsewhere} disclosures are")
        };
        let message = format!("{what} about nothing that this descends from, and not checked");
        findings.push(Finding::of_ledger(Code::DisclosureNotUsed, "disclosure", message));
    }
    facts
}

fn check(scene: &Scene<'_>, node: &Node, disclosure: &Disclosure) -> Result<DisclosedFact, String> {
    let located = disclosure.member.and_then(|member| scene.graph.locate(member));
    let member = located.and_then(|located| located.member);
    let commitment = disclosure
        .check(&node.statement, member)
        .map_err(|error| error.to_string())?;
    Ok(DisclosedFact {
        address: disclosure.address(),
        field: disclosure.field.clone(),
        context: disclosure.context.clone(),
        commitment,
        what: match &disclosure.what {
            Disclosed::Text(text) => Disclosed::Text(text.clone()),
            Disclosed::Bytes(bytes) => Disclosed::Bytes(bytes.clone()),
        },
    })
}
