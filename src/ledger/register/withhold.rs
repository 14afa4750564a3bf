//! Putting commitments where texts would stand, and keeping what opens them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::commitment::CONTENT_CONTEXT;
use crate::commitment::Commitment;
use crate::commitment::Secret;
use crate::digest::Sha256Digest;
use crate::ledger::lineage_file::Confidential;
use crate::ledger::private::Opening;
use crate::ledger::private::Sidecar;
use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::Content;
use crate::statement::Crawl;
use crate::statement::GAP_CONTEXT;
use crate::statement::Gap;
use crate::statement::InputFrom;
use crate::statement::ItemName;
use crate::statement::NAME_CONTEXT;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Source;

use super::order::Item;
use super::problem::ProblemKind;

/// Commits to what one item withholds, and remembers it.
#[derive(Debug)]
pub(super) struct Committer<'a> {
    sidecar: Option<&'a Sidecar>,
    seen: RefCell<BTreeSet<Commitment>>,
    openings: RefCell<Vec<Opening>>,
}

impl<'a> Committer<'a> {
    pub(super) fn new(sidecar: Option<&'a Sidecar>) -> Self {
        Self {
            sidecar,
            seen: RefCell::default(),
            openings: RefCell::default(),
        }
    }

    /// Returns what stands in a statement instead of a text.
    pub(super) fn text(&self, context: &str, text: &str) -> Result<String, ProblemKind> {
        self.commit(context, text)
            .map(|commitment| commitment.to_string())
    }

    fn commit(&self, context: &str, text: &str) -> Result<Commitment, ProblemKind> {
        let commitment = self.secret()?.commit(context, text.as_bytes());
        if self.seen.borrow_mut().insert(commitment) {
            self.openings.borrow_mut().push(Opening::Text {
                commitment,
                context: context.to_owned(),
                text: text.to_owned(),
            });
        }
        Ok(commitment)
    }

    /// Returns the digest and the size of the sealed form of content.
    pub(super) fn content(&self, bytes: Vec<u8>) -> Result<(Sha256Digest, u64), ProblemKind> {
        let sealed = self.secret()?.salt(CONTENT_CONTEXT, &bytes).seal(&bytes);
        let sha256 = Sha256Digest::of(&sealed);
        self.openings.borrow_mut().push(Opening::Content {
            sha256,
            context: CONTENT_CONTEXT.to_owned(),
            bytes,
        });
        Ok((sha256, sealed.len() as u64))
    }

    /// Returns what opens everything that was committed to.
    pub(super) fn into_openings(self) -> Vec<Opening> {
        self.openings.into_inner()
    }

    /// Returns the secret of all salts, which is made if there is none.
    pub(super) fn secret(&self) -> Result<&'a Secret, ProblemKind> {
        let sidecar = self.sidecar.ok_or(ProblemKind::NoSidecar)?;
        let secret = sidecar.secret_or_new();
        secret.map_err(|error| ProblemKind::Sidecar(Box::new(error)))
    }

    fn some(&self, context: &str, text: &mut Option<String>) -> Result<(), ProblemKind> {
        if let Some(text) = text {
            *text = self.text(context, text)?;
        }
        Ok(())
    }

    fn list(&self, context: &str, texts: &mut [String]) -> Result<(), ProblemKind> {
        for text in texts {
            *text = self.text(context, text)?;
        }
        Ok(())
    }

    fn map(&self, context: &str, map: &mut BTreeMap<String, String>) -> Result<(), ProblemKind> {
        for (key, value) in map {
            *value = self.text(&format!("{context}.{key}"), value)?;
        }
        Ok(())
    }

    fn gap(&self, gap: &mut Gap) -> Result<(), ProblemKind> {
        gap.text = self.text(GAP_CONTEXT, &gap.text)?;
        Ok(())
    }

    /// The name of an item stands as its own, as that of subjects without a file name, and in declarations.
    fn name(&self, name: &mut ItemName, set: &mut ArtifactSet) -> Result<(), ProblemKind> {
        let commitment = self.commit(NAME_CONTEXT, name.as_str())?;
        let text = commitment.to_string();
        for artifact in &mut set.artifacts {
            if !matches!(artifact.content, Content::File { .. }) {
                artifact.name.clone_from(&text);
            }
        }
        declared(set, "name", &text);
        *name = ItemName::withheld(commitment);
        Ok(())
    }
}

