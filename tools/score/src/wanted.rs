//! The list of metrics, and which of them are asked for.

use std::io::Write;

use anyhow::Result;
use metrics::{Input, Metric, Selection};

/// The metrics that are asked for; a tolerance above 0 is that of a pointing game whose spec has none.
///
/// # Errors
///
/// If there is no metric of such a name, or a parameter is not known or allowed.
pub fn select(specs: &[String], tolerance: f64) -> Result<Selection, spec::Error> {
    let tolerant = |spec: &str| match spec {
        "pointing-game" if tolerance > 0.0 => format!("pointing-game:tolerance={tolerance}"),
        spec => spec.to_owned(),
    };
    Selection::new(specs, tolerant)
}

/// The names of all metrics, for shells to complete.
pub fn names() -> Vec<String> {
    metrics::all().map(|metric| metric.name.to_owned()).collect()
}

/// Writes the list for `--list-metrics`.
///
/// # Errors
///
/// If the output cannot be written.
pub fn list(out: &mut impl Write) -> Result<()> {
    for metric in metrics::all() {
        let Metric { name, direction, summary, input, on_request, .. } = metric;
        let on = match input {
            Input::Curve(tests) => format!("test {}", tests.join(", ")),
            Input::BothOrders(tests) => format!("test {}, both orders", tests.join(", ")),
            Input::Again(tests) => format!("test {}, again", tests.join(", ")),
            Input::Joined(again, curves) => format!("test {again}, again, and {curves}, both orders"),
            Input::Map => "map".to_owned(),
            Input::Place => "map and truth".to_owned(),
            Input::Maps => "two maps".to_owned(),
        };
        let star = if *on_request { "*" } else { "" };
        writeln!(out, "{:<28}{direction:<8}{on:<22} {summary}", format!("{name}{star}"))?;
        let parameters = metric.parameters();
        if parameters != "it has none" {
            writeln!(out, "{:<28}{parameters}", "")?;
        }
    }
    writeln!(out, "* only with --metric")?;
    Ok(out.flush()?)
}
