//! Two tables of maps, pair by pair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use pipe::npy::MapReader;
use pipe::{Explained, Failures, Rows, Usage, Writer, input_name};
use rayon::prelude::*;
use stats::correlation::{Correlation, pearson, spearman};

use crate::map_row::MapCorrelation;

/// How many pairs are in memory at a time.
const BLOCK: usize = 256;

type Coefficient = fn(&[f64], &[f64]) -> Correlation;

/// Name, function, and whether it takes absolute values.
const COEFFICIENTS: [(&str, Coefficient, bool); 4] = [
    ("spearman", spearman, false),
    ("pearson", pearson, false),
    ("spearman-abs", spearman, true),
    ("pearson-abs", pearson, true),
];

/// Writes the correlations of all pairs.
pub fn write(a: &Path, b: &Path, mut failures: Failures) -> Result<()> {
    if a == b && a == Path::new("-") {
        return Err(Usage("--maps: only one of the tables can be standard input".to_owned()).into());
    }
    let (pairs, total) = matched((a, read(a)?), (b, read(b)?), &mut failures)?;
    let mut out = Writer::<MapCorrelation>::stdout::<&str>(&[])?;
    for block in pairs.chunks(BLOCK) {
        let found: Vec<Result<Vec<Correlation>>> = block
            .par_iter()
            .map_init(Default::default, |(for_a, for_b), pair| pair.correlate(for_a, for_b))
            .collect();
        for (pair, found) in block.iter().zip(found) {
            match found {
                Ok(found) => pair.rows(&found).try_for_each(|row| out.write(&row))?,
                Err(error) => failures.add(&pair.image, &pair.method, "correlate", error)?,
            }
        }
    }
    out.finish()?;
    failures.finish(total)
}

/// Where a map is.
struct Map {
    model: String,
    path: PathBuf,
    index: Option<usize>,
}

/// Maps by image and method, then by target.
type Maps = BTreeMap<(String, String), BTreeMap<usize, Map>>;

fn read(table: &Path) -> Result<Maps> {
    let mut maps = Maps::new();
    for row in Rows::<Explained>::open(&[table])? {
        let Explained { image, target, model, method, map, map_index, .. } = row?;
        let Some(target) = target else { continue };
        let map = Map { model, path: map.into(), index: map_index };
        let place = format!("{}: {image}, target {target}, {method}", input_name(table));
        if maps.entry((image, method)).or_default().insert(target, map).is_some() {
            bail!("{place}: more than one map");
        }
    }
    Ok(maps)
}

/// Two maps to be correlated; the target is that of `b`.
struct Pair {
    image: String,
    target: usize,
    method: String,
    a: Map,
    b: Map,
}

/// Finds the partners, reports maps without one, and counts both.
fn matched(
    (name_a, mut all_a): (&Path, Maps),
    (name_b, mut all_b): (&Path, Maps),
    failures: &mut Failures,
) -> Result<(Vec<Pair>, u64)> {
    let mut pairs = Vec::new();
    let mut alone = 0;
    let keys: BTreeSet<_> = all_a.keys().chain(all_b.keys()).cloned().collect();
    for (image, method) in keys {
        let key = (image, method);
        let mut a = all_a.remove(&key).unwrap_or_default();
        let mut b = all_b.remove(&key).unwrap_or_default();
        let partners = partners(&mut a, &mut b);
        let (image, method) = key;
        pairs.extend(partners.into_iter().map(|(target, a, b)| Pair {
            image: image.clone(),
            target,
            method: method.clone(),
            a,
            b,
        }));
        alone += (a.len() + b.len()) as u64;
        for (rest, here, there) in [(a, name_a, name_b), (b, name_b, name_a)] {
            for target in rest.into_keys() {
                let (here, there) = (input_name(here), input_name(there));
                let error = format!("target {target} of {here} has no partner in {there}");
                failures.add(&image, &method, "match", error)?;
            }
        }
    }
    let total = pairs.len() as u64 + alone;
    Ok((pairs, total))
}

/// Takes out the maps of equal targets, or the only two if their targets differ.
fn partners(a: &mut BTreeMap<usize, Map>, b: &mut BTreeMap<usize, Map>) -> Vec<(usize, Map, Map)> {
    if a.len() == 1 && b.len() == 1 {
        let pair = a.pop_first().zip(b.pop_first());
        return pair.map(|((_, a), (target, b))| (target, a, b)).into_iter().collect();
    }
    let shared: Vec<usize> = a.keys().filter(|target| b.contains_key(target)).copied().collect();
    shared.into_iter().filter_map(|target| Some((target, a.remove(&target)?, b.remove(&target)?))).collect()
}

impl Pair {
    fn correlate(&self, for_a: &mut MapReader, for_b: &mut MapReader) -> Result<Vec<Correlation>> {
        let a = for_a.read(&self.a.path, self.a.index)?;
        let b = for_b.read(&self.b.path, self.b.index)?;
        if a.shape != b.shape {
            bail!("the maps have shapes {:?} and {:?}", a.shape, b.shape);
        }
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().copied().map(f64::from).collect() };
        let absolute = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value.abs()).collect() };
        let (a, b) = (wide(&a.data), wide(&b.data));
        let (absolute_a, absolute_b) = (absolute(&a), absolute(&b));
        let of = |&(_, of, of_absolute): &(&str, Coefficient, bool)| {
            if of_absolute { of(&absolute_a, &absolute_b) } else { of(&a, &b) }
        };
        Ok(COEFFICIENTS.iter().map(of).collect())
    }

    fn rows(&self, found: &[Correlation]) -> impl Iterator<Item = MapCorrelation> {
        COEFFICIENTS.iter().zip(found).map(|(&(name, ..), &Correlation { coefficient, n, .. })| {
            let Self { image, target, method, b, .. } = self;
            if coefficient.is_nan() {
                let place = format!("{image}, target {target}, {method}");
                pipe::note(format_args!("{place}: no {name} correlation: a map is constant or not finite"));
            }
            MapCorrelation {
                image: image.clone(),
                target: *target,
                model: b.model.clone(),
                method: method.clone(),
                coefficient: name.to_owned(),
                correlation: coefficient,
                n,
            }
        })
    }
}