/// Says a declared fact otherwise: the digest of what has no bytes is that of its declaration.
fn declared(set: &mut ArtifactSet, key: &str, text: &str) {
    for artifact in &mut set.artifacts {
        let Content::Absent { absence, declaration } = &artifact.content else {
            continue;
        };
        if !declaration.contains_key(key) {
            continue;
        }
        let mut declaration = declaration.clone();
        declaration.insert(key.to_owned(), text.to_owned());
        let other = Artifact::absent(&artifact.name, absence.clone(), declaration);
        *artifact = Artifact {
            rows: artifact.rows,
            tokens: artifact.tokens,
            ..other
        };
    }
}

/// Withholds what an item says is confidential. Names of files and content were seen to when they were made.
pub(super) fn withhold(
    predicate: &mut Predicate,
    item: Item<'_>,
    by: &Committer<'_>,
) -> Result<(), ProblemKind> {
    match (predicate, item) {
        (Predicate::Source(source), Item::Source(item)) => of_source(source, &item.confidential, by),
        (Predicate::Prompt(prompt), Item::Prompt(item)) if item.confidential.has("name") => {
            by.name(&mut prompt.name, &mut prompt.set)
        }
        (Predicate::Filter(filter), Item::Filter(item)) => {
            if item.confidential.has("name") {
                by.name(&mut filter.name, &mut filter.set)?;
            }
            if item.confidential.has("params") {
                by.map("params", &mut filter.params)?;
            }
            Ok(())
        }
        (Predicate::Model(model), Item::Model(item)) => {
            let fields = [
                ("terms", &mut model.terms),
                ("licence", &mut model.licence),
                ("family", &mut model.family),
                ("report", &mut model.report),
            ];
            let mut withheld = fields
                .into_iter()
                .filter(|(field, _)| item.confidential.has(field));
            withheld.try_for_each(|(field, text)| by.some(field, text))
        }
        (Predicate::Run(run), Item::Run(item)) => {
            let outputs = item.outputs.iter().map(|output| &output.confidential);
            of_run(run, &item.confidential, outputs, by)
        }
        (Predicate::Dataset(dataset), Item::Dataset(item)) if item.confidential.has("unresolved") => {
            dataset.gaps.iter_mut().try_for_each(|gap| by.gap(gap))
        }
        _ => Ok(()),
    }
}

fn of_source(
    source: &mut Source,
    confidential: &Confidential,
    by: &Committer<'_>,
) -> Result<(), ProblemKind> {
    if confidential.has("name") {
        by.name(&mut source.name, &mut source.set)?;
    }
    for (field, text) in [
        ("holder", &mut source.holder),
        ("url", &mut source.url),
        ("period", &mut source.period),
        ("legal_basis", &mut source.legal_basis),
        ("licence", &mut source.licence),
    ] {
        if confidential.has(field) {
            by.some(field, text)?;
            if let Some(text) = text {
                declared(&mut source.set, field, text);
            }
        }
    }
    for (field, texts) in [
        ("geography", &mut source.geography),
        ("languages", &mut source.languages),
        ("modality", &mut source.modality),
    ] {
        if confidential.has(field) {
            by.list(field, texts)?;
        }
    }
    if let Some(Crawl {
        agent,
        robots,
        opt_out,
    }) = source.crawl.as_mut().filter(|_| confidential.has("crawl"))
    {
        by.some("crawl.agent", agent)?;
        by.some("crawl.robots", robots)?;
        by.some("crawl.opt_out", opt_out)?;
    }
    if confidential.has("unresolved") {
        source.gaps.iter_mut().try_for_each(|gap| by.gap(gap))?;
    }
    Ok(())
}

fn of_run<'c>(
    run: &mut Run,
    confidential: &Confidential,
    outputs: impl Iterator<Item = &'c Confidential>,
    by: &Committer<'_>,
) -> Result<(), ProblemKind> {
    if confidential.has("name") {
        let name = by.commit(NAME_CONTEXT, run.name.as_str())?;
        for output in &mut run.outputs {
            declared(&mut output.set, "run", &name.to_string());
        }
        run.name = ItemName::withheld(name);
    }
    if confidential.has("params") {
        by.map("params", &mut run.params)?;
    }
    if confidential.has("environment") {
        by.map("environment", &mut run.environment)?;
    }
    for (field, text) in [("command", &mut run.command), ("operator", &mut run.operator)] {
        if confidential.has(field) {
            by.some(field, text)?;
        }
    }
    if confidential.has("unresolved") {
        for input in &mut run.inputs {
            if let InputFrom::Gap(gap) = &mut input.from {
                by.gap(gap)?;
            }
        }
    }
    for (output, confidential) in run.outputs.iter_mut().zip(outputs) {
        if confidential.has("name") {
            by.name(&mut output.name, &mut output.set)?;
        }
    }
    Ok(())
}
