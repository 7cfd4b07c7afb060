//! The maps that were tried for an image so far.

use attribution::{Told, Trial};

use super::{Reward, Scores, best};

/// What was tried, in order.
#[derive(Default)]
pub(crate) struct Tries {
    arms: Vec<(String, Vec<(String, f64)>)>,
    scores: Vec<Scores>,
}

impl Tries {
    /// Notes what the next map is made from, and what chance each arm promised, if that is how it was chosen.
    pub(crate) fn begin(&mut self, arm: &str, chances: Vec<(String, f64)>) {
        self.arms.push((arm.to_owned(), chances));
    }

    /// Notes what a map was worth.
    pub(crate) fn end(&mut self, scores: Scores) {
        self.scores.push(scores);
    }

    /// The scores so far of the maps that have some.
    pub(crate) fn scored(&self) -> Vec<Scores> {
        self.scores.iter().filter(|scores| scores.iter().any(Result::is_ok)).cloned().collect()
    }

    /// The best so far.
    pub(crate) fn best(&self, reward: &Reward) -> Option<usize> {
        best(reward, &self.scores)
    }

    /// What is to be told of all of them.
    pub(crate) fn told(self, reward: &Reward) -> Told {
        let mut trials = Vec::new();
        for (draw, ((arm, chances), scores)) in self.arms.iter().zip(&self.scores).enumerate() {
            let best = best(reward, &self.scores[..=draw]);
            for ((metric, _), score) in reward.terms.iter().zip(scores) {
                let (metric, score, chances) = (metric.name.clone(), score.clone(), chances.clone());
                trials.push(Trial { draw, arm: arm.clone(), metric, score, best, chances });
            }
        }
        let failure = self.best(reward).is_none().then(|| Reward::failure(&self.scores));
        Told { trials, failure }
    }
}
