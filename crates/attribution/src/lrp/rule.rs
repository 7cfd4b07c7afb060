//! The rules of layer-wise relevance propagation for convolutions and linear layers (Bach et al. 2015; Montavon
//! et al., "Layer-Wise Relevance Propagation: An Overview", 2019, table 10.1).
//!
//! Every rule has the form `R_in = sum_k x_k * W_k^T (R / sum_k W_k x_k)`, with changed weights `W_k` and
//! inputs `x_k`. Two networks of one graph, whose weights are `W_k`, give both factors: one runs forward, and its gradient is
//! the transposed product.

use models::network::walk::{Step, Tracked};
use models::{Network, Tensor, Value};

use super::modified::ModifiedWeights;
use super::variant::{Variant, negative, positive};

/// How a convolution or a linear layer hands relevance back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// LRP-epsilon: every contribution `w x` in proportion; epsilon is added to the denominator with its sign.
    Epsilon(f64),
    /// LRP-gamma in its form for inputs of both signs: contributions of the output's own sign count `1 + gamma`.
    Gamma(f64),
    /// Positive contributions times alpha less negative ones times beta, each in proportion to its own sum.
    AlphaBeta(f64, f64),
    /// Positive contributions in proportion, biases left out; the number is added to the denominator.
    PositivePart(f64),
    /// Positive inputs times positive weights in proportion, biases left out.
    Excitation,
    /// Inputs do not matter, squared weights do.
    WSquare,
    /// Inputs and weights do not matter, biases are left out.
    Flat,
    /// For pixels between two bounds: `w x - w+ low - w- high`.
    ZBox,
    /// Alpha 1, beta 0 as in the code of the Coherency study: no biases, and positive and negative inputs each
    /// have a denominator of their own.
    Apart,
}

/// Keeps denominators away from zero.
const STABILISER: f64 = 1e-6;

/// Bounds of the normalised input, for the z-box rule.
pub(crate) struct Bounds {
    pub(crate) low: Value,
    pub(crate) high: Value,
}

impl Rule {
    /// The changed weights that [`Rule::apply`] takes.
    pub(super) fn variants(self) -> Vec<Variant> {
        match self {
            Self::Epsilon(_) => Vec::new(),
            Self::Gamma(factor) => gamma_variants(factor).to_vec(),
            Self::AlphaBeta(_, beta) => {
                let own = [Variant::Positive, Variant::NegativeOnly];
                let against = [Variant::Negative, Variant::PositiveOnly];
                own.into_iter().chain(against.into_iter().filter(|_| beta != 0.0)).collect()
            }
            Self::PositivePart(_) | Self::Apart => vec![Variant::PositiveOnly, Variant::NegativeOnly],
            Self::Excitation => vec![Variant::PositiveOnly],
            Self::WSquare => vec![Variant::Square],
            Self::Flat => vec![Variant::Ones],
            Self::ZBox => vec![Variant::Positive, Variant::Negative],
        }
    }

    /// The relevance of the first input.
    pub(crate) fn apply(
        self,
        step: &Step<'_>,
        modified: &ModifiedWeights,
        bounds: &Bounds,
        arrived: &Value,
    ) -> Value {
        let x = &step.inputs[0];
        // A product with a positive weight has the sign of the input: with inputs split by sign, positive contributions are
        // positive parts times positive weights and negative parts times negative ones. Of a bias there is one, so only
        // one of the two networks may have it.
        let (above, below) = (x.clone().map(positive), x.clone().map(negative));
        match self {
            Self::Epsilon(epsilon) => shared(step, &[(x.clone(), step.network)], arrived, epsilon),
            Self::AlphaBeta(alpha, beta) => {
                let own = [
                    (above.clone(), modified.get(Variant::Positive)),
                    (below.clone(), modified.get(Variant::NegativeOnly)),
                ];
                let own = shared(step, &own, arrived, STABILISER).map(|r| r * alpha);
                if beta == 0.0 {
                    return own;
                }
                let against =
                    [(above, modified.get(Variant::Negative)), (below, modified.get(Variant::PositiveOnly))];
                let against = shared(step, &against, arrived, STABILISER).map(|r| r * beta);
                own.zip(against, |own, against| own - against)
            }
            Self::Apart => {
                let own = shared(step, &[(above, modified.get(Variant::PositiveOnly))], arrived, 0.0);
                let other = shared(step, &[(below, modified.get(Variant::NegativeOnly))], arrived, 0.0);
                own.zip(other, |own, other| own + other)
            }
            Self::Excitation => {
                shared(step, &[(above, modified.get(Variant::PositiveOnly))], arrived, STABILISER)
            }
            Self::PositivePart(epsilon) => {
                let parts = [
                    (above, modified.get(Variant::PositiveOnly)),
                    (below, modified.get(Variant::NegativeOnly)),
                ];
                shared(step, &parts, arrived, epsilon)
            }
            Self::Gamma(factor) => gamma(step, modified, factor, arrived, above, below),
            Self::WSquare => shared(
                step,
                &[(x.clone().map(|x| x.ones_like()), modified.get(Variant::Square))],
                arrived,
                STABILISER,
            ),
            Self::Flat => shared(
                step,
                &[(x.clone().map(|x| x.ones_like()), modified.get(Variant::Ones))],
                arrived,
                STABILISER,
            ),
            Self::ZBox => {
                let like = |bound: &Value| bound.clone().expand_like(x);
                let parts = [
                    (x.clone(), step.network, 1.0),
                    (like(&bounds.low), modified.get(Variant::Positive), -1.0),
                    (like(&bounds.high), modified.get(Variant::Negative), -1.0),
                ];
                weighted(step, &parts, arrived, STABILISER)
            }
        }
    }
}

