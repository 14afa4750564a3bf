//! What well-known licences forbid or demand, as data. A reading, not advice: each row has the text that was read.

use crate::statement::Restriction;
use crate::statement::Restriction::AcademicOnly;
use crate::statement::Restriction::Attribution;
use crate::statement::Restriction::FieldOfUse;
use crate::statement::Restriction::NamingDuty;
use crate::statement::Restriction::NoCompetingModels;
use crate::statement::Restriction::NoDerivatives;
use crate::statement::Restriction::NonCommercial;
use crate::statement::Restriction::ShareAlike;

/// One licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its SPDX identifier, for the GNU licences without `-only` and `-or-later`, or a `LicenseRef-`.
    pub id: &'static str,
    /// What it forbids or demands; what is not here, it does not, and it allows commercial use unless that is here.
    pub terms: &'static [Restriction],
    /// Where its text is.
    pub source: &'static str,
}

const NOTHING: &[Restriction] = &[];
const BY: &[Restriction] = &[Attribution];
const BY_SA: &[Restriction] = &[Attribution, ShareAlike];
const BY_NC: &[Restriction] = &[Attribution, NonCommercial];
const BY_NC_SA: &[Restriction] = &[Attribution, NonCommercial, ShareAlike];
const BY_ND: &[Restriction] = &[Attribution, NoDerivatives];
const BY_NC_ND: &[Restriction] = &[Attribution, NonCommercial, NoDerivatives];

const fn row(id: &'static str, terms: &'static [Restriction], source: &'static str) -> Listed {
    Listed { id, terms, source }
}

