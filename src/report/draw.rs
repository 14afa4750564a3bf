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

/// What a drawing may be wide, on a phone and on a desk.
const WIDTHS: (usize, usize) = (328, 820);

/// Sizes of letters: of names, and of what stands below them.
const NAME_SIZE: usize = 14;
const NOTE_SIZE: usize = 12;

/// Beyond so many, the gaps of one step are one mark.
const GAPS_APART_MAX: usize = 3;

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
    let together = gaps_together(lineage);
    let left_out = lineage.nodes.len() - together.nodes.len();
    let lineage = &together;
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
    // Gaps that are one mark are drawn.
    let left_out = if drawn == lineage.nodes.len() {
        0
    } else {
        left_out + lineage.nodes.len() - drawn
    };
    Drawing {
        pieces: pieces.collect(),
        more: u64::try_from(left_out).unwrap_or(u64::MAX) + lineage.nodes_left_out,
        shortened: !elsewhere.is_empty(),
        tangled,
    }
}

/// Returns the same with the gaps of a step put together where they are many.
fn gaps_together(lineage: &Lineage) -> Lineage {
    let is_gap = |edge: &&Edge| {
        let to = usize::try_from(edge.to).ok().and_then(|to| lineage.nodes.get(to));
        to.is_some_and(|node| node.kind == "gap")
    };
    let mut gaps: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for edge in lineage.edges.iter().filter(is_gap) {
        gaps.entry(edge.from).or_default().push(edge.to);
    }
    gaps.retain(|_, gaps| gaps.len() > GAPS_APART_MAX);
    let first = |gaps: &Vec<u64>| Some((*gaps.first()?, gaps.len()));
    let counted: BTreeMap<u64, usize> = gaps.values().filter_map(first).collect();
    let dropped: BTreeSet<u64> = gaps
        .values()
        .flat_map(|gaps| gaps.iter().skip(1).copied())
        .collect();
    let kept = (0_u64..)
        .zip(&lineage.nodes)
        .filter(|(at, _)| !dropped.contains(at));
    let places: BTreeMap<u64, u64> = kept.clone().map(|(at, _)| at).zip(0..).collect();
    let edges = lineage.edges.iter().filter_map(|edge| {
        Some(Edge {
            from: *places.get(&edge.from)?,
            to: *places.get(&edge.to)?,
            role: edge.role.clone(),
        })
    });
    let node = |(at, node): (u64, &Node)| match counted.get(&at) {
        Some(count) => Node {
            name: format!("{count} inputs"),
            ..node.clone()
        },
        None => node.clone(),
    };
    Lineage {
        nodes: kept.map(node).collect(),
        edges: edges.collect(),
        ..lineage.clone()
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
    let steers = |at: usize| {
        lineage
            .nodes
            .get(at)
            .is_some_and(|node| look(&node.kind) == "rule")
    };
    let mut laid = layout(count, &all.iter().copied().collect::<Vec<_>>(), steers);
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
        laid = layout(count, &kept, steers);
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
    let text_x = EDGE + (laid.lanes - 1) * step + EDGE + 6;
    Some(Drawn {
        look: look(&node.kind),
        marker: marker(&node.kind, here, middle),
        lines,
        through: row.through.iter().map(trunk).collect(),
        text_x,
        name_y: top + MIDDLE + 5,
        note_y: top + MIDDLE + 22,
        name: cut(&node.name, NAME_SIZE, text_x),
        note: cut(&told, NOTE_SIZE, text_x),
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
    match node.rows {
        Some(1) => parts.push("1 row".to_owned()),
        Some(rows) => parts.push(format!("{rows} rows")),
        None => {}
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

/// Cuts a text to what fits beside the lanes, on a phone and on a desk.
fn cut(text: &str, size: usize, text_x: usize) -> Cut {
    let within = |width: usize| {
        let limit = (width - text_x.min(width)) * 100;
        let wide = |text: &str| text.chars().map(|c| width_of(c) * size).sum::<usize>();
        if wide(text) <= limit {
            return text.to_owned();
        }
        let mut left = limit.saturating_sub(wide("..."));
        let fits = |c: &char| {
            let width = width_of(*c) * size;
            let fits = width <= left;
            left = left.saturating_sub(width);
            fits
        };
        let kept: String = text.chars().take_while(fits).collect();
        format!("{}...", kept.trim_end())
    };
    Cut {
        narrow: within(WIDTHS.0),
        wide: within(WIDTHS.1),
        whole: text.to_owned(),
    }
}

/// How wide a letter may be, in hundredths of its size: rather too much than too little, for fonts differ.
fn width_of(c: char) -> usize {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 38,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '"' => 48,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 105,
        'A'..='Z' | '_' | '&' | '+' | '<' | '>' | '=' | '#' => 82,
        '\u{0}'..='\u{7f}' => 68,
        '\u{80}'..='\u{10ff}' => 78,
        _ => 110,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_what_fits_and_say_so() {
        let same = cut("alpaca-7b", NAME_SIZE, 60);
        assert_eq!(
            (same.narrow.as_str(), same.wide.as_str()),
            ("alpaca-7b", "alpaca-7b")
        );
        for (letter, most) in [("i", 60), ("e", 32), ("\u{e9}", 30), ("W", 20), ("\u{6570}", 20)] {
            let cut = cut(&letter.repeat(300), NAME_SIZE, 60);
            assert!(cut.narrow.ends_with("...") && cut.wide.ends_with("..."));
            assert!(
                cut.narrow.chars().count() <= most
                    && cut.wide.chars().count() > 2 * cut.narrow.chars().count()
            );
            assert_eq!(cut.whole.chars().count(), 300);
        }
        assert_eq!(cut("anything", NAME_SIZE, 9_999).narrow, "...");
    }

    #[test]
    fn a_branch_never_leaves_its_row() {
        assert_eq!(branch(12, 12, 46, 59), "M12 46V59");
        assert_eq!(branch(12, 30, 46, 59), "M12 46V52Q12 59 19 59H30");
        assert_eq!(branch(30, 12, 0, 13), "M30 0V6Q30 13 23 13H12");
    }
}
