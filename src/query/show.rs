//! What one statement says, and who signed it.

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::ledger::View;
use crate::ledger::notices::Notified;
use crate::ledger::notices::notices_about;
use crate::merkle::LeafIndex;
use crate::statement::Statement;
use crate::verify::said_by;

use super::QueryError;
use super::files::ShownFile;
use super::files::files;
use super::node::Place;
use super::node::find;

/// One statement as it stands in the log.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What was asked for, if not the statement as a whole.
    pub places: Vec<Place>,
    /// Its entry.
    pub entry: LeafIndex,
    /// Its id.
    pub id: StatementId,
    /// Who signed.
    pub issuer: KeyId,
    /// The holder that the signing key speaks for.
    pub holder: Option<String>,
    /// `vouched`, `stated` or `observed`.
    pub said_by: &'static str,
    /// Its files: those that were asked for, or all.
    pub files: Vec<ShownFile>,
    /// The notices about it, in log order.
    pub notices: Vec<Notified>,
    /// What it says.
    pub statement: Statement,
    /// The exact envelope.
    pub envelope: Envelope,
}

/// Returns the statements that `text` means: one, or for a digest every one that claims it.
pub fn show(view: &View<'_>, text: &str) -> Result<Vec<Shown>, QueryError> {
    let places = match find(view, text) {
        Ok(places) => places,
        // A seal or a key change has no lineage, but can be shown.
        Err(QueryError::NoLineage { .. }) => {
            let node = crate::index::resolve::resolve(view.index(), view.size(), text)?;
            return Ok(vec![one(view, node.statement())?]);
        }
        Err(error) => return Err(error),
    };
    let mut shown: Vec<Shown> = Vec::new();
    for place in places {
        let id = match place {
            Place::Artifact(artifact) => artifact.statement,
            Place::Run(id) | Place::Gap(id, _) => id,
        };
        match shown.iter_mut().find(|known| known.id == id) {
            Some(known) => known.places.push(place),
            None => shown.push(Shown {
                places: vec![place],
                ..one(view, id)?
            }),
        }
    }
    for one in &mut shown {
        one.files = files(view, one.id, &one.statement, &one.places)?;
    }
    Ok(shown)
}

fn one(view: &View<'_>, id: StatementId) -> Result<Shown, QueryError> {
    let facts = view
        .index()
        .facts(id)?
        .ok_or_else(|| crate::index::resolve::ResolveError::UnknownId { digits: id.to_hex() })?;
    let (envelope, statement) = view.ledger().entry(facts.entry)?;
    let keys = view.ledger().state().keys();
    Ok(Shown {
        places: Vec::new(),
        files: Vec::new(),
        notices: notices_about(view, id)?,
        entry: facts.entry,
        id,
        issuer: statement.issuer,
        holder: keys
            .and_then(|keys| keys.holder(statement.issuer))
            .map(str::to_owned),
        said_by: said_by(&statement, keys),
        statement,
        envelope,
    })
}
