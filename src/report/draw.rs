//! The drawing of a lineage: lines, markers and short texts, ready for the template.
//!
//! Units are CSS pixels and nothing is scaled, so that text is as large on a phone as on a desk. A drawing is cut into
//! pieces that fit on a printed page. Texts are cut to two lengths, for narrow and for wide pages; the whole of them
//! stands in the title of the row and in the table beside the drawing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use super::document::Edge;
use super::document::Lineage;
use super::document::Node;
use super::layout::LANES_MAX;
use super::layout::Layout;
use super::layout::Row;
use super::layout::layout;
use super::words::of_detail;
use super::words::of_kind;

/// The most rows that are drawn; the document has more.
const ROWS_MAX: usize = 250;

/// Rows of one piece, which a printed page holds.
const PIECE_ROWS: usize = 18;

const ROW_HEIGHT: usize = 46;

/// From the top of a row to the middle of its marker.
const MIDDLE: usize = 13;

/// From the middle of the first lane to the edge.
const EDGE: usize = 12;

/// Between two lanes, unless there are many.
const LANE_WIDTH: usize = 18;

/// All lanes together.
const LANES_WIDTH_MAX: usize = 120;

/// Radius of the bend of a branch.
const BEND: usize = 7;

/// Characters of names and of what stands below them, on narrow and wide pages.
const NAME_CHARS: (usize, usize) = (32, 84);
const NOTE_CHARS: (usize, usize) = (42, 110);

/// How many uses of one thing are listed.
const USES_MAX: usize = 6;

/// Beyond so many lanes lines to what many steps share are left out, and said in words instead.
const LANES_CALM: usize = 6;

/// How many of the lines that are left out are named.
const ELSEWHERE_MAX: usize = 4;

/// A drawing, or the reason why there is none.
#[derive(Debug, Clone, Serialize)]
pub struct Drawing {
    /// What is drawn.
    pub pieces: Vec<Piece>,
    /// How many nodes of the document are not drawn.
    pub more: u64,
    /// Whether there would be too many lanes.
    pub tangled: bool,
    /// Whether lines are left out and said in words.
    pub shortened: bool,
}

/// Part of a drawing.
#[derive(Debug, Clone, Serialize)]
pub struct Piece {
    /// From 1.
    pub number: usize,
    /// Pixels.
    pub height: usize,
    /// From top to bottom.
    pub rows: Vec<Drawn>,
}

/// One row.
#[derive(Debug, Clone, Serialize)]
pub struct Drawn {
    /// What the marker looks like.
    pub look: &'static str,
    /// The marker.
    pub marker: String,
    /// Lines to the marker, and those that they leave.
    pub lines: Vec<String>,
    /// Lines that pass by, above the others.
    pub through: Vec<String>,
    /// Where text begins.
    pub text_x: usize,
    /// Base line of the name.
    pub name_y: usize,
    /// Base line of what stands below it.
    pub note_y: usize,
    /// The name.
    pub name: Cut,
    /// What it is.
    pub note: Cut,
}

/// A text for narrow pages, for wide ones, and whole.
#[derive(Debug, Clone, Serialize)]
pub struct Cut {
    pub narrow: String,
    pub wide: String,
    pub whole: String,
}

/// Draws a lineage whose texts are safe to show.
pub fn draw(lineage: &Lineage) -> Drawing {
    let (laid, elsewhere) = laid_out(lineage);
    let tangled = laid.lanes > LANES_MAX;
    let drawn = if tangled { 0 } else { laid.rows.len().min(ROWS_MAX) };
    let roles = roles(lineage);
    let rows = laid.rows.get(..drawn).unwrap_or_default();
    let pieces = rows.chunks(PIECE_ROWS).zip(1..).map(|(rows, number)| Piece {
        number,
        height: rows.len() * ROW_HEIGHT,
        rows: (rows.iter().enumerate())
            .filter_map(|(at, row)| drawn_row(&laid, row, at * ROW_HEIGHT, lineage, (&roles, &elsewhere)))
            .collect(),
    });
    let left_out = lineage.nodes.len() - drawn;
    Drawing {
        pieces: pieces.collect(),
        more: u64::try_from(left_out).unwrap_or(u64::MAX) + lineage.nodes_left_out,
        shortened: !elsewhere.is_empty(),
        tangled,
    }
}

