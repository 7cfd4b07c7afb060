//! Preconditioned conjugate gradients, all channels at once.

use super::multigrid::Multigrid;
use super::pixel::Pixel;

/// More iterations than any mask needs; what is not solved by then is an error.
const MOST_ITERATIONS: usize = 100;

/// Solves A x = b to about `accuracy` in every value of x; x lies on the grid with its ring. Nothing if that takes too long.
///
/// It stops when the preconditioner, an approximate inverse, sees no greater error in any pixel.
pub(super) fn solve(
    multigrid: &mut Multigrid,
    mut residual: Vec<Pixel>,
    accuracy: f32,
) -> Option<Vec<Pixel>> {
    let mut x = multigrid.system().zeros();
    let (mut direction, mut product) = (x.clone(), residual.clone());
    let mut before = [0.0; Pixel::CHANNELS];
    for _ in 0..MOST_ITERATIONS {
        multigrid.precondition(&residual);
        let (error, places) = (multigrid.preconditioned(), multigrid.system().places());
        if places.iter().all(|&place| error[place as usize].magnitude() <= accuracy) {
            for &place in places {
                x[place as usize] += error[place as usize];
            }
            return Some(x);
        }
        let now = dot(&residual, error, places);
        let renewed = ratio(now, before);
        for &place in places {
            let direction = &mut direction[place as usize];
            *direction = error[place as usize] + *direction * renewed;
        }
        multigrid.system().apply(&direction, &mut product);
        let step = ratio(now, dot(&product, &direction, places));
        for ((residual, product), &place) in residual.iter_mut().zip(&product).zip(places) {
            x[place as usize] += direction[place as usize] * step;
            *residual -= *product * step;
        }
        before = now;
    }
    None
}

/// Σ a b for each channel, `b` on the grid.
fn dot(a: &[Pixel], b: &[Pixel], places: &[u32]) -> [f64; Pixel::CHANNELS] {
    let mut sums = [0.0; Pixel::CHANNELS];
    for (a, &place) in a.iter().zip(places) {
        let product = *a * b[place as usize];
        for (sum, value) in sums.iter_mut().zip(product.0) {
            *sum += f64::from(value);
        }
    }
    sums
}

/// a / b for each channel, 0 where there is nothing left to do.
fn ratio(a: [f64; Pixel::CHANNELS], b: [f64; Pixel::CHANNELS]) -> Pixel {
    Pixel(std::array::from_fn(|c| if b[c] == 0.0 { 0.0 } else { (a[c] / b[c]) as f32 }))
}
