//! A board as the tests of pairs see it.

use pipe::Direction;
use scores::Board;

/// The values of each method, turned so that more is better.
pub fn goodness(board: &Board) -> Vec<Vec<f64>> {
    let sign = match board.direction {
        Direction::Higher => 1.0,
        Direction::Lower => -1.0,
    };
    let turned = |values: &[f64]| values.iter().map(|value| sign * value).collect();
    board.methods.iter().map(|sample| turned(&sample.values)).collect()
}

/// All pairs of `methods` methods, each once, the first one before the second.
pub fn pairs(methods: usize) -> Vec<(usize, usize)> {
    (0..methods).flat_map(|a| (a + 1..methods).map(move |b| (a, b))).collect()
}

/// Whether there is something to compare; if not, says so.
pub fn has_pairs(board: &Board) -> bool {
    if board.methods.len() < 2 {
        pipe::note(format_args!("{board}: one method makes no pair"));
    }
    board.methods.len() >= 2
}
