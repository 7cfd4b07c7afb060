//! Which metrics are asked for, and what they are called with the parameters of a test.

use pipe::Direction;
use spec::Reader;

use crate::metric::{Input, Measure, Metric, all};

/// A metric with its parameters.
#[derive(Debug)]
pub struct ParsedMetric {
    /// Its entry in the list.
    pub metric: &'static Metric,
    /// What it does.
    pub measure: Measure,
    /// Its own parameters, without defaults.
    own: String,
    /// Parameters of the test that it is wanted of; nothing means every one.
    of: Vec<(String, String)>,
}

/// The metrics that are asked for.
#[derive(Debug)]
pub struct Selection {
    metrics: Vec<ParsedMetric>,
    /// Whether they were named one by one.
    named: bool,
}

/// A metric of a curve, called with the parameters of its test.
#[derive(Debug)]
pub struct OfTest<'a> {
    /// Spec string.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
    /// The metric.
    pub metric: &'a ParsedMetric,
}

impl ParsedMetric {
    /// Reads a spec string: a name, parameters of its own and, for a metric of a test, the parameters of the test that it is
    /// wanted of.
    ///
    /// # Errors
    /// If there is no such metric, or a parameter is not known or allowed.
    pub fn parse(spec: &str) -> Result<Self, spec::Error> {
        let mut reader = Reader::new(spec)?;
        let metric = all().find(|metric| metric.name == reader.name()).ok_or_else(|| {
            let known: Vec<&str> = all().map(|metric| metric.name).collect();
            spec::Error::UnknownName { what: "metric", name: reader.name().into(), known: known.join(", ") }
        })?;
        let measure = (metric.build)(&mut reader)?;
        if !matches!(
            metric.input,
            Input::Curve(_) | Input::BothOrders(_) | Input::Again(_) | Input::Joined(..)
        ) {
            reader.clone().finish()?;
        }
        let (own, of) = reader.split();
        Ok(Self { metric, measure, own, of })
    }

    /// What it is called in a table, with the parameters of a test.
    pub fn name(&self, parameters: &str) -> String {
        let all: Vec<&str> = [parameters, &self.own].into_iter().filter(|part| !part.is_empty()).collect();
        let colon = if all.is_empty() { "" } else { ":" };
        format!("{}{colon}{}", self.metric.name, all.join(","))
    }

    /// Specs of the tests that it can be measured on, those that take its parameters among others: of a metric of a test in both
    /// orders the usual one. None for what is measured on maps.
    pub fn tests(&self) -> Vec<String> {
        let (Input::Curve(tests) | Input::BothOrders(tests)) = self.metric.input else { return Vec::new() };
        let wanted: Vec<String> = self.of.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let with = |test: &&str| match &wanted[..] {
            [] => (*test).to_owned(),
            wanted => format!("{}:{}", name_of(test), wanted.join(",")),
        };
        tests.iter().map(with).collect()
    }

    fn is_of(&self, parameters: &str) -> bool {
        let mut given = parts(parameters);
        let mut wanted: Vec<String> = self.of.iter().map(|(key, value)| format!("{key}={value}")).collect();
        given.sort_unstable();
        wanted.sort_unstable();
        wanted.is_empty() || given == wanted
    }
}

impl Selection {
    /// Reads spec strings; none of them means every metric that is not measured on request only. `with` may give a spec
    /// parameters that it lacks.
    ///
    /// # Errors
    /// As [`ParsedMetric::parse`].
    pub fn new(specs: &[String], with: impl Fn(&str) -> String) -> Result<Self, spec::Error> {
        let usual =
            || all().filter(|metric| !metric.on_request).map(|metric| metric.name.to_owned()).collect();
        let named = !specs.is_empty();
        let mut specs: Vec<String> = if named { specs.to_vec() } else { usual() };
        // In the order of the list, whatever that of the command line, and each once.
        let place = |spec: &String| all().position(|metric| metric.name == name_of(spec));
        specs.sort_by_key(place);
        specs.dedup();
        let metrics = specs.iter().map(|spec| ParsedMetric::parse(&with(spec))).collect::<Result<_, _>>()?;
        Ok(Self { metrics, named })
    }

    /// Whether the metrics were named one by one.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// The metrics of some kinds of input.
    pub fn of(self, input: impl Fn(Input) -> bool) -> Vec<ParsedMetric> {
        self.metrics.into_iter().filter(|parsed| input(parsed.metric.input)).collect()
    }

