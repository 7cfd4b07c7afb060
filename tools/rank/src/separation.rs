//! How far each metric tells the methods from random maps.

use anyhow::{Result, bail};
use pipe::{Separation, Writer};
use scores::without_steps;
use stats::separation::{rand_dist, rand_dist_inside};

use crate::args::Args;
use crate::table::{Number, Table};

/// Writes one row for every table.
///
/// # Errors
///
/// If a table has no random maps, or several.
pub fn write(tables: &[Table], args: &Args) -> Result<()> {
    let mut out = Writer::<Separation>::open::<&str>(&args.output, &[])?;
    for table in tables {
        out.write(&separation(table, args)?)?;
    }
    out.finish()
}

fn separation(table: &Table, args: &Args) -> Result<Separation> {
    let chance = chance(table, &args.random)?;
    let others: Vec<&Number> = table.numbers.iter().filter(|number| number.method != chance.method).collect();
    let means: Vec<f64> = others.iter().map(|number| number.mean).collect();
    let distance = rand_dist(&means, chance.mean);
    if distance.is_nan() {
        pipe::note(format_args!(
            "{table}: no rand_dist, for {} methods beside `{}`",
            means.len(),
            args.random
        ));
    }
    let interval = |distance: fn(&[f64], f64) -> f64| {
        let resampled = chance.resampled.iter().enumerate().map(|(resample, chance)| {
            let means: Vec<f64> = others.iter().map(|number| number.resampled[resample]).collect();
            distance(&means, *chance)
        });
        args.resampling.bootstrap().percentiles(resampled.collect())
    };
    let (outside, inside) = (interval(rand_dist), interval(rand_dist_inside));
    Ok(Separation {
        model: table.model.clone(),
        metric: table.metric.clone(),
        rand_dist: distance,
        rand_dist_inside: rand_dist_inside(&means, chance.mean),
        n: means.len(),
        rand_dist_low: Some(outside.low),
        rand_dist_high: Some(outside.high),
        rand_dist_inside_low: Some(inside.low),
        rand_dist_inside_high: Some(inside.high),
    })
}

/// The random maps: the method of that name, or the only one of that name with steps on its maps.
fn chance<'a>(table: &'a Table, random: &str) -> Result<&'a Number> {
    if let Some(exact) = table.numbers.iter().find(|number| number.method == random) {
        return Ok(exact);
    }
    let mut with_steps = table.numbers.iter().filter(|number| without_steps(&number.method) == random);
    match (with_steps.next(), with_steps.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(two)) => {
            bail!("{table}: `{}` and `{}` are both random maps: name one by --random", one.method, two.method)
        }
        _ => bail!("{table}: no method `{random}` to compare with (--random names another)"),
    }
}
