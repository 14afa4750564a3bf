//! `verify --sample`: the sample is drawn again, its files are opened, and what they show is told.

use std::path::Path;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::home::write_new;
use crate::cli::progress::Bar;
use crate::cli::report::only_target;
use crate::cli::sample::invalid;
use crate::cli::sample::read_sample;
use crate::cli::ui::in_line;
use crate::ledger::content::ContentFolder;
use crate::ledger::drive::judge_as_of;
use crate::ledger::drive::judge_sampled;
use crate::merkle::TreeSize;
use crate::sample::Document;
use crate::sample::SampleError;
use crate::sample::SampleFile;
use crate::statement::ArtifactRef;
use crate::verify::Code;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Sampling;
use crate::verify::Verified;

use super::Asking;
use super::Judged;
use super::Outcome;

impl Asking<'_> {
    /// Judges what a sample was drawn from, as of then, and the sample with it.
    pub(super) fn of_sample(&self, path: &Path) -> Result<Vec<Outcome>, Error> {
        let file = read_sample(&self.session.path(path))?;
        let document = file.document();
        let artifacts = self.artifacts(document)?;
        let bar = Bar::new(self.session.ui.progress());
        let mut content = match &self.args.judging.content {
            Some(folder) => Some(ContentFolder::at(&self.session.path(folder), &bar)?),
            None => None,
        };
        let request = self.earlier.request(Request {
            artifacts,
            content: content.is_some(),
            require: self.args.judging.require,
            disclosures: self.args.with.read(self.session)?,
            ..Request::of(self.trust.clone())
        });
        let judgement = self.judge_sample(request, document, content.as_mut())?;
        bar.done();
        if let Some(path) = &self.args.marks {
            let marked = marked(document, judgement.get())?;
            write_new(&self.session.path(path), marked.bytes())?;
        }
        Ok(vec![Outcome::Judged(Box::new(Judged {
            asked: judgement.get().name.clone(),
            file: None,
            judgement,
            root: self.trust.root().clone(),
            signer: file.signer().map(crate::key::PublicKey::id),
        }))])
    }

    fn judge_sample(
        &self,
        request: Request,
        document: &Document,
        content: Option<&mut ContentFolder<'_>>,
    ) -> Result<Verified<Judgement>, Error> {
        let drawn_at = TreeSize::new(document.checkpoint.size);
        let now = self.ledger.checkpoint().size;
        let is_known = drawn_at <= now;
        // What the log signed then must be how it begins now.
        let note = is_known.then(|| document.checkpoint_note.clone().into_bytes());
        let request = Request {
            newer: request.newer.or(note),
            ..request
        };
        let sampling = Sampling {
            rule: document.rule().map_err(invalid)?,
            claimed: Some(document.clone()),
        };
        if drawn_at >= now {
            return Ok(judge_sampled(self.ledger, request, None, sampling, content)?);
        }
        let later = Request {
            content: false,
            ..request.clone()
        };
        let then = judge_sampled(self.ledger, request, Some(drawn_at), sampling, content)?;
        Ok(then.disputed_by(&judge_as_of(self.ledger, later, None, None)?))
    }

    /// Returns what the sample is of, which must be what was asked about if something was.
    fn artifacts(&self, document: &Document) -> Result<Vec<ArtifactRef>, Error> {
        let artifacts = document.artifacts.iter().map(|text| text.parse());
        let artifacts: Vec<ArtifactRef> = artifacts
            .collect::<Result<_, _>>()
            .map_err(|source| invalid(SampleError::Inconsistent("its artifacts are none")).because(source))?;
        for asked in &self.args.nodes {
            let bar = Bar::new(self.session.ui.progress());
            let (name, meant) = only_target(self.session, self.ledger, asked, &bar)?;
            bar.done();
            if meant != artifacts {
                let of = in_line(&document.name);
                return Err(Error::new(
                    Exit::Failure,
                    format!(
                        "the sample is of {of}, and `{}` is {name}, which is something else",
                        in_line(asked)
                    ),
                )
                .code(ErrorCode::SampleInvalid)
                .hint("leave the name away: the sample says what it is of"));
            }
        }
        Ok(artifacts)
    }
}

/// Fills in what was found.
fn marked(document: &Document, judgement: &Judgement) -> Result<SampleFile, Error> {
    let sampled = judgement.sampled.as_ref();
    let Some(sampled) = sampled.filter(|_| !judgement.has(Code::SampleNotDrawn)) else {
        return Err(invalid(SampleError::Inconsistent(
            "it is not the sample that its rule draws, so there is nothing to mark",
        ))
        .hint("see `herdbook verify --sample` without --marks"));
    };
    let mut document = document.clone();
    for (number, found) in (1_u64..).zip(&sampled.found) {
        document
            .mark(number, found.mark, found.note.as_deref())
            .map_err(invalid)?;
    }
    SampleFile::unsigned(&document).map_err(invalid)
}
