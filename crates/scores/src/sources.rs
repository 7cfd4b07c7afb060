//! Which models and lists the scores came with, and whether they may be compared.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::{CompareArgs, List};

/// The pairs of model and list that have come, by number.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    all: Vec<Source>,
    /// The cell of the column `list` that each one came with.
    cells: Vec<String>,
}

#[derive(Debug)]
struct Source {
    model: String,
    /// Nothing in a foreign table.
    list: Option<List>,
}

impl Sources {
    /// The number of a pair; an empty list is none.
    ///
    /// # Errors
    ///
    /// What a list should be, if this is none.
    pub(crate) fn number(&mut self, model: &str, list: &str) -> Result<u32, &'static str> {
        let known = |(source, cell): (&Source, &String)| source.model == model && cell == list;
        // Rows of one source mostly follow one another, and there are few sources.
        if let Some(at) = self.all.iter().zip(&self.cells).rposition(known) {
            return Ok(at as u32);
        }
        let parsed = if list.is_empty() { None } else { Some(list.parse()?) };
        self.all.push(Source { model: model.to_owned(), list: parsed });
        self.cells.push(list.to_owned());
        Ok(self.all.len() as u32 - 1)
    }

    /// What each model is called in the boards: its own name, or all names joined where models are pooled.
    ///
    /// # Errors
    ///
    /// If there are several models, or several lists for one, and nothing was said about it.
    pub(crate) fn names(&self, args: CompareArgs) -> Result<BTreeMap<String, String>> {
        let models: BTreeSet<&str> = self.all.iter().map(|source| &*source.model).collect();
        if !args.by_model && !args.pool {
            one_model(&models)?;
        }
        let joined = models.iter().copied().collect::<Vec<_>>().join(";");
        let name = |model: &&str| {
            (String::from(*model), if args.by_model { String::from(*model) } else { joined.clone() })
        };
        let names: BTreeMap<String, String> = models.iter().map(name).collect();
        if !args.pool {
            self.one_list()?;
        }
        Ok(names)
    }

    fn one_list(&self) -> Result<()> {
        let mut lists: BTreeMap<&str, &List> = BTreeMap::new();
        for Source { model, list } in &self.all {
            let Some(list) = list else { continue };
            let first = lists.entry(model).or_insert(list);
            if *first != list {
                let comma = if model.is_empty() { "" } else { ": " };
                bail!(
                    "{model}{comma}the scores are of two lists of images, {first} and {list}; --pool joins lists \
                     that have no image in common"
                );
            }
        }
        Ok(())
    }

    /// How many items the lists of each model have, by its name in the boards.
    pub(crate) fn lengths(
        &self,
        args: CompareArgs,
        names: &BTreeMap<String, String>,
    ) -> BTreeMap<String, usize> {
        let mut lists: BTreeMap<&str, BTreeSet<&List>> = BTreeMap::new();
        let mut foreign = BTreeSet::new();
        for Source { model, list } in &self.all {
            let name = &*names[model];
            match list {
                Some(list) => lists.entry(name).or_default().insert(list),
                None => foreign.insert(name),
            };
        }
        // Where a part of what is pooled has no list, nobody knows how long the whole is.
        lists.retain(|name, _| !args.pool || !foreign.contains(name));
        let total = |lists: BTreeSet<&List>| lists.into_iter().map(|list| list.length).sum();
        lists.into_iter().map(|(name, lists)| (name.to_owned(), total(lists))).collect()
    }

    /// The pairs of model and list, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().zip(&self.cells).map(|(source, cell)| (&*source.model, &**cell))
    }

    /// Two sources of one item that may not share any, as they are called in messages.
    pub(crate) fn strangers(&self, owners: &[u32]) -> Option<[String; 2]> {
        let pairs = owners.iter().flat_map(|a| owners.iter().map(move |b| (*a, *b)));
        let strangers = pairs.filter(|(a, b)| !self.are_one(*a, *b));
        strangers.map(|(a, b)| [self.label(a), self.label(b)]).min()
    }

    /// Whether two sources may share items: a table without a list is of whatever list its items are in.
    fn are_one(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.all[a as usize], &self.all[b as usize]);
        a.model == b.model && (a.list.is_none() || b.list.is_none() || a.list == b.list)
    }

    fn label(&self, source: u32) -> String {
        let Source { model, list } = &self.all[source as usize];
        list.as_ref().map_or_else(|| format!("`{model}`"), |list| format!("`{model}`, list {list}"))
    }
}

fn one_model(models: &BTreeSet<&str>) -> Result<()> {
    let mut each = models.iter();
    let (Some(first), Some(second)) = (each.next(), each.next()) else { return Ok(()) };
    let more = "--by-model treats each model by itself, --pool joins models that have no image in common";
    match bare_beside_hash(models) {
        Some((bare, whole)) => {
            bail!("`{bare}` and `{whole}` are two models: a name without a hash may have any weights; {more}")
        }
        None => bail!("the scores are of {} models, such as `{first}` and `{second}`; {more}", models.len()),
    }
}

/// A model without a hash, and one of that name, or of any if it has no name either, with one.
fn bare_beside_hash<'a>(models: &BTreeSet<&'a str>) -> Option<(&'a str, &'a str)> {
    let beside = |bare: &'a str| {
        let same =
            |whole: &&&str| whole.split_once('@').is_some_and(|(name, _)| bare.is_empty() || bare == name);
        models.iter().find(same).map(|whole| (bare, *whole))
    };
    models.iter().find_map(|bare| beside(bare))
}
