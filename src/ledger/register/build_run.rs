//! A run to its statement: inputs with their roles, gaps, outputs.

use crate::digest::Sha256Digest;
use crate::ledger::lineage_file::InputItem;
use crate::ledger::lineage_file::OutputItem;
use crate::ledger::lineage_file::RunItem;
use crate::ledger::lineage_file::Taken;
use crate::statement::Cites;
use crate::statement::Gap;
use crate::statement::INLINE_MAX;
use crate::statement::Input;
use crate::statement::InputFrom;
use crate::statement::ItemName;
use crate::statement::Output;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Word as _;

use super::PlannedBlobs;
use super::build::Builder;
use super::build::Built;
use super::build::Wrong;
use super::build::declared;
use super::build::leaves_a_gap;
use super::cite::Cited;
use super::cite::fits;
use super::content::Making;
use super::problem::ProblemKind;
use super::row_root::RowsOf;

/// A gap whose digest exactly one artifact has.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// The input or member it is.
    pub(super) position: usize,
    /// What was written.
    pub(super) text: String,
    /// What it would be bound to.
    pub(super) cited: Cited,
}

impl Builder<'_> {
    pub(super) fn run(&self, run: &RunItem) -> Result<Built, Wrong> {
        let mut wrong = Wrong::new();
        let mut inputs = Vec::new();
        let mut taken = Vec::new();
        let mut bindings = Vec::new();
        for (position, item) in run.inputs.iter().enumerate() {
            match self.input(run, position, item) {
                Ok((input, cited, binding)) => {
                    inputs.push(input);
                    taken.push(cited);
                    bindings.extend(binding);
                }
                Err(kind) => wrong.push((item.line, kind)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let bound = bindings.iter().map(|binding| &binding.cited);
        let personal = taken.iter().flatten().chain(bound).any(|cited| cited.personal);
        let (outputs, mut blobs) = self.outputs(run, personal)?;
        let seal = run.confidential.has("code");
        let attached =
            self.contents
                .attachments(&run.name.value, self.names(seal), seal.then_some(self.committer));
        let (code, held) = attached.map_err(|wrong| vec![wrong])?;
        blobs.extend(held);
        let predicate = Predicate::Run(Run {
            name: run.name.value.clone(),
            does: run.does,
            inputs,
            outputs,
            params: run.params.clone(),
            command: run.command.clone(),
            code,
            environment: run.environment.clone(),
            operator: run.operator.clone(),
            started: run.started.clone(),
            ended: run.ended.clone(),
            inputs_complete: run.inputs_complete,
            expansion: run.expansion.clone(),
            rewrites: run.rewrites,
            epochs: run.epochs.clone(),
        });
        Ok(Built {
            predicate,
            blobs,
            inputs: taken,
            bindings,
            personal,
            openings: Vec::new(),
        })
    }

    fn input(
        &self,
        run: &RunItem,
        position: usize,
        item: &InputItem,
    ) -> Result<(Input, Option<Cited>, Option<Binding>), ProblemKind> {
        let (from, cited, binding) = match &item.taken {
            Taken::Use(text) => match self.used(run, &text.value, item.role) {
                Ok(cited) => (
                    InputFrom::Artifacts(Cites::Inline(cited.artifacts.clone())),
                    Some(cited),
                    None,
                ),
                Err(kind) if self.gaps && leaves_a_gap(&kind) => (gap(&text.value, None), None, None),
                Err(kind) => return Err(kind),
            },
            Taken::Unresolved { text, digest } => {
                let fitting = |thing| run.does.takes(item.role, thing);
                let claim = digest
                    .map(|digest| self.known.only_claim(digest, fitting))
                    .transpose();
                let claim = claim.map_err(|source| ProblemKind::Use {
                    text: text.clone(),
                    similar: None,
                    source: Box::new(source.into()),
                })?;
                let binding = claim.flatten().map(|cited| Binding {
                    position,
                    text: text.clone(),
                    cited,
                });
                (gap(text, *digest), None, binding)
            }
        };
        let input = Input {
            role: item.role,
            from,
            rows: item.rows,
            tokens: item.tokens,
            kept: item.kept,
            repeat: item.repeat.clone(),
            share: item.share.clone(),
        };
        Ok((input, cited, binding))
    }

    fn used(&self, run: &RunItem, text: &str, role: Role) -> Result<Cited, ProblemKind> {
        let does = run.does;
        let own: Vec<&ItemName> = run.outputs.iter().map(|output| &output.name.value).collect();
        let cited = self.known.cite_for(text, &own)?;
        fits(text, cited.thing, role, does)?;
        Ok(cited)
    }

    fn outputs(&self, run: &RunItem, personal: bool) -> Result<(Vec<Output>, PlannedBlobs), Wrong> {
        let mut outputs = Vec::new();
        let mut blobs = PlannedBlobs::new();
        let mut wrong = Wrong::new();
        for item in &run.outputs {
            match self.output(run, item, personal) {
                Ok((output, held)) => {
                    outputs.push(output);
                    blobs.extend(held);
                }
                Err(more) => wrong.extend(more),
            }
        }
        // Together they may be too many for one statement, each of them not.
        let subjects: usize = outputs.iter().map(|output| output.set.artifacts.len()).sum();
        if wrong.is_empty() && subjects > INLINE_MAX && self.inline_max > 1 {
            return Builder {
                inline_max: 1,
                ..*self
            }
            .outputs(run, personal);
        }
        if wrong.is_empty() {
            Ok((outputs, blobs))
        } else {
            Err(wrong)
        }
    }

    fn output(
        &self,
        run: &RunItem,
        item: &OutputItem,
        personal: bool,
    ) -> Result<(Output, PlannedBlobs), Wrong> {
        let mut declaration = declared(item.kind.as_str());
        declaration.insert("name".to_owned(), item.name.value.to_string());
        declaration.insert("run".to_owned(), run.name.value.to_string());
        let making = Making {
            one_artifact: item.kind == OutputKind::Model,
            names: self.names(personal || item.confidential.has("files")),
            rows_of: RowsOf::of(item.row_root, personal, self.committer),
            rows: item.rows.as_ref().map(|rows| rows.value),
            tokens: item.tokens.as_ref().map(|tokens| tokens.value),
            ..self.making(&item.name.value, declaration)
        };
        let counted = item.rows.as_ref().or(item.tokens.as_ref());
        let line = counted.map_or(item.name.line, |count| count.line);
        let (set, blobs) = self.set(&making, line)?;
        let output = Output {
            name: item.name.value.clone(),
            kind: item.kind,
            set,
            inputs: item.inputs.clone(),
        };
        Ok((output, blobs))
    }
}

fn gap(text: &str, digest: Option<Sha256Digest>) -> InputFrom {
    InputFrom::Gap(Gap {
        text: text.to_owned(),
        digest,
    })
}

/// Binds gaps: each binding takes the place of its input's gap.
pub(super) fn bind(predicate: &Predicate, bindings: &[Binding]) -> Predicate {
    let mut predicate = predicate.clone();
    if let Predicate::Run(run) = &mut predicate {
        for binding in bindings {
            if let Some(input) = run.inputs.get_mut(binding.position) {
                input.from = InputFrom::Artifacts(Cites::Inline(binding.cited.artifacts.clone()));
            }
        }
    }
    predicate
}