/// Sorted by id. The texts of SPDX licences are those of the SPDX licence list; a reference of `ScanCode`
/// stands for the text in its `LicenseDB`.
pub const TABLE: &[Listed] = &[
    row("0BSD", NOTHING, "https://spdx.org/licenses/0BSD.html"),
    row("AFL-3.0", BY, "https://spdx.org/licenses/AFL-3.0.html"),
    row("AGPL-3.0", BY_SA, "https://spdx.org/licenses/AGPL-3.0-only.html"),
    row("Apache-2.0", BY, "https://www.apache.org/licenses/LICENSE-2.0, 4"),
    row("Artistic-2.0", BY, "https://spdx.org/licenses/Artistic-2.0.html"),
    row("BSD-2-Clause", BY, "https://spdx.org/licenses/BSD-2-Clause.html"),
    row("BSD-3-Clause", BY, "https://spdx.org/licenses/BSD-3-Clause.html"),
    row("BSL-1.0", BY, "https://spdx.org/licenses/BSL-1.0.html"),
    row(
        "C-UDA-1.0",
        &[Attribution, FieldOfUse],
        "https://spdx.org/licenses/C-UDA-1.0.html, 2",
    ),
    row(
        "CC-BY-2.0",
        BY,
        "https://creativecommons.org/licenses/by/2.0/legalcode",
    ),
    row(
        "CC-BY-2.5",
        BY,
        "https://creativecommons.org/licenses/by/2.5/legalcode",
    ),
    row(
        "CC-BY-3.0",
        BY,
        "https://creativecommons.org/licenses/by/3.0/legalcode",
    ),
    row(
        "CC-BY-4.0",
        BY,
        "https://creativecommons.org/licenses/by/4.0/legalcode",
    ),
    row(
        "CC-BY-NC-2.0",
        BY_NC,
        "https://creativecommons.org/licenses/by-nc/2.0/legalcode",
    ),
    row(
        "CC-BY-NC-3.0",
        BY_NC,
        "https://creativecommons.org/licenses/by-nc/3.0/legalcode",
    ),
    row(
        "CC-BY-NC-4.0",
        BY_NC,
        "https://creativecommons.org/licenses/by-nc/4.0/legalcode",
    ),
    row(
        "CC-BY-NC-ND-3.0",
        BY_NC_ND,
        "https://creativecommons.org/licenses/by-nc-nd/3.0/legalcode",
    ),
    row(
        "CC-BY-NC-ND-4.0",
        BY_NC_ND,
        "https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode",
    ),
    row(
        "CC-BY-NC-SA-2.0",
        BY_NC_SA,
        "https://creativecommons.org/licenses/by-nc-sa/2.0/legalcode",
    ),
    row(
        "CC-BY-NC-SA-3.0",
        BY_NC_SA,
        "https://creativecommons.org/licenses/by-nc-sa/3.0/legalcode",
    ),
    row(
        "CC-BY-NC-SA-4.0",
        BY_NC_SA,
        "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
    ),
    row(
        "CC-BY-ND-3.0",
        BY_ND,
        "https://creativecommons.org/licenses/by-nd/3.0/legalcode",
    ),
    row(
        "CC-BY-ND-4.0",
        BY_ND,
        "https://creativecommons.org/licenses/by-nd/4.0/legalcode",
    ),
    row(
        "CC-BY-SA-2.0",
        BY_SA,
        "https://creativecommons.org/licenses/by-sa/2.0/legalcode",
    ),
    row(
        "CC-BY-SA-2.5",
        BY_SA,
        "https://creativecommons.org/licenses/by-sa/2.5/legalcode",
    ),
    row(
        "CC-BY-SA-3.0",
        BY_SA,
        "https://creativecommons.org/licenses/by-sa/3.0/legalcode",
    ),
    row(
        "CC-BY-SA-4.0",
        BY_SA,
        "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    ),
    row(
        "CC0-1.0",
        NOTHING,
        "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    ),
    row("CDLA-Permissive-1.0", BY, "https://cdla.dev/permissive-1-0/, 3"),
    row("CDLA-Permissive-2.0", BY, "https://cdla.dev/permissive-2-0/, 2"),
    row("CDLA-Sharing-1.0", BY_SA, "https://cdla.dev/sharing-1-0/, 3"),
    row("EPL-2.0", BY_SA, "https://spdx.org/licenses/EPL-2.0.html"),
    row("EUPL-1.2", BY_SA, "https://spdx.org/licenses/EUPL-1.2.html, 5"),
    row("GFDL-1.3", BY_SA, "https://spdx.org/licenses/GFDL-1.3-only.html"),
    row("GPL-2.0", BY_SA, "https://spdx.org/licenses/GPL-2.0-only.html"),
    row("GPL-3.0", BY_SA, "https://spdx.org/licenses/GPL-3.0-only.html"),
    row("ISC", BY, "https://spdx.org/licenses/ISC.html"),
    row("LGPL-2.1", BY_SA, "https://spdx.org/licenses/LGPL-2.1-only.html"),
    row("LGPL-3.0", BY_SA, "https://spdx.org/licenses/LGPL-3.0-only.html"),
    row(
        "LicenseRef-scancode-bigscience-rail-1.0",
        &[Attribution, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/bigscience-rail-1.0.html, 4, 5 and attachment A",
    ),
    row(
        "LicenseRef-scancode-llama-2-license-2023",
        &[Attribution, NoCompetingModels, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/llama-2-license-2023.html, 1.b.iii to v",
    ),
    row(
        "LicenseRef-scancode-llama-3-license-2024",
        &[Attribution, NoCompetingModels, NamingDuty, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/llama-3-license-2024.html, 1.b.i to v",
    ),
    row(
        "LicenseRef-scancode-llama-3.1-license-2024",
        &[Attribution, NamingDuty, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/llama-3.1-license-2024.html, 1.b.i to iv",
    ),
    row(
        "LicenseRef-scancode-llama-license-2023",
        &[Attribution, NonCommercial, AcademicOnly, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/llama-license-2023.html, 1.a, 2.a and 3",
    ),
    row(
        "LicenseRef-scancode-openai-tou-20230314",
        &[NoCompetingModels, FieldOfUse],
        "https://scancode-licensedb.aboutcode.org/openai-tou-20230314.html, 2.c",
    ),
    row("MIT", BY, "https://spdx.org/licenses/MIT.html"),
    row("MIT-0", NOTHING, "https://spdx.org/licenses/MIT-0.html"),
    row("MPL-2.0", BY_SA, "https://spdx.org/licenses/MPL-2.0.html, 3"),
    row(
        "ODC-By-1.0",
        BY,
        "https://opendatacommons.org/licenses/by/1-0/, 4.2",
    ),
    row(
        "ODbL-1.0",
        BY_SA,
        "https://opendatacommons.org/licenses/odbl/1-0/, 4.2 to 4.4",
    ),
    row(
        "PDDL-1.0",
        NOTHING,
        "https://opendatacommons.org/licenses/pddl/1-0/",
    ),
    row("Unlicense", NOTHING, "https://spdx.org/licenses/Unlicense.html"),
    row("Zlib", BY, "https://spdx.org/licenses/Zlib.html"),
];

/// Returns the row of an identifier.
pub fn listed(id: &str) -> Option<&'static Listed> {
    let base = id.strip_suffix('+').unwrap_or(id);
    let base = base.strip_suffix("-only").unwrap_or(base);
    let base = base.strip_suffix("-or-later").unwrap_or(base);
    let at = TABLE.binary_search_by(|row| row.id.cmp(base)).ok()?;
    TABLE.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_id_is_one() {
        assert!(TABLE.is_sorted_by(|one, other| one.id < other.id));
        for row in TABLE {
            assert_eq!(listed(row.id), Some(row));
            assert!(row.source.starts_with("https://"), "{}", row.id);
            if !row.id.starts_with("LicenseRef-") {
                assert!(spdx::license_id(row.id).is_some(), "{}", row.id);
            }
        }
    }

    #[test]
    fn gnu_licences_are_found_by_all_their_names() {
        for id in ["GPL-3.0-only", "GPL-3.0-or-later", "GPL-3.0", "GPL-3.0+"] {
            assert_eq!(listed(id).map(|row| row.id), Some("GPL-3.0"), "{id}");
        }
        assert_eq!(listed("LicenseRef-ours"), None);
        assert_eq!(listed("SSPL-1.0"), None);
    }
}
