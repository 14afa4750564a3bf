//! One item to one statement.

use std::collections::BTreeMap;

use crate::ledger::lineage_file::Confidential;
use crate::ledger::lineage_file::DatasetItem;
use crate::ledger::lineage_file::FilterItem;
use crate::ledger::lineage_file::ModelItem;
use crate::ledger::lineage_file::SourceItem;
use crate::ledger::lineage_file::Taken;
use crate::ledger::private::Opening;
use crate::manifest::Manifest;
use crate::statement::Access;
use crate::statement::Answer;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::Dataset;
use crate::statement::Does;
use crate::statement::Filter;
use crate::statement::Gap;
use crate::statement::INLINE_MAX;
use crate::statement::ItemName;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Prompt;
use crate::statement::Role;
use crate::statement::Source;
use crate::statement::Thing;
use crate::statement::Word as _;

use super::PlannedBlob;
use super::PlannedBlobs;
use super::build_run::Binding;
use super::cite::Cited;
use super::cite::Known;
use super::cite::fits;
use super::content::Bytes;
use super::content::Contents;
use super::content::Making;
use super::content::Names;
use super::content::make;
use super::order::Item;
use super::problem::ProblemKind;
use super::row_root::RowsOf;
use super::withhold::Committer;

/// Problems with the lines they stand on.
pub(super) type Wrong = Vec<(u32, ProblemKind)>;

/// What an item was built to.
#[derive(Debug, Clone)]
pub(super) struct Built {
    pub(super) predicate: Predicate,
    pub(super) blobs: PlannedBlobs,
    /// What each input or member takes; nothing for a gap.
    pub(super) inputs: Vec<Option<Cited>>,
    /// Gaps that may be bound.
    pub(super) bindings: Vec<Binding>,
    /// Whether what it takes holds personal data.
    pub(super) personal: bool,
    /// What opens the commitments in it.
    pub(super) openings: Vec<Opening>,
}

/// What items are built from.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) contents: &'a Contents,
    /// Whether what does not resolve becomes a gap.
    pub(super) gaps: bool,
    /// How many artifacts of one item may stand in a statement.
    pub(super) inline_max: usize,
    /// Commits to what the item withholds.
    pub(super) committer: &'a Committer<'a>,
}

impl<'a> Builder<'a> {
    pub(super) fn build(&self, item: Item<'_>) -> Result<Built, Wrong> {
        match item {
            Item::Source(source) => self.source(source),
            Item::Model(model) => self.model(model),
            Item::Prompt(prompt) => {
                let (name, mut declaration) = (&prompt.name, declared("prompt"));
                declaration.insert("name".to_owned(), name.value.to_string());
                let making = Making {
                    bytes: self.bytes(&prompt.confidential),
                    names: self.names(prompt.confidential.has("files")),
                    ..self.making(&name.value, declaration)
                };
                let (set, blobs) = self.set(&making, name.line)?;
                let name = name.value.clone();
                Ok(leaf(Predicate::Prompt(Prompt { name, set }), blobs))
            }
            Item::Filter(filter) => self.filter(filter),
            Item::Run(run) => self.run(run),
            Item::Dataset(dataset) => self.dataset(dataset),
        }
    }

