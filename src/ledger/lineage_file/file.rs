//! The whole lineage file as a typed value.

use super::LINEAGE_FILE_VERSION;
use super::dataset;
use super::dataset::DatasetItem;
use super::decode::Context;
use super::fields::Fields;
use super::fields::Shape;
use super::filter;
use super::filter::FilterItem;
use super::model;
use super::model::ModelItem;
use super::node::Node;
use super::prompt;
use super::prompt::PromptItem;
use super::run;
use super::run::RunItem;
use super::source;
use super::source::SourceItem;

/// Everything a lineage file declares, each list in the order written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineageFile {
    /// Data from outside.
    pub sources: Vec<SourceItem>,
    /// Models from outside.
    pub models: Vec<ModelItem>,
    /// Templates and constitutions.
    pub prompts: Vec<PromptItem>,
    /// Rules.
    pub filters: Vec<FilterItem>,
    /// Activities with their outputs.
    pub runs: Vec<RunItem>,
    /// Collections.
    pub datasets: Vec<DatasetItem>,
}

pub(super) const FILE: Shape = Shape {
    what: "a lineage file",
    keys: &[
        "herdbook", "sources", "models", "prompts", "filters", "runs", "datasets",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, root: &Node) -> Option<LineageFile> {
    let fields = Fields::open(cx, "herdbook", root, FILE)?;
    if fields.required(cx, "herdbook", "herdbook: 1").is_some()
        && let Some(version) = fields.count(cx, "herdbook")
        && version.value != LINEAGE_FILE_VERSION
    {
        let problem = format!(
            "this program reads version {LINEAGE_FILE_VERSION}, not {}: write `herdbook: {LINEAGE_FILE_VERSION}` or use a newer program",
            version.value
        );
        cx.bad("herdbook", version.line, problem);
    }
    Some(LineageFile {
        sources: all(cx, &fields, "sources", source::decode),
        models: all(cx, &fields, "models", model::decode),
        prompts: all(cx, &fields, "prompts", prompt::decode),
        filters: all(cx, &fields, "filters", filter::decode),
        runs: all(cx, &fields, "runs", run::decode),
        datasets: all(cx, &fields, "datasets", dataset::decode),
    })
}

fn all<T>(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    decode: impl Fn(&mut Context<'_>, &Node) -> Option<T>,
) -> Vec<T> {
    fields
        .items(cx, key)
        .iter()
        .filter_map(|item| decode(cx, item))
        .collect()
}