/// Lines that are not drawn, by the node that they would come from.
type Elsewhere = BTreeMap<usize, Vec<usize>>;

/// Lays a lineage out. Where many steps share a prompt or a model, their trunks would all stay open until it comes; then
/// it is drawn below the newest of them, and the others name it.
fn laid_out(lineage: &Lineage) -> (Layout, Elsewhere) {
    let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
    let count = lineage.nodes.len();
    let all: BTreeSet<(usize, usize)> = (lineage.edges.iter())
        .map(|edge| (place(edge.from), place(edge.to)))
        .filter(|(from, to)| *from < count && *to < count)
        .collect();
    let parents: BTreeSet<usize> = all.iter().map(|(from, _)| *from).collect();
    let ends = |to: &usize| !parents.contains(to);
    let mut laid = layout(count, &all.iter().copied().collect::<Vec<_>>());
    let mut elsewhere = Elsewhere::new();
    for only_ends in [true, false] {
        if laid.lanes <= LANES_CALM {
            break;
        }
        elsewhere.clear();
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for (from, to) in &all {
            if seen.insert(*to) || (only_ends && !ends(to)) {
                kept.push((*from, *to));
            } else {
                elsewhere.entry(*from).or_default().push(*to);
            }
        }
        laid = layout(count, &kept);
    }
    (laid, elsewhere)
}

/// Returns for every node as what, and by what, it is used: `seed of generate-tasks`.
pub fn uses(lineage: &Lineage) -> Vec<String> {
    let mut uses: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for edge in &lineage.edges {
        let from = usize::try_from(edge.from)
            .ok()
            .and_then(|at| lineage.nodes.get(at));
        if let Some(from) = from {
            let told = format!("{} {}", told_role(edge), from.name);
            uses.entry(edge.to).or_default().push(told);
        }
    }
    let told = |position: u64| {
        let mut all = uses.get(&position).cloned().unwrap_or_default();
        let more = all.len().saturating_sub(USES_MAX);
        all.truncate(USES_MAX);
        if more > 0 {
            all.push(format!("and {more} more"));
        }
        all.join("; ")
    };
    (0_u64..).zip(&lineage.nodes).map(|(at, _)| told(at)).collect()
}

fn told_role(edge: &Edge) -> String {
    match edge.role.as_str() {
        "output" => "made".to_owned(),
        role => format!("{} of", role.replace('_', " ")),
    }
}

/// Returns what nodes are used as, where that says more than their kind.
fn roles(lineage: &Lineage) -> BTreeMap<u64, BTreeSet<&str>> {
    let mut roles: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    // What came out of a step shows by its line, and that data is used as data goes without saying.
    for edge in (lineage.edges.iter()).filter(|edge| !matches!(edge.role.as_str(), "output" | "data")) {
        roles.entry(edge.to).or_default().insert(&edge.role);
    }
    roles
}

fn drawn_row(
    laid: &Layout,
    row: &Row,
    top: usize,
    lineage: &Lineage,
    (roles, elsewhere): (&BTreeMap<u64, BTreeSet<&str>>, &Elsewhere),
) -> Option<Drawn> {
    let node = lineage.nodes.get(row.node)?;
    let step = (LANES_WIDTH_MAX / laid.lanes.max(1)).min(LANE_WIDTH);
    let x = |lane: usize| EDGE + lane * step;
    let (middle, bottom) = (top + MIDDLE, top + ROW_HEIGHT);
    let here = x(row.lane);
    let trunk = |lane: &usize| format!("M{} {top}V{bottom}", x(*lane));
    let mut lines = Vec::new();
    for (lane, goes_on) in &row.branches {
        if *goes_on {
            lines.push(trunk(lane));
        }
        lines.push(branch(x(*lane), here, top, middle));
    }
    if row.begins {
        lines.push(format!("M{here} {middle}V{bottom}"));
    }
    let position = u64::try_from(row.node).unwrap_or(u64::MAX);
    let as_what = roles.get(&position).map(|roles| {
        let roles: Vec<&str> = roles.iter().copied().collect();
        format!("as {}", roles.join(", "))
    });
    let mut told = note(node, as_what);
    if let Some(others) = elsewhere.get(&row.node) {
        told.push_str(&told_elsewhere(lineage, others));
    }
    Some(Drawn {
        look: look(&node.kind),
        marker: marker(&node.kind, here, middle),
        lines,
        through: row.through.iter().map(trunk).collect(),
        text_x: EDGE + (laid.lanes - 1) * step + EDGE + 6,
        name_y: top + MIDDLE + 5,
        note_y: top + MIDDLE + 22,
        name: cut(&node.name, NAME_CHARS),
        note: cut(&told, NOTE_CHARS),
    })
}

