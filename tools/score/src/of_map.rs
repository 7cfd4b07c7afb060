//! The metrics of several tests of one map.

use metrics::{Curve, Explanations, Input, Measure, OfTest, Selection, without_order};
use pipe::{Response, Score};

use crate::again::Found;
use crate::row::Key;

/// A curve, or why there is none, and the maps of its images, if they were explained again.
pub struct Known {
    /// The first row of the curve.
    pub first: Response,
    /// The curve.
    pub curve: Result<Curve, String>,
    /// The maps.
    pub maps: Option<Result<Found, String>>,
}

/// A test of a map in its usual order, and the same in the other one, if it was done.
struct Orders<'a> {
    test: String,
    curve: &'a Result<Curve, String>,
    other: Option<&'a Result<Curve, String>>,
}

impl Known {
    /// What there is of the images that were explained again; nothing if none were.
    pub fn explanations(&self) -> Option<Result<Explanations<'_>, String>> {
        let maps = self.maps.as_ref()?;
        Some(
            self.curve
                .as_ref()
                .and_then(|curve| {
                    let (maps, second) = maps.as_ref()?;
                    Ok(Explanations { curve, maps, second: second.as_ref(), test: &self.first.test })
                })
                .map_err(Clone::clone),
        )
    }
}

impl<'a> Orders<'a> {
    /// Nothing if the curve is that of the other order.
    fn new(known: &'a Known, all: &'a [Known]) -> Option<Self> {
        let (test, reversed) = without_order(&known.first.test);
        let is_other = |other: &&Known| without_order(&other.first.test) == (test.clone(), true);
        let other = all.iter().find(is_other).map(|other| &other.curve);
        (!reversed).then_some(Self { test, curve: &known.curve, other })
    }

    fn curves(&self) -> Result<[&'a Curve; 2], String> {
        let other = self.other.ok_or("the curve with order=lerf is missing")?;
        Ok([self.curve.as_ref().map_err(Clone::clone)?, other.as_ref().map_err(Clone::clone)?])
    }
}

/// The scores of a map by the metrics that need more than one of its curves.
pub fn scores(curves: &[Known], selection: &Selection) -> Vec<Score> {
    let mut scores = Vec::new();
    // One order alone is a test of its own, unless both are asked for.
    let wanted = |orders: &Orders<'_>| orders.other.is_some() || selection.is_named();
    let pairs = curves.iter().filter_map(|known| Some((known, Orders::new(known, curves).filter(wanted)?)));
    let pairs: Vec<(&Known, Orders<'_>)> = pairs.collect();
    for (known, orders) in &pairs {
        for OfTest { name, direction, metric } in selection.of_both_orders(&orders.test) {
            let value = orders.curves().and_then(|[curve, other]| match &metric.measure {
                Measure::BothOrders(measure) => measure(curve, other),
                _ => Err(format!("{name} is not a metric of two curves")),
            });
            scores.push(Key::from(&known.first).told(&name, direction, value));
        }
    }
    for again in curves {
        let joined = |(_, orders): &(&Known, Orders<'_>)| joined(again, orders, selection);
        let found: Vec<Score> = pairs.iter().flat_map(joined).collect();
        let missing = if found.is_empty() { without(again, selection) } else { Vec::new() };
        scores.extend(found.into_iter().chain(missing));
    }
    scores
}

/// The metrics of a test whose images were explained again and of another one in both orders.
fn joined(again: &Known, orders: &Orders<'_>, selection: &Selection) -> Vec<Score> {
    let Some(explained) = again.explanations() else { return Vec::new() };
    let score = |OfTest { name, direction, metric }: OfTest<'_>| {
        let value = explained.clone().and_then(|explained| match &metric.measure {
            Measure::Joined(measure) => measure(&explained, orders.curves()?),
            _ => Err(format!("{name} is not a metric of two tests")),
        });
        Key::from(&again.first).told(&name, direction, value)
    };
    selection.of_joined(&again.first.test, &orders.test).into_iter().map(score).collect()
}

/// The same where they are asked for and the other test was not done.
fn without(again: &Known, selection: &Selection) -> Vec<Score> {
    if again.maps.is_none() || !selection.is_named() {
        return Vec::new();
    }
    let missing = |test: &str| {
        let reason = format!("the test {test} in both orders is missing");
        let score = |OfTest { name, direction, .. }: OfTest<'_>| {
            Key::from(&again.first).told(&name, direction, Err(reason.clone()))
        };
        selection.of_joined(&again.first.test, test).into_iter().map(score).collect::<Vec<_>>()
    };
    let curves = |input| if let Input::Joined(_, curves) = input { Some(curves) } else { None };
    metrics::all().filter_map(|metric| curves(metric.input)).flat_map(missing).collect()
}
