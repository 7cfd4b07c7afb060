//! Which metrics are asked for.

use std::io::Write;

use anyhow::Result;
use metrics::{Kind, Metric, name_of};

/// The metrics that are asked for.
pub struct Wanted(Vec<String>);

/// A metric of maps and what it is called in the table.
pub struct OfMaps {
    pub name: String,
    pub metric: &'static Metric,
}

impl Wanted {
    /// All metrics if none is named.
    ///
    /// # Errors
    ///
    /// If there is no metric of such a name.
    pub fn new(specs: &[String]) -> Result<Self, String> {
        let known = |spec: &&String| metrics::all().all(|metric| metric.name != name_of(spec));
        match specs.iter().find(known) {
            Some(spec) => {
                let names: Vec<&str> = metrics::all().map(|metric| metric.name).collect();
                Err(format!("unknown metric `{spec}`: known are {}", names.join(", ")))
            }
            None => Ok(Self(specs.to_vec())),
        }
    }

    /// Whether a metric is asked for, by its name or with its parameters.
    pub fn has(&self, metric: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|spec| spec == metric || spec == name_of(metric))
    }

    /// The metrics of one kind, with the tolerance in the name of the one that has it.
    pub fn of_maps(&self, kind: impl Fn(&Kind) -> bool, tolerance: f64) -> Vec<OfMaps> {
        let named = |metric: &'static Metric| {
            let tolerant = metric.name == "pointing-game" && tolerance > 0.0;
            let parameter = if tolerant { format!(":tolerance={tolerance}") } else { String::new() };
            OfMaps { name: format!("{}{parameter}", metric.name), metric }
        };
        metrics::all()
            .filter(|metric| kind(&metric.kind))
            .map(named)
            .filter(|metric| self.has(&metric.name))
            .collect()
    }
}

/// Writes the list for `--list-metrics`.
///
/// # Errors
///
/// If the output cannot be written.
pub fn list(out: &mut impl Write) -> Result<()> {
    for Metric { name, direction, summary, kind } in metrics::all() {
        let on = match kind {
            Kind::Curve { test, .. } => format!("test {test}"),
            Kind::Place(_) => "map and boxes".to_owned(),
            Kind::Agreement(_) => "two maps".to_owned(),
        };
        writeln!(out, "{name:<22}{direction:<8}{on:<17}{summary}")?;
    }
    Ok(out.flush()?)
}
