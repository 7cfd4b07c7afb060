//! From the parts that the tables are to boards in one order, whatever the order of the tables and of their rows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result, bail};
use pipe::Direction;

use crate::boards::{Place, boards};
use crate::part::{ColumnOf, Part, Unit};
use crate::sources::Sources;
use crate::{CompareArgs, Foreign, Item, Scores, complete};

/// Joins tables, and checks that everything belongs together and is complete.
///
/// # Errors
///
/// If scores of several models or lists meet, if an item has two values, or if rows have vanished, unless `args` says what to
/// do about it.
pub(crate) fn join(mut parts: Vec<Part>, args: CompareArgs, foreign: Foreign) -> Result<Scores> {
    check_directions(&parts)?;
    let sources = join_sources(&mut parts)?;
    let names = sources.names(args)?;
    let (items, numbers) = align(&parts);
    if args.pool {
        check_disjoint(&parts, &numbers, &sources, &items)?;
    }
    let models: BTreeSet<&str> = names.values().map(String::as_str).collect();
    let models: Vec<&str> = models.into_iter().collect();
    let model = |(model, _): (&str, &str)| models.iter().position(|name| *name == names[model]);
    let model_of: Vec<u32> = sources.iter().map(|source| model(source).unwrap_or_default() as u32).collect();
    let place = |(unit, item): (&Unit, u32)| Place { model: model_of[unit.source as usize], item };
    let places = |(part, items): (&Part, Vec<u32>)| part.units.iter().zip(items).map(place).collect();
    let places: Vec<Vec<Place>> = parts.iter().zip(numbers).map(places).collect();
    let mut scores = Scores { boards: boards(parts, &places, &models, &items)?, items, notes: Vec::new() };
    complete::check(&mut scores, &sources.lengths(args, &names), args, foreign)?;
    Ok(scores)
}

/// Checks that a metric points one way.
fn check_directions(parts: &[Part]) -> Result<()> {
    let mut known: BTreeMap<&str, (Direction, &str, u64)> = BTreeMap::new();
    for Part { file, columns, .. } in parts {
        for ColumnOf { metric, direction, line, .. } in columns {
            let (first, first_file, first_line) = known.entry(metric).or_insert((*direction, file, *line));
            if first != direction {
                bail!(
                    "{file}, line {line}: the direction of {metric} is `{direction}`, but `{first}` in {first_file}, \
                     line {first_line}"
                );
            }
        }
    }
    Ok(())
}

/// The sources of all parts, whose units then have the numbers of these.
fn join_sources(parts: &mut [Part]) -> Result<Sources> {
    let mut all = Sources::default();
    for part in parts {
        let number = |(model, list)| all.number(model, list).map_err(Error::msg);
        let numbers: Vec<u32> = part.sources.iter().map(number).collect::<Result<_>>()?;
        part.units.iter_mut().for_each(|unit| unit.source = numbers[unit.source as usize]);
    }
    Ok(all)
}

/// The items of all parts, sorted, and where among them each unit of each part is.
fn align(parts: &[Part]) -> (Vec<Item>, Vec<Vec<u32>>) {
    let mut units: Vec<(&[u8], Option<usize>, u32, u32)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let of_part = part.units.iter().enumerate();
        units.extend(of_part.map(|(unit, of)| (part.image(unit), of.target, at as u32, unit as u32)));
    }
    units.sort_unstable();
    let mut items: Vec<Item> = Vec::new();
    let mut numbers: Vec<Vec<u32>> = parts.iter().map(|part| vec![0; part.units.len()]).collect();
    for (image, target, part, unit) in units {
        if items.last().is_none_or(|item| item.image.as_bytes() != image || item.target != target) {
            items.push(Item { image: String::from_utf8_lossy(image).into_owned(), target });
        }
        numbers[part as usize][unit as usize] = items.len() as u32 - 1;
    }
    (items, numbers)
}

/// Checks that what is pooled has no item in common.
fn check_disjoint(parts: &[Part], numbers: &[Vec<u32>], sources: &Sources, items: &[Item]) -> Result<()> {
    let mut owners: Vec<(u32, u32)> = Vec::new();
    for (part, numbers) in parts.iter().zip(numbers) {
        owners.extend(numbers.iter().copied().zip(part.units.iter().map(|unit| unit.source)));
    }
    owners.sort_unstable();
    owners.dedup();
    for owners in owners.chunk_by(|a, b| a.0 == b.0) {
        let item = &items[owners[0].0 as usize];
        let owners: Vec<u32> = owners.iter().map(|(_, source)| *source).collect();
        if let Some([a, b]) = sources.strangers(&owners) {
            bail!("{item} is scored both for {a} and for {b}: these cannot be pooled");
        }
    }
    Ok(())
}
