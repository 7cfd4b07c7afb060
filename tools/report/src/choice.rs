//! Which images are shown where not all of them fit, and in which order they are chosen.

use pipe::Direction;
use rand::Rng;
use stats::random::generator;
use stats::summary::mean;

use crate::items::Items;
use crate::scored::{Scored, value};

/// The order in which images are chosen.
#[derive(Debug)]
pub struct Choice {
    /// Places of items that have a map, the first to be shown first.
    pub order: Vec<usize>,
    /// The rule in words.
    pub rule: String,
}

/// What the scores of the methods on one image come to by one metric.
struct Level {
    item: usize,
    mean: f64,
    spread: f64,
}

/// Of eight images two are those where the methods disagree most, one the best, one the worst by the first metric, and four are drawn,
/// whatever their number is in the end; each that is chosen already makes room for the next of its kind.
pub fn choose(items: &Items, scored: Option<&Scored>, seed: u64) -> Choice {
    let shown: Vec<usize> =
        (0..items.all.len()).filter(|at| items.all[*at].rows.iter().any(Option::is_some)).collect();
    let drawn = drawn(items, &shown, seed);
    let first = scored.and_then(|scored| Some((scored, scored.metrics.first()?)));
    let Some((scored, (metric, direction))) = first else {
        return Choice { order: drawn, rule: format!("drawn at random (seed {seed})") };
    };
    let levels = levels(items, scored, metric, &shown);
    let by = |key: fn(&Level) -> f64| {
        let mut sorted: Vec<&Level> = levels.iter().filter(|level| key(level).is_finite()).collect();
        sorted.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.item.cmp(&b.item)));
        sorted.iter().map(|level| level.item).collect::<Vec<_>>()
    };
    let (disagreed, highest, lowest) =
        (by(|level| level.spread), by(|level| level.mean), by(|level| -level.mean));
    let (best, worst) = if *direction == Direction::Higher { (highest, lowest) } else { (lowest, highest) };
    let rule = format!(
        "a quarter where the methods disagree most by {metric} (the standard deviation over the methods), an eighth with the best and \
         an eighth with the worst mean of {metric}, the other half drawn at random (seed {seed})"
    );
    let lists = [&disagreed, &disagreed, &best, &worst, &drawn, &drawn, &drawn, &drawn];
    Choice { order: dealt(lists, items.all.len(), shown.len()), rule }
}

/// In an order that depends on their names and the seed alone.
fn drawn(items: &Items, shown: &[usize], seed: u64) -> Vec<usize> {
    let number = |at: &usize| {
        let item = &items.all[*at];
        let target = item.target.map(|target| target.to_string()).unwrap_or_default();
        generator(seed, &["report", &item.image, &target], 0).next_u64()
    };
    let mut drawn = shown.to_vec();
    drawn.sort_by_cached_key(|at| (number(at), *at));
    drawn
}

fn levels(items: &Items, scored: &Scored, metric: &str, shown: &[usize]) -> Vec<Level> {
    let samples: Vec<_> = items
        .series
        .iter()
        .filter_map(|series| scored.sample(metric, &series.model, &series.method))
        .collect();
    let level = |item: &usize| {
        let of = &items.all[*item];
        let place = scored.place(&of.image, of.target)?;
        let values: Vec<f64> =
            samples.iter().map(|sample| value(sample, place)).filter(|value| value.is_finite()).collect();
        let middle = mean(&values);
        let squares: Vec<f64> = values.iter().map(|value| (value - middle).powi(2)).collect();
        (!values.is_empty()).then(|| Level { item: *item, mean: middle, spread: mean(&squares).sqrt() })
    };
    shown.iter().filter_map(level).collect()
}

/// One after another from each list, none twice.
fn dealt(lists: [&Vec<usize>; 8], all: usize, wanted: usize) -> Vec<usize> {
    let (mut taken, mut order, mut next) = (vec![false; all], Vec::with_capacity(wanted), [0; 8]);
    while order.len() < wanted {
        let before = order.len();
        for (at, list) in lists.iter().enumerate() {
            let free = list[next[at]..].iter().position(|item| !taken[*item]);
            next[at] = free.map_or(list.len(), |free| next[at] + free + 1);
            if free.is_some() {
                let item = list[next[at] - 1];
                taken[item] = true;
                order.push(item);
            }
        }
        if order.len() == before {
            break;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::dealt;

    #[test]
    fn every_image_is_dealt_once_by_the_rule() {
        let up: Vec<usize> = (0..40).collect();
        let down: Vec<usize> = (0..40).rev().collect();
        let drawn: Vec<usize> = (0..40).map(|at| at * 7 % 40).collect();
        let order = dealt([&up, &up, &down, &up, &drawn, &drawn, &drawn, &drawn], 40, 40);
        assert_eq!(order[..8], [0, 1, 39, 2, 7, 14, 21, 28]);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, up);
    }
}
