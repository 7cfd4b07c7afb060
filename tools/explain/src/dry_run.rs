//! `--dry-run`: what a run would do, and what it would take on this machine.

use anyhow::Result;
use attribution::Passes;
use pipe::{Cells, Column, Line, Row, Writer};
use setup::{Loaded, Speed, Target, rounded};

use crate::chunk::{Chosen, Plan};
use crate::pack::Pack;
use crate::source;

/// One method.
struct Estimate {
    method: String,
    images: usize,
    packs: usize,
    done: usize,
    forwards: u64,
    backwards: u64,
    exact: String,
    files: usize,
    bytes: u64,
    seconds: f64,
    longest: f64,
}

impl Row for Estimate {
    const COLUMNS: &'static [Column] = &[
        Column::required("method"),
        Column::required("images"),
        Column::required("packs"),
        Column::required("packs_done"),
        Column::required("forwards"),
        Column::required("backwards"),
        Column::required("exact"),
        Column::required("files"),
        Column::required("bytes"),
        Column::required("seconds"),
        Column::required("longest_pack_seconds"),
    ];

    fn read(line: &mut Line<'_>) -> Result<Self, pipe::Error> {
        Ok(Self {
            method: line.value()?,
            images: line.value()?,
            packs: line.value()?,
            done: line.value()?,
            forwards: line.value::<usize>()? as u64,
            backwards: line.value::<usize>()? as u64,
            exact: line.value()?,
            files: line.value()?,
            bytes: line.value::<usize>()? as u64,
            seconds: line.value()?,
            longest: line.value()?,
        })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.method);
        cells.value(&self.images);
        cells.value(&self.packs);
        cells.value(&self.done);
        cells.value(&(self.forwards as usize));
        cells.value(&(self.backwards as usize));
        cells.value(&self.exact);
        cells.value(&self.files);
        cells.value(&(self.bytes as usize));
        cells.value(&self.seconds);
        cells.value(&self.longest);
    }
}

/// What is left to do.
struct Survey {
    /// For each method the images of each pack that is to be made.
    open: Vec<Vec<usize>>,
    /// For each method the number of all packs.
    packs: Vec<usize>,
    /// Images whose class is found by its rank.
    predicted: usize,
}

impl Survey {
    fn of(plan: &Plan<'_>) -> Self {
        let methods = plan.methods.len();
        let mut survey = Self { open: vec![Vec::new(); methods], packs: vec![0; methods], predicted: 0 };
        for number in plan.chunks() {
            let rows = plan.rows(number);
            let hashes = source::hashes(rows);
            let packs = plan.open(number, &hashes);
            let readable = || (0..rows.len()).filter(|row| hashes[*row].is_ok());
            let wanted = |row: usize| packs.iter().flatten().any(|pack| pack.wants(row));
            survey.predicted += readable().filter(|row| is_found(&rows[*row].asked) && wanted(*row)).count();
            for (method, found) in packs.iter().enumerate() {
                let left = |pack: &Pack| readable().filter(|row| pack.wants(*row)).count();
                survey.packs[method] += found.len();
                survey.open[method].extend(found.iter().filter(|pack| !pack.earlier).map(left));
            }
        }
        survey
    }
}

/// Whether the classifier has to be asked first which class is meant.
fn is_found(asked: &str) -> bool {
    matches!(asked.parse(), Ok(Target::Rank(_)))
}

/// Writes a row for each method, and one for the predicted classes where they are asked for; the last lines on standard error
/// advise how to share the work out. The table goes to standard output: what `-O` names is what the run would write.
pub fn write(loaded: &Loaded, plan: &Plan<'_>) -> Result<()> {
    loaded.notes.iter().for_each(pipe::note);
    let speed = Speed::measure(loaded, plan.size);
    let Survey { open, packs, predicted } = Survey::of(plan);
    let mut table = Writer::<Estimate>::stdout::<&str>(&[])?;
    let mut total = 0.0;
    for ((chosen, open), packs) in plan.methods.iter().zip(open).zip(packs) {
        let estimate = estimate(chosen, plan, &open, packs, &speed);
        total += estimate.seconds;
        table.write(&estimate)?;
    }
    if predicted > 0 {
        table.write(&targets(predicted, &speed))?;
    }
    table.finish()?;
    let chunks = plan.cuts.len();
    pipe::note(setup::advice(total * plan.shard.n as f64, chunks));
    pipe::note(format_args!("{chunks} chunks of {} images (--chunk)", plan.chunk));
    Ok(())
}

fn estimate(chosen: &Chosen, plan: &Plan<'_>, open: &[usize], packs: usize, speed: &Speed) -> Estimate {
    let images: usize = open.iter().sum();
    let Passes { forwards, backwards, exact } = chosen.passes;
    let seconds =
        |images: usize| images as f64 * (forwards as f64 * speed.forward + backwards as f64 * speed.backward);
    let [h, w] = plan.size;
    Estimate {
        method: chosen.name.clone(),
        images,
        packs,
        done: packs - open.len(),
        forwards: forwards * images as u64,
        backwards: backwards * images as u64,
        exact: if exact { "exact" } else { "at most" }.into(),
        files: 2 * open.len(),
        bytes: (images * chosen.channels * h * w * size_of::<f32>()) as u64,
        seconds: rounded(seconds(images)),
        longest: rounded(seconds(open.iter().copied().max().unwrap_or(0))),
    }
}

/// Finding the predicted classes costs a pass of its own.
fn targets(images: usize, speed: &Speed) -> Estimate {
    Estimate {
        method: "(predicted classes)".into(),
        images,
        packs: 0,
        done: 0,
        forwards: images as u64,
        backwards: 0,
        exact: "exact".into(),
        files: 0,
        bytes: 0,
        seconds: rounded(images as f64 * speed.forward),
        longest: 0.0,
    }
}
