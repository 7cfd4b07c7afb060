//! Every pair of metrics over the images, for each method, and their mean over the methods.

use std::collections::BTreeMap;

use anyhow::Result;
use pipe::{Correlation, Writer};
use rayon::prelude::*;
use scores::{Group, Metric};
use stats::interval::Interval;
use stats::paired::Paired;
use stats::random::generator;
use stats::summary::mean;

use crate::args::Args;
use crate::coefficient::Kind;

/// How to find the interval of one correlation.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum IntervalKind {
    /// Fisher's transformation, with a standard error for each coefficient
    Fisher,
    /// Percentiles of the correlations of resampled images
    Bootstrap,
}

/// Writes all correlations, then their means.
pub fn write(groups: &[Group], args: &Args) -> Result<()> {
    let mut out = Writer::<Correlation>::open::<&str>(&args.output, &[])?;
    let mut means = Means::default();
    let mut left_out = LeftOut::default();
    for group in groups {
        let pairs = correlations(group, args);
        note_undefined(&pairs);
        for pair in pairs {
            left_out.add(&pair);
            means.add(&pair.row);
            out.write(&pair.row)?;
        }
    }
    left_out.tell();
    for row in means.rows(args) {
        out.write(&row)?;
    }
    out.finish()
}

/// What the correlations do without.
#[derive(Default)]
struct LeftOut {
    pairs: usize,
    all: usize,
    /// The most images that one of them leaves out, and how many it has.
    most: (usize, usize),
}

impl LeftOut {
    fn add(&mut self, pair: &Pair) {
        let images = pair.images - pair.row.n;
        self.all += 1;
        self.pairs += usize::from(images > 0);
        self.most = self.most.max((images, pair.images));
    }

    fn tell(&self) {
        let Self { pairs, all, most: (images, of) } = self;
        if *pairs > 0 {
            pipe::note(format_args!(
                "{pairs} of {all} correlations leave out images without a number from both metrics, at most {images} of {of}"
            ));
        }
    }
}

struct Pair {
    row: Correlation,
    /// Why the correlation is NaN.
    undefined: Option<String>,
    /// Number of images with a row from either metric.
    images: usize,
}

fn correlations(group: &Group, args: &Args) -> Vec<Pair> {
    let metrics = &group.metrics;
    let pairs: Vec<(&Metric, &Metric)> = metrics
        .iter()
        .enumerate()
        .flat_map(|(at, a)| metrics[at + 1..].iter().map(move |b| (a, b)))
        .collect();
    pairs.into_par_iter().map(|(a, b)| correlate(group, a, b, args)).collect()
}

fn correlate(group: &Group, a: &Metric, b: &Metric, args: &Args) -> Pair {
    let kind = Kind::of(args.coefficient, a.binary, b.binary);
    let (values_a, values_b) = a.sample.paired(&b.sample);
    let found = kind.correlate(&values_a, &values_b);
    let interval = match args.interval {
        IntervalKind::Fisher => kind.interval(&found, args.bootstrap().level),
        IntervalKind::Bootstrap => {
            let mut rng =
                generator(args.seed, &["correlate", &group.model, &group.method, &a.name, &b.name], 0);
            args.bootstrap().pairs(Paired::new(kind.coefficient(), &values_a, &values_b), &mut rng)
        }
    };
    let row = Correlation {
        model: group.model.clone(),
        method: group.method.clone(),
        metric_a: a.name.clone(),
        metric_b: b.name.clone(),
        coefficient: kind.name().to_owned(),
        correlation: found.coefficient,
        ci_low: Some(interval.low),
        ci_high: Some(interval.high),
        p_value: Some(found.p_value),
        n: found.n,
    };
    let undefined = found.coefficient.is_nan().then(|| reason((a, &values_a), (b, &values_b)));
    Pair { row, undefined, images: a.sample.items.len() + b.sample.items.len() - values_a.len() }
}

/// Why there is no correlation.
fn reason(a: (&Metric, &[f64]), b: (&Metric, &[f64])) -> String {
    let numbers: Vec<(f64, f64)> =
        a.1.iter().copied().zip(b.1.iter().copied()).filter(|(a, b)| !a.is_nan() && !b.is_nan()).collect();
    if numbers.len() < 2 {
        return format!("only {} images have a number from both", numbers.len());
    }
    let (first_a, first_b) = numbers[0];
    if numbers.iter().all(|(a, _)| *a == first_a) {
        return format!("{} is the same for all {} images", a.0.name, numbers.len());
    }
    if numbers.iter().all(|(_, b)| *b == first_b) {
        return format!("{} is the same for all {} images", b.0.name, numbers.len());
    }
    "some values are infinite".to_owned()
}

/// One line for each reason in a group: a metric that is the same for all images has no correlation with any other.
fn note_undefined(pairs: &[Pair]) {
    let mut reasons: BTreeMap<&str, Vec<&Correlation>> = BTreeMap::new();
    for pair in pairs {
        if let Some(reason) = &pair.undefined {
            reasons.entry(reason).or_default().push(&pair.row);
        }
    }
    for (reason, rows) in reasons {
        let Correlation { model, method, metric_a, metric_b, .. } = rows[0];
        let comma = if model.is_empty() { "" } else { ", " };
        let what = match rows.len() {
            1 => format!(", {metric_a} and {metric_b}: no correlation"),
            n => format!(": no correlation for {n} pairs"),
        };
        pipe::note(format_args!("{model}{comma}{method}{what}: {reason}"));
    }
}

/// Correlations of the methods, by model, metrics and coefficient.
#[derive(Default)]
struct Means(BTreeMap<(String, String, String, String), Vec<f64>>);

impl Means {
    fn add(&mut self, row: &Correlation) {
        let key = (row.model.clone(), row.metric_a.clone(), row.metric_b.clone(), row.coefficient.clone());
        let values = self.0.entry(key).or_default();
        values.extend(Some(row.correlation).filter(|value| !value.is_nan()));
    }

    fn rows(self, args: &Args) -> impl Iterator<Item = Correlation> {
        self.0.into_iter().map(move |((model, metric_a, metric_b, coefficient), values)| {
            let mut rng = generator(args.seed, &["correlate mean", &model, &metric_a, &metric_b], 0);
            let Interval { low, high } = args.bootstrap().mean(&values, &mut rng);
            Correlation {
                model,
                method: "mean".to_owned(),
                metric_a,
                metric_b,
                coefficient,
                correlation: mean(&values),
                ci_low: Some(low).filter(|low| !low.is_nan()),
                ci_high: Some(high).filter(|high| !high.is_nan()),
                p_value: None,
                n: values.len(),
            }
        })
    }
}
