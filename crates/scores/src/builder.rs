//! From rows in any order to boards in one order.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, anyhow, bail};
use pipe::{Direction, Score};

use crate::sources::Sources;
use crate::{Board, CompareArgs, Foreign, Item, Sample, Scores, complete};

/// Collects scores, each key stored once.
#[derive(Debug, Default)]
pub struct Builder {
    items: HashMap<Item, u32>,
    columns: HashMap<Key, Vec<Cell>>,
    directions: BTreeMap<String, Direction>,
    sources: Sources,
}

/// A column of scores, before models are joined or kept apart.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    model: String,
    metric: String,
    method: String,
}

/// One score: its item, and the model and list that it came with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) item: u32,
    pub(crate) source: u32,
    value: f64,
}

impl Builder {
    /// Adds a score.
    ///
    /// # Errors
    ///
    /// If its metric has had another direction, or if its list is none.
    pub fn add(&mut self, row: Score) -> Result<()> {
        let Score { image, target, model, method, metric, direction, value, extra, .. } = row;
        match self.directions.get(&metric) {
            Some(known) if *known != direction => {
                bail!("{metric}: the direction is `higher` in some rows and `lower` in others")
            }
            Some(_) => {}
            None => {
                self.directions.insert(metric.clone(), direction);
            }
        }
        let list = extra.get("list").unwrap_or_default();
        let source = self
            .sources
            .number(&model, list)
            .map_err(|wanted| anyhow!("{image}, {method}, {metric}: list `{list}` is not {wanted}"))?;
        let next = self.items.len() as u32;
        let item = *self.items.entry(Item { image, target }).or_insert(next);
        self.columns.entry(Key { model, metric, method }).or_default().push(Cell { item, source, value });
        Ok(())
    }

    /// Sorts everything and checks that it belongs together and is complete.
    ///
    /// # Errors
    ///
    /// If scores of several models or lists meet, if an item has two values, or if rows have vanished, unless `args`
    /// says what to do about it.
    pub fn finish(self, args: CompareArgs, foreign: Foreign) -> Result<Scores> {
        let names = self.sources.names(args)?;
        let (items, places) = sorted(self.items);
        let mut joined: BTreeMap<Key, Vec<Cell>> = BTreeMap::new();
        for (key, mut cells) in self.columns {
            for cell in &mut cells {
                cell.item = places[cell.item as usize];
            }
            joined.entry(Key { model: names[&key.model].clone(), ..key }).or_default().append(&mut cells);
        }
        if args.pool {
            let columns = joined.iter().map(|(key, cells)| (&*key.model, &**cells));
            self.sources.check_disjoint(columns, &items)?;
        }
        let mut scores =
            Scores { boards: boards(joined, &self.directions, &items)?, items, notes: Vec::new() };
        complete::check(&mut scores, &self.sources.lengths(args, &names), args, foreign)?;
        Ok(scores)
    }
}

fn boards(
    columns: BTreeMap<Key, Vec<Cell>>,
    directions: &BTreeMap<String, Direction>,
    items: &[Item],
) -> Result<Vec<Board>> {
    let mut boards: Vec<Board> = Vec::new();
    for (Key { model, metric, method }, cells) in columns {
        let new = boards.last().is_none_or(|board| board.model != model || board.metric != metric);
        if new {
            let direction = directions[&metric];
            boards.push(Board { model, metric, direction, methods: Vec::new() });
        }
        if let Some(board) = boards.last_mut() {
            let sample = sample(method, cells, board, items)?;
            board.methods.push(sample);
        }
    }
    Ok(boards)
}

/// Items in order, and where each number went.
fn sorted(items: HashMap<Item, u32>) -> (Vec<Item>, Vec<u32>) {
    let mut items: Vec<(Item, u32)> = items.into_iter().collect();
    items.sort_unstable();
    let mut places = vec![0; items.len()];
    for (place, (_, number)) in items.iter().enumerate() {
        places[*number as usize] = place as u32;
    }
    (items.into_iter().map(|(item, _)| item).collect(), places)
}

fn sample(method: String, mut cells: Vec<Cell>, board: &Board, items: &[Item]) -> Result<Sample> {
    cells.sort_unstable_by_key(|cell| cell.item);
    if let Some(pair) = cells.windows(2).find(|pair| pair[0].item == pair[1].item) {
        bail!("{board}, {method}: {} has more than one value", items[pair[0].item as usize]);
    }
    let (items, values) = cells.into_iter().map(|cell| (cell.item, cell.value)).unzip();
    Ok(Sample { method, items, values })
}
