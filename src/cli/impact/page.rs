//! Which part of an impact is told.

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::ledger::View;
use crate::query::GROUPS;
use crate::query::Impact;
use crate::query::Reached;
use crate::query::Via;
use crate::query::group;
use crate::verify::PathStep;

/// The most items of one page.
const PAGE_SIZE_MAX: u64 = 10_000;

/// The most steps that the paths of one page have together; of a path beyond that the ends are told.
pub const STEPS_MAX: usize = 1 << 20;

/// Which page.
#[derive(Debug, Clone, clap::Args)]
pub struct Paging {
    /// Which page of what is reached, counted from 1; the counts are always those of all pages
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    page: u64,
    /// How many items a page has
    #[arg(long, value_name = "N", default_value_t = Paging::SIZE, value_parser = clap::value_parser!(u64).range(1..=PAGE_SIZE_MAX))]
    page_size: u64,
}

impl Paging {
    const SIZE: u64 = 100;

    /// The first page.
    pub const fn first() -> Self {
        Self {
            page: 1,
            page_size: Self::SIZE,
        }
    }
}

/// One item with the ways to it, as told.
#[derive(Debug)]
pub struct Told<'a> {
    /// The item.
    pub one: &'a Reached,
    /// Each way in which it is reached, with the shortest path.
    pub ways: Vec<(Via, Vec<PathStep>)>,
}

impl<'a> Told<'a> {
    /// Finds the ways to an item; `left` steps are told at most, and taken off it.
    pub fn of(view: &View<'_>, found: &Impact, one: &'a Reached, left: &mut usize) -> Result<Self, Error> {
        let mut ways = Vec::new();
        for via in &one.vias {
            ways.push((*via, found.path(view, one, *via, left)?));
        }
        Ok(Self { one, ways })
    }

    /// Returns the path of the first way.
    pub fn path(&self) -> &[PathStep] {
        self.ways
            .first()
            .map(|(_, path)| path.as_slice())
            .unwrap_or_default()
    }
}

/// How many items of one group there are, each counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Group {
    /// Its word.
    pub word: &'static str,
    /// Signed by the key that was asked about.
    pub key: usize,
    /// Reached by mass and in no other way.
    pub mass: usize,
    /// Reached by conditioning and in no other way.
    pub conditioning: usize,
    /// Reached by mass and by conditioning.
    pub both: usize,
}

impl Group {
    /// Returns how many there are together.
    pub fn total(&self) -> usize {
        self.key + self.mass + self.conditioning + self.both
    }
}

/// One page, and the counts of all.
#[derive(Debug)]
pub struct Page<'a> {
    /// What is told.
    pub items: Vec<Told<'a>>,
    /// The groups that have items, in their order.
    pub groups: Vec<Group>,
    /// Whether only released models count.
    pub only_released: bool,
    /// Which page this is, from 1.
    pub number: u64,
    /// How many items a page has.
    pub size: u64,
    released: Vec<&'a str>,
}

impl<'a> Page<'a> {
    /// Finds what stands on a page. One beyond the last is an error.
    pub fn of(
        view: &View<'_>,
        found: &'a Impact,
        only_released: bool,
        paging: &Paging,
    ) -> Result<Self, Error> {
        let wanted: Vec<&Reached> = (found.reached.iter())
            .filter(|one| !only_released || one.is_released_model())
            .collect();
        let mut page = Self {
            items: Vec::new(),
            groups: groups(&wanted),
            only_released,
            number: paging.page,
            size: paging.page_size,
            released: (wanted.iter())
                .filter(|one| one.is_released_model())
                .map(|one| one.node.as_str())
                .collect(),
        };
        if page.number > page.pages() {
            return Err(Error::new(
                Exit::Usage,
                format!("there is no page {}: there are {}", page.number, page.pages()),
            )
            .code(ErrorCode::OptionInvalid)
            .hint("pages are counted from 1; --page-size says how many items each has"));
        }
        let size = usize::try_from(paging.page_size).unwrap_or(usize::MAX);
        let before = usize::try_from(paging.page - 1)
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        let mut left = STEPS_MAX;
        for one in wanted.into_iter().skip(before).take(size) {
            page.items.push(Told::of(view, found, one, &mut left)?);
        }
        Ok(page)
    }

    /// Returns how many items are on all pages.
    pub fn total(&self) -> usize {
        self.groups.iter().map(Group::total).sum()
    }

    /// Returns how many pages there are, one at least.
    pub fn pages(&self) -> u64 {
        (self.total() as u64).div_ceil(self.size.max(1)).max(1)
    }

    /// Returns the released models on all pages, as `NAME@<entry>`.
    pub fn released(&self) -> &[&'a str] {
        &self.released
    }

    /// Returns how many models are on all pages.
    pub fn models(&self) -> usize {
        let of_models = |group: &&Group| matches!(group.word, "released_model" | "model");
        self.groups.iter().filter(of_models).map(Group::total).sum()
    }

    /// Says that there is more.
    pub fn note(&self) -> Option<String> {
        let pages = self.pages();
        if pages == 1 {
            return None;
        }
        let next = if self.number < pages {
            format!(": --page {} goes on", self.number + 1)
        } else {
            String::new()
        };
        Some(format!(
            "Page {} of {pages}, {} of {} items{next}; --page-size changes how many a page has.",
            self.number,
            self.items.len(),
            self.total()
        ))
    }
}

fn groups(all: &[&Reached]) -> Vec<Group> {
    let mut groups: Vec<Group> = GROUPS
        .into_iter()
        .map(|word| Group {
            word,
            ..Group::default()
        })
        .collect();
    for one in all {
        let word = group(one);
        let Some(group) = groups.iter_mut().find(|group| group.word == word) else {
            continue;
        };
        let has = |via| one.vias.contains(&via);
        match (has(Via::Key), has(Via::Mass), has(Via::Conditioning)) {
            (true, ..) => group.key += 1,
            (false, true, true) => group.both += 1,
            (false, true, false) => group.mass += 1,
            (false, false, _) => group.conditioning += 1,
        }
    }
    groups.retain(|group| group.total() > 0);
    groups
}
