//! How things look: everything untrusted is escaped, colour is for terminals, tables line up.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;

use serde_json::Value;

use crate::statement::escaped;

use super::args::ColorWhen;
use super::error::Error;
use super::exit::Exit;
use super::surroundings::Colour;
use super::surroundings::Surroundings;

/// The digits of an id that are shown to people; commands take any unique beginning.
const SHOWN_ID_DIGITS: usize = 12;

/// What a command answers: one text for people, one value for programs, and how it ended.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What is written to standard output, unless JSON was asked for.
    pub text: String,
    /// The same as one JSON value with a `schema`.
    pub json: Value,
    /// What is told to people on standard error.
    pub notes: Vec<String>,
    /// How it ended.
    pub exit: Exit,
}

/// Where output goes and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    json: bool,
    quiet: bool,
    progress: bool,
    paint: Paint,
}

impl Ui {
    /// Decides how things look.
    pub fn new(json: bool, quiet: bool, no_progress: bool, when: ColorWhen, around: &Surroundings) -> Self {
        let colour = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => match around.colour {
                Colour::Never => false,
                Colour::Forced => true,
                Colour::OnTerminal => around.stdout_is_terminal,
            },
        };
        Self {
            json,
            quiet,
            progress: around.stderr_is_terminal && !no_progress && !quiet && !json,
            paint: Paint { on: colour && !json },
        }
    }

    /// Returns whether the answer is one JSON value.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Returns the colours.
    pub const fn paint(self) -> Paint {
        self.paint
    }

    /// Returns whether a progress bar may be shown.
    pub const fn progress(self) -> bool {
        self.progress
    }

    /// Writes an answer and returns how it ended.
    pub fn answer(self, answer: &Answer) -> Exit {
        let written = if self.json {
            write_out(&json_text(&answer.json))
        } else {
            write_out(&answer.text)
        };
        if !self.quiet && !self.json {
            for note in &answer.notes {
                say(&format!("{}\n", shown(note)));
            }
        }
        if written { answer.exit } else { Exit::Failure }
    }

    /// Writes part of an answer at once.
    pub fn tell(self, text: &str) {
        if !self.json {
            write_out(text);
        }
    }

    /// Tells a person at once what they should know of; with `--quiet` it is left out.
    pub fn warn(self, text: &str) {
        if !self.quiet {
            say(&format!("{text}\n"));
        }
    }

    /// Writes an error and returns its exit code. In JSON it takes the place of the answer on standard output.
    pub fn fail(self, error: &Error) -> Exit {
        if self.json {
            write_out(&json_text(&error.json()));
        } else {
            say(&error.text());
        }
        error.exit()
    }
}

/// Writes help or the version, which are the same for everybody.
pub fn tell_always(text: &str) {
    write_out(text);
}

/// Writes a complaint that is worded already.
pub fn complain(text: &str) {
    say(&shown(text));
}

fn json_text(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Writes to standard output; a reader that has seen enough is no failure.
fn write_out(text: &str) -> bool {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => true,
        Err(error) => {
            say(&format!(
                "error: standard output cannot be written: {}\n",
                shown(&error.to_string())
            ));
            false
        }
    }
}

/// Writes to standard error. Where even that fails there is nobody left to tell.
fn say(text: &str) {
    io::stderr().lock().write_all(text.as_bytes()).unwrap_or_default();
}

/// Colours, or none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Paint {
    on: bool,
}

impl Paint {
    fn in_style(self, style: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Headings and names.
    pub fn strong(self, text: &str) -> String {
        self.in_style("1", text)
    }

    /// What can be skipped.
    pub fn faint(self, text: &str) -> String {
        self.in_style("2", text)
    }

    /// What fails.
    pub fn bad(self, text: &str) -> String {
        self.in_style("1;31", text)
    }

    /// What is well.
    pub fn good(self, text: &str) -> String {
        self.in_style("1;32", text)
    }

    /// What to look at.
    pub fn notable(self, text: &str) -> String {
        self.in_style("33", text)
    }
}

/// Returns text that shows as what it is: control and bidirectional characters are escaped, line breaks are kept.
pub fn shown(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}

/// Returns text for one line of a table or a path: line breaks and tabs are escaped too.
pub fn in_line(text: &str) -> String {
    escaped(text)
}

/// Returns an id as people read it: `hb:` and the first digits, with the artifact where there is one.
pub fn short_id(id: &str) -> String {
    let Some((scheme, rest)) = id.split_once(':') else {
        return in_line(id);
    };
    let (digits, artifact) = rest
        .find('/')
        .map_or((rest, ""), |at| rest.split_at_checked(at).unwrap_or((rest, "")));
    let digits = digits.get(..SHOWN_ID_DIGITS).unwrap_or(digits);
    format!("{}:{}{}", in_line(scheme), in_line(digits), in_line(artifact))
}

/// Returns rows with their columns lined up by two spaces; the last column is not filled.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths = vec![0; columns];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let fill = width - cell.chars().count();
            put(&mut line, format_args!("{cell}{:fill$}  ", ""));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Returns words in lines of at most `width` characters, those after the first behind `indent`; a longer word is a
/// line of its own.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{indent}"))
}

/// Adds formatted text; a `String` takes all there is.
pub fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).unwrap_or_default();
}

/// Returns `1 thing` or `2 things`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_where_no_digit_is_lost_that_matters() {
        let hex = "0123456789abcdef".repeat(4);
        assert_eq!(short_id(&format!("hb:{hex}/2/7")), "hb:0123456789ab/2/7");
        assert_eq!(short_id(&format!("gap:{hex}/1")), "gap:0123456789ab/1");
        assert_eq!(short_id("ledger"), "ledger");
        assert_eq!(short_id("entry 4"), "entry 4");
    }

    #[test]
    fn tables_line_up_and_end_without_spaces() {
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        let text = table(&[row(&["a", "source"]), row(&["model-1", "run"]), row(&["x", ""])]);
        assert_eq!(text, "a        source\nmodel-1  run\nx\n");
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        assert_eq!(wrapped("a bc def", 4, "> "), "a bc\n> def");
        assert_eq!(wrapped("abcdefgh i", 4, ""), "abcdefgh\ni");
        assert_eq!(wrapped("", 4, ""), "");
    }

    #[test]
    fn nothing_untrusted_moves_the_cursor() {
        assert_eq!(shown("a\u{1b}[2J\nb"), "a\\u{1b}[2J\nb");
        assert_eq!(in_line("a\nb\u{202e}"), "a\\u{a}b\\u{202e}");
    }
}
