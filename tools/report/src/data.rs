//! What the gallery is made of: a table of its images in JSON, and a block of pictures for each.

use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pictures::palettes;
use pipe::{Failures, Progress};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::args::Args;
use crate::encode::{COLUMNS, Encoded, Opener};
use crate::scored::value;
use crate::tables::Run;

/// The gallery.
#[derive(Debug, Default)]
pub struct Gallery {
    /// Places of the items that are shown, in the order in which they were chosen.
    pub shown: Vec<usize>,
    /// For each, what the JSON says about it.
    entries: Vec<Value>,
    /// For each, a `script` that holds its pictures and curves.
    pub blocks: String,
    /// Maps that could not be drawn.
    pub failed: Vec<(String, String, String)>,
}

/// Room for what depends on the number of images in the page's sentences.
const SLACK: u64 = 2000;
/// Images that tell how large the others may be, and images that are encoded at once.
const FIRST: usize = 16;
const AT_ONCE: usize = 2048;

impl Gallery {
    /// Takes images in the order of the choice, as long as the page of `base` bytes stays within the budget.
    ///
    /// # Errors
    ///
    /// If the page is too large without images, or an image cannot be encoded.
    pub fn fill(run: &Run, args: &Args, base: u64, failures: &mut Failures) -> Result<Self> {
        let Some(mut room) = args.budget.checked_sub(base + SLACK) else {
            bail!("--budget {}: the page takes {} bytes without any image", args.budget, base + SLACK);
        };
        let (mut gallery, mut rest) = (Self::default(), &run.choice.order[..]);
        let progress = Progress::new("report", rest.len() as u64, "images").quiet(args.quiet);
        let per_image = |gallery: &Self| gallery.blocks.len() / gallery.shown.len().max(1);
        while !rest.is_empty() {
            let likely = match per_image(&gallery) {
                0 => FIRST,
                bytes => (room as usize / bytes + 1).clamp(FIRST, AT_ONCE),
            };
            let (batch, others) = rest.split_at(likely.min(rest.len()));
            rest = others;
            for (item, encoded) in encode(run, batch)? {
                progress.add(1);
                gallery.note(run, item, &encoded, failures)?;
                if !encoded.photo.is_empty() && !gallery.add(run, item, &encoded, &mut room) {
                    return Ok(gallery);
                }
            }
        }
        Ok(gallery)
    }

    fn note(&mut self, run: &Run, item: usize, encoded: &Encoded, failures: &mut Failures) -> Result<()> {
        let image = &run.items.all[item].image;
        for (method, error) in &encoded.failed {
            let reason = format!("{error:#}");
            failures.add(image, method, "draw", &reason)?;
            self.failed.push((image.clone(), method.clone(), reason));
        }
        Ok(())
    }

    /// Adds an image if there is room for it.
    fn add(&mut self, run: &Run, item: usize, encoded: &Encoded, room: &mut u64) -> bool {
        let parts = [&encoded.photo, &encoded.sprite, &encoded.about, &curves(run, item)]
            .map(|part| STANDARD.encode(part));
        let number = self.shown.len();
        let block = format!("<script type=\"text/plain\" id=\"i{number}\">{}</script>\n", parts.join("|"));
        let of = &run.items.all[item];
        let [width, height] = encoded.size;
        let lacking: Vec<usize> =
            (0..run.items.series.len()).filter(|series| !encoded.has(*series)).collect();
        let predicted = run.predicted(item);
        let entry = json!([of.image, of.class, of.target, of.label, predicted, width, height, lacking]);
        let numbers = run.scored.as_ref().map_or(0, |scored| scored.metrics.len()) * run.items.series.len();
        let cost = (block.len() + escaped(&entry).len() + 1 + numbers * 16 / 3 + 4) as u64;
        if cost > *room {
            return false;
        }
        *room -= cost;
        self.blocks.push_str(&block);
        self.entries.push(entry);
        self.shown.push(item);
        true
    }

