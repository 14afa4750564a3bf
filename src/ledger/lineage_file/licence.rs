//! `licence`: an SPDX licence expression (SPDX 2.3, annex D), or a `LicenseRef-` for all others.

use spdx::Expression;
use spdx::ParseMode;

use super::decode::Context;
use super::fields::Fields;

/// Identifiers that SPDX has replaced are still identifiers, and real data carries them.
const MODE: ParseMode = ParseMode {
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

pub(super) fn decode(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<String> {
    let licence = fields.text(cx, "licence")?;
    match Expression::parse_mode(&licence, MODE) {
        Ok(_) => Some(licence),
        Err(error) => {
            let why = error.reason.to_string();
            let advice = match licence_meant(&licence) {
                Some(meant) => format!("write `{meant}`"),
                None => "write an SPDX expression such as `Apache-2.0 OR MIT`, or `LicenseRef-NAME` for a licence SPDX does not list".to_owned(),
            };
            cx.bad(
                "licence",
                fields.line_of("licence"),
                format!("`{licence}` is not an SPDX expression ({why}): {advice}"),
            );
            None
        }
    }
}

/// Finds the one identifier that a licence's common name or another spelling of it means.
pub fn licence_meant(licence: &str) -> Option<&'static str> {
    let folded = fold(licence);
    let listed = spdx::identifiers::LICENSES
        .iter()
        .map(|listed| listed.name)
        .find(|name| fold(name) == folded);
    listed.or_else(|| {
        let (id, length) = spdx::imprecise_license_id(licence)?;
        (length == licence.len()).then_some(id.name)
    })
}

/// Folds case, what stands between words, and the words that are not part of identifiers.
fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '+');
    words
        .filter(|word| !matches!(*word, "" | "the" | "license" | "licence" | "version"))
        .collect::<Vec<_>>()
        .join("-")
}
