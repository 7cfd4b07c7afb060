//! `--dry-run`: what a run would do, and what it would take on this machine.

use std::collections::HashSet;

use anyhow::Result;
use perturbation::{Forwards, ParsedTest};
use pipe::{Cells, Column, Line, Row, Writer};
use setup::{Loaded, Speed, rounded};

use crate::args::Args;
use crate::source::Task;

/// One test, or all of them together.
struct Estimate {
    test: String,
    images: usize,
    maps: usize,
    done: usize,
    forwards: u64,
    exact: String,
    seconds: f64,
    /// A map is the smallest unit: what a kill costs at the most.
    longest: f64,
}

impl Row for Estimate {
    const COLUMNS: &'static [Column] = &[
        Column::required("test"),
        Column::required("images"),
        Column::required("maps"),
        Column::required("maps_done"),
        Column::required("forwards"),
        Column::required("exact"),
        Column::required("seconds"),
        Column::required("longest_map_seconds"),
    ];

    fn read(line: &mut Line<'_>) -> Result<Self, pipe::Error> {
        Ok(Self {
            test: line.value()?,
            images: line.value()?,
            maps: line.value()?,
            done: line.value()?,
            forwards: line.value::<usize>()? as u64,
            exact: line.value()?,
            seconds: line.value()?,
            longest: line.value()?,
        })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.test);
        cells.value(&self.images);
        cells.value(&self.maps);
        cells.value(&self.done);
        cells.value(&(self.forwards as usize));
        cells.value(&self.exact);
        cells.value(&self.seconds);
        cells.value(&self.longest);
    }
}

/// Writes a row for each test by itself, one for the clean images, and `(all)`: what the run would do, in which tests share
/// what is equal. `done` maps are in the table already and cost nothing. Maps are taken to have the network's usual size. The
/// table goes to standard output: what `-O` names is what the run would write.
pub fn write(
    args: &Args,
    loaded: &Loaded,
    tests: &[ParsedTest],
    tasks: impl Iterator<Item = Result<Task>>,
    done: usize,
) -> Result<()> {
    let (mut rows, mut maps, mut images, mut asked) = (0, 0, HashSet::new(), HashSet::new());
    for task in tasks {
        let row = task?.row;
        rows += 1;
        if rows > done && row.reason.is_empty() {
            maps += 1;
            asked.insert((row.image.clone(), row.target));
            images.insert(row.image);
        }
    }
    let done = done.min(rows);
    let size = loaded.classifier.usual_size();
    let speed = Speed::measure(loaded, size);
    let estimate = |name: &str, forwards: u64, of_a_map: u64, exact: bool| Estimate {
        test: name.into(),
        images: images.len(),
        maps,
        done,
        forwards,
        exact: if exact { "exact" } else { "at most" }.into(),
        seconds: rounded(forwards as f64 * speed.forward),
        longest: rounded(of_a_map as f64 * speed.forward),
    };
    let of = |tests: &[ParsedTest]| {
        let Forwards { count, of_image, exact } = Forwards::of(tests, size[0] * size[1]);
        (count * maps as u64 + of_image * asked.len() as u64, count + of_image, exact)
    };
    let mut table = Writer::<Estimate>::stdout::<&str>(&[])?;
    for test in tests {
        let (forwards, of_a_map, exact) = of(std::slice::from_ref(test));
        table.write(&estimate(test.spec(), forwards, of_a_map, exact))?;
    }
    let clean = images.len() as u64;
    table.write(&estimate("(clean images)", clean, 1, true))?;
    let (forwards, of_a_map, exact) = of(tests);
    let all = estimate("(all)", forwards + clean, of_a_map + 1, exact);
    let whole = all.seconds * args.shard.n as f64;
    table.write(&all)?;
    table.finish()?;
    pipe::note(setup::advice(whole, images.len() * args.shard.n));
    Ok(())
}
