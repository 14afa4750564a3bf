//! The canonical form of a policy, which is what its digest is of. It is a policy file itself.

use std::collections::BTreeMap;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::statement::Word;

use super::rule::Demand;
use super::rule::Names;
use super::rule::Policy;
use super::rule::Rule;
use super::rule::Scope;
use super::select::Select;

/// What a policy file begins with.
pub const FORMAT: &str = "policy/v1";

impl Policy {
    /// Returns the canonical bytes: canonical JSON, with the values of every list sorted and each once.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Object::default();
        out.text("herdbook", FORMAT);
        out.text("name", &self.name);
        let rules = self.rules.iter().map(Rule::value).collect();
        out.0.insert("rules".to_owned(), Value::List(rules));
        out.build().encode()
    }

    /// Returns the digest of the canonical bytes.
    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.encode())
    }
}

#[derive(Default)]
struct Object(BTreeMap<String, Value>);

impl Object {
    fn text(&mut self, key: &str, text: &str) {
        self.0.insert(key.to_owned(), Value::from(text));
    }

    fn count(&mut self, key: &str, count: u64) {
        // The reader of policies takes no larger number.
        let number = i64::try_from(count).unwrap_or(crate::canonical::INTEGER_MAX);
        self.0.insert(key.to_owned(), Value::Integer(number));
    }

    fn texts<T: ToString>(&mut self, key: &str, texts: &[T]) {
        let mut texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        texts.dedup();
        if !texts.is_empty() {
            let texts = texts.into_iter().map(|text| Value::from(text.as_str()));
            self.0.insert(key.to_owned(), Value::List(texts.collect()));
        }
    }

    fn words<T: Word + std::fmt::Display>(&mut self, key: &str, words: &[T]) {
        self.texts(key, words);
    }

    fn select(&mut self, key: &str, select: &Select) {
        if !select.is_empty() {
            let mut out = Self::default();
            out.put_select(select);
            self.0.insert(key.to_owned(), out.build());
        }
    }

    fn put_select(&mut self, select: &Select) {
        self.words("acquired_by", &select.acquired_by);
        self.texts("content", &select.content);
        self.texts("holder", &select.holder);
        self.words("made_by", &select.made_by);
        self.texts("name", &select.name);
    }

    fn names(&mut self, names: &Names) {
        self.texts("allow", &names.allow);
        self.texts("forbid", &names.forbid);
    }

    fn scope(&mut self, of: Scope) {
        // What is meant without the word is not written.
        if of == Scope::Stage {
            self.text("of", "stage");
        }
    }

    fn build(self) -> Value {
        Value::Object(self.0)
    }
}

impl Rule {
    fn value(&self) -> Value {
        let mut out = Object::default();
        out.text("id", &self.id);
        out.text("rule", self.demand.kind());
        if let Some(why) = &self.why {
            out.text("why", why);
        }
        match &self.demand {
            Demand::Sources { allow, forbid } => {
                out.select("allow", allow);
                out.select("forbid", forbid);
            }
            Demand::Licences(demand) => {
                out.names(&demand.names);
                if let Some(bound) = demand.use_at_most {
                    out.text("use_at_most", bound.as_str());
                }
                out.words("forbid_terms", &demand.forbid_terms);
                if demand.no_conflict {
                    out.0.insert("no_conflict".to_owned(), Value::Bool(true));
                }
            }
            Demand::Providers(names) => out.names(names),
            Demand::FilterBetween { from, filter, before } => {
                out.select("from", from);
                out.text("filter", filter.as_str());
                out.words("before", before);
            }
            Demand::NoEvaluationData(sets) => out.select("sets", sets),
            Demand::Witnesses { at_least } => out.count("at_least", *at_least),
            Demand::SyntheticShare { at_most, of } => {
                out.text("at_most", at_most.as_str());
                out.scope(*of);
            }
            Demand::Generations { at_most, of } => {
                out.count("at_most", *at_most);
                out.scope(*of);
            }
            Demand::EffectiveSources { at_least, of } => {
                out.text("at_least", at_least.as_str());
                out.scope(*of);
            }
            Demand::VouchedSources
            | Demand::InputsComplete
            | Demand::DeclaredBeforeTrained
            | Demand::NoSelfConsumption => {}
        }
        out.build()
    }
}
