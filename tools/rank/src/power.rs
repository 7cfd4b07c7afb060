//! How many images would tell two methods apart.

use anyhow::Result;
use pipe::{Power, Writer};
use rayon::prelude::*;
use scores::Board;
use stats::power::{Differences, Drawn, critical, needed, sizes};
use stats::random::generator;

use crate::args::Args;
use crate::columns::{goodness, has_pairs, pairs};

/// Two methods, by their places on the board, and how often images tell them apart.
struct Trial {
    methods: (usize, usize),
    differences: Differences,
    /// Numbers of images and powers.
    tried: Vec<(usize, f64)>,
}

/// Writes the power of each pair of methods of every board, for rising numbers of images.
pub fn write<'a>(boards: impl Iterator<Item = &'a Board>, power: f64, args: &Args) -> Result<()> {
    let mut out = Writer::<Power>::open::<&str>(&args.output, &[])?;
    pipe::note("the images are taken for all there could be, also where more are drawn than there are");
    for board in boards.filter(|board| has_pairs(board)) {
        for row in rows(board, power, args) {
            out.write(&row)?;
        }
    }
    out.finish()
}

fn rows(board: &Board, power: f64, args: &Args) -> Vec<Power> {
    let images = board.methods[0].values.len();
    let trials = trials(board, images, power, args);
    let row = |trial: &Trial, (n, found)| Power {
        model: board.model.clone(),
        metric: board.metric.clone(),
        direction: board.direction,
        method_a: board.methods[trial.methods.0].method.clone(),
        method_b: board.methods[trial.methods.1].method.clone(),
        images,
        n,
        power: found,
        needed: needed(&trial.tried, power),
    };
    let lacking = trials.iter().filter(|trial| needed(&trial.tried, power).is_nan());
    if let Some((most, _)) = lacking.clone().find_map(|trial| trial.tried.last()) {
        let count = lacking.count();
        pipe::note(format_args!(
            "{board}: {count} of {} pairs have no power of {power} with {most} images",
            trials.len()
        ));
    }
    trials.iter().flat_map(|trial| trial.tried.iter().map(move |tried| row(trial, *tried))).collect()
}

/// Tries numbers of images in rising order, until one has the power.
fn trials(board: &Board, images: usize, power: f64, args: &Args) -> Vec<Trial> {
    let good = goodness(board);
    let trial = |(a, b): (usize, usize)| Trial {
        methods: (a, b),
        differences: Differences::new(&good[a], &good[b]),
        tried: Vec::new(),
    };
    let mut trials: Vec<Trial> = pairs(good.len()).into_iter().map(trial).collect();
    for n in sizes(images) {
        let mut open: Vec<&mut Trial> = trials
            .iter_mut()
            .filter(|trial| trial.tried.last().is_none_or(|(_, found)| *found < power))
            .collect();
        let differences: Vec<&Differences> = open.iter().map(|trial| &trial.differences).collect();
        let found = powers(board, &differences, images, n, args);
        for (trial, found) in open.iter_mut().zip(found) {
            trial.tried.push((n, found));
        }
    }
    trials
}

/// In which share of the resamples of `n` images each pair differs; NaN for a single image, which differs from none.
fn powers(board: &Board, pairs: &[&Differences], images: usize, n: usize, args: &Args) -> Vec<f64> {
    if images < 2 {
        return vec![f64::NAN; pairs.len()];
    }
    let critical = critical(args.resampling.level);
    let detected = |at: u64| -> Vec<usize> {
        // One resample for all pairs, of which a larger number of images has more.
        let mut rng = generator(args.resampling.seed, &["rank", "power", &board.model, &board.metric], at);
        let drawn = Drawn::new(images, n, &mut rng);
        pairs.iter().map(|pair| usize::from(pair.z(&drawn).abs() >= critical)).collect()
    };
    let add = |a: Vec<usize>, b: Vec<usize>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let counts = (0..args.resampling.resamples as u64)
        .into_par_iter()
        .map(detected)
        .reduce(|| vec![0; pairs.len()], add);
    counts.into_iter().map(|count| count as f64 / args.resampling.resamples as f64).collect()
}