    /// The metrics of a test, given by its spec. A test in the order of the least relevant first turns the direction round, and
    /// so does one whose mask is, except where a metric names that parameter.
    pub fn of_test(&self, test: &str) -> Vec<OfTest<'_>> {
        let turned = |parameter: &&str| ["order=lerf", "invert=true"].contains(parameter);
        let turned = parts(split(test).1).iter().filter(|part| turned(part)).count() % 2 == 1;
        self.made_from(test, |input| {
            let Input::Curve(tests) = input else { return None };
            let mut fitting = tests.iter().filter(|pattern| is_of(test, pattern)).peekable();
            fitting.peek()?;
            Some(turned && fitting.all(|pattern| !pattern.contains(':')))
        })
    }

    /// The metrics of a test, given by its spec, whose images were explained again.
    pub fn of_again(&self, test: &str) -> Vec<OfTest<'_>> {
        self.made_from(test, |input| match input {
            Input::Again(tests) => tests.contains(&name_of(test)).then_some(false),
            _ => None,
        })
    }

    /// The metrics of a test in both orders, given by its spec in the usual order.
    pub fn of_both_orders(&self, test: &str) -> Vec<OfTest<'_>> {
        self.made_from(test, |input| match input {
            Input::BothOrders(tests) => tests.iter().any(|pattern| is_of(test, pattern)).then_some(false),
            _ => None,
        })
    }

    /// Whether some metric is made from the maps of a test's images, which were explained again.
    pub fn needs_maps(&self, test: &str) -> bool {
        self.any(|input| match input {
            Input::Again(tests) => tests.contains(&name_of(test)),
            Input::Joined(again, _) => is_of(test, again),
            _ => false,
        })
    }

    /// Whether some metric is made from a test, given by its spec in the usual order, and another one.
    pub fn needs_more_than(&self, test: &str) -> bool {
        self.any(|input| match input {
            Input::BothOrders(tests) => tests.iter().any(|pattern| is_of(test, pattern)),
            Input::Joined(again, curves) => is_of(test, again) || is_of(test, curves),
            _ => false,
        })
    }

    fn any(&self, wanted: impl Fn(Input) -> bool) -> bool {
        self.metrics.iter().any(|parsed| wanted(parsed.metric.input))
    }

    /// The metrics of a test whose images were explained again and of another one in both orders, called with the parameters of
    /// both: specs in the usual order.
    pub fn of_joined(&self, again: &str, curves: &str) -> Vec<OfTest<'_>> {
        let parameters = [split(again).1, split(curves).1].map(parts).concat().join(",");
        self.made_from(&format!("{}:{parameters}", name_of(again)), |input| match input {
            Input::Joined(first, second) => (is_of(again, first) && is_of(curves, second)).then_some(false),
            _ => None,
        })
    }

    /// The metrics for whose input there is something, and whether their direction is turned.
    fn made_from(&self, test: &str, turned: impl Fn(Input) -> Option<bool>) -> Vec<OfTest<'_>> {
        let parameters = split(test).1;
        let mut found = Vec::new();
        for parsed in self.metrics.iter().filter(|parsed| parsed.is_of(parameters)) {
            let usual = parsed.metric.direction;
            if let Some(turned) = turned(parsed.metric.input) {
                let direction = if turned { opposite(usual) } else { usual };
                found.push(OfTest { name: parsed.name(parameters), direction, metric: parsed });
            }
        }
        found
    }
}

/// Whether a test is one of a name and, where the pattern has some, of these parameters.
fn is_of(test: &str, pattern: &str) -> bool {
    let ((name, parameters), (wanted, with)) = (split(test), split(pattern));
    name == wanted && parts(with).iter().all(|part| parts(parameters).contains(part))
}

/// The spec of a test without its order, and whether the least relevant pixels come first in it.
pub fn without_order(test: &str) -> (String, bool) {
    let (name, parameters) = split(test);
    let all = parts(parameters);
    let others: Vec<&str> = all.iter().filter(|part| !part.starts_with("order=")).copied().collect();
    let colon = if others.is_empty() { "" } else { ":" };
    (format!("{name}{colon}{}", others.join(",")), all.contains(&"order=lerf"))
}

/// A spec without its parameters.
pub fn name_of(spec: &str) -> &str {
    split(spec).0
}

fn split(spec: &str) -> (&str, &str) {
    spec.split_once(':').unwrap_or((spec, ""))
}

