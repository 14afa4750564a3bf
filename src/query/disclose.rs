//! What opens the commitments of an item, for whoever is to see it.

use std::collections::BTreeMap;

use crate::commitment::Commitment;
use crate::commitment::Secret;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::disclosure::Disclosed;
use crate::disclosure::Disclosure;
use crate::disclosure::MEMBER_NAME_FIELD;
use crate::ledger::View;
use crate::ledger::private::Kept;
use crate::ledger::private::Opening;
use crate::statement::ArtifactRef;
use crate::statement::FILE_NAME_CONTEXT;
use crate::statement::Statement;

use super::Place;
use super::QueryError;
use super::names::members;

/// What can be disclosed of one statement, and how much cannot.
#[derive(Debug, Default)]
pub struct Disclosable {
    /// What opens it.
    pub list: Vec<Disclosure>,
    /// How much is withheld of which nothing is kept here.
    pub lost: u64,
}

/// Which parts of an item are disclosed.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<String>);

impl Fields {
    /// A field goes by its pointer, or by its context: `holder`, `params.temperature`, `file-name`.
    fn take(&self, field: &str, context: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|asked| asked == field || asked == context)
    }
}

/// Makes disclosures of a statement; of all that it withholds, or of the one file that `place` is.
pub fn disclose(
    view: &View<'_>,
    place: Place,
    kept: Option<&Kept>,
    secret: &Secret,
    fields: &Fields,
) -> Result<Disclosable, QueryError> {
    let (id, only) = match place {
        Place::Artifact(artifact) => (artifact.statement, Some(artifact)),
        Place::Run(id) | Place::Gap(id, _) => (id, None),
    };
    let Some(facts) = view.index().facts(id)? else {
        return Ok(Disclosable::default());
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let mut maker = Maker {
        id,
        statement: &statement,
        openings: Openings::of(kept),
        secret,
        fields,
        made: Disclosable::default(),
    };
    // A member is one line of a manifest; anything else is asked for with the whole statement around it.
    let member = only.filter(|artifact| artifact.member.is_some());
    if member.is_none() {
        maker.of_statement();
    }
    maker.of_members(view, member)?;
    Ok(maker.made)
}

struct Openings<'a> {
    texts: BTreeMap<Commitment, &'a str>,
    contents: BTreeMap<Sha256Digest, &'a [u8]>,
}

impl<'a> Openings<'a> {
    fn of(kept: Option<&'a Kept>) -> Self {
        let mut openings = Self {
            texts: BTreeMap::new(),
            contents: BTreeMap::new(),
        };
        for opening in kept.map(|kept| kept.openings.as_slice()).unwrap_or_default() {
            match opening {
                Opening::Text { commitment, text, .. } => drop(openings.texts.insert(*commitment, text)),
                Opening::Content { sha256, bytes, .. } => drop(openings.contents.insert(*sha256, bytes)),
            }
        }
        openings
    }
}

/// Makes the disclosures of one statement.
struct Maker<'a> {
    id: StatementId,
    statement: &'a Statement,
    openings: Openings<'a>,
    secret: &'a Secret,
    fields: &'a Fields,
    made: Disclosable,
}

impl Maker<'_> {
    fn of_statement(&mut self) {
        for withheld in self.statement.withheld() {
            if self.fields.take(&withheld.field, &withheld.context) {
                let text = self.openings.texts.get(&withheld.commitment);
                let what = text.map(|text| Disclosed::Text((*text).to_owned()));
                self.add(None, withheld.field, &withheld.context, what);
            }
        }
        for sealed in self.statement.sealed() {
            if self.fields.take(&sealed.field, sealed.context) {
                let bytes = self.openings.contents.get(&sealed.sha256);
                let what = bytes.map(|bytes| Disclosed::Bytes((*bytes).to_vec()));
                self.add(None, sealed.field, sealed.context, what);
            }
        }
    }

    fn of_members(&mut self, view: &View<'_>, only: Option<ArtifactRef>) -> Result<(), QueryError> {
        if !self.fields.take(MEMBER_NAME_FIELD, FILE_NAME_CONTEXT) {
            return Ok(());
        }
        for (subject, artifact) in (0_u32..).zip(self.statement.predicate.artifacts()) {
            let whole = ArtifactRef::subject(self.id, subject);
            if only.is_some_and(|only| only.whole() != whole) {
                continue;
            }
            let lines = members(view, artifact)?.unwrap_or_default();
            for (line, member) in (0_u64..).zip(lines) {
                let reference = ArtifactRef {
                    member: Some(line),
                    ..whole
                };
                if let Some(commitment) = Commitment::parse(&member.name)
                    && only.is_none_or(|only| only == reference)
                {
                    let text = self.openings.texts.get(&commitment);
                    let what = text.map(|text| Disclosed::Text((*text).to_owned()));
                    let field = MEMBER_NAME_FIELD.to_owned();
                    self.add(Some(reference), field, FILE_NAME_CONTEXT, what);
                }
            }
        }
        Ok(())
    }

    /// Adds what is kept here; what is not is counted.
    fn add(&mut self, member: Option<ArtifactRef>, field: String, context: &str, what: Option<Disclosed>) {
        let Some(what) = what else {
            self.made.lost += 1;
            return;
        };
        let bytes = match &what {
            Disclosed::Text(text) => text.as_bytes(),
            Disclosed::Bytes(bytes) => bytes,
        };
        self.made.list.push(Disclosure {
            statement: self.id,
            member,
            field,
            context: context.to_owned(),
            salt: self.secret.salt(context, bytes),
            what,
        });
    }
}
