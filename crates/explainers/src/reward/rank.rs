//! Which of several maps is the best, by one metric or by the sum of ranks.

use super::{Reward, Scores};

/// How many of some values are worse than this one, equal ones counted by half; what has no value is worse than what has one,
/// and equal to its like.
fn worse(value: Option<f64>, others: impl Iterator<Item = Option<f64>>) -> f64 {
    let half = |other: Option<f64>| match (value, other) {
        (Some(value), Some(other)) if value == other => 0.5,
        (Some(value), Some(other)) => f64::from(u8::from(other < value)),
        (Some(_), None) => 1.0,
        (None, Some(_)) => 0.0,
        (None, None) => 0.5,
    };
    others.map(half).sum()
}

/// How good each map is by one of the metrics.
fn goodness(reward: &Reward, term: usize, scores: &Scores) -> Option<f64> {
    scores[term].as_ref().ok().map(|&value| reward.terms[term].0.goodness(value))
}

/// The best of some maps: the one with the highest sum of ranks among them, the first of equals. Nothing if none has a value by any
/// metric.
pub(crate) fn best(reward: &Reward, scores: &[Scores]) -> Option<usize> {
    let rank = |map: &Scores| -> f64 {
        let term = |(term, (_, weight)): (usize, &(_, f64))| {
            weight
                * worse(goodness(reward, term, map), scores.iter().map(|other| goodness(reward, term, other)))
        };
        reward.terms.iter().enumerate().map(term).sum()
    };
    let has_value = |map: &Scores| map.iter().any(Result::is_ok);
    let mut found: Option<(usize, f64)> = None;
    for (at, map) in scores.iter().enumerate().filter(|(_, map)| has_value(map)) {
        let rank = rank(map);
        if found.is_none_or(|(_, most)| rank > most) {
            found = Some((at, rank));
        }
    }
    found.map(|(at, _)| at)
}

/// The share of earlier maps that are worse than this one, equal ones counted by half: the mean over the metrics, by their weights; a half
/// if there are none.
pub(crate) fn share(reward: &Reward, map: &Scores, earlier: &[Scores]) -> f64 {
    if earlier.is_empty() {
        return 0.5;
    }
    let term = |(term, (_, weight)): (usize, &(_, f64))| {
        weight * worse(goodness(reward, term, map), earlier.iter().map(|other| goodness(reward, term, other)))
    };
    let sum: f64 = reward.terms.iter().enumerate().map(term).sum();
    let weights: f64 = reward.terms.iter().map(|(_, weight)| weight).sum();
    sum / weights / earlier.len() as f64
}

#[cfg(test)]
mod tests {
    use spec::Reader;

    use super::*;

    fn reward(metric: &str) -> Reward {
        Reward::take(&mut Reader::new(&format!("best:metric={metric}")).unwrap()).unwrap()
    }

    fn scores(values: &[&[f64]]) -> Vec<Scores> {
        let score = |&value: &f64| if value.is_nan() { Err("none".to_owned()) } else { Ok(value) };
        values.iter().map(|map| map.iter().map(score).collect()).collect()
    }

    const NAN: f64 = f64::NAN;

    #[test]
    fn the_best_follows_the_direction_and_is_the_first_of_equals() {
        let best = |metric: &str, values: &[&[f64]]| best(&reward(metric), &scores(values));
        assert_eq!(best("pos", &[&[3.0], &[1.0], &[2.0], &[1.0]]), Some(1));
        assert_eq!(best("neg", &[&[3.0], &[1.0], &[3.0]]), Some(0));
        assert_eq!(best("pos", &[&[5.0], &[5.0], &[5.0]]), Some(0));
        assert_eq!(best("pos", &[&[NAN], &[90.0]]), Some(1));
        assert_eq!(best("pos", &[&[NAN], &[NAN]]), None);
        assert_eq!(best("pos", &[]), None);
    }

    /// Ranks by POS (lower is better) 2, 1, 0, and by NEG (higher) 0, 1.5, 1.5, with halves for the map itself.
    #[test]
    fn weighted_ranks_are_added() {
        let best = |metric: &str, values: &[&[f64]]| best(&reward(metric), &scores(values));
        let values: &[&[f64]] = &[&[1.0, 10.0], &[2.0, 20.0], &[3.0, 20.0]];
        assert_eq!(best("(pos)+(neg)", values), Some(1));
        assert_eq!(best("(pos)*2+(neg)", values), Some(0));
        assert_eq!(best("(pos)+(neg)*9", values), Some(1));
        // Without a value by one of them, a map is the last by that one.
        assert_eq!(best("(pos)+(neg)", &[&[1.0, NAN], &[2.0, 20.0]]), Some(0));
        assert_eq!(best("(pos)+(neg)*2", &[&[1.0, NAN], &[2.0, 20.0]]), Some(1));
    }

    #[test]
    fn the_share_counts_ties_by_half_and_nothing_as_a_half() {
        let share = |metric: &str, map: &[f64], earlier: &[&[f64]]| {
            share(&reward(metric), &scores(&[map])[0], &scores(earlier))
        };
        assert_eq!(share("pos", &[1.0], &[]), 0.5);
        assert_eq!(share("pos", &[2.0], &[&[1.0], &[2.0], &[3.0], &[4.0]]), 2.5 / 4.0);
        assert_eq!(share("neg", &[2.0], &[&[1.0], &[2.0], &[3.0], &[4.0]]), 1.5 / 4.0);
        assert_eq!(share("pos", &[NAN], &[&[1.0], &[NAN]]), 0.25);
        assert_eq!(share("(pos)*3+(neg)", &[2.0, 2.0], &[&[1.0, 1.0], &[3.0, 1.0]]), (3.0 * 0.5 + 1.0) / 4.0);
    }
}
