//! Which samples a tile reads, and where its results go.

use crate::tile::Run;

/// Results of a product: positions run along the rows of a source, of which only the first `columns` are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Distance between rows of the source.
    pub(crate) stride: usize,
    /// Position (r, c) goes to `first + r * row_step + c * column_step` of an output's plane.
    pub(crate) first: usize,
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
}

/// Lanes that are neighbours in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) lane: usize,
    pub(crate) count: usize,
    pub(crate) image: usize,
    /// The first lane's position.
    pub(crate) from: usize,
}

/// A tile's lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lanes {
    pub(crate) count: usize,
    pub(crate) runs: Vec<Run>,
    pub(crate) pieces: Vec<Piece>,
}

impl Grid {
    /// Positions of an image, wanted or not.
    pub(crate) fn positions(&self) -> usize {
        (self.rows - 1) * self.stride + self.columns
    }

    /// Positions of an image that are wanted.
    pub(crate) fn wanted(&self) -> usize {
        self.rows * self.columns
    }

    /// `count` neighbouring positions of an image.
    pub(crate) fn shifted(&self, image: usize, from: usize, count: usize) -> Lanes {
        let mut lanes = Lanes { count, ..Lanes::default() };
        let mut at = from;
        while at < from + count {
            let (row, column) = (at / self.stride, at % self.stride);
            let run = (self.stride - column).min(from + count - at);
            let wanted = run.min(self.columns.saturating_sub(column));
            if wanted > 0 {
                lanes.push(self.run(at - from, wanted, image, row, column), self.column_step);
            }
            at += run;
        }
        lanes
    }

    /// The wanted positions `from..from + count` of all images, one after the other.
    pub(crate) fn gathered(&self, from: usize, count: usize) -> Lanes {
        let mut lanes = Lanes { count, ..Lanes::default() };
        let mut at = from;
        while at < from + count {
            let (image, index) = (at / self.wanted(), at % self.wanted());
            let (row, column) = (index / self.columns, index % self.columns);
            let run = (self.columns - column).min(from + count - at);
            let piece = Piece { lane: at - from, count: run, image, from: row * self.stride + column };
            lanes.pieces.push(piece);
            lanes.push(self.run(at - from, run, image, row, column), self.column_step);
            at += run;
        }
        lanes
    }

    fn run(&self, lane: usize, count: usize, output: usize, row: usize, column: usize) -> Run {
        let place = self.first + row * self.row_step + column * self.column_step;
        Run { lane, count, output, place }
    }
}

impl Lanes {
    /// Adds a run, or makes the last one longer.
    fn push(&mut self, run: Run, step: usize) {
        match self.runs.last_mut() {
            Some(last)
                if last.output == run.output
                    && last.lane + last.count == run.lane
                    && last.place + last.count * step == run.place =>
            {
                last.count += run.count;
            }
            _ => self.runs.push(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of three in a source whose rows are four apart.
    const GRID: Grid = Grid { rows: 2, columns: 3, stride: 4, first: 0, row_step: 3, column_step: 1 };

    #[test]
    fn neighbouring_positions_leave_out_the_border() {
        let lanes = GRID.shifted(0, 1, 5);
        let run = |lane, count, place| Run { lane, count, output: 0, place };
        assert_eq!(lanes.runs, [run(0, 2, 1), run(3, 2, 3)]);
    }

    #[test]
    fn wanted_positions_go_on_in_the_next_image() {
        let lanes = GRID.gathered(4, 4);
        let piece = |lane, count, image, from| Piece { lane, count, image, from };
        assert_eq!(lanes.pieces, [piece(0, 2, 0, 5), piece(2, 2, 1, 0)]);
        let run = |lane, count, output, place| Run { lane, count, output, place };
        assert_eq!(lanes.runs, [run(0, 2, 0, 4), run(2, 2, 1, 0)]);
        assert_eq!(GRID.gathered(0, 6).runs, [run(0, 6, 0, 0)]);
    }
}
