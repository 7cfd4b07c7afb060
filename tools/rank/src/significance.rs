//! Which methods differ: tests of all of them together and of each pair.

use anyhow::Result;
use pipe::{Significance, Writer};
use rayon::prelude::*;
use scores::Board;
use stats::effect::{cohen_d, rank_biserial_pairs};
use stats::friedman::{Friedman, friedman};
use stats::multiple::holm;
use stats::posthoc::{cliques, conover, critical_difference, nemenyi};
use stats::signed::{sign, wilcoxon};
use stats::wins::pairwise;

use crate::args::Args;
use crate::columns::{goodness, has_pairs, pairs};

/// Writes a row for each pair of methods of every board.
pub fn write<'a>(boards: impl Iterator<Item = &'a Board>, args: &Args) -> Result<()> {
    let mut out = Writer::<Significance>::open::<&str>(&args.output, &[])?;
    for board in boards.filter(|board| has_pairs(board)) {
        for row in rows(board, 1.0 - args.resampling.level) {
            out.write(&row)?;
        }
    }
    out.finish()
}

/// Two methods by themselves.
struct Duel {
    methods: (usize, usize),
    p_wilcoxon: f64,
    p_sign: f64,
    rank_biserial: f64,
    cohen_d: f64,
    win_rate: f64,
}

impl Duel {
    fn new(good: &[Vec<f64>], (a, b): (usize, usize)) -> Self {
        let (first, second) = (&good[a], &good[b]);
        Self {
            methods: (a, b),
            p_wilcoxon: wilcoxon(first, second).p_value,
            p_sign: sign(first, second).p_value,
            rank_biserial: rank_biserial_pairs(first, second),
            cohen_d: cohen_d(first, second),
            win_rate: pairwise(first, second),
        }
    }
}

fn rows(board: &Board, alpha: f64) -> Vec<Significance> {
    let good = goodness(board);
    let duels: Vec<Duel> = pairs(good.len()).into_par_iter().map(|pair| Duel::new(&good, pair)).collect();
    let adjusted = |p: &dyn Fn(&Duel) -> f64| holm(&duels.iter().map(p).collect::<Vec<_>>());
    let (p_wilcoxon, p_sign) = (adjusted(&|duel| duel.p_wilcoxon), adjusted(&|duel| duel.p_sign));
    let all = together(board, &good);
    let (p_nemenyi, conover) = (nemenyi(&all), conover(&all));
    let p_conover = adjusted(&|duel| conover[duel.methods.0][duel.methods.1]);
    let cliques = cliques(&all.mean_ranks, |a, b| p_nemenyi[a][b] <= alpha);
    let critical_difference = critical_difference(all.k, all.n, alpha);
    let row = |(at, duel): (usize, &Duel)| {
        let (a, b) = duel.methods;
        Significance {
            model: board.model.clone(),
            metric: board.metric.clone(),
            direction: board.direction,
            method_a: board.methods[a].method.clone(),
            method_b: board.methods[b].method.clone(),
            n: all.n,
            mean_rank_a: all.mean_ranks[a],
            mean_rank_b: all.mean_ranks[b],
            chi_square: all.chi_squared,
            p_friedman: all.p_chi_squared,
            f_statistic: all.f,
            p_iman_davenport: all.p_f,
            critical_difference,
            cliques: numbers(&cliques, a, b),
            p_nemenyi: p_nemenyi[a][b],
            p_conover: p_conover[at],
            p_wilcoxon: p_wilcoxon[at],
            p_sign: p_sign[at],
            rank_biserial: duel.rank_biserial,
            cohen_d: duel.cohen_d,
            win_rate: duel.win_rate,
            significant: p_wilcoxon[at] <= alpha,
        }
    };
    let rows: Vec<_> = duels.iter().enumerate().map(row).collect();
    tell(board, &rows);
    rows
}

/// Friedman's test, in which the best method of an image has rank 1.
fn together(board: &Board, good: &[Vec<f64>]) -> Friedman {
    let bad: Vec<Vec<f64>> = good.iter().map(|values| values.iter().map(|value| -value).collect()).collect();
    let test = friedman(&bad.iter().map(Vec::as_slice).collect::<Vec<_>>());
    if test.chi_squared.is_nan() {
        pipe::note(format_args!("{board}: every image ties all methods: no test of them together"));
    } else if test.f.is_nan() {
        pipe::note(format_args!("{board}: one image: no Iman-Davenport and no Conover test"));
    }
    test
}

/// The numbers, from 1, of the cliques that have both methods.
fn numbers(cliques: &[Vec<usize>], a: usize, b: usize) -> String {
    let with_both =
        cliques.iter().enumerate().filter(|(_, clique)| clique.contains(&a) && clique.contains(&b));
    with_both.map(|(at, _)| (at + 1).to_string()).collect::<Vec<_>>().join(";")
}

/// Says which pairs have no test of their own.
fn tell(board: &Board, rows: &[Significance]) {
    for Significance { method_a, method_b, .. } in rows.iter().filter(|row| row.p_wilcoxon.is_nan()) {
        pipe::note(format_args!(
            "{board}: {method_a} and {method_b} are equal on every image: no test of the two"
        ));
    }
}