    /// Returns under which names files are registered.
    pub(super) fn names(&self, withheld: bool) -> Names<'a> {
        if withheld {
            Names::Withheld(self.committer)
        } else {
            Names::Written
        }
    }

    /// Returns what becomes of the bytes of a prompt or a filter.
    fn bytes(&self, confidential: &Confidential) -> Bytes<'a> {
        if confidential.has("content") {
            Bytes::Sealed(self.committer)
        } else {
            Bytes::Held
        }
    }

    pub(super) fn making<'n>(&self, item: &'n ItemName, declaration: BTreeMap<String, String>) -> Making<'n> {
        Making {
            item,
            one_artifact: false,
            bytes: Bytes::Elsewhere,
            names: Names::Written,
            rows_of: RowsOf::default(),
            inline_max: self.inline_max,
            declaration,
            rows: None,
            tokens: None,
        }
    }

    pub(super) fn set(
        &self,
        making: &Making<'_>,
        line: u32,
    ) -> Result<(crate::statement::ArtifactSet, PlannedBlobs), Wrong> {
        let material = self.contents.material(making.item).map_err(|wrong| vec![wrong])?;
        make(making, &material).map_err(|kind| vec![(line, kind)])
    }

    fn source(&self, source: &SourceItem) -> Result<Built, Wrong> {
        let mut declaration = declared("source");
        declaration.insert("name".to_owned(), source.name.value.to_string());
        insert_some(&mut declaration, "holder", source.holder.as_ref());
        insert_some(&mut declaration, "url", source.url.as_ref());
        let collected = self.collected(&source.derived_from, |text| self.parent(text))?;
        let inherited = collected.personal();
        let personal = inherited || source.personal_data == Answer::Yes;
        let names = self.names(personal || source.confidential.has("files"));
        let making = Making {
            names,
            rows_of: RowsOf::of(source.row_root, personal, self.committer),
            rows: source.rows.as_ref().map(|rows| rows.value),
            tokens: source.tokens.as_ref().map(|tokens| tokens.value),
            ..self.making(&source.name.value, declaration)
        };
        let counted = source.rows.as_ref().or(source.tokens.as_ref());
        let line = counted.map_or(source.name.line, |count| count.line);
        let (set, mut blobs) = self.set(&making, line)?;
        let seal = source.confidential.has("evidence");
        let attached = self.contents.attachments(
            &source.name.value,
            self.names(personal || seal),
            seal.then_some(self.committer),
        );
        let (evidence, documents) = attached.map_err(|wrong| vec![wrong])?;
        blobs.extend(documents);
        let (derived_from, manifest) =
            cites(collected.artifacts).map_err(|kind| vec![(source.name.line, kind)])?;
        blobs.extend(manifest);
        let predicate = Predicate::Source(Source {
            name: source.name.value.clone(),
            set,
            made_by: source.made_by,
            acquired_by: source.acquired_by,
            generators: source.generators.clone(),
            synthetic_share: source.synthetic_share.clone(),
            licence: source.licence.clone(),
            licence_date: source.licence_date.clone(),
            restrictions: source.restrictions.clone(),
            holder: source.holder.clone(),
            period: source.period.clone(),
            geography: source.geography.clone(),
            languages: source.languages.clone(),
            modality: source.modality.clone(),
            personal_data: source.personal_data,
            url: source.url.clone(),
            crawl: source.crawl.clone(),
            legal_basis: source.legal_basis.clone(),
            evidence,
            derived_from,
            gaps: collected.gaps,
        });
        Ok(Built {
            inputs: collected.taken,
            personal: inherited,
            ..leaf(predicate, blobs)
        })
    }

    fn model(&self, model: &ModelItem) -> Result<Built, Wrong> {
        let mut declaration = declared("model");
        declaration.insert("access".to_owned(), Access::as_str(model.access).to_owned());
        declaration.insert("name".to_owned(), model.name.value.to_string());
        declaration.insert("provider".to_owned(), model.provider.clone());
        declaration.insert("version".to_owned(), model.version.clone());
        let making = Making {
            one_artifact: true,
            names: self.names(model.confidential.has("files")),
            ..self.making(&model.name.value, declaration)
        };
        let (set, blobs) = self.set(&making, model.name.line)?;
        let predicate = Predicate::Model(Model {
            name: model.name.value.clone(),
            set,
            provider: model.provider.clone(),
            version: model.version.clone(),
            alias: model.alias,
            access: model.access,
            terms: model.terms.clone(),
            licence: model.licence.clone(),
            licence_date: model.licence_date.clone(),
            restrictions: model.restrictions.clone(),
            family: model.family.clone(),
            report: model.report.clone(),
        });
        Ok(leaf(predicate, blobs))
    }

    fn filter(&self, filter: &FilterItem) -> Result<Built, Wrong> {
        let mut declaration = declared("filter");
        declaration.insert("name".to_owned(), filter.name.value.to_string());
        declaration.insert("rule".to_owned(), filter.rule.to_string());
        let making = Making {
            bytes: self.bytes(&filter.confidential),
            names: self.names(filter.confidential.has("files")),
            ..self.making(&filter.name.value, declaration)
        };
        let (set, blobs) = self.set(&making, filter.name.line)?;
        let mut model = None;
        let mut personal = false;
        if let Some(text) = &filter.model {
            let wrong = |kind| vec![(text.line, kind)];
            let cited = self.known.cite(&text.value).map_err(wrong)?;
            fits(&text.value, cited.thing, Role::Judge, Does::Judge).map_err(wrong)?;
            personal = cited.personal;
            model = cited.artifacts.first().copied();
        }
        let predicate = Predicate::Filter(Filter {
            name: filter.name.value.clone(),
            set,
            rule: filter.rule,
            params: filter.params.clone(),
            model,
        });
        Ok(Built {
            personal,
            ..leaf(predicate, blobs)
        })
    }

    fn dataset(&self, dataset: &DatasetItem) -> Result<Built, Wrong> {
        let collected = self.collected(&dataset.members, |text| self.member(text))?;
        let personal = collected.personal();
        let (members, blobs) = cites(collected.artifacts).map_err(|kind| vec![(dataset.name.line, kind)])?;
        let predicate = Predicate::Dataset(Dataset {
            name: dataset.name.value.clone(),
            members,
            gaps: collected.gaps,
        });
        Ok(Built {
            inputs: collected.taken,
            personal,
            ..leaf(predicate, blobs)
        })
    }

    /// What a data set collects, or a source was made from.
    fn collected(
        &self,
        items: &[Taken],
        cite: impl Fn(&str) -> Result<Cited, ProblemKind>,
    ) -> Result<Collected, Wrong> {
        let mut wrong = Wrong::new();
        let mut collected = Collected::default();
        for item in items {
            match item {
                Taken::Use(text) => match cite(&text.value) {
                    Ok(cited) => {
                        collected.artifacts.extend(&cited.artifacts);
                        collected.taken.push(Some(cited));
                    }
                    Err(kind) if self.gaps && leaves_a_gap(&kind) => {
                        collected.gap(text.value.clone(), None);
                    }
                    Err(kind) => wrong.push((text.line, kind)),
                },
                Taken::Unresolved { text, digest } => collected.gap(text.clone(), *digest),
            }
        }
        if wrong.is_empty() {
            Ok(collected)
        } else {
            Err(wrong)
        }
    }

    /// What was made from something of this ledger is the output of a run, and no source.
    fn parent(&self, text: &str) -> Result<Cited, ProblemKind> {
        let cited = self.known.cite(text)?;
        if cited.thing == Thing::Source {
            return Ok(cited);
        }
        Err(ProblemKind::Unfit {
            text: text.to_owned(),
            thing: crate::index::thing_word(cited.thing),
            place: "what a source is derived from: only another source is; what was made from something of this ledger is \
                    the output of a run, and a model that made it is named among its `generators`",
        })
    }

    fn member(&self, text: &str) -> Result<Cited, ProblemKind> {
        let cited = self.known.cite(text)?;
        if Does::Mix.takes(Role::Data, cited.thing) {
            return Ok(cited);
        }
        Err(ProblemKind::Unfit {
            text: text.to_owned(),
            thing: crate::index::thing_word(cited.thing),
            place: "a member of a dataset: only sources, shards, scores and datasets are rows",
        })
    }
}

