//! A V-cycle: an approximate inverse whose quality does not depend on how large the holes are.

use super::level::{Corners, Level};
use super::pixel::Pixel;

/// Sweeps there and back on the coarsest grid, which has at most three rows and columns.
const COARSEST_SWEEPS: usize = 4;

/// Systems on grids that become half as fine from one to the next.
#[derive(Debug)]
pub(super) struct Multigrid {
    grids: Vec<Grid>,
}

/// A grid, its way to the next one, and room for a solution and a right side.
#[derive(Debug)]
struct Grid {
    level: Level,
    corners: Vec<Corners>,
    x: Vec<Pixel>,
    b: Vec<Pixel>,
    /// What comes from the grid before, on the whole grid.
    restricted: Vec<Pixel>,
}

impl Multigrid {
    pub(super) fn new(finest: Level) -> Self {
        let (mut grids, mut level) = (Vec::new(), finest);
        while level.size().iter().any(|&side| side > 3) {
            let (coarse, corners) = level.coarsen();
            grids.push(Grid::new(std::mem::replace(&mut level, coarse), corners));
        }
        grids.push(Grid::new(level, Vec::new()));
        Self { grids }
    }

    /// The system that is to be solved.
    pub(super) fn system(&self) -> &Level {
        &self.grids[0].level
    }

    /// What the last V-cycle made.
    pub(super) fn preconditioned(&self) -> &[Pixel] {
        &self.grids[0].x
    }

    /// About A⁻¹ b for the finest grid: one V-cycle from zero, a symmetric positive definite function of b.
    pub(super) fn precondition(&mut self, b: &[Pixel]) {
        self.grids[0].b.copy_from_slice(b);
        let last = self.grids.len() - 1;
        for fine in 0..last {
            let (fine, coarse) = neighbours(&mut self.grids, fine);
            fine.level.sweep_from_zero(&fine.b, &mut fine.x);
            fine.level.restrict(&fine.x, &fine.corners, &mut coarse.restricted);
            for (b, &place) in coarse.b.iter_mut().zip(coarse.level.places()) {
                *b = coarse.restricted[place as usize];
            }
        }
        self.grids[last].sweep();
        for fine in (0..last).rev() {
            let (fine, coarse) = neighbours(&mut self.grids, fine);
            fine.level.prolong(&coarse.x, &fine.corners, &mut fine.x);
            fine.level.sweep_backward(&fine.b, &mut fine.x);
        }
    }
}

fn neighbours(grids: &mut [Grid], fine: usize) -> (&mut Grid, &mut Grid) {
    let (before, after) = grids.split_at_mut(fine + 1);
    (&mut before[fine], &mut after[0])
}

impl Grid {
    fn new(level: Level, corners: Vec<Corners>) -> Self {
        let (x, b) = (level.zeros(), vec![Pixel::default(); level.count()]);
        Self { restricted: x.clone(), level, corners, x, b }
    }

    fn sweep(&mut self) {
        self.level.sweep_from_zero(&self.b, &mut self.x);
        self.level.sweep_backward(&self.b, &mut self.x);
        for _ in 1..COARSEST_SWEEPS {
            self.level.sweep_forward(&self.b, &mut self.x);
            self.level.sweep_backward(&self.b, &mut self.x);
        }
    }
}
