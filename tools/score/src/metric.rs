//! The metrics by name: what each one is made from, and which way it points.

use std::io::Write;

use anyhow::{Result, bail};
use pipe::Direction::{self, Higher, Lower};

use crate::curve::{
    Curve, Measured, area_of_hits, area_of_probability, drop_of_confidence, rise_of_confidence,
};

/// A metric in the list of all metrics.
pub struct Metric {
    /// The name in front of the parameters.
    pub name: &'static str,
    /// Which way it points, for a test that perturbs in its usual order.
    pub direction: Direction,
    /// The test whose curve it measures.
    test: &'static str,
    measure: fn(&Curve, scale: f64) -> Result<Measured>,
    scale: f64,
    summary: &'static str,
}

/// The metrics of curves.
const CURVES: &[Metric] = &[
    Metric {
        name: "deletion",
        direction: Lower,
        test: "deletion",
        measure: area_of_probability,
        scale: 1.0,
        summary: "area under the target's probability while the first pixels are replaced; 0 to 1",
    },
    Metric {
        name: "insertion",
        direction: Higher,
        test: "insertion",
        measure: area_of_probability,
        scale: 1.0,
        summary: "area under the target's probability while the first pixels are revealed; 0 to 1",
    },
    Metric {
        name: "pos",
        direction: Lower,
        test: "pos",
        measure: area_of_hits,
        scale: 100.0,
        summary: "area under [the target is predicted], most relevant pixels replaced first; 0 to 90",
    },
    Metric {
        name: "del",
        direction: Lower,
        test: "pos",
        measure: area_of_probability,
        scale: 100.0,
        summary: "area under the target's probability, most relevant pixels replaced first; 0 to 90",
    },
    Metric {
        name: "neg",
        direction: Higher,
        test: "neg",
        measure: area_of_hits,
        scale: 100.0,
        summary: "area under [the target is predicted], least relevant pixels replaced first; 0 to 90",
    },
    Metric {
        name: "ins",
        direction: Higher,
        test: "neg",
        measure: area_of_probability,
        scale: 100.0,
        summary: "area under the target's probability, least relevant pixels replaced first; 0 to 90",
    },
    Metric {
        name: "adp",
        direction: Lower,
        test: "mask",
        measure: drop_of_confidence,
        scale: 100.0,
        summary: "how much of the probability the masked image loses, in per cent; 0 to 100",
    },
    Metric {
        name: "pic",
        direction: Higher,
        test: "mask",
        measure: rise_of_confidence,
        scale: 100.0,
        summary: "100 if the masked image has a higher probability, else 0",
    },
];

/// The metrics of maps: name and summary. Higher is better.
const MAPS: [(&str, &str); 2] = [
    ("pointing-game", "1 if the map's highest point lies in a box, else 0"),
    ("energy-pointing-game", "share of the map's positive values that lies in the boxes; 0 to 1"),
];

/// A metric with the parameters of one test.
pub struct Named {
    /// Spec string.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
    metric: &'static Metric,
}

impl Named {
    /// Measures a curve.
    ///
    /// # Errors
    ///
    /// If the curve is damaged.
    pub fn measure(&self, curve: &Curve) -> Result<Measured> {
        (self.metric.measure)(curve, self.metric.scale)
    }
}

/// The metrics of a test.
///
/// # Errors
///
/// If no metric is made from such a test.
pub fn of_test(test: &str) -> Result<Vec<Named>> {
    let (name, parameters) = split(test);
    let reversed = parameters.split([':', ',']).any(|parameter| parameter == "order=lerf");
    let named = |metric: &'static Metric| Named {
        name: format!("{}{parameters}", metric.name),
        direction: if reversed { opposite(metric.direction) } else { metric.direction },
        metric,
    };
    let metrics: Vec<Named> = CURVES.iter().filter(|metric| metric.test == name).map(named).collect();
    if metrics.is_empty() {
        let mut known: Vec<&str> = CURVES.iter().map(|metric| metric.test).collect();
        known.dedup();
        bail!("no metric is made from the test `{test}`; known tests are {}", known.join(", "));
    }
    Ok(metrics)
}

/// Name and parameters; the parameters keep their colon.
fn split(spec: &str) -> (&str, &str) {
    spec.split_at(spec.find(':').unwrap_or(spec.len()))
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Higher => Lower,
        Lower => Higher,
    }
}

/// The metrics that are asked for.
pub struct Wanted(Vec<String>);

impl Wanted {
    /// All metrics if none is named.
    ///
    /// # Errors
    ///
    /// If there is no metric of such a name.
    pub fn new(specs: &[String]) -> Result<Self, String> {
        let names: Vec<&str> =
            CURVES.iter().map(|metric| metric.name).chain(MAPS.map(|(name, _)| name)).collect();
        match specs.iter().find(|spec| !names.contains(&split(spec).0)) {
            Some(spec) => Err(format!("unknown metric `{spec}`: known are {}", names.join(", "))),
            None => Ok(Self(specs.to_vec())),
        }
    }

    /// Whether a metric is asked for, by its name or with its parameters.
    pub fn has(&self, metric: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|spec| spec == metric || spec == split(metric).0)
    }
}

/// Writes the list for `--list-metrics`.
///
/// # Errors
///
/// If the output cannot be written.
pub fn list(out: &mut impl Write) -> Result<()> {
    for Metric { name, direction, test, summary, .. } in CURVES {
        writeln!(out, "{name:<22}{direction:<8}{:<17}{summary}", format!("test {test}"))?;
    }
    for (name, summary) in MAPS {
        writeln!(out, "{name:<22}{Higher:<8}{:<17}{summary}", "map and boxes")?;
    }
    Ok(out.flush()?)
}
