//! `runs`: activities with their inputs and outputs.

use std::collections::BTreeMap;

use crate::statement::Answer;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::ItemName;
use crate::statement::OutputKind;
use crate::statement::Role;

use super::confidential;
use super::confidential::Confidential;
use super::decode::Context;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::input;
use super::input::InputItem;
use super::located::Located;
use super::node::Node;
use super::output;
use super::output::OutputItem;
use super::time;

/// A run as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// What it does.
    pub does: Does,
    /// Everything that went in.
    pub inputs: Vec<InputItem>,
    /// Everything that came out, at least one.
    pub outputs: Vec<OutputItem>,
    /// Parameters.
    pub params: BTreeMap<String, String>,
    /// The command line.
    pub command: Option<String>,
    /// Code: paths and patterns.
    pub code: Vec<Located<String>>,
    /// The environment: image digests, library versions.
    pub environment: BTreeMap<String, String>,
    /// Who ran it.
    pub operator: Option<String>,
    /// When it began, as somebody claims (RFC 3339).
    pub started: Option<String>,
    /// When it ended, as somebody claims (RFC 3339).
    pub ended: Option<String>,
    /// Whether `inputs` names everything that went in; not known when the file does not say.
    pub inputs_complete: Answer,
    /// How many rows may come out for each that went in.
    pub expansion: Option<Decimal>,
    /// Whether a transform makes new content.
    pub rewrites: bool,
    /// How often training passes over its rows.
    pub epochs: Option<Decimal>,
    /// What of it is withheld; its outputs say so of themselves.
    pub confidential: Confidential,
}

pub(super) const RUN: Shape = Shape {
    what: "a run",
    keys: &[
        "name",
        "does",
        "inputs",
        "outputs",
        "params",
        "command",
        "code",
        "environment",
        "operator",
        "started",
        "ended",
        "inputs_complete",
        "expansion",
        "rewrites",
        "epochs",
        "confidential",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<RunItem> {
    let fields = Fields::open(cx, "runs", node, RUN)?;
    let name = fields.name(cx, "a run");
    let does: Option<Does> = fields.required_word(cx, "does", "does: generate");
    let inputs: Vec<InputItem> = fields
        .items(cx, "inputs")
        .iter()
        .filter_map(|item| input::decode(cx, item, does))
        .collect();
    let outputs = outputs(cx, &fields, &inputs, does);
    let (started, ended) = time::decode(cx, &fields);
    let run = RunItem {
        params: fields.text_map(cx, "params"),
        command: fields.text(cx, "command"),
        code: fields.paths(cx, "code"),
        environment: fields.text_map(cx, "environment"),
        operator: fields.text(cx, "operator"),
        started,
        ended,
        inputs_complete: fields.word(cx, "inputs_complete").unwrap_or(Answer::NotKnown),
        expansion: fields.decimal(cx, "expansion"),
        rewrites: fields.flag(cx, "rewrites"),
        epochs: fields.decimal(cx, "epochs"),
        confidential: confidential::decode(cx, &fields, confidential::OF_RUN),
        name: name?,
        does: does?,
        inputs,
        outputs,
    };
    check_transform(cx, &run);
    Some(run)
}

fn outputs(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    inputs: &[InputItem],
    does: Option<Does>,
) -> Vec<OutputItem> {
    let example = "outputs: [{name: tasks, kind: shard, files: [out/*.jsonl]}]";
    // `required` says when the key is missing, `items` when it is no list.
    if fields.required(cx, "outputs", example).is_none() {
        return Vec::new();
    }
    let items = fields.items(cx, "outputs");
    if items.is_empty() {
        cx.fault(fields.line_of("outputs"), FaultKind::EmptyOutputs);
    }
    items
        .iter()
        .filter_map(|item| output::decode(cx, item, inputs, does))
        .collect()
}

/// A transform takes rows and makes rows, or takes one base and makes a model.
fn check_transform(cx: &mut Context<'_>, run: &RunItem) {
    if run.does != Does::Transform {
        return;
    }
    let mut bases = run.inputs.iter().filter(|input| input.role == Role::Base);
    let base = bases.next();
    let other = bases
        .next()
        .or_else(|| base.and(run.inputs.iter().find(|input| input.role == Role::Data)));
    if let Some(other) = other {
        cx.fault(other.line, FaultKind::TransformInputs);
    }
    let expects_model = base.is_some();
    if let Some(output) = run
        .outputs
        .iter()
        .find(|output| (output.kind == OutputKind::Model) != expects_model)
    {
        cx.fault(output.name.line, FaultKind::TransformOutput { kind: output.kind });
    }
}
