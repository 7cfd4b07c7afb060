//! Kendall's tau-b by counting, as `correlation::kendall` documents it.

use statrs::function::erf::erfc;

/// tau-b and its two-sided p-value for samples without NaN; NaN twice if either is constant.
pub(crate) fn tau_b(a: &[f64], b: &[f64]) -> (f64, f64) {
    let counts = Counts::new(a, b);
    let tau = tau(counts.all, counts.a.pairs, counts.b.pairs, counts.tied_in_both, counts.discordant);
    (tau, if tau.is_nan() { f64::NAN } else { counts.p_value() })
}

/// tau-b of `all` pairs of observations, of which some are tied in `a`, in `b` or in both and some discordant; NaN if either
/// sample is constant.
pub(crate) fn tau(all: f64, a: f64, b: f64, tied_in_both: f64, discordant: f64) -> f64 {
    if all == a || all == b {
        return f64::NAN;
    }
    (score(all, a, b, tied_in_both, discordant) / ((all - a) * (all - b)).sqrt()).clamp(-1.0, 1.0)
}

/// Concordant pairs less discordant ones.
fn score(all: f64, a: f64, b: f64, tied_in_both: f64, discordant: f64) -> f64 {
    all - a - b + tied_in_both - 2.0 * discordant
}

/// Pairs of observations, by how they compare. Floats, exact up to the ten million observations whose pairs 2^53
/// can count, and close beyond.
struct Counts {
    n: usize,
    all: f64,
    discordant: f64,
    tied_in_both: f64,
    a: Ties,
    b: Ties,
}

impl Counts {
    fn new(a: &[f64], b: &[f64]) -> Self {
        let mut pairs: Vec<(f64, f64)> = a.iter().copied().zip(b.iter().copied()).collect();
        // `partial_cmp` sees -0 and 0 as equal; there is no NaN.
        let compare = |x: &f64, y: &f64| x.partial_cmp(y).expect("a number");
        pairs.sort_unstable_by(|x, y| compare(&x.0, &y.0).then(compare(&x.1, &y.1)));
        let tied_in_both = Ties::new(&pairs, |x, y| x == y).pairs;
        let ties_a = Ties::new(&pairs, |x, y| x.0 == y.0);
        let mut second: Vec<f64> = pairs.into_iter().map(|pair| pair.1).collect();
        let discordant = sort_counting_swaps(&mut second);
        let ties_b = Ties::new(&second, |x, y| x == y);
        Self { n: a.len(), all: pairs_among(a.len()), discordant, tied_in_both, a: ties_a, b: ties_b }
    }

    fn score(&self) -> f64 {
        score(self.all, self.a.pairs, self.b.pairs, self.tied_in_both, self.discordant)
    }

    fn p_value(&self) -> f64 {
        let untied = self.a.pairs == 0.0 && self.b.pairs == 0.0;
        let swaps = self.discordant.min(self.all - self.discordant);
        if untied && (self.n <= 33 || swaps <= 1.0) {
            exact_p(self.n, swaps as usize)
        } else {
            erfc((self.score() / self.variance().sqrt()).abs() / std::f64::consts::SQRT_2)
        }
    }

    /// The variance of the score if all orders are equally likely, given the ties (Kendall, 1970, eq. 4.4).
    fn variance(&self) -> f64 {
        let n = self.n as f64;
        let ordered = n * (n - 1.0);
        (ordered * (2.0 * n + 5.0) - self.a.spread - self.b.spread) / 18.0
            + 2.0 * self.a.pairs * self.b.pairs / ordered
            + self.a.triples * self.b.triples / (9.0 * ordered * (n - 2.0))
    }
}

/// Sums over the groups of equal values, t being the size of a group.
#[derive(Default)]
struct Ties {
    /// t(t - 1) / 2: the tied pairs.
    pairs: f64,
    /// t(t - 1)(t - 2).
    triples: f64,
    /// t(t - 1)(2t + 5).
    spread: f64,
}

