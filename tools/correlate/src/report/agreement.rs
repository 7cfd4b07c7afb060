//! Do the images agree which method is better, and do the metrics agree which is best?

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Result, bail};
use scores::{Board, Scores};

use super::agreement_row::Agreement;
use super::judgement::{Judgement, Resampled, of_images, of_metrics};
use super::markdown::{estimate, percent, table};
use crate::args::Args;
use crate::chosen::select;

/// Prints the agreement of the images by each metric, and that of the metrics with each other, model by model.
pub fn write(scores: &Scores, args: &Args) -> Result<()> {
    let all: BTreeSet<&str> = scores.boards.iter().map(|board| &*board.metric).collect();
    let chosen = select(&all, &args.metrics, false)?;
    let boards: Vec<&Board> = scores.boards.iter().filter(|board| chosen.contains(&*board.metric)).collect();
    if boards.iter().all(|board| board.methods.len() < 2) {
        bail!("the report needs scores of two methods by one metric");
    }
    let (mut rows, mut text) = (Vec::new(), String::new());
    for model in boards.chunk_by(|a, b| a.model == b.model) {
        let judgements: Vec<Judgement> = model.iter().map(|board| Judgement::new(board)).collect();
        let resampled = Resampled::new(&judgements, args);
        let images: Vec<Agreement> =
            judgements.iter().flat_map(|judgement| of_images(judgement, &resampled, args)).collect();
        let metrics = of_metrics(&judgements, &resampled, args);
        text += &tables(&model[0].model, &images, &metrics, args);
        rows.extend(images.into_iter().chain(metrics));
    }
    super::write(&rows, Some(&text), args)
}

fn tables(model: &str, images: &[Agreement], metrics: &[Agreement], args: &Args) -> String {
    let of = if model.is_empty() { String::new() } else { format!(", {model}") };
    let level = percent(args.resampling.level);
    let mut text = format!("\n## Agreement of images on the ranking of methods{of}\n\n");
    let _ = writeln!(
        text,
        "1 if all images rank the methods alike; alpha is 0 by chance. Intervals of {level}, from resampled images.\n"
    );
    text += &side_by_side(images, &["metric", "Krippendorff's alpha", "Kendall's W"]);
    if !metrics.is_empty() {
        let _ = write!(text, "\n## Agreement of metrics on the ranking of methods by their means{of}\n\n");
        let _ = writeln!(text, "Intervals of {level}, from images resampled for all metrics at once.\n");
        text += &side_by_side(metrics, &["metrics", "Kendall's tau", "Spearman"]);
    }
    text
}

/// Two statistics of the same thing in one line.
fn side_by_side(rows: &[Agreement], header: &[&str]) -> String {
    let header = header.iter().copied().chain(["methods", "images"]).map(str::to_owned).collect();
    let mut lines: Vec<Vec<String>> = vec![header];
    for pair in rows.chunk_by(|a, b| (&a.metric_a, &a.metric_b) == (&b.metric_a, &b.metric_b)) {
        let Agreement { metric_a, metric_b, methods, images, .. } = &pair[0];
        let name = if metric_b.is_empty() { metric_a.clone() } else { format!("{metric_a} & {metric_b}") };
        let cells = pair.iter().map(|row| estimate(row.value, Some(row.ci_low), Some(row.ci_high)));
        lines
            .push([name].into_iter().chain(cells).chain([methods.to_string(), images.to_string()]).collect());
    }
    table(&lines)
}
