//! What maps are chosen by: one metric, or several with weights.
//!
//! `metric=pos`, `metric=(pos:fill=blur)`, `metric=(sic)*2+(del)`. Maps of one image are ranked by each metric, and their ranks are
//! added, each times its weight: metrics have units of their own, and ranks have one.

mod criterion;
mod judge;
mod metric;
mod rank;
mod tries;

use metrics::Measured;
use perturbation::{Forwards, ParsedTest};
use spec::{Error, Reader};

pub use criterion::Criterion;
pub(crate) use judge::Judge;
pub(crate) use metric::Metric;
pub(crate) use rank::{best, share};
pub(crate) use tries::Tries;

/// Metrics and their weights.
pub(crate) struct Reward {
    /// Each metric and what its rank counts.
    pub(crate) terms: Vec<(Metric, f64)>,
    /// The tests of all metrics, each once.
    pub(crate) tests: Vec<ParsedTest>,
}

/// The value of a map by each metric of a reward, or why there is none.
pub(crate) type Scores = Vec<Measured>;

impl Reward {
    /// Takes `metric` out of a spec string.
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, Error> {
        Self::take_as(reader, "metric")
    }

    /// The same under another name.
    pub(crate) fn take_as(reader: &mut Reader, key: &str) -> Result<Self, Error> {
        let method = reader.name().to_owned();
        reader.take_as(key, "(pos)", |text| Self::read(text, &method, key))
    }

    /// Reads `(A)*2+(B)`, or the spec of one metric, and gives the canonical form.
    fn read(text: &str, method: &str, key: &str) -> Result<(Self, String), Error> {
        let wrong = |expected: &str| {
            let (name, key) = (method.to_owned(), key.to_owned());
            Error::Value { name, key, value: text.to_owned(), expected: expected.to_owned() }
        };
        let form = || wrong("(METRIC), or (METRIC)*WEIGHT+(METRIC)*WEIGHT");
        let mut terms: Vec<(Metric, f64)> = Vec::new();
        for part in spec::split(text, '+').ok_or_else(form)? {
            let (group, weight) = weighted(part);
            let weight = weight.parse().ok().filter(|weight: &f64| *weight > 0.0 && weight.is_finite());
            let weight = weight.ok_or_else(|| wrong("metrics with weights above 0"))?;
            let metric = match spec::groups(group).as_deref() {
                Some([inner]) => Metric::parse(inner)?,
                None if !group.contains(['(', ')']) => Metric::parse(group)?,
                _ => return Err(form()),
            };
            if terms.iter().any(|(other, _)| other.name == metric.name) {
                return Err(wrong("metrics that differ"));
            }
            terms.push((metric, weight));
        }
        let reward = Self::of(terms);
        let spec = reward.spec();
        Ok((reward, spec))
    }

    /// The canonical form.
    pub(crate) fn spec(&self) -> String {
        let term = |(metric, weight): &(Metric, f64)| {
            let times = if *weight == 1.0 { String::new() } else { format!("*{weight}") };
            format!("({}){times}", metric.name)
        };
        self.terms.iter().map(term).collect::<Vec<_>>().join("+")
    }

    fn of(terms: Vec<(Metric, f64)>) -> Self {
        let mut tests: Vec<ParsedTest> = Vec::new();
        for test in terms.iter().flat_map(|(metric, _)| &metric.tests) {
            if !tests.contains(test) {
                tests.push(test.clone());
            }
        }
        Self { terms, tests }
    }

    /// What so many maps of an image of so many pixels cost, in inputs of the classifier.
    pub(crate) fn forwards(&self, maps: usize, pixels: usize) -> Forwards {
        if self.tests.is_empty() {
            return Forwards { count: 0, of_image: 0, exact: true };
        }
        let Forwards { count, of_image, exact } = Forwards::of(&self.tests, pixels);
        Forwards { count: count.saturating_mul(maps as u64), of_image: of_image + 1, exact }
    }

    /// Whether a map is a success beside earlier ones: one by a metric of yes and no is one where that says yes; of other metrics with a chance
    /// that is the share of the earlier maps that are worse; `luck` is from U(0, 1). A map without a value is none.
    pub(crate) fn success(&self, map: &Scores, earlier: &[Scores], luck: f64) -> bool {
        match (&self.terms[..], &map[..]) {
            (_, scores) if scores.iter().all(Result::is_err) => false,
            ([(metric, _)], [Ok(value)]) if metric.is_binary() => *value > 0.0,
            _ => luck < share(self, map, earlier),
        }
    }

    /// Why none of some maps has a value: what is wrong with the first.
    pub(crate) fn failure(scores: &[Scores]) -> String {
        let first = scores.iter().flatten().find_map(|score| score.as_ref().err());
        format!(
            "none of its {} maps has a score: {}",
            scores.len(),
            first.map_or("there are none", |why| why)
        )
    }
}

/// A metric in its parentheses, and its weight.
fn weighted(part: &str) -> (&str, &str) {
    part.rfind(")*").map_or((part, "1"), |at| (&part[..=at], &part[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Reward::read(text, "pbee", "metric")
            .map(|(_, canonical)| canonical)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn metrics_are_canonical_and_keep_their_weights() {
        assert_eq!(read("pos").unwrap(), "(pos)");
        assert_eq!(read("(pos:steps=10,fill=black)*1").unwrap(), "(pos)");
        assert_eq!(
            read("(del:steps=5,fill=blur)*2+(gini)*0.50").unwrap(),
            "(del:fill=blur,steps=5)*2+(gini)*0.5"
        );
        let (reward, _) = Reward::read("(pos)+(del)+(neg)", "", "metric").unwrap();
        let tests: Vec<&str> = reward.tests.iter().map(ParsedTest::spec).collect();
        assert_eq!(tests, ["pos", "neg"]);
        assert_eq!(reward.forwards(3, 100), Forwards { count: 3 * 18, of_image: 1, exact: true });
    }

    #[test]
    fn what_is_no_reward_is_told() {
        for (text, reason) in [
            ("(pos", "metric=(pos is not (METRIC), or (METRIC)*WEIGHT+(METRIC)*WEIGHT"),
            ("(pos)(neg)", "is not (METRIC), or (METRIC)*WEIGHT+(METRIC)*WEIGHT"),
            ("(pos)+", "expected NAME or NAME:KEY=VALUE"),
            ("(pos)*0", "is not metrics with weights above 0"),
            ("(pos)*nan+(neg)", "is not metrics with weights above 0"),
            ("(pos)+(pos:fill=black)", "is not metrics that differ"),
            ("(poss)", "unknown metric `poss`"),
            ("(pos:x=1)", "`pos` has no parameter `x`"),
            ("(pointing-game)", "`pointing-game` is measured on a map and where the object is"),
            ("(stratified)", "is made from explanations of what is shown"),
            ("(recognised)", "is made from a test that needs a generator"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
