//! Disclosures: what opens commitments, in one file for whoever is to see the texts.
//!
//! A disclosure names the place where the commitment stands and brings the salt and the text; whoever verifies computes
//! the commitment again and holds it against the statement. `docs/formats/disclosure.md` is the page.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::commitment::Commitment;
use crate::commitment::Salt;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::manifest::Member;
use crate::statement::ArtifactRef;
use crate::statement::FILE_NAME_CONTEXT;
use crate::statement::Statement;

/// The `herdbook` member of a file of disclosures.
const DISCLOSURES_TYPE: &str = "disclosures/v1";

/// The longest file of disclosures in bytes.
pub const DISCLOSURES_BYTES_MAX: usize = 64 << 20;

/// The field of a member's name: members are lines of a manifest, and the name is all of one that can be withheld.
pub const MEMBER_NAME_FIELD: &str = "/name";

/// What was withheld.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disclosed {
    /// A text.
    Text(String),
    /// Content that is sealed.
    Bytes(Vec<u8>),
}

/// One thing that is disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// `hb:<statement>`, or `hb:<statement>/<subject>/<member>` for the name of a member.
    pub statement: StatementId,
    /// The member of a manifest, where it is one.
    pub member: Option<ArtifactRef>,
    /// Where it stands: a JSON pointer into the statement, or into the member's line.
    pub field: String,
    /// The context it was committed in.
    pub context: String,
    /// The salt.
    pub salt: Salt,
    /// The text or the bytes.
    pub what: Disclosed,
}

/// Everything that one file discloses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosures {
    /// The genesis statement of the ledger.
    pub ledger: StatementId,
    /// What is disclosed.
    pub list: Vec<Disclosure>,
}

/// Why a disclosure is not what stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureDiffers {
    /// Nothing is withheld at that place.
    #[error("nothing is withheld at {field}")]
    NothingThere {
        /// The place.
        field: String,
    },
    /// It was committed in another context.
    #[error("what is withheld at {field} was committed as `{expected}`, not as `{found}`")]
    Context {
        /// The place.
        field: String,
        /// What the place says.
        expected: String,
        /// What the disclosure says.
        found: String,
    },
    /// Salt and text make another commitment.
    #[error("salt and text do not give the commitment at {field}")]
    Commitment {
        /// The place.
        field: String,
    },
}

/// Why bytes are no file of disclosures.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// Too many bytes.
    #[error("{found} bytes are more than the {DISCLOSURES_BYTES_MAX} allowed")]
    TooLong {
        /// How many there are.
        found: usize,
    },
    /// Not canonical JSON.
    #[error("it is not canonical JSON")]
    Canonical(#[from] CanonicalError),
    /// A field that is missing, unknown, or not in its form.
    #[error("{place}: `{field}` is missing or not what it has to be")]
    Field {
        /// Which disclosure, from 0, or the file itself.
        place: String,
        /// The field.
        field: &'static str,
    },
}

impl Disclosure {
    /// Returns the address: of the statement, or of the member.
    pub fn address(&self) -> String {
        match &self.member {
            Some(member) => member.to_string(),
            None => format!("hb:{}", self.statement),
        }
    }

    /// Holds it against the statement that it names; `member` is the line that it names, where it names one. Returns the
    /// commitment it opens; sealed content has none, for its digest is the one.
    pub fn check(
        &self,
        statement: &Statement,
        member: Option<&Member>,
    ) -> Result<Option<Commitment>, DisclosureDiffers> {
        match &self.what {
            Disclosed::Text(text) => self.check_text(text, statement, member).map(Some),
            Disclosed::Bytes(bytes) => self.check_bytes(bytes, statement).map(|()| None),
        }
    }

    fn check_text(
        &self,
        text: &str,
        statement: &Statement,
        member: Option<&Member>,
    ) -> Result<Commitment, DisclosureDiffers> {
        let nothing = || DisclosureDiffers::NothingThere {
            field: self.field.clone(),
        };
        let (context, there) = if self.member.is_some() {
            let name = member.filter(|_| self.field == MEMBER_NAME_FIELD);
            let name = name.and_then(|member| Commitment::parse(&member.name));
            (FILE_NAME_CONTEXT.to_owned(), name.ok_or_else(nothing)?)
        } else {
            let mut withheld = statement.withheld().into_iter();
            let there = withheld.find(|withheld| withheld.field == self.field);
            let there = there.ok_or_else(nothing)?;
            (there.context, there.commitment)
        };
        self.check_context(&context)?;
        if Commitment::of(&self.salt, &context, text.as_bytes()) == there {
            Ok(there)
        } else {
            let field = self.field.clone();
            Err(DisclosureDiffers::Commitment { field })
        }
    }

    fn check_bytes(&self, bytes: &[u8], statement: &Statement) -> Result<(), DisclosureDiffers> {
        let field = self.field.clone();
        let mut sealed = statement.sealed().into_iter();
        let Some(there) = sealed.find(|sealed| sealed.field == field && self.member.is_none()) else {
            return Err(DisclosureDiffers::NothingThere { field });
        };
        self.check_context(there.context)?;
        if Sha256Digest::of(&self.salt.seal(bytes)) == there.sha256 {
            Ok(())
        } else {
            Err(DisclosureDiffers::Commitment { field })
        }
    }

