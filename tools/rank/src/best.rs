//! Each method by the value of a parameter that suits it best.

use std::borrow::Cow;

use pipe::Direction;
use scores::{Board, Sample};
use stats::summary::mean;

use crate::family::Family;
use crate::table::Named;

/// Each method's scores by the member with its best mean, of equal ones the first.
pub fn best(family: &Family) -> Named<'static> {
    let first = &family.members[0].1;
    let (metrics, methods) = (0..first.methods.len()).map(|at| best_of(family, at)).unzip();
    let board = Board {
        model: first.model.clone(),
        metric: family.metric.clone(),
        direction: first.direction,
        methods,
    };
    Named { board: Cow::Owned(board), metrics }
}

/// The metric that suits the method at a place best, and the method's scores by it.
fn best_of(family: &Family, at: usize) -> (String, Sample) {
    let goodness = |board: &Board| match board.direction {
        Direction::Higher => mean(&board.methods[at].values),
        Direction::Lower => -mean(&board.methods[at].values),
    };
    let mut best = &family.members[0].1;
    for (_, board) in &family.members[1..] {
        if goodness(board) > goodness(best) {
            best = board;
        }
    }
    (best.metric.clone(), best.methods[at].clone())
}
