//! What a statement cites, with the lists that stand in manifests.

use crate::ledger::View;
use crate::manifest::read_cited;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Statement;

use super::QueryError;

/// Returns a list of citations, read from its manifest where it is one.
pub(super) fn cited(view: &View<'_>, cites: &Cites) -> Result<Vec<ArtifactRef>, QueryError> {
    match cites {
        Cites::Inline(references) => Ok(references.clone()),
        Cites::Manifest { blob, count, root } => {
            let bytes = view.ledger().blob(*blob)?;
            read_cited(&bytes, *count, *root).map_err(|source| QueryError::Manifest { id: *blob, source })
        }
    }
}

/// Returns one list for each input of a run, empty for a gap; the one of a data set or a source; none for anything else.
pub(super) fn lists(view: &View<'_>, statement: &Statement) -> Result<Vec<Vec<ArtifactRef>>, QueryError> {
    match &statement.predicate {
        Predicate::Run(run) => run
            .inputs
            .iter()
            .map(|input| match &input.from {
                InputFrom::Artifacts(cites) => cited(view, cites),
                InputFrom::Gap(_) => Ok(Vec::new()),
            })
            .collect(),
        predicate => {
            let Some((cites, _)) = predicate.collected() else {
                return Ok(Vec::new());
            };
            let cites = cites.map(|cites| cited(view, cites));
            Ok(vec![cites.transpose()?.unwrap_or_default()])
        }
    }
}
