//! Critical-difference diagrams (Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", 2006).

use std::collections::BTreeMap;

use pipe::Significance;

use crate::axis::Scale;
use crate::canvas::{Anchor, Canvas};
use crate::figure::{Figure, Numbers};
use crate::font;
use crate::names::{Names, groups};
use crate::paint::Paint;
use crate::panel::{LEADING, Panel, SMALL, TEXT, arrange};

/// Width of the axis of ranks.
const AXIS: f64 = 300.0;

/// For each classifier and metric the mean ranks of the methods on an axis whose left end is the best rank, bars over methods
/// that Nemenyi's test does not tell apart, and above the axis the difference that it wants.
pub fn critical_differences(rows: &[Significance]) -> Figure {
    let mut numbers = Numbers::new(&[
        "model",
        "metric",
        "method",
        "mean_rank",
        "cliques",
        "critical_difference",
        "p_friedman",
        "n",
    ]);
    let names = Names::new(rows.iter().flat_map(|row| [row.method_a.as_str(), row.method_b.as_str()]));
    let mut panels = Vec::new();
    let mut words = Vec::new();
    for ((model, metric), rows) in groups(rows, |row| (row.model.as_str(), row.metric.as_str())) {
        let ranked = Ranked::new(&rows);
        numbers.rows.extend(ranked.methods.iter().map(|(name, rank)| {
            let cliques = ranked.cliques_of(name);
            let of_all = [ranked.difference, ranked.p_friedman].map(|value| value.to_string());
            let [difference, p] = of_all;
            vec![
                model.into(),
                metric.into(),
                (*name).into(),
                rank.to_string(),
                cliques,
                difference,
                p,
                ranked.n.to_string(),
            ]
        }));
        if let Some((best, rank)) = ranked.methods.first() {
            words.push(format!("By {metric}, {best} has the best mean rank, {rank:.2}."));
        }
        let tested = format!("Friedman's test: p {}, {} images", p_value(ranked.p_friedman), ranked.n);
        panels.push(Panel::new([metric.to_owned(), tested, model.to_owned()], ranked.draw(&names)));
    }
    Figure::new(
        "Mean ranks and critical differences",
        words.join(" "),
        arrange(panels, names.caption()),
        numbers,
    )
}

/// Behind the letter p. One that is 0 is less than any double.
fn p_value(p: f64) -> String {
    match p {
        0.0 => "< 1e-300".to_owned(),
        _ if p < 1e-4 => format!("= {p:.0e}"),
        _ => format!("= {p:.4}"),
    }
}

/// The methods of one classifier and metric.
struct Ranked<'a> {
    /// Names and mean ranks, the best first.
    methods: Vec<(&'a str, f64)>,
    /// The members of each clique by its name.
    cliques: BTreeMap<&'a str, Vec<&'a str>>,
    difference: f64,
    p_friedman: f64,
    n: usize,
}