/// `sum_k x_k * W_k^T (R / sum_k W_k x_k)`.
fn shared(step: &Step<'_>, parts: &[(Value, &Network)], arrived: &Value, epsilon: f64) -> Value {
    let parts: Vec<_> = parts.iter().map(|(x, network)| (x.clone(), *network, 1.0)).collect();
    weighted(step, &parts, arrived, epsilon)
}

/// The same with a sign for each part. All parts share one denominator, so all must have run before the first walks back.
fn weighted(step: &Step<'_>, parts: &[(Value, &Network, f64)], arrived: &Value, epsilon: f64) -> Value {
    let runs: Vec<_> = parts.iter().map(|(x, network, _)| step.run(network, vec![x.clone()])).collect();
    let signed = runs.iter().zip(parts).map(|(run, (_, _, sign))| run.output().map(|z| z * *sign));
    let z = signed.reduce(|a, b| a.zip(b, |a, b| a + b)).expect("a rule has a part");
    let quotient = arrived.clone().zip(z, |r, z| r / stabilised(z, epsilon));
    let share = |(run, (x, _, sign)): (Tracked, &(Value, &Network, f64))| {
        let gradient = run.gradient(&quotient).remove(0);
        x.clone().zip(gradient, |x, g| x * g * *sign)
    };
    runs.into_iter().zip(parts).map(share).reduce(|a, b| a.zip(b, |a, b| a + b)).expect("a rule has a part")
}

/// Positive parts raised, with biases and without, then negative ones.
fn gamma_variants(factor: f64) -> [Variant; 4] {
    [
        Variant::MorePositive(factor),
        Variant::MorePositiveOnly(factor),
        Variant::MoreNegative(factor),
        Variant::MoreNegativeOnly(factor),
    ]
}

/// Outputs above zero and below have their own parts; an output's sign chooses. Contributions of both signs are there in either
/// case, those of the output's own sign raised: for a negative output that is positive inputs times negative weights and
/// negative inputs times positive ones, and again one network of each pair has the bias.
fn gamma(
    step: &Step<'_>,
    modified: &ModifiedWeights,
    factor: f64,
    arrived: &Value,
    above: Value,
    below: Value,
) -> Value {
    let [more, more_without, less, less_without] =
        gamma_variants(factor).map(|variant| modified.get(variant));
    let sign =
        |keep: fn(Tensor<1>) -> Tensor<1>| arrived.clone().zip(step.output.clone(), |r, z| r * keep(z));
    let up = sign(|z| z.clone().greater_elem(0.0).float());
    let down = sign(|z| z.clone().lower_elem(0.0).float());
    let up = shared(step, &[(above.clone(), more), (below.clone(), less_without)], &up, STABILISER);
    let down = shared(step, &[(above, less), (below, more_without)], &down, STABILISER);
    up.zip(down, |up, down| up + down)
}

/// `z + epsilon sign(z)`, with zero counted as positive; without an epsilon, only zero itself is moved.
pub(crate) fn stabilised(z: Tensor<1>, epsilon: f64) -> Tensor<1> {
    if epsilon == 0.0 {
        let nothing = z.clone().equal_elem(0.0);
        return z.mask_fill(nothing, f32::EPSILON);
    }
    let sign = z.clone().greater_equal_elem(0.0).float() * 2.0 - 1.0;
    z + sign * epsilon
}
