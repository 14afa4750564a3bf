//! What an argument of `verify` means: a file, a digest, a name or an id.

use std::path::Path;

use crate::digest::Blake3Digest;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::resolve::Node;
use crate::index::resolve::ResolveError;
use crate::index::resolve::facts_below;
use crate::index::resolve::resolve;
use crate::index::resolve::versions_below;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::ledger::artifact_name;
use crate::ledger::content::read_file_digests;
use crate::ledger::content::sha256_of_text;
use crate::ledger::hash::Progress;
use crate::manifest::read_members;
use crate::query::Place;
use crate::query::find as find_node;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::verify::FileDigests;

use super::error::Error;
use super::exit::Exit;
use super::explain::code_of;
use super::nodes::explained;
use super::nodes::is_id;
use super::nodes::refuse_two_meanings;
use super::ui::in_line;

/// What is to be judged, or why nothing can be.
#[derive(Debug, Clone)]
pub enum Target {
    /// Artifacts that are judged together.
    Artifacts {
        /// What the user called it.
        asked: String,
        /// What it is called in the ledger.
        name: String,
        /// The artifacts.
        artifacts: Vec<ArtifactRef>,
        /// The file it was found by.
        file: Option<FileDigests>,
    },
    /// Bytes that no artifact of the ledger has.
    Unclaimed {
        /// What the user called it.
        asked: String,
        /// The digest.
        sha256: Sha256Digest,
        /// Whether a manifest that is not there may hold it.
        incomplete: bool,
    },
    /// A file whose SHA-256 is registered, and whose BLAKE3 is another.
    Differs {
        /// What the user called it.
        asked: String,
        /// What it is called in the ledger.
        name: String,
        /// The artifact.
        artifact: ArtifactRef,
        /// What was registered.
        expected: Blake3Digest,
        /// What was found.
        found: Blake3Digest,
    },
}

impl Target {
    /// Returns the statement it is about; nothing for bytes that nobody claims.
    fn statement(&self) -> Option<StatementId> {
        match self {
            Self::Artifacts { artifacts, .. } => artifacts.first().map(|artifact| artifact.statement),
            Self::Differs { artifact, .. } => Some(artifact.statement),
            Self::Unclaimed { .. } => None,
        }
    }
}

/// Finds what `asked` means; if there is a file at `path`, where it leads, it is that file. An id or a digest is never a
/// file, and what is an item as well as some other file is an error: nobody shall get the verdict of the one for the
/// other.
pub fn find(
    view: &View<'_>,
    path: &Path,
    asked: &str,
    progress: &dyn Progress,
) -> Result<Vec<Target>, Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() && !is_id(asked) => {
            let targets = of_file(view, path, asked, progress)?;
            let statements: Vec<_> = targets.iter().filter_map(Target::statement).collect();
            refuse_two_meanings(view, asked, &statements)?;
            Ok(targets)
        }
        found => match sha256_of_text(asked) {
            Some(sha256) => claimed(view, asked, sha256, None),
            None if asked.starts_with("sha256:") => Err(Error::new(
                Exit::Failure,
                format!(
                    "`{}` is not sha256: and 64 lower-case hexadecimal digits",
                    in_line(asked)
                ),
            )),
            None => of_node(view, asked, found.is_ok()).map(|target| vec![target]),
        },
    }
}

fn of_file(view: &View<'_>, path: &Path, asked: &str, progress: &dyn Progress) -> Result<Vec<Target>, Error> {
    let found = read_file_digests(path, progress)?;
    claimed(view, asked, found.sha256, Some(&found))
}

/// Returns one target for each artifact that claims a digest.
fn claimed(
    view: &View<'_>,
    asked: &str,
    sha256: Sha256Digest,
    file: Option<&FileDigests>,
) -> Result<Vec<Target>, Error> {
    let mut claims = Vec::new();
    for claim in view.index().claims(sha256).map_err(LedgerError::from)? {
        let below = facts_below(view.index(), view.size(), claim.statement).map_err(LedgerError::from)?;
        claims.extend(below.map(|_| claim));
    }
    if claims.is_empty() {
        return Ok(vec![Target::Unclaimed {
            asked: asked.to_owned(),
            sha256,
            incomplete: !view.ledger().state().missing_manifests().is_empty(),
        }]);
    }
    let mut targets = Vec::new();
    for artifact in claims {
        let registered = Registered::find(view, artifact)?;
        let found = file.map(|file| file.blake3);
        targets.push(match (registered.blake3, found) {
            (Some(expected), Some(found)) if expected != found => Target::Differs {
                asked: asked.to_owned(),
                name: registered.name,
                artifact,
                expected,
                found,
            },
            _ => Target::Artifacts {
                asked: asked.to_owned(),
                name: registered.name,
                artifacts: vec![artifact],
                file: file.cloned(),
            },
        });
    }
    Ok(targets)
}