impl<'a> Ranked<'a> {
    fn new(rows: &[&'a Significance]) -> Self {
        let mut ranks = BTreeMap::new();
        let mut cliques: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in rows {
            let pair = [(row.method_a.as_str(), row.mean_rank_a), (row.method_b.as_str(), row.mean_rank_b)];
            ranks.extend(pair);
            for clique in row.cliques.split(';').filter(|clique| !clique.is_empty()) {
                let members = cliques.entry(clique).or_default();
                members.extend(pair.map(|(name, _)| name));
            }
        }
        let mut methods: Vec<_> = ranks.into_iter().collect();
        methods.sort_by(|a, b| a.1.total_cmp(&b.1));
        let first = rows.first();
        let of_all = |value: fn(&Significance) -> f64| first.map_or(f64::NAN, |row| value(row));
        Self {
            methods,
            cliques,
            difference: of_all(|row| row.critical_difference),
            p_friedman: of_all(|row| row.p_friedman),
            n: first.map_or(0, |row| row.n),
        }
    }

    fn cliques_of(&self, name: &str) -> String {
        let has = self.cliques.iter().filter(|(_, members)| members.contains(&name));
        has.map(|(clique, _)| *clique).collect::<Vec<_>>().join(";")
    }

    /// The ranks of the first and the last method of each clique.
    fn bars(&self) -> Vec<[f64; 2]> {
        let rank = |name: &&str| {
            self.methods.iter().find(|(other, _)| other == name).map_or(f64::NAN, |(_, rank)| *rank)
        };
        let ends = |members: &Vec<&str>| {
            let ranks = || members.iter().map(rank);
            [ranks().fold(f64::INFINITY, f64::min), ranks().fold(f64::NEG_INFINITY, f64::max)]
        };
        let mut bars: Vec<_> = self.cliques.values().map(ends).collect();
        bars.sort_by(|a, b| a[0].total_cmp(&b[0]));
        bars
    }

    /// The better half of the methods is named on the left, the others on the right, so that no two elbows cross.
    fn draw(&self, names: &Names<'_>) -> Canvas {
        let (line, half) = (TEXT * LEADING, self.methods.len().div_ceil(2));
        let (better, worse) = self.methods.split_at(half);
        let label = |(name, rank): &(&str, f64)| format!("{}  {rank:.2}", names.shown(name));
        let wide = |methods: &[(&str, f64)]| {
            font::widest(methods.iter().map(label).collect::<Vec<_>>().iter().map(String::as_str), TEXT)
        };
        let left = wide(better) + 20.0;
        let right = left + AXIS;
        let scale = Scale::new(1.0, self.methods.len().max(2) as f64, left, right);
        let (axis, bars) = (34.0, self.bars());
        let below = axis + 12.0 + 8.0 * bars.len() as f64;
        let mut canvas = Canvas::new(right + 20.0 + wide(worse), below + half as f64 * line + 6.0);
        self.axis(&mut canvas, scale, axis);
        for (at, [first, last]) in bars.into_iter().enumerate() {
            let y = axis + 10.0 + 8.0 * at as f64;
            canvas.line([scale.place(first) - 3.0, y], [scale.place(last) + 3.0, y], Paint::Ink, 3.0);
        }
        for (at, method) in better.iter().enumerate() {
            let y = below + (at as f64 + 0.5) * line;
            elbow(&mut canvas, [scale.place(method.1), axis], [left - 14.0, y]);
            canvas.text([left - 18.0, y], label(method), TEXT, Anchor::End, Paint::Ink);
        }
        // From the worst on, which stands lowest at the right end: its elbow goes around all others.
        for (at, method) in worse.iter().rev().enumerate() {
            let y = below + (at as f64 + 0.5) * line;
            elbow(&mut canvas, [scale.place(method.1), axis], [right + 14.0, y]);
            canvas.text([right + 18.0, y], label(method), TEXT, Anchor::Start, Paint::Ink);
        }
        canvas
    }

    /// The axis of ranks, and the critical difference above it.
    fn axis(&self, canvas: &mut Canvas, scale: Scale, y: f64) {
        let last = self.methods.len().max(2);
        let step = last.div_ceil(10);
        canvas.line([scale.place(1.0), y], [scale.place(last as f64), y], Paint::Ink, 1.0);
        for rank in (1..=last).step_by(step) {
            let x = scale.place(rank as f64);
            canvas.line([x, y - 4.0], [x, y], Paint::Ink, 1.0);
            canvas.text([x, y - 10.0], rank.to_string(), SMALL, Anchor::Middle, Paint::Muted);
        }
        if self.difference.is_finite() {
            let end = (1.0 + self.difference).min(last as f64);
            let (from, to) = (scale.place(1.0), scale.place(end));
            canvas.line([from, 12.0], [to, 12.0], Paint::Ink, 1.5);
            for x in [from, to] {
                canvas.line([x, 9.0], [x, 15.0], Paint::Ink, 1.5);
            }
            let more = if end < 1.0 + self.difference { " (longer than the axis)" } else { "" };
            canvas.text(
                [from, 3.0],
                format!("critical difference {:.2}{more}", self.difference),
                SMALL,
                Anchor::Start,
                Paint::Muted,
            );
        }
    }
}

fn elbow(canvas: &mut Canvas, [x, top]: [f64; 2], [end, y]: [f64; 2]) {
    canvas.path(vec![[x, top], [x, y], [end, y]], Paint::Muted, 1.0, "");
}