    fn check_context(&self, expected: &str) -> Result<(), DisclosureDiffers> {
        if self.context == expected {
            return Ok(());
        }
        Err(DisclosureDiffers::Context {
            field: self.field.clone(),
            expected: expected.to_owned(),
            found: self.context.clone(),
        })
    }

    fn to_value(&self) -> Value {
        let mut members = BTreeMap::new();
        let mut put = |key: &str, text: String| members.insert(key.to_owned(), Value::from(text));
        put("address", self.address());
        put("context", self.context.clone());
        put("field", self.field.clone());
        put("salt", self.salt.to_hex());
        match &self.what {
            Disclosed::Text(text) => put("text", text.clone()),
            Disclosed::Bytes(bytes) => put("bytes", STANDARD.encode(bytes)),
        };
        Value::Object(members)
    }

    fn of_value(value: Value, place: usize) -> Result<Self, DisclosureError> {
        let mut texts = Texts::of(value, format!("disclosure {place}"))?;
        let (statement, member) = texts.parsed("address", address)?;
        let what = match texts.optional("text") {
            Some(text) => Disclosed::Text(text),
            None => Disclosed::Bytes(texts.parsed("bytes", |text| STANDARD.decode(text).ok())?),
        };
        let disclosure = Self {
            statement,
            member,
            field: texts.parsed("field", |text| Some(text.to_owned()))?,
            context: texts.parsed("context", |text| Some(text.to_owned()))?,
            salt: texts.parsed("salt", Salt::from_hex)?,
            what,
        };
        texts.finish()?;
        Ok(disclosure)
    }
}

impl Disclosures {
    /// Returns the bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let list = self.list.iter().map(Disclosure::to_value).collect();
        let members = BTreeMap::from([
            ("disclosures".to_owned(), Value::List(list)),
            ("herdbook".to_owned(), Value::from(DISCLOSURES_TYPE)),
            ("ledger".to_owned(), Value::from(format!("hb:{}", self.ledger))),
        ]);
        let mut bytes = Value::Object(members).encode();
        bytes.push(b'\n');
        bytes
    }

    /// Parses the bytes of a file; nothing in it is true before it was checked.
    pub fn decode(bytes: &[u8]) -> Result<Self, DisclosureError> {
        if bytes.len() > DISCLOSURES_BYTES_MAX {
            return Err(DisclosureError::TooLong { found: bytes.len() });
        }
        let wrong = |field| DisclosureError::Field {
            place: "the file".to_owned(),
            field,
        };
        let json = bytes.strip_suffix(b"\n");
        let value = Value::decode(json.ok_or_else(|| wrong("the last line feed"))?)?;
        let Value::Object(mut members) = value else {
            return Err(wrong("an object"));
        };
        if members.remove("herdbook") != Some(Value::from(DISCLOSURES_TYPE)) {
            return Err(wrong("herdbook"));
        }
        let ledger = match members.remove("ledger") {
            Some(Value::Text(text)) => text.strip_prefix("hb:").map(StatementId::from_hex),
            _ => None,
        };
        let Some(Value::List(items)) = members.remove("disclosures") else {
            return Err(wrong("disclosures"));
        };
        let list = items.into_iter().enumerate();
        let list = list.map(|(place, item)| Disclosure::of_value(item, place));
        let disclosures = Self {
            ledger: ledger.and_then(Result::ok).ok_or_else(|| wrong("ledger"))?,
            list: list.collect::<Result<_, _>>()?,
        };
        if members.is_empty() {
            Ok(disclosures)
        } else {
            Err(wrong("an unknown field"))
        }
    }
}

fn address(text: &str) -> Option<(StatementId, Option<ArtifactRef>)> {
    if let Ok(reference) = text.parse::<ArtifactRef>() {
        return reference.member.map(|_| (reference.statement, Some(reference)));
    }
    let id = StatementId::from_hex(text.strip_prefix("hb:")?).ok()?;
    Some((id, None))
}

/// The texts of one object that were not yet taken.
struct Texts {
    place: String,
    members: BTreeMap<String, Value>,
}

impl Texts {
    fn of(value: Value, place: String) -> Result<Self, DisclosureError> {
        match value {
            Value::Object(members) => Ok(Self { place, members }),
            _ => Err(DisclosureError::Field {
                place,
                field: "an object",
            }),
        }
    }

    fn wrong(&self, field: &'static str) -> DisclosureError {
        DisclosureError::Field {
            place: self.place.clone(),
            field,
        }
    }

    fn optional(&mut self, field: &'static str) -> Option<String> {
        match self.members.remove(field) {
            Some(Value::Text(text)) => Some(text),
            Some(other) => {
                // Put back, so that it is an unknown field and not passed over.
                self.members.insert(field.to_owned(), other);
                None
            }
            None => None,
        }
    }

    fn parsed<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DisclosureError> {
        let text = self.optional(field).ok_or_else(|| self.wrong(field))?;
        parse(&text).ok_or_else(|| self.wrong(field))
    }

    fn finish(self) -> Result<(), DisclosureError> {
        if self.members.is_empty() {
            Ok(())
        } else {
            Err(self.wrong("an unknown field"))
        }
    }
}