/// Returns the members as citations: in the statement, or in a manifest when they are many.
/// What a list takes: artifacts, gaps, and for each item what it is, nothing for a gap.
#[derive(Debug, Default)]
struct Collected {
    artifacts: Vec<ArtifactRef>,
    gaps: Vec<Gap>,
    taken: Vec<Option<Cited>>,
}

impl Collected {
    fn gap(&mut self, text: String, digest: Option<crate::digest::Sha256Digest>) {
        self.taken.push(None);
        self.gaps.push(Gap { text, digest });
    }

    fn personal(&self) -> bool {
        self.taken.iter().flatten().any(|cited| cited.personal)
    }
}

fn cites(members: Vec<ArtifactRef>) -> Result<(Option<Cites>, PlannedBlobs), ProblemKind> {
    if members.is_empty() {
        return Ok((None, PlannedBlobs::new()));
    }
    if members.len() <= INLINE_MAX {
        return Ok((Some(Cites::Inline(members)), PlannedBlobs::new()));
    }
    let manifest = Manifest::of_cited(&members).map_err(|error| ProblemKind::Manifest(Box::new(error)))?;
    let blob = crate::digest::BlobId::of(&manifest.bytes);
    let cites = Cites::Manifest {
        blob,
        count: manifest.facts.count,
        root: manifest.facts.root,
    };
    Ok((Some(cites), vec![(blob, PlannedBlob::Bytes(manifest.bytes))]))
}

fn leaf(predicate: Predicate, blobs: PlannedBlobs) -> Built {
    Built {
        predicate,
        blobs,
        inputs: Vec::new(),
        bindings: Vec::new(),
        personal: false,
        openings: Vec::new(),
    }
}

/// What is not there leaves a gap; what is there and does not fit stays an error.
pub(super) fn leaves_a_gap(kind: &ProblemKind) -> bool {
    matches!(kind, ProblemKind::Use { .. } | ProblemKind::LeftOut { .. })
}

pub(super) fn declared(kind: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("kind".to_owned(), kind.to_owned())])
}

fn insert_some(declaration: &mut BTreeMap<String, String>, key: &str, value: Option<&String>) {
    if let Some(value) = value {
        declaration.insert(key.to_owned(), value.clone());
    }
}