fn parts(parameters: &str) -> Vec<&str> {
    parameters.split(',').filter(|part| !part.is_empty()).collect()
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Higher => Direction::Lower,
        Direction::Lower => Direction::Higher,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(specs: &[&str], test: &str) -> Vec<(String, Direction)> {
        let specs: Vec<String> = specs.iter().map(|&spec| spec.to_owned()).collect();
        let selection = Selection::new(&specs, str::to_owned).unwrap();
        selection.of_test(test).into_iter().map(|metric| (metric.name, metric.direction)).collect()
    }

    #[test]
    fn a_metric_keeps_the_parameters_of_its_test_and_follows_its_order() {
        let lower = |name: &str| (name.to_owned(), Direction::Lower);
        let higher = |name: &str| (name.to_owned(), Direction::Higher);
        assert_eq!(found(&[], "pos:fill=zero"), [lower("pos:fill=zero"), lower("del:fill=zero")]);
        assert_eq!(found(&[], "deletion:order=lerf,steps=10"), [higher("deletion:order=lerf,steps=10")]);
        assert_eq!(found(&[], "insertion:fill=zero,order=lerf"), [lower("insertion:fill=zero,order=lerf")]);
        assert!(found(&[], "nothing").is_empty() && found(&[], "").is_empty());
    }

    #[test]
    fn a_mask_turned_round_turns_the_direction_and_a_named_parameter_does_not() {
        let directions = |specs: &[&str], test: &str| -> Vec<Direction> {
            found(specs, test).into_iter().map(|(_, direction)| direction).collect()
        };
        let (lower, higher) = (Direction::Lower, Direction::Higher);
        assert_eq!(directions(&[], "mask"), [lower, higher]);
        assert_eq!(directions(&[], "mask:fill=zero,invert=true"), [higher, lower]);
        assert_eq!(directions(&["drop-in-deletion"], "mask:fill=zero,invert=true"), [higher]);
        assert!(found(&["drop-in-deletion"], "mask").is_empty());
        assert_eq!(directions(&["completeness"], "deletion"), [lower]);
        assert_eq!(directions(&["completeness"], "deletion:order=lerf"), [lower]);
        assert!(found(&["monotonicity"], "insertion").is_empty());
        assert_eq!(directions(&["monotonicity"], "insertion:fill=zero,order=lerf"), [higher]);
    }

    #[test]
    fn a_metric_has_its_own_parameters_behind_those_of_the_test() {
        let names = |specs: &[&str], test: &str| -> Vec<String> {
            found(specs, test).into_iter().map(|(name, _)| name).collect()
        };
        let name = "infidelity:scaled=true,score=probability";
        assert_eq!(names(&["infidelity:score=probability,scaled=true"], "noise"), [name]);
        let name = "deletion-value:fill=blur,at=0.2";
        assert_eq!(names(&["deletion-value:at=0.2"], "deletion:fill=blur"), [name]);
        assert_eq!(names(&[], "subset:size=8"), ["faithfulness-correlation:size=8"]);
    }

    #[test]
    fn a_whole_spec_chooses_one_test_and_a_name_all_of_them() {
        assert_eq!(found(&["del"], "pos:fill=blur,steps=5").len(), 1);
        assert_eq!(found(&["pos:steps=5,fill=blur"], "pos:fill=blur,steps=5").len(), 1);
        assert!(found(&["pos:fill=blur"], "pos:fill=blur,steps=5").is_empty());
        assert!(found(&["pos"], "neg").is_empty());
    }

    #[test]
    fn the_tests_of_a_metric_have_its_parameters() {
        let tests = |spec: &str| ParsedMetric::parse(spec).unwrap().tests();
        assert_eq!(
            (tests("del"), tests("del:fill=blur,steps=5")),
            (vec!["pos".into()], vec!["pos:fill=blur,steps=5".into()])
        );
        assert_eq!(tests("drop-in-deletion"), ["mask:invert=true"]);
        assert_eq!(tests("infidelity:score=probability,draws=3"), ["noise:draws=3", "square:draws=3"]);
        assert!(tests("gini").is_empty() && tests("pointing-game").is_empty());
    }

    #[test]
    fn what_is_not_known_is_told() {
        let error = |spec: &str| ParsedMetric::parse(spec).unwrap_err().to_string();
        assert!(error("poss").starts_with("unknown metric `poss`: known are deletion, insertion, pos,"));
        assert_eq!(error("spearman:fill=black"), "`spearman` has no parameter `fill`: it has none");
    }

    #[test]
    fn the_order_is_told_from_the_other_parameters() {
        assert_eq!(without_order("deletion:fill=blur,order=lerf"), ("deletion:fill=blur".to_owned(), true));
        assert_eq!(without_order("deletion"), ("deletion".to_owned(), false));
        assert_eq!(without_order("road:order=lerf"), ("road".to_owned(), true));
    }
}
