//! `herdbook trace`: what something descends from, or what descends from it, as a tree, as nodes and edges, or as a
//! drawing for Graphviz or Mermaid.

mod draw;
mod group;
mod tree;

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;
use serde_json::Value;
use serde_json::json;

use crate::query::EdgeRole;
use crate::query::Trace;
use crate::query::TraceNode;
use crate::query::trace;
use crate::query::trace_down;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::nodes::Asked;
use super::session::Session;
use super::told::Told;
use super::ui::Answer;
use super::ui::counted;
use draw::Drawing;
use group::grouped;

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, sha256:HEX, or the path of a file
    node: String,
    /// Show what descends from it, and not what it descends from
    #[arg(long)]
    down: bool,
    /// How to write it; dot is for Graphviz
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "tree")]
    format: Format,
    /// Go so many steps and no further; from an artifact to its run is one step, from a run to an input another
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    #[command(flatten)]
    as_of: AsOf,
}

/// How a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Tree,
    Json,
    Dot,
    Mermaid,
}

impl Args {
    /// Traces a node upwards, as a tree.
    pub fn of(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            down: false,
            format: Format::Tree,
            depth: None,
            as_of: AsOf::default(),
        }
    }
}

/// Traces a node.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let roots = Asked::read(session, &args.node)?.nodes(&view)?;
    let whole = if args.down {
        trace_down(&view, &roots)?
    } else {
        trace(&view, &roots)?
    };
    let (mut trace, beyond) = match args.depth {
        Some(depth) => whole.within(depth, args.down),
        None => (whole, 0),
    };
    let json = json!({
        "schema": "herdbook/trace/v1",
        "checkpoint": checkpoint(view.reader().checkpoint()),
        "direction": if args.down { "down" } else { "up" },
        "roots": roots.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "nodes": trace.graph.node_weights().map(node).collect::<Vec<Value>>(),
        "edges": edges(&trace),
        "beyond_depth": beyond,
    });
    // Names are drawn in cells of some width, and cut there: texts are put in before.
    let names: Vec<String> = trace.graph.node_weights().map(|node| node.name.clone()).collect();
    let told = Told::of(session, names.iter().map(String::as_str));
    for node in trace.graph.node_weights_mut() {
        node.name = told.shown(&node.name);
    }
    let text = match args.format {
        // `--json` says the same of every command.
        _ if session.ui.is_json() => String::new(),
        Format::Tree => tree::draw(&grouped(&trace), args.down, session.ui.paint()),
        Format::Json => format!("{json:#}\n"),
        Format::Dot => Drawing::of(&grouped(&trace)).dot()?,
        Format::Mermaid => Drawing::of(&grouped(&trace)).mermaid()?,
    };
    let mut notes = Vec::new();
    if beyond > 0 {
        notes.push(format!(
            "{} beyond --depth are not shown.",
            counted(beyond, "node")
        ));
    }
    if args.down && trace.graph.edge_count() == 0 && beyond == 0 {
        notes.push("Nothing descends from it.".to_owned());
    }
    notes.push("This is what was recorded, not a verdict; `herdbook verify` judges it.".to_owned());
    Ok(Answer {
        text,
        json,
        notes,
        exit: Exit::Ok,
    })
}

fn node(node: &TraceNode) -> Value {
    json!({
        "id": node.place.to_string(),
        "name": node.name,
        "kind": node.kind,
        "said_by": node.said_by,
        "entry": node.entry.get(),
    })
}

fn edges(trace: &Trace) -> Vec<Value> {
    let id = |at: NodeIndex| trace.graph.node_weight(at).map(|node| node.place.to_string());
    let edge = |edge: petgraph::graph::EdgeReference<'_, EdgeRole>| {
        json!({
            "from": id(edge.source()),
            "to": id(edge.target()),
            "role": edge.weight().as_str(),
        })
    };
    trace.graph.edge_references().map(edge).collect()
}
