//! What people prefer: the answers of a study in which each question shows the maps of two methods.

mod answers;

use std::collections::BTreeSet;

use anyhow::Result;
use pipe::{Preference, Writer};
use stats::agreement::{fleiss_kappa, fleiss_kappa_interval};
use stats::proportion::{binomial_test, wilson};
use stats::random::generator;
use stats::summary::mean;

use crate::args::Args;
use answers::{ALL, Answers, Question};

/// Writes one row for each group and one for all of them.
pub fn write(args: &Args) -> Result<()> {
    let answers = Answers::read(&args.files)?;
    if answers.unanswered > 0 {
        pipe::note(format_args!("{} questions have no answer", answers.unanswered));
    }
    let groups = answers.groups.iter();
    let rows: Vec<Preference> = groups
        .map(|(group, questions)| preference(group, &questions.values().collect::<Vec<_>>(), args))
        .collect();
    let questions: Vec<&Question> =
        answers.groups.values().flat_map(|questions| questions.values()).collect();
    let all = together(preference(ALL, &questions, args), &rows);
    let mut out = Writer::<Preference>::open::<&str>(&args.output, &[])?;
    for row in rows.iter().chain([&all]) {
        out.write(row)?;
    }
    out.finish()
}

/// What the answers to some questions say.
fn preference(group: &str, questions: &[&Question], args: &Args) -> Preference {
    let answered = || questions.iter().filter(|question| !question.chosen.is_empty());
    let participants: BTreeSet<&String> = answered().flat_map(|question| question.chosen.keys()).collect();
    let counts: Vec<Vec<usize>> = answered().map(|question| question.counts().to_vec()).collect();
    let (first, n) = totals(&counts);
    let kappa = fleiss_kappa(&counts);
    if kappa.is_nan() {
        pipe::note(format_args!("{group}: no kappa: {}", why_undefined(&counts)));
    }
    let ci = wilson(first, n, args.resampling.level);
    // Equal keys: both intervals are of the same resamples.
    let rng = || generator(args.resampling.seed, &["rank", "study", group], 0);
    let images = args.resampling.bootstrap().statistic(counts.len(), &mut rng(), |drawn| {
        let (first, n) = totals(drawn.iter().map(|&at| &counts[at]));
        first as f64 / n as f64
    });
    let of_kappa = fleiss_kappa_interval(&counts, &args.resampling.bootstrap(), &mut rng());
    Preference {
        group: group.to_owned(),
        n,
        participants: participants.len(),
        images: counts.len(),
        preference: first as f64 / n as f64,
        ci_low: ci.low,
        ci_high: ci.high,
        p_value: binomial_test(first, n, 0.5),
        images_low: images.low,
        images_high: images.high,
        kappa,
        kappa_low: of_kappa.low,
        kappa_high: of_kappa.high,
        kappa_mean: None,
        kappa_sd: None,
    }
}

/// The row of all answers, with the mean of the groups' kappa and their standard deviation.
fn together(all: Preference, groups: &[Preference]) -> Preference {
    let kappas: Vec<f64> = groups.iter().map(|row| row.kappa).filter(|kappa| !kappa.is_nan()).collect();
    if kappas.len() < groups.len() {
        pipe::note(format_args!(
            "{} of {} groups have a kappa to take the mean of",
            kappas.len(),
            groups.len()
        ));
    }
    let mean = mean(&kappas);
    let squares: f64 = kappas.iter().map(|kappa| (kappa - mean).powi(2)).sum();
    // One group varies from none: 0 / 0.
    let deviation = (squares / (kappas.len() as f64 - 1.0)).sqrt();
    Preference { kappa_mean: Some(mean), kappa_sd: Some(deviation), ..all }
}

/// How many answers are for the first method, and how many there are.
fn totals<'a>(counts: impl IntoIterator<Item = &'a Vec<usize>>) -> (usize, usize) {
    counts.into_iter().fold((0, 0), |(first, n), counts| (first + counts[0], n + counts[0] + counts[1]))
}

/// Why Fleiss' kappa is NaN.
fn why_undefined(counts: &[Vec<usize>]) -> &'static str {
    if counts.iter().all(|counts| counts[0] + counts[1] < 2) {
        return "no image has two answers";
    }
    "all answers are for the same method, which leaves open what chance would do"
}
