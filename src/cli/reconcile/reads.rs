//! The list of what a job opened: one line a file, JSON or a bare path (`docs/cli.md`).

use std::path::Path;

use serde::Deserialize;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::fresh::read_limited;
use crate::cli::ui::in_line;
use crate::digest::Sha256Digest;

/// The longest list in bytes.
pub const READS_BYTES_MAX: usize = 64 << 20;

/// The most files of one list.
pub const READS_MAX: usize = 200_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which line of the list, counted from 1.
    pub number: usize,
    /// The path, as the job calls it.
    pub path: Option<String>,
    /// What was read there.
    pub sha256: Option<Sha256Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    path: Option<String>,
    sha256: Option<String>,
}

/// Reads a list.
pub fn read(path: &Path) -> Result<Vec<Line>, Error> {
    let bytes = read_limited(path, READS_BYTES_MAX, "a list of what was opened")?;
    let text = String::from_utf8(bytes).map_err(|source| invalid("it is not UTF-8").because(source))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if lines.len() == READS_MAX {
            return Err(invalid(&format!(
                "it has more lines than the limit READS_MAX of {READS_MAX}"
            )));
        }
        lines.push(of_line(number, line)?);
    }
    if lines.is_empty() {
        return Err(invalid("it names no file"));
    }
    Ok(lines)
}

fn of_line(number: usize, line: &str) -> Result<Line, Error> {
    let wrong = |why: &str| {
        invalid(&format!(
            "line {number} {why}: {}",
            in_line(&line.chars().take(120).collect::<String>())
        ))
    };
    if !line.trim_start().starts_with('{') {
        return Ok(Line {
            number,
            path: Some(line.to_owned()),
            sha256: None,
        });
    }
    let wire: Wire =
        serde_json::from_str(line).map_err(|source| wrong("is not such an object").because(source))?;
    let sha256 = wire.sha256.as_deref().map(|hex| {
        let hex = hex.strip_prefix("sha256:").unwrap_or(hex);
        Sha256Digest::from_hex(hex).map_err(|source| wrong("has a sha256 that is none").because(source))
    });
    let sha256 = sha256.transpose()?;
    if wire.path.as_deref().is_none_or(str::is_empty) && sha256.is_none() {
        return Err(wrong("names neither a path nor a sha256"));
    }
    Ok(Line {
        number,
        path: wire.path.filter(|path| !path.is_empty()),
        sha256,
    })
}

/// Makes an error of a list.
pub fn invalid(why: &str) -> Error {
    Error::new(Exit::Failure, format!("the list of what was opened cannot be used: {why}"))
        .code(ErrorCode::ReadsInvalid)
        .hint("write a line {\"path\":\"out/0.jsonl\",\"sha256\":\"64 digits\"} for each file, or only its path and --content DIR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_or_a_path() {
        let digest = "0".repeat(64);
        let text = format!(
            "{{\"path\":\"a\",\"sha256\":\"{digest}\"}}\n\n{{\"sha256\":\"sha256:{digest}\"}}\r\nb c.txt\n"
        );
        let lines = parse(&text).unwrap();
        let sha256 = Some(Sha256Digest::from_bytes([0; 32]));
        let line = |number, path: Option<&str>, sha256| Line {
            number,
            path: path.map(str::to_owned),
            sha256,
        };
        assert_eq!(
            lines,
            [
                line(1, Some("a"), sha256),
                line(3, None, sha256),
                line(4, Some("b c.txt"), None)
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_told_with_its_line() {
        for (text, why) in [
            ("", "names no file"),
            ("\n \n", "names no file"),
            ("{}", "line 1 names neither"),
            ("a\n{\"path\":\"b\",\"size\":1}", "line 2 is not such an object"),
            ("{\"sha256\":\"12\"}", "line 1 has a sha256 that is none"),
            ("{\"path\":", "line 1 is not such an object"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message().contains(why), "{text}: {}", error.message());
        }
        let many = "a\n".repeat(READS_MAX + 1);
        assert!(parse(&many).unwrap_err().message().contains("READS_MAX"));
    }
}
