//! From the columns of all tables to boards.

use std::collections::BTreeMap;
use std::mem::take;

use anyhow::{Result, bail};

use crate::part::{ColumnOf, Part};
use crate::{Board, Item, Sample};

/// Where a cell belongs, sorted by model, then by item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Among the names that models have in the boards.
    pub(crate) model: u32,
    /// Among all items.
    pub(crate) item: u32,
}

/// The boards of all models; `places` are those of each part's units. Columns are given up one by one, so that the scores are not in
/// memory twice.
pub(crate) fn boards(
    parts: Vec<Part>,
    places: &[Vec<Place>],
    models: &[&str],
    items: &[Item],
) -> Result<Vec<Board>> {
    let mut boards: BTreeMap<(&str, String), Board> = BTreeMap::new();
    let files: Vec<String> = parts.iter().map(|part| part.file.clone()).collect();
    for ((metric, method), columns) in by_name(parts) {
        let direction = columns[0].1.direction;
        for cells in gather(&columns, places).chunk_by(|a, b| a.0.model == b.0.model) {
            let model = models[cells[0].0.model as usize];
            let new =
                || Board { model: model.to_owned(), metric: metric.clone(), direction, methods: Vec::new() };
            let board = boards.entry((model, metric.clone())).or_insert_with(new);
            if let Some(pair) = cells.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let (place, files) = (pair[0].0, files_with(pair[0].0, &columns, places, &files));
                bail!("{files}: {board}, {method}: {} has more than one value", items[place.item as usize]);
            }
            board.push(sample(&method, cells));
        }
    }
    Ok(boards.into_values().collect())
}

/// The columns of all parts by metric and method, each with its part.
fn by_name(parts: Vec<Part>) -> BTreeMap<(String, String), Vec<(usize, ColumnOf)>> {
    let mut columns: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (part, of) in parts.into_iter().enumerate() {
        for mut column in of.columns {
            let key = (take(&mut column.metric), take(&mut column.method));
            columns.entry(key).or_default().push((part, column));
        }
    }
    columns
}

/// The cells of some columns, sorted.
fn gather(columns: &[(usize, ColumnOf)], places: &[Vec<Place>]) -> Vec<(Place, f64)> {
    let mut all = Vec::new();
    for (part, column) in columns {
        all.extend(column.cells.iter().map(|(unit, value)| (places[*part][unit as usize], value)));
    }
    if !all.is_sorted_by_key(|(place, _)| *place) {
        all.sort_unstable_by_key(|(place, _)| *place);
    }
    all
}

fn sample(method: &str, cells: &[(Place, f64)]) -> Sample {
    let items: Vec<u32> = cells.iter().map(|(place, _)| place.item).collect();
    let values = cells.iter().map(|(_, value)| *value).collect();
    Sample { method: method.to_owned(), items: items.into(), values }
}

/// The names of the tables that have a cell at a place.
fn files_with(
    place: Place,
    columns: &[(usize, ColumnOf)],
    places: &[Vec<Place>],
    files: &[String],
) -> String {
    let has = |(part, column): &&(usize, ColumnOf)| {
        column.cells.iter().any(|(unit, _)| places[*part][unit as usize] == place)
    };
    let mut names: Vec<&str> = columns.iter().filter(has).map(|(part, _)| &*files[*part]).collect();
    names.dedup();
    names.join(" and ")
}
