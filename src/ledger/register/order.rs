//! The items of a lineage file, parents first.

use std::collections::HashMap;

use petgraph::algo::tarjan_scc;
use petgraph::algo::toposort;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;

use crate::ledger::lineage_file::ContentSpec;
use crate::ledger::lineage_file::DatasetItem;
use crate::ledger::lineage_file::FilterItem;
use crate::ledger::lineage_file::LineageFile;
use crate::ledger::lineage_file::Located;
use crate::ledger::lineage_file::ModelItem;
use crate::ledger::lineage_file::PromptItem;
use crate::ledger::lineage_file::RunItem;
use crate::ledger::lineage_file::SourceItem;
use crate::ledger::lineage_file::Taken;
use crate::statement::ItemName;

use super::problem::ProblemKind;
use super::problem::Problems;

/// One item of a lineage file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    Source(&'a SourceItem),
    Model(&'a ModelItem),
    Prompt(&'a PromptItem),
    Filter(&'a FilterItem),
    Run(&'a RunItem),
    Dataset(&'a DatasetItem),
}

impl<'a> Item<'a> {
    pub(super) fn name(self) -> &'a Located<ItemName> {
        match self {
            Self::Source(item) => &item.name,
            Self::Model(item) => &item.name,
            Self::Prompt(item) => &item.name,
            Self::Filter(item) => &item.name,
            Self::Run(item) => &item.name,
            Self::Dataset(item) => &item.name,
        }
    }

    /// Returns what others may use: the names of a run's outputs, or the item's own.
    pub(super) fn offers(self) -> Vec<&'a ItemName> {
        match self {
            Self::Run(run) => run.outputs.iter().map(|output| &output.name.value).collect(),
            other => vec![&other.name().value],
        }
    }

    /// Returns the line of the output with this name, or else the item's own.
    pub(super) fn line_of(self, name: &ItemName) -> u32 {
        let output = match self {
            Self::Run(run) => run.outputs.iter().find(|output| output.name.value == *name),
            _ => None,
        };
        output.map_or(self.name().line, |output| output.name.line)
    }

    /// Returns what it says of bytes, by the name of the item or output.
    pub(super) fn contents(self) -> Vec<(&'a ItemName, &'a ContentSpec)> {
        let content = match self {
            Self::Source(item) => &item.content,
            Self::Model(item) => &item.content,
            Self::Prompt(item) => &item.content,
            Self::Filter(item) => &item.content,
            Self::Run(run) => {
                let outputs = run.outputs.iter();
                return outputs
                    .map(|output| (&output.name.value, &output.content))
                    .collect();
            }
            Self::Dataset(_) => return Vec::new(),
        };
        vec![(&self.name().value, content)]
    }

    /// Returns what it takes, as written, in the order in which [`super::build`] answers it.
    pub(super) fn takes(self) -> Vec<&'a Taken> {
        match self {
            Self::Run(run) => run.inputs.iter().map(|input| &input.taken).collect(),
            Self::Dataset(dataset) => dataset.members.iter().collect(),
            Self::Source(source) => source.derived_from.iter().collect(),
            Self::Filter(_) | Self::Model(_) | Self::Prompt(_) => Vec::new(),
        }
    }

    /// Returns what it uses, as written.
    pub(super) fn uses(self) -> Vec<&'a str> {
        fn used(taken: &Taken) -> Option<&str> {
            match taken {
                Taken::Use(text) => Some(text.value.as_str()),
                Taken::Unresolved { .. } => None,
            }
        }
        match self {
            Self::Run(_) | Self::Dataset(_) | Self::Source(_) => {
                self.takes().into_iter().filter_map(used).collect()
            }
            Self::Filter(filter) => filter.model.iter().map(|text| text.value.as_str()).collect(),
            Self::Model(_) | Self::Prompt(_) => Vec::new(),
        }
    }
}

/// Returns all items so that what an item uses stands before it. Items in a circle are left out, each circle with
/// one problem that names its items.
pub(super) fn in_order<'a>(file: &'a LineageFile, problems: &mut Problems<'_>) -> Vec<Item<'a>> {
    let items = all(file);
    let mut graph = DiGraph::<Item<'a>, ()>::new();
    let nodes: Vec<NodeIndex> = items.iter().map(|&item| graph.add_node(item)).collect();
    let mut offered = HashMap::new();
    for (&item, &node) in items.iter().zip(&nodes) {
        for name in item.offers() {
            offered.insert(name.as_str(), node);
        }
        // Nothing comes out under a run's own name; the message that says so needs its outputs.
        offered.entry(item.name().value.as_str()).or_insert(node);
    }
    for (&item, &node) in items.iter().zip(&nodes) {
        for parent in item.uses().into_iter().filter_map(|text| offered.get(text)) {
            graph.update_edge(*parent, node, ());
        }
    }
    if let Ok(order) = toposort(&graph, None) {
        return order
            .into_iter()
            .filter_map(|node| graph.node_weight(node).copied())
            .collect();
    }
    // Tarjan gives components with children first.
    let mut order = Vec::new();
    for component in tarjan_scc(&graph).into_iter().rev() {
        let mut members: Vec<Item<'a>> = component
            .iter()
            .filter_map(|&node| graph.node_weight(node).copied())
            .collect();
        let node = component.first().copied().unwrap_or_default();
        if component.len() == 1 && graph.find_edge(node, node).is_none() {
            order.append(&mut members);
        } else {
            tell(&members, problems);
        }
    }
    order
}

fn tell(members: &[Item<'_>], problems: &mut Problems<'_>) {
    let mut circle: Vec<_> = members
        .iter()
        .map(|item| (item.name().value.clone(), item.name().line))
        .collect();
    circle.sort_by_key(|(_, line)| *line);
    if let Some((name, line)) = circle.first().cloned() {
        problems.add(&name, line, ProblemKind::Circle { circle });
    }
}

fn all(file: &LineageFile) -> Vec<Item<'_>> {
    let sources = file.sources.iter().map(Item::Source);
    let models = file.models.iter().map(Item::Model);
    let prompts = file.prompts.iter().map(Item::Prompt);
    let filters = file.filters.iter().map(Item::Filter);
    let runs = file.runs.iter().map(Item::Run);
    let datasets = file.datasets.iter().map(Item::Dataset);
    sources
        .chain(models)
        .chain(prompts)
        .chain(filters)
        .chain(runs)
        .chain(datasets)
        .collect()
}
