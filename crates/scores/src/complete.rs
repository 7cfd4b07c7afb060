//! What has vanished on the way: a lost shard, a stage that was killed, a `head` in between.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::{Board, CompareArgs, Foreign, Incomplete, Item, Scores};

/// Checks that every method has every item by every metric, or reduces the boards to what all methods have; not where methods
/// are compared two by two.
///
/// `lengths` is how many items each model's lists have; of a model without a list nobody knows.
pub(crate) fn check(
    scores: &mut Scores,
    lengths: &BTreeMap<String, usize>,
    args: CompareArgs,
    foreign: Foreign,
) -> Result<()> {
    lengths.iter().try_for_each(|(model, length)| check_items(scores, model, *length))?;
    let losses = Losses::count(scores, lengths, foreign)?;
    let Some(first) = losses.first else { return Ok(()) };
    if args.incomplete != Some(Incomplete::Drop) {
        bail!(
            "{first}; in all {} of {} rows have vanished; --incomplete drop compares on what all methods have",
            losses.missing,
            losses.expected
        );
    }
    scores.notes.push(format!("{} of {} rows have vanished", losses.missing, losses.expected));
    scores.notes.extend(losses.absent);
    if args.by_pair {
        return Ok(());
    }
    let items = scores.items.len();
    for board in &mut scores.boards {
        let expected = lengths.get(&board.model).copied();
        scores.notes.extend(reduce(board, items, expected)?);
    }
    Ok(())
}

/// Checks that the rows of a model, over all methods and metrics, are of no more items than its lists have: numbers alone do not
/// tell when a row has the image of another one.
fn check_items(scores: &Scores, model: &str, length: usize) -> Result<()> {
    let mut counts = vec![0; scores.items.len()];
    for board in scores.boards.iter().filter(|board| board.model == model) {
        counts.iter_mut().zip(board.coverage(scores.items.len())).for_each(|(sum, count)| *sum += count);
    }
    let found = counts.iter().filter(|count| **count > 0).count();
    if found <= length {
        return Ok(());
    }
    let rarest =
        counts.iter().zip(&scores.items).filter(|(count, _)| **count > 0).min_by_key(|(count, _)| **count);
    let example = rarest.map_or_else(String::new, |(_, item)| format!(", such as {item}"));
    bail!("{model}: the rows are of {found} images with their classes, where the list has {length}{example}");
}

/// The rows that are missing.
#[derive(Default)]
struct Losses {
    missing: usize,
    expected: usize,
    first: Option<String>,
    /// Methods that a metric has not scored at all.
    absent: Vec<String>,
}

impl Losses {
    fn count(scores: &Scores, lengths: &BTreeMap<String, usize>, foreign: Foreign) -> Result<Self> {
        let mut losses = Self::default();
        let methods = methods(&scores.boards);
        for board in &scores.boards {
            let counts = board.coverage(scores.items.len());
            let union = counts.iter().filter(|count| **count > 0).count();
            let expected = match (lengths.get(&board.model), foreign) {
                (Some(length), _) => *length,
                (None, Foreign::SameItems) => union,
                (None, Foreign::AnyItems) => continue,
            };
            losses.add_board(board, expected, |sample| first_missing(&counts, sample, &scores.items))?;
            if lengths.contains_key(&board.model) {
                losses.add_absent(board, &methods[&*board.model], expected);
            }
        }
        Ok(losses)
    }

    fn add_board(
        &mut self,
        board: &Board,
        expected: usize,
        first: impl Fn(&[u32]) -> Option<String>,
    ) -> Result<()> {
        for sample in &board.methods {
            let found = sample.items.len();
            if found > expected {
                bail!("{board}, {}: {found} rows, where the list has {expected} images", sample.method);
            }
            self.add(expected - found, expected, || {
                let first = first(&sample.items).map_or_else(String::new, |item| format!(", first {item}"));
                format!(
                    "{board}, {}: {} of {expected} images have no row{first}",
                    sample.method,
                    expected - found
                )
            });
        }
        Ok(())
    }

    fn add_absent(&mut self, board: &Board, methods: &BTreeSet<String>, expected: usize) {
        for method in methods {
            if board.methods.iter().all(|sample| sample.method != *method) {
                let text = format!("{board}, {method}: {expected} of {expected} images have no row");
                self.add(expected, expected, || text.clone());
                self.absent.push(text);
            }
        }
    }

    fn add(&mut self, missing: usize, expected: usize, text: impl Fn() -> String) {
        self.missing += missing;
        self.expected += expected;
        if missing > 0 {
            self.first.get_or_insert_with(text);
        }
    }
}

/// The methods of each model.
fn methods(boards: &[Board]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut methods: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for board in boards {
        let names = board.methods.iter().map(|sample| sample.method.clone());
        methods.entry(&board.model).or_default().extend(names);
    }
    methods
}

/// The first item that another method has and this one has not.
fn first_missing(counts: &[usize], has: &[u32], items: &[Item]) -> Option<String> {
    let mut has = has.iter().copied().peekable();
    let missing = |item: &u32| has.next_if_eq(item).is_none() && counts[*item as usize] > 0;
    (0..counts.len() as u32).find(missing).map(|item| items[item as usize].to_string())
}

/// Leaves the items that all methods have; what to say about it.
fn reduce(board: &mut Board, items: usize, expected: Option<usize>) -> Result<Option<String>> {
    let counts = board.coverage(items);
    let all = board.methods.len();
    let common = counts.iter().filter(|count| **count == all).count();
    let any = expected.unwrap_or_else(|| counts.iter().filter(|count| **count > 0).count());
    if common == any {
        return Ok(None);
    }
    if common == 0 {
        bail!("{board}: no image has a row from every method");
    }
    let common_to_all = |item: u32| counts[item as usize] == all;
    *board = board.on(common_to_all);
    Ok(Some(format!("{board}: compared on the {common} of {any} images with a row from every method")))
}