/// Names what a node is made from that is drawn elsewhere.
fn told_elsewhere(lineage: &Lineage, others: &[usize]) -> String {
    let mut names: Vec<&str> = others
        .iter()
        .take(ELSEWHERE_MAX)
        .filter_map(|other| Some(lineage.nodes.get(*other)?.name.as_str()))
        .collect();
    let more = format!("{} more", others.len().saturating_sub(ELSEWHERE_MAX));
    if others.len() > ELSEWHERE_MAX {
        names.push(&more);
    }
    format!("; also from {}", names.join(", "))
}

/// A line down from the row's top in one lane, bent to the marker in another.
fn branch(from: usize, to: usize, top: usize, middle: usize) -> String {
    if from == to {
        return format!("M{from} {top}V{middle}");
    }
    let bend = BEND.min(from.abs_diff(to));
    let beside = if to > from { from + bend } else { from - bend };
    format!(
        "M{from} {top}V{}Q{from} {middle} {beside} {middle}H{to}",
        middle - bend
    )
}

/// What a node is, in words.
pub fn note(node: &Node, as_what: Option<String>) -> String {
    let mut parts = vec![of_kind(&node.kind, &node.detail).to_owned()];
    let detail = of_detail(&node.kind, &node.detail);
    if !detail.is_empty() {
        parts.push(detail);
    }
    if node.files > 1 {
        parts.push(format!("{} files", node.files));
    }
    parts.extend(as_what);
    parts.join(", ")
}

fn look(kind: &str) -> &'static str {
    match kind {
        "run" => "run",
        "source" => "source",
        "external_model" => "external",
        "gap" => "gap",
        "model" => "model",
        "shard" | "scores" | "dataset" => "data",
        _ => "rule",
    }
}

fn marker(kind: &str, x: usize, y: usize) -> String {
    let square = |half: usize| format!("M{} {}h{2}v{2}h-{2}z", x - half, y - half, 2 * half);
    let circle = |radius: usize| {
        format!(
            "M{} {y}a{radius} {radius} 0 1 0 {1} 0a{radius} {radius} 0 1 0 -{1} 0z",
            x - radius,
            2 * radius
        )
    };
    match look(kind) {
        "run" => circle(4),
        "model" => circle(7),
        "external" => format!("M{x} {}l8 8l-8 8l-8 -8z", y - 8),
        "source" => square(6),
        "gap" => format!("M{x} {}l8 14h-16z", y - 8),
        "data" => square(5),
        _ => circle(5),
    }
}

fn cut(text: &str, (narrow, wide): (usize, usize)) -> Cut {
    let within = |limit: usize| {
        if text.chars().count() <= limit {
            return text.to_owned();
        }
        let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
        format!("{}...", kept.trim_end())
    };
    Cut {
        narrow: within(narrow),
        wide: within(wide),
        whole: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_characters_and_say_so() {
        let cut = cut(&"\u{e9}".repeat(90), NAME_CHARS);
        assert_eq!(cut.narrow.chars().count(), 32);
        assert!(cut.narrow.ends_with("...") && cut.wide.ends_with("..."));
        assert_eq!(cut.whole.chars().count(), 90);
    }

    #[test]
    fn a_branch_never_leaves_its_row() {
        assert_eq!(branch(12, 12, 46, 59), "M12 46V59");
        assert_eq!(branch(12, 30, 46, 59), "M12 46V52Q12 59 19 59H30");
        assert_eq!(branch(30, 12, 0, 13), "M30 0V6Q30 13 23 13H12");
    }
}
