//! Equations of nine neighbours on one grid.

// A release is built without link-time optimisation, where a hint alone leaves these functions calls: a third of the time.
#![allow(clippy::inline_always)]

use super::pixel::Pixel;

/// The coefficients of a pixel and of its eight neighbours, row by row; the pixel's own is the fifth.
pub(super) type Stencil = [f32; 9];

const CENTRE: usize = 4;

/// A symmetric positive (semi)definite system with one equation for each unknown pixel of a grid. Values lie on the grid with
/// a ring of zeros around it, and are zero where nothing is unknown; right sides have one entry for each equation.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Height and width of the grid without its ring.
    size: [usize; 2],
    /// For each equation its pixel, a place on the grid with its ring.
    places: Vec<u32>,
    stencils: Vec<Stencil>,
}

/// Where the corners of an unknown's cell are on the coarse grid; corners coincide where the unknown lies on a coarse line.
pub(super) type Corners = [u32; 4];

impl Level {
    /// The equations of those pixels whose stencil, on a grid with its ring, has a centre.
    pub(super) fn new(size: [usize; 2], grid: &[Stencil]) -> Self {
        let is_unknown = |&place: &u32| grid[place as usize][CENTRE] > 0.0;
        let places: Vec<u32> = (0..grid.len() as u32).filter(is_unknown).collect();
        let stencils = places.iter().map(|&place| grid[place as usize]).collect();
        Self { size, places, stencils }
    }

    pub(super) fn size(&self) -> [usize; 2] {
        self.size
    }

    /// The number of equations.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// The pixels of the equations, as places on the grid with its ring.
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// Zeros on the grid and its ring.
    pub(super) fn zeros(&self) -> Vec<Pixel> {
        vec![Pixel::default(); (self.size[0] + 2) * self.stride()]
    }

    fn stride(&self) -> usize {
        self.size[1] + 2
    }

    fn equations(&self) -> impl DoubleEndedIterator<Item = (usize, usize, &Stencil)> {
        let equations = self.places.iter().zip(&self.stencils).enumerate();
        equations.map(|(equation, (&place, stencil))| (equation, place as usize, stencil))
    }

    /// A x, equation by equation.
    pub(super) fn apply(&self, x: &[Pixel], product: &mut [Pixel]) {
        let stride = self.stride();
        for (equation, place, stencil) in self.equations() {
            product[equation] = before(x, place, stride, stencil)
                + x[place] * stencil[CENTRE]
                + after(x, place, stride, stencil);
        }
    }

    /// One Gauss-Seidel sweep forward from x = 0.
    pub(super) fn sweep_from_zero(&self, b: &[Pixel], x: &mut [Pixel]) {
        let stride = self.stride();
        for (equation, place, stencil) in self.equations() {
            x[place] = (b[equation] - before(x, place, stride, stencil)) * stencil[CENTRE].recip();
        }
    }

    /// One Gauss-Seidel sweep forward.
    pub(super) fn sweep_forward(&self, b: &[Pixel], x: &mut [Pixel]) {
        for (equation, place, stencil) in self.equations() {
            self.relax(b[equation], place, stencil, x);
        }
    }

    /// One Gauss-Seidel sweep backward, the transpose of the one forward.
    pub(super) fn sweep_backward(&self, b: &[Pixel], x: &mut [Pixel]) {
        for (equation, place, stencil) in self.equations().rev() {
            self.relax(b[equation], place, stencil, x);
        }
    }

    #[inline(always)]
    fn relax(&self, b: Pixel, place: usize, stencil: &Stencil, x: &mut [Pixel]) {
        let others = before(x, place, self.stride(), stencil) + after(x, place, self.stride(), stencil);
        x[place] = (b - others) * stencil[CENTRE].recip();
    }