/// Finds what a name or an id means.
pub fn of_node(view: &View<'_>, asked: &str, is_folder: bool) -> Result<Target, Error> {
    if asked.contains('/') && !asked.starts_with("hb:") && !is_folder {
        return of_file_of_item(view, asked);
    }
    let size = view.size();
    let node = resolve(view.index(), size, asked).map_err(|error| {
        if matches!(
            error,
            ResolveError::SeveralVersions { .. } | ResolveError::NoSuchVersion { .. }
        ) {
            return explained(view, error.into());
        }
        let shown = in_line(asked);
        let told = Error::new(
            Exit::Failure,
            format!("`{shown}` is neither a file nor a node of the ledger"),
        )
        .code(code_of(&error))
        .because(error);
        if is_folder {
            return told.hint(format!("`{shown}` is a folder: name the files in it"));
        }
        told.hint("run `herdbook list` to see what is registered")
    })?;
    let facts = view.index().facts(node.statement()).map_err(LedgerError::from)?;
    let whole = |subjects: std::ops::Range<u32>| {
        subjects
            .map(|subject| ArtifactRef::subject(node.statement(), subject))
            .collect::<Vec<_>>()
    };
    let artifacts = match (node, &facts) {
        (Node::Artifact(artifact), _) => vec![artifact],
        (Node::Set { set, .. }, Some(facts)) => facts
            .sets
            .get(set)
            .map(|set| whole(set.subjects.clone()))
            .unwrap_or_default(),
        (Node::Statement(_), Some(facts)) => facts
            .sets
            .iter()
            .flat_map(|set| whole(set.subjects.clone()))
            .collect(),
        (_, None) => Vec::new(),
    };
    if artifacts.is_empty() {
        let kind = facts.map_or("statement", |facts| facts.kind);
        return Err(Error::new(
            Exit::Failure,
            format!("`{}` is a {kind}, which has no lineage", in_line(asked)),
        )
        .hint("name a model, an output, a source or a file"));
    }
    let name = match node {
        Node::Artifact(artifact) => Registered::find(view, artifact)?.name,
        _ => asked.to_owned(),
    };
    Ok(Target::Artifacts {
        asked: asked.to_owned(),
        name,
        artifacts,
        file: None,
    })
}

/// Finds what `ITEM/FILE` means, where there is no such file on disk.
fn of_file_of_item(view: &View<'_>, asked: &str) -> Result<Target, Error> {
    let places = find_node(view, asked).map_err(|error| {
        let shown = in_line(asked);
        Error::new(
            Exit::Failure,
            format!("`{shown}` is neither a file nor a node of the ledger"),
        )
        .because(error)
        .hint("run `herdbook list` to see what is registered")
    })?;
    let artifact = |place: &Place| match place {
        Place::Artifact(artifact) => Some(*artifact),
        Place::Run(_) | Place::Gap(..) => None,
    };
    Ok(Target::Artifacts {
        asked: asked.to_owned(),
        name: asked.to_owned(),
        artifacts: places.iter().filter_map(artifact).collect(),
        file: None,
    })
}

/// Returns the name that a document gives to what it is about: the item's, with its entry where it has several
/// versions, and with the file's for one of several. It follows from the ledger, so that nobody can write another one.
pub fn canonical_name(view: &View<'_>, artifacts: &[ArtifactRef]) -> Result<String, Error> {
    let nobody = || Error::new(Exit::Failure, "nothing is named");
    let first = *artifacts.first().ok_or_else(nobody)?;
    let facts = facts_below(view.index(), view.size(), first.statement).map_err(LedgerError::from)?;
    let set = facts.as_ref().and_then(|facts| facts.set_of(first.subject));
    let (Some(facts), Some(set)) = (&facts, set) else {
        return Ok(first.to_string());
    };
    let versions = versions_below(view.index(), view.size(), &set.name).map_err(LedgerError::from)?;
    let name = if versions.len() > 1 {
        format!("{}@{}", set.name, facts.entry)
    } else {
        set.name.to_string()
    };
    let is_one_file = artifacts.len() == 1 && (first.member.is_some() || set.subjects.len() > 1);
    if !is_one_file {
        return Ok(name);
    }
    let registered = Registered::find(view, first)?.name;
    let file = registered.strip_prefix(set.name.as_str()).unwrap_or_default();
    Ok(format!("{name}{file}"))
}

/// What the ledger says of one artifact.
struct Registered {
    name: String,
    blake3: Option<Blake3Digest>,
}

impl Registered {
    fn find(view: &View<'_>, artifact: ArtifactRef) -> Result<Self, LedgerError> {
        let nothing = Self {
            name: artifact.to_string(),
            blake3: None,
        };
        let Some(facts) = view.index().facts(artifact.statement)? else {
            return Ok(nothing);
        };
        let (_, statement) = view.ledger().entry(facts.entry)?;
        if let Predicate::Dataset(dataset) = &statement.predicate {
            let name = dataset.name.to_string();
            return Ok(Self { name, blake3: None });
        }
        let mut position = usize::try_from(artifact.subject).unwrap_or(usize::MAX);
        for (item, set) in statement.predicate.sets() {
            let Some(found) = set.artifacts.get(position) else {
                position -= set.artifacts.len();
                continue;
            };
            let blake3 = match found.content {
                Content::File { blake3, .. } => blake3,
                _ => None,
            };
            return match (artifact.member, found.manifest(), found.blob()) {
                (Some(member), Some(facts), Some(blob)) => {
                    let bytes = view.ledger().blob(blob)?;
                    Ok(Self::of_member(item, member, read_members(&bytes, facts).ok()).unwrap_or(nothing))
                }
                _ => Ok(Self {
                    name: artifact_name(item, set, found),
                    blake3,
                }),
            };
        }
        Ok(nothing)
    }

    fn of_member(
        item: &ItemName,
        member: u64,
        members: Option<Vec<crate::manifest::Member>>,
    ) -> Option<Self> {
        let members = members?;
        let member = members.get(usize::try_from(member).ok()?)?;
        Some(Self {
            name: format!("{item}/{}", member.name),
            blake3: member.blake3,
        })
    }
}