    /// The table of the images, safe within a `script`.
    pub fn json(&self, run: &Run) -> String {
        let (names, _) = run.items.names();
        let series = run.items.series.iter().zip(names);
        let metrics = run.scored.iter().flat_map(|scored| &scored.metrics);
        let metrics: Vec<Value> =
            metrics.map(|(name, direction)| json!([name, direction.to_string() == "higher"])).collect();
        escaped(&json!({
            "version": 1,
            "columns": COLUMNS.min(run.items.series.len()),
            "rows": run.items.series.len().div_ceil(COLUMNS),
            "series": series.map(|(series, name)| json!([name, series.method, series.model])).collect::<Vec<_>>(),
            "metrics": metrics,
            "tests": run.answers.tests,
            "fractions": run.answers.fractions,
            "range": run.answers.range(),
            "lines": (0..run.items.series.len()).map(figures::series_line).collect::<Vec<_>>(),
            "palettes": colours(),
            "images": self.entries,
            "values": STANDARD.encode(self.values(run)),
        }))
    }

    /// The score of every image by every metric and method, as little-endian floats of 32 bits.
    fn values(&self, run: &Run) -> Vec<u8> {
        let Some(scored) = &run.scored else { return Vec::new() };
        let samples: Vec<_> = scored
            .metrics
            .iter()
            .flat_map(|(metric, _)| {
                run.items
                    .series
                    .iter()
                    .map(move |series| scored.sample(metric, &series.model, &series.method))
            })
            .collect();
        let of = |item: &usize| {
            let item = &run.items.all[*item];
            let place = scored.place(&item.image, item.target);
            samples
                .iter()
                .map(move |sample| sample.zip(place).map_or(f64::NAN, |(sample, place)| value(sample, place)))
        };
        self.shown.iter().flat_map(of).flat_map(|value| (value as f32).to_le_bytes()).collect()
    }
}

/// Encodes images beside each other, in the order of the table, because neighbours lie in one pack; returns them in the order that is
/// given.
fn encode(run: &Run, batch: &[usize]) -> Result<Vec<(usize, Encoded)>> {
    let mut sorted: Vec<usize> = batch.to_vec();
    sorted.sort_unstable();
    let chunk = sorted.len().div_ceil(4 * rayon::current_num_threads()).max(1);
    let encoded: Vec<Result<Vec<(usize, Encoded)>>> = sorted
        .par_chunks(chunk)
        .map(|items| {
            let mut opener = Opener::new(run.items.series.len());
            items.iter().map(|item| Ok((*item, opener.encode(&run.items.all[*item])?))).collect()
        })
        .collect();
    let mut all: Vec<(usize, Encoded)> = Vec::new();
    for part in encoded {
        all.extend(part?);
    }
    let place: std::collections::HashMap<usize, usize> =
        batch.iter().enumerate().map(|(at, item)| (*item, at)).collect();
    all.sort_by_key(|(item, _)| place[item]);
    Ok(all)
}

/// The curves of an image as numbers of 16 bits: for each test and method the number of its fractions, 65,535 without a curve, then
/// the heights from the least to the greatest of all.
fn curves(run: &Run, item: usize) -> Vec<u8> {
    let [low, high] = run.answers.range();
    let height = |height: &f32| ((height - low) / (high - low) * 65_534.0).round() as u16;
    let mut numbers: Vec<u16> = Vec::new();
    for test in 0..run.answers.tests.len() {
        for series in 0..run.items.series.len() {
            match run.answers.of_items.get(&(item, test, series)) {
                Some(curve) if curve.fractions < 65_535 => {
                    numbers.push(curve.fractions as u16);
                    numbers.extend(curve.heights.iter().map(height));
                }
                _ => numbers.push(65_535),
            }
        }
    }
    numbers.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// The colour maps as the numbers of an SVG filter.
fn colours() -> Value {
    let table = |stops: &[u32]| {
        [16, 8, 0].map(|shift| {
            let share = |stop: &u32| format!("{:.3}", f64::from(stop >> shift & 0xff) / 255.0);
            stops.iter().map(share).collect::<Vec<_>>().join(" ")
        })
    };
    json!({
        "inferno": table(&palettes::INFERNO),
        "viridis": table(&palettes::VIRIDIS),
        "grey": table(&[0x0000_0000, 0x00ff_ffff]),
        "coolwarm": table(&palettes::COOLWARM),
    })
}

/// JSON that no text within it can end: a class may be called `</script>`.
pub fn escaped(value: &Value) -> String {
    value.to_string().replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