    /// The Galerkin system PᵀAP on every second row and column, where P interpolates bilinearly and is 0 wherever nothing is
    /// unknown; and for each equation the corners that it is interpolated from.
    pub(super) fn coarsen(&self) -> (Self, Vec<Corners>) {
        let size = self.size.map(|side| side / 2 + 1);
        let stride = size[1] + 2;
        let mut grid = vec![Stencil::default(); (size[0] + 2) * stride];
        let mut corners = Vec::with_capacity(self.count());
        for (_, place, stencil) in self.equations() {
            let [row, column] = [place / self.stride() - 1, place % self.stride() - 1];
            let [down, right] = [row % 2, column % 2];
            let first = (row / 2 + 1) * stride + column / 2 + 1;
            spread(stencil, [down, right], |[i, j], part| add(&mut grid[first + i * stride + j], &part));
            let (first, right, down) = (first as u32, right as u32, (down * stride) as u32);
            corners.push([first, first + right, first + down, first + down + right]);
        }
        (Self::new(size, &grid), corners)
    }

    /// Pᵀ (b - A x) after a sweep from zero, which leaves of each equation only the part of the neighbours after it.
    pub(super) fn restrict(&self, x: &[Pixel], corners: &[Corners], coarse: &mut [Pixel]) {
        coarse.fill(Pixel::default());
        for ((_, place, stencil), corners) in self.equations().zip(corners) {
            let part = after(x, place, self.stride(), stencil) * -0.25;
            for &corner in corners {
                coarse[corner as usize] += part;
            }
        }
    }

    /// x + P coarse.
    pub(super) fn prolong(&self, coarse: &[Pixel], corners: &[Corners], x: &mut [Pixel]) {
        for (&place, corners) in self.places.iter().zip(corners) {
            let [a, b, c, d] = *corners;
            let at = |corner: u32| coarse[corner as usize];
            x[place as usize] += (at(a) + at(b) + at(c) + at(d)) * 0.25;
        }
    }
}

/// The part of A x at a place that comes from neighbours before it.
#[inline(always)]
fn before(x: &[Pixel], place: usize, stride: usize, stencil: &Stencil) -> Pixel {
    let above = &x[place - stride - 1..][..3];
    above[0] * stencil[0] + above[1] * stencil[1] + above[2] * stencil[2] + x[place - 1] * stencil[3]
}

/// The part of A x at a place that comes from neighbours after it.
#[inline(always)]
fn after(x: &[Pixel], place: usize, stride: usize, stencil: &Stencil) -> Pixel {
    let below = &x[place + stride - 1..][..3];
    x[place + 1] * stencil[5] + below[0] * stencil[6] + below[1] * stencil[7] + below[2] * stencil[8]
}

/// What the equation of one fine pixel adds to the stencils of its corners, which are `[i, j]` after the first one. `odd`
/// says whether its row and column lie between coarse ones.
fn spread(fine: &Stencil, odd: [usize; 2], mut add: impl FnMut([usize; 2], Stencil)) {
    // A P: the fine neighbours' coefficients, collected on coarse columns, then on coarse rows.
    let row = |row: usize| collect([fine[3 * row], fine[3 * row + 1], fine[3 * row + 2]], odd[1]);
    let rows = [row(0), row(1), row(2)];
    let column = |column: usize| collect([rows[0][column], rows[1][column], rows[2][column]], odd[0]);
    let columns = [column(0), column(1), column(2)];
    // Pᵀ: to each corner, seen from where it is.
    let share = [1.0, 0.5][odd[0]] * [1.0, 0.5][odd[1]];
    for i in 0..=odd[0] {
        for j in 0..=odd[1] {
            let [down, right] = [odd[0] - i, odd[1] - j];
            let mut part = Stencil::default();
            for row in 0..3 - odd[0] {
                for column in 0..3 - odd[1] {
                    part[3 * (row + down) + column + right] = share * columns[column][row];
                }
            }
            add([i, j], part);
        }
    }
}

/// Three neighbouring coefficients on a line, on the coarse points of that line: the one before, the one at and the one after
/// an even pixel, or the two around an odd one.
fn collect([before, at, after]: [f32; 3], odd: usize) -> [f32; 3] {
    if odd == 1 {
        [before + 0.5 * at, 0.5 * at + after, 0.0]
    } else {
        [0.5 * before, 0.5 * before + at + 0.5 * after, 0.5 * after]
    }
}

fn add(sum: &mut Stencil, part: &Stencil) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}
