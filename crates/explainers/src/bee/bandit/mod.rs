//! Who chooses the arms: Thompson sampling, with a posterior for each arm that the image's features go into (BEE 2025, section 3.3), or
//! with one that they do not (ncBEE); and nobody.

mod beta;
pub(super) mod file;
mod gaussian;
mod layer;

use rand::rngs::ChaCha8Rng;

pub(super) use beta::Beta;
pub(super) use gaussian::Gaussian;
pub(super) use layer::{Adam, Layer};

/// What was learned about the arms, in the order of a method's arms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bandit {
    /// Every arm is as good as another.
    Uniform {
        /// How many there are.
        arms: usize,
    },
    /// Without the image's features.
    Beta(Vec<Beta>),
    /// With them, behind a linear layer.
    Gaussian {
        /// Of each arm.
        arms: Vec<Gaussian>,
        /// From features to the context.
        layer: Layer,
    },
}

impl Bandit {
    /// The context of an image with these features: nothing where no context counts.
    pub(super) fn context(&self, features: &[f64]) -> Vec<f64> {
        match self {
            Self::Gaussian { layer, .. } => layer.apply(features),
            Self::Uniform { .. } | Self::Beta(_) => Vec::new(),
        }
    }

    /// An arm, and the chance of success that each promised in the draw; none where nobody promises anything.
    pub(super) fn choose(&self, context: &[f64], random: &mut ChaCha8Rng) -> (usize, Vec<f64>) {
        use rand::RngExt;
        let drawn: Vec<f64> = match self {
            Self::Uniform { arms } => return (random.random_range(0..*arms), Vec::new()),
            Self::Beta(arms) => arms.iter().map(|arm| arm.sample(random)).collect(),
            Self::Gaussian { arms, .. } => arms.iter().map(|arm| arm.sample(context, random)).collect(),
        };
        let best = (1..drawn.len()).fold(0, |best, at| if drawn[at] > drawn[best] { at } else { best });
        let chance = |drawn: f64| if matches!(self, Self::Gaussian { .. }) { sigmoid(drawn) } else { drawn };
        (best, drawn.into_iter().map(chance).collect())
    }

    /// Takes in whether an arm was a success.
    pub(super) fn learn(&mut self, arm: usize, context: &[f64], success: bool) {
        match self {
            Self::Uniform { .. } => {}
            Self::Beta(arms) => arms[arm].learn(success),
            Self::Gaussian { arms, .. } => arms[arm].learn(context, success),
        }
    }
}

/// `1 / (1 + e^-x)`.
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(draw: u64) -> ChaCha8Rng {
        stats::random::generator(5, &["bandit"], draw)
    }

    /// How often each arm is chosen of the last hundred times, when only one is ever a success.
    fn wins(mut bandit: Bandit, rounds: u64) -> Vec<usize> {
        let context = bandit.context(&[1.0, 0.5]);
        let mut wins = vec![0; 3];
        for round in 0..rounds + 100 {
            let (arm, _) = bandit.choose(&context, &mut random(round));
            if round < rounds {
                bandit.learn(arm, &context, arm == 1);
            } else {
                wins[arm] += 1;
            }
        }
        wins
    }

    /// Invariant 19: an arm that always wins takes more than 95 % of the draws after 200 rounds.
    #[test]
    fn an_arm_that_always_wins_is_chosen() {
        let gaussian = Bandit::Gaussian { arms: vec![Gaussian::new(2); 3], layer: Layer::identity(2) };
        for bandit in [gaussian, Bandit::Beta(vec![Beta::default(); 3])] {
            let wins = wins(bandit, 200);
            assert!(wins[1] > 95, "{wins:?}");
        }
    }

    #[test]
    fn what_has_learned_nothing_prefers_none() {
        let gaussian = Bandit::Gaussian { arms: vec![Gaussian::new(2); 3], layer: Layer::identity(2) };
        for bandit in [gaussian, Bandit::Beta(vec![Beta::default(); 3]), Bandit::Uniform { arms: 3 }] {
            let context = bandit.context(&[1.0, 0.5]);
            let mut chosen = [0; 3];
            (0..3000).for_each(|draw| chosen[bandit.choose(&context, &mut random(draw)).0] += 1);
            assert!(chosen.iter().all(|count| (850..1150).contains(count)), "{chosen:?}");
        }
    }
}
