//! How relevance is spread over the values: the densities of the Coherency study (Figure 3).

use std::collections::BTreeMap;

use anyhow::Result;
use pipe::{CheckedMaps, Density, Explained, Rows, Writer, note};

use crate::Args;
use crate::maps::read;

/// Standard deviation of the kernels, where 1 is the range of a map.
const BANDWIDTH: f64 = 0.05;

/// Places between 0 and 1 at which the density is written.
const PLACES: u32 = 100;

/// The maps of one method of one model.
#[derive(Default)]
struct Spread {
    density: stats::density::Density,
    maps: usize,
}

/// Writes the density of each method's values, every map moved to 0..1 by itself. A constant map has no such values and is left
/// out; one that cannot be read is a failure.
///
/// # Errors
///
/// If a table is damaged, the output cannot be written, or more maps failed than allowed.
pub fn write(rows: Rows<Explained>, args: &Args) -> Result<()> {
    let mut failures = args.errors.failures()?;
    let mut spreads: BTreeMap<(String, String), Spread> = BTreeMap::new();
    let (mut reader, mut all, mut without) = (CheckedMaps::default(), 0, 0);
    for row in rows.with_flaws() {
        let (row, flaw) = row?;
        all += 1;
        let spread = spreads.entry((row.model.clone(), row.method.clone())).or_default();
        let added = match flaw {
            Some(flaw) => Err(anyhow::Error::msg(flaw.to_string())),
            None if !row.reason.is_empty() => Ok(false),
            None => spread.add(&mut reader, &row),
        };
        match added {
            Ok(true) => {}
            Ok(false) => without += 1,
            Err(error) => failures.add(&row.image, &row.method, "score", format!("{error:#}"))?,
        }
    }
    if without > 0 {
        note(format_args!("{without} of {all} maps are constant or were not made: they are left out"));
    }
    let mut out = Writer::open::<&str>(&args.output, &[])?;
    for ((model, method), Spread { density, maps }) in spreads {
        for place in 0..PLACES {
            let relevance = f64::from(place) / f64::from(PLACES - 1);
            let (model, method) = (model.clone(), method.clone());
            out.write(&Density {
                model,
                method,
                relevance,
                density: density.at(relevance, BANDWIDTH),
                maps,
            })?;
        }
    }
    out.finish()?;
    failures.finish(all)
}

impl Spread {
    /// Whether the row's map has values that can be moved to 0..1.
    fn add(&mut self, reader: &mut CheckedMaps, row: &Explained) -> Result<bool> {
        let map = read(reader, row, None)?.map_err(anyhow::Error::msg)?;
        if map.is_constant() {
            return Ok(false);
        }
        map.normalised().into_iter().for_each(|value| self.density.add(f64::from(value)));
        self.maps += 1;
        Ok(true)
    }
}
