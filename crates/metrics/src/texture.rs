//! How fine a map is.

use maps::Map;
use pipe::Direction::Lower;

use crate::sparsity::unit;
use crate::{Input, Measure, Measured, Metric};

/// Pixels between the values of a network of 224 x 224 whose last feature map has 14 x 14.
const BLOCK: usize = 16;

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "total-variation",
        direction: Lower,
        summary: "mean difference of neighbours, beside and below, of the map moved to 0..1; 0 to 1",
        on_request: true,
        input: Input::Map,
        build: |_| Ok(Measure::map(total_variation)),
    },
    Metric {
        name: "coarseness",
        direction: Lower,
        summary: "share of the map's variance that is left in the means of blocks; 1 if each block has one value",
        on_request: true,
        input: Input::Map,
        build: |reader| {
            let side = reader.take_if("block", BLOCK, "a number of pixels, 2 or more", |&side| side > 1)?;
            Ok(Measure::map(move |map| coarseness(map, side)))
        },
    },
];

/// The anisotropic total variation (Rudin, Osher and Fatemi, 1992) over the number of its terms.
fn total_variation(map: &Map) -> Measured {
    let (values, [height, width]) = (unit(map)?, map.size());
    let beside = values.chunks(width).flat_map(|row| row.windows(2)).map(|pair| (pair[0] - pair[1]).abs());
    let below = values.iter().zip(&values[width..]).map(|(above, below)| (above - below).abs());
    let sum: f64 = beside.chain(below).sum();
    Ok(sum / (height * (width - 1) + (height - 1) * width) as f64)
}

/// The correlation ratio (Fisher, 1925) of the values and the square block, from the upper left corner, that each lies in. Noise
/// has the number of blocks over that of pixels.
fn coarseness(map: &Map, side: usize) -> Measured {
    let (values, [height, width]) = (unit(map)?, map.size());
    if side > height && side > width {
        return Err(format!("the map is {height} x {width} pixels, less than a block of {side}"));
    }
    let across = width.div_ceil(side);
    let mut blocks = vec![(0.0, 0.0); across * height.div_ceil(side)];
    for (at, value) in values.iter().enumerate() {
        let (sum, count) = &mut blocks[at / width / side * across + at % width / side];
        (*sum, *count) = (*sum + value, *count + 1.0);
    }
    let mean = stats::summary::mean(&values);
    let all: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let between: f64 = blocks.iter().map(|(sum, count)| count * (sum / count - mean).powi(2)).sum();
    Ok(between / all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{close, row};
    use crate::metric::tests::alone;

    fn square(value: impl Fn(usize, usize) -> f64) -> Map {
        Map::from_plane([8, 8], (0..64).map(|at| value(at / 8, at % 8)).collect()).unwrap()
    }

    #[test]
    fn a_step_varies_once_a_row_and_a_board_everywhere() {
        let step = square(|_, x| if x < 3 { -2.0 } else { 2.0 });
        close(alone("total-variation", &step), 8.0 / 112.0, 1e-15);
        let board = square(|y, x| ((x + y) % 2) as f64);
        close(alone("total-variation", &board), 1.0, 1e-15);
    }

    #[test]
    fn blocks_are_coarse_and_a_board_is_not() {
        let blocks = square(|y, x| (y / 4 * 2 + x / 4) as f64);
        close(alone("coarseness:block=4", &blocks), 1.0, 1e-15);
        close(alone("coarseness:block=8", &blocks), 0.0, 1e-15);
        close(alone("coarseness:block=4", &square(|y, x| ((x + y) % 2) as f64)), 0.0, 1e-15);
        // Values 0 1 | 5: between the blocks 2 (1/2 - 2)^2 + 9, of 14.
        close(alone("coarseness:block=2", &row(&[0.0, 1.0, 5.0])), 13.5 / 14.0, 1e-12);
    }

    #[test]
    fn degenerate_maps_have_a_reason() {
        for values in [&[0.0][..], &[7.0; 3]] {
            for spec in ["total-variation", "coarseness:block=2"] {
                assert_eq!(alone(spec, &row(values)), Err("the map is constant".to_owned()), "{spec}");
            }
        }
        let reason = "the map is 1 x 3 pixels, less than a block of 16".to_owned();
        assert_eq!(alone("coarseness", &row(&[0.0, 1.0, 5.0])), Err(reason));
        close(alone("total-variation", &row(&[0.0, 1.0, 5.0])), 0.5, 1e-15);
    }
}
