//! The page: three files that an editor knows, filled in.

use anyhow::{Context, Result, bail};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use pipe::Failures;
use serde::Serialize;

use crate::args::Args;
use crate::data::Gallery;
use crate::failures::LISTED;
use crate::kind::{Inputs, Kind};
use crate::tables::Run;
use crate::words::{plural, thousands};
use crate::{record, sections, summary, words};

const HTML: &str = include_str!("page/report.html");
const CSS: &str = include_str!("page/report.css");
const JS: &str = include_str!("page/report.js");

/// What stays the same whatever images are shown.
struct Fixed {
    context: Value,
}

/// The whole page.
///
/// # Errors
///
/// If a record cannot be read, or the page does not fit into the budget.
pub fn page(run: &Run, inputs: &Inputs, args: &Args, failures: &mut Failures) -> Result<String> {
    let fixed = Fixed::new(run, inputs, args)?;
    let base = fixed.with(run, args, &Gallery::default())?.len() as u64;
    let gallery = Gallery::fill(run, args, base, failures)?;
    let html = fixed.with(run, args, &gallery)?;
    if html.len() as u64 > args.budget {
        bail!("--budget {}: the page would have {} bytes, which should not be", args.budget, html.len());
    }
    pipe::note(format_args!(
        "{}: {} bytes, {} of {}",
        args.out.display(),
        thousands(html.len()),
        thousands(gallery.shown.len()),
        plural(run.choice.order.len(), "image")
    ));
    Ok(html)
}

impl Fixed {
    fn new(run: &Run, inputs: &Inputs, args: &Args) -> Result<Self> {
        let matrices = summary::matrices(&run.ranking);
        let groups = run.failures.groups();
        let maps_missing = (!inputs.have(Kind::Maps)).then(|| Kind::Maps.maker());
        let context = context! {
            css => CSS,
            js => JS,
            title => &args.title,
            subtitle => subtitle(run),
            findings => seen(words::findings(run, &matrices)),
            matrices => seen(&matrices),
            sections => seen(sections::sections(run, inputs, args)),
            overall => seen(overall(run)),
            failed_groups => seen(groups.iter().take(LISTED).collect::<Vec<_>>()),
            failed_more => groups.len().saturating_sub(LISTED),
            maps_missing => maps_missing,
            sources => seen(record::sources(inputs)?),
            notes => seen(record::notes(inputs, run, args)?),
            level => args.resampling.level,
            resamples => args.resampling.resamples,
            seed => args.resampling.seed,
            version => env!("CARGO_PKG_VERSION"),
        };
        Ok(Self { context })
    }

    fn with(&self, run: &Run, args: &Args, gallery: &Gallery) -> Result<String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_template("report.html", HTML)?;
        let (_, steps) = run.items.names();
        let all = run.choice.order.len();
        let chosen = (gallery.shown.len() < all).then_some(&run.choice.rule);
        let context = context! {
            data => gallery.json(run),
            blocks => &*gallery.blocks,
            shown => thousands(gallery.shown.len()),
            all => plural(all, "image"),
            methods => run.items.series.len(),
            steps => steps,
            rule => chosen,
            budget => thousands(args.budget as usize),
            undrawn => seen(&gallery.failed),
            ..self.context.clone()
        };
        environment.get_template("report.html")?.render(context).context("the template of the page")
    }
}

/// As the template sees it.
fn seen(value: impl Serialize) -> Value {
    Serde(value).into()
}

/// What the run is of, in numbers.
fn subtitle(run: &Run) -> String {
    let mut parts = Vec::new();
    let models: Vec<&str> = run.seen.models().into_iter().collect();
    if !models.is_empty() {
        parts.push(models.join(", "));
    }
    let scored = run.scored.as_ref();
    let images = if run.items.all.is_empty() {
        scored.map_or(0, |s| s.scores.items.len())
    } else {
        run.items.all.len()
    };
    if images > 0 {
        parts.push(plural(images, "image"));
    }
    if !run.items.series.is_empty() {
        parts.push(format!(
            "{} of {}",
            plural(run.items.maps(), "map"),
            plural(run.items.series.len(), "method")
        ));
    }
    if let Some(scored) = scored {
        parts.push(plural(scored.metrics.len(), "metric"));
    }
    parts.join(" · ")
}

/// Rows of the table of mean ranks.
fn overall(run: &Run) -> Vec<Vec<String>> {
    let interval = |low: Option<f64>, high: Option<f64>| match (low, high) {
        (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
        _ => "–".to_owned(),
    };
    let row = |row: &pipe::Overall| {
        vec![
            row.method.clone(),
            row.model.clone(),
            row.metrics.to_string(),
            format!("{:.2}", row.mean_rank),
            interval(row.ci_low, row.ci_high),
            row.p_best.map_or_else(|| "–".to_owned(), |p| format!("{p:.2}")),
        ]
    };
    run.overall.iter().map(row).collect()
}