impl Ties {
    fn new<T>(sorted: &[T], equal: impl FnMut(&T, &T) -> bool) -> Self {
        let mut ties = Self::default();
        for group in sorted.chunk_by(equal) {
            let t = group.len() as f64;
            ties.pairs += pairs_among(group.len());
            ties.triples += t * (t - 1.0) * (t - 2.0);
            ties.spread += t * (t - 1.0) * (2.0 * t + 5.0);
        }
        ties
    }
}

pub(crate) fn pairs_among(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) / 2.0
}

/// Merge sort from short runs to long ones, returning how many pairs were out of order.
fn sort_counting_swaps(values: &mut Vec<f64>) -> f64 {
    let mut swaps = 0.0;
    let mut merged = Vec::with_capacity(values.len());
    let mut width = 1;
    while width < values.len() {
        for block in values.chunks(2 * width) {
            let (left, right) = block.split_at(width.min(block.len()));
            swaps += merge(left, right, &mut merged);
        }
        std::mem::swap(values, &mut merged);
        merged.clear();
        width *= 2;
    }
    swaps
}

/// Appends two sorted runs to `out` in order, counting for each value on the right those on the left above it.
fn merge(left: &[f64], right: &[f64], out: &mut Vec<f64>) -> f64 {
    let mut swaps = 0.0;
    let mut rest = left;
    for &value in right {
        let smaller = rest.iter().take_while(|&&other| other <= value).count();
        out.extend_from_slice(&rest[..smaller]);
        rest = &rest[smaller..];
        swaps += rest.len() as f64;
        out.push(value);
    }
    out.extend_from_slice(rest);
    swaps
}

/// Twice the share of the n! orders that need at most `swaps` swaps of neighbours, at most 1.
///
/// Inserting the j-th value into an order of the others adds 0 to j - 1 swaps with equal probability.
fn exact_p(n: usize, swaps: usize) -> f64 {
    let mut probability = vec![0.0; swaps + 1];
    probability[0] = 1.0;
    for j in 2..=n {
        probability = (0..=swaps)
            .map(|k| probability[(k + 1).saturating_sub(j)..=k].iter().sum::<f64>() / j as f64)
            .collect();
    }
    (2.0 * probability.iter().sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{exact_p, tau_b};
    use crate::random::generator;

    /// tau-b straight from its definition.
    fn slow(a: &[f64], b: &[f64]) -> f64 {
        let sign = |x: f64, y: f64| if x == y { 0.0 } else { (x - y).signum() };
        let (mut score, mut untied_a, mut untied_b) = (0.0, 0.0, 0.0);
        for i in 0..a.len() {
            for j in 0..i {
                score += sign(a[i], a[j]) * sign(b[i], b[j]);
                untied_a += sign(a[i], a[j]).abs();
                untied_b += sign(b[i], b[j]).abs();
            }
        }
        score / f64::sqrt(untied_a * untied_b)
    }

    #[test]
    fn fast_agrees_with_slow() {
        for n in 2..60 {
            let mut rng = generator(0, &["kendall"], n);
            let mut sample =
                || -> Vec<f64> { (0..n).map(|_| f64::from(rng.random_range(-5..5_i32)) * 0.5).collect() };
            let (a, b) = (sample(), sample());
            let (fast, slow) = (tau_b(&a, &b).0, slow(&a, &b));
            assert!((fast - slow).abs() < 1e-14 || fast.is_nan() && slow.is_nan(), "{n}: {fast} {slow}");
        }
    }

    /// Of the 24 orders of four, 1, 3, 5, 6, 5, 3, 1 need 0 to 6 swaps.
    #[test]
    fn exact_p_counts_orders() {
        for (swaps, share) in [(0, 2.0 / 24.0), (1, 8.0 / 24.0), (2, 18.0 / 24.0), (3, 1.0)] {
            assert!((exact_p(4, swaps) - share).abs() < 1e-15);
        }
    }
}
