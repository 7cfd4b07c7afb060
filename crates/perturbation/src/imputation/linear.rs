//! Linear imputation: every missing pixel is the weighted mean of its eight neighbours.

use super::level::{Level, Stencil};
use super::multigrid::Multigrid;
use super::pixel::Pixel;
use super::solve::solve;

/// Neighbours, as rows and columns from the pixel, and twelve times their weight: 1/6 beside, above and below, 1/12 across.
/// Times twelve all coefficients are whole numbers, so that single precision adds none of its own error to the system.
const NEIGHBOURS: [(isize, isize, f32); 8] = [
    (-1, -1, 1.0),
    (-1, 0, 2.0),
    (-1, 1, 1.0),
    (0, -1, 2.0),
    (0, 1, 2.0),
    (1, -1, 1.0),
    (1, 0, 2.0),
    (1, 1, 1.0),
];

/// Why an image cannot be imputed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImputationError {
    /// Nothing is known: any constant would do.
    #[error("all pixels are missing, so that there is nothing to impute them from")]
    NothingKnown,
    /// The sizes of the arguments do not belong together.
    #[error("{values} values and a mask of {mask} pixels are no image of {} x {} pixels with up to 4 channels", size[0], size[1])]
    Size {
        /// Values of the planes.
        values: usize,
        /// Pixels of the mask.
        mask: usize,
        /// Height and width.
        size: [usize; 2],
    },
    /// A known pixel has no finite value.
    #[error("a known pixel is not finite")]
    NotFinite,
    /// The iteration does not end.
    #[error("the missing pixels could not be solved for")]
    NotSolved,
}

/// Replaces the missing pixels of (C, H, W) planes, one to four of them, by the solution of
///
/// (Σ w_ij over neighbours j in the image) x_i - Σ w_ij x_j over missing ones = Σ w_ij v_j over known ones
///
/// with the weights 1/6 of the four neighbours in rows and columns and 1/12 of the four across (Rong et al. 2022, "A
/// Consistent and Efficient Evaluation Strategy for Attribution Methods", ROAD). Known pixels stay as they are. `accuracy` is
/// about the greatest error of a value, in the unit of the planes.
///
/// The system is solved for all channels at once by conjugate gradients, preconditioned with a multigrid V-cycle.
///
/// # Errors
/// If all pixels are missing, or the sizes do not fit, or known values are not finite.
pub fn impute(
    planes: &[f32],
    size: [usize; 2],
    missing: &[bool],
    accuracy: f32,
) -> Result<Vec<f32>, ImputationError> {
    let area = size[0] * size[1];
    let channels = planes.len() / area.max(1);
    if missing.len() != area || channels * area != planes.len() || !(1..=Pixel::CHANNELS).contains(&channels)
    {
        return Err(ImputationError::Size { values: planes.len(), mask: missing.len(), size });
    }
    let mean = mean_of_known(planes, missing).ok_or(ImputationError::NothingKnown)?;
    if mean.0.iter().any(|mean| !mean.is_finite()) {
        return Err(ImputationError::NotFinite);
    }
    let image = Framed::new(planes, size, missing, mean);
    let (level, b) = image.system();
    if level.count() == 0 {
        return Ok(planes.to_vec());
    }
    let x = solve(&mut Multigrid::new(level), b, accuracy).ok_or(ImputationError::NotSolved)?;
    let mut imputed = planes.to_vec();
    for (channel, plane) in imputed.chunks_mut(area).enumerate() {
        for (pixel, value) in plane.iter_mut().enumerate().filter(|(pixel, _)| missing[*pixel]) {
            *value = mean.0[channel] + x[image.place(pixel)].0[channel];
        }
    }
    Ok(imputed)
}

/// The mean of the known pixels of each plane: imputed values are solved for as differences from it, which are small.
fn mean_of_known(planes: &[f32], missing: &[bool]) -> Option<Pixel> {
    let known = missing.iter().filter(|&&missing| !missing).count();
    let mut mean = Pixel::default();
    for (mean, plane) in mean.0.iter_mut().zip(planes.chunks(missing.len())) {
        let values = plane.iter().zip(missing).filter(|(_, missing)| !**missing);
        *mean = (values.map(|(&value, _)| f64::from(value)).sum::<f64>() / known as f64) as f32;
    }
    (known > 0).then_some(mean)
}

/// An image with a ring around it, so that every pixel has eight neighbours.
struct Framed {
    size: [usize; 2],
    states: Vec<State>,
}

#[derive(Clone, Copy)]
enum State {
    Outside,
    Missing,
    /// Less the mean.
    Known(Pixel),
}

impl Framed {
    fn new(planes: &[f32], size: [usize; 2], missing: &[bool], mean: Pixel) -> Self {
        let states = vec![State::Outside; (size[0] + 2) * (size[1] + 2)];
        let mut framed = Self { size, states };
        for (pixel, &missing) in missing.iter().enumerate() {
            let place = framed.place(pixel);
            framed.states[place] = if missing {
                State::Missing
            } else {
                let mut value = Pixel::default();
                let channels = planes[pixel..].iter().step_by(size[0] * size[1]);
                value.0.iter_mut().zip(channels).for_each(|(value, &channel)| *value = channel);
                State::Known(value - mean)
            };
        }
        framed
    }

    fn stride(&self) -> usize {
        self.size[1] + 2
    }

    /// Where a pixel is, given by its flat index.
    fn place(&self, pixel: usize) -> usize {
        (pixel / self.size[1] + 1) * self.stride() + pixel % self.size[1] + 1
    }

    /// The equations of the missing pixels and their right sides.
    fn system(&self) -> (Level, Vec<Pixel>) {
        let mut grid = vec![Stencil::default(); self.states.len()];
        let mut b = Vec::new();
        for (place, stencil) in grid.iter_mut().enumerate() {
            if matches!(self.states[place], State::Missing) {
                let mut right = Pixel::default();
                for (down, along, weight) in NEIGHBOURS {
                    let neighbour = place.wrapping_add_signed(down * self.stride() as isize + along);
                    match self.states[neighbour] {
                        State::Outside => continue,
                        State::Missing => stencil[(3 * (down + 1) + along + 1) as usize] = -weight,
                        State::Known(value) => right += value * weight,
                    }
                    stencil[4] += weight;
                }
                b.push(right);
            }
        }
        (Level::new(self.size, &grid), b)
    }
}
