use std::sync::Arc;

use super::{Conv2d, Geometry, Layout};
use crate::blocked::{BLOCK, Maps};
use crate::buffer::Buffer;
use crate::simd::Level;
use crate::source::Masked;
use crate::{Epilogue, Function, Target};

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
}

/// Where each number of plain maps lies in blocked ones.
fn places(channels: usize, size: [usize; 2], images: usize) -> (Vec<usize>, usize) {
    let (maps, pixels) = (Maps { channels, size }, size[0] * size[1]);
    let place = |i: usize| {
        let (image, c, pixel) = (i / pixels / channels, i / pixels % channels, i % pixels);
        image * maps.image() + c / BLOCK * maps.plane() + pixel * BLOCK + c % BLOCK
    };
    ((0..images * channels * pixels).map(place).collect(), images * maps.image())
}

/// Blocked maps of plain ones; what nobody may read is not zero.
fn blocked(x: &[f32], channels: usize, size: [usize; 2]) -> Vec<f32> {
    let (places, count) = places(channels, size, x.len() / (channels * size[0] * size[1]));
    let mut to = vec![3.5; count];
    places.iter().zip(x).for_each(|(place, x)| to[*place] = *x);
    to
}

fn plain(x: &[f32], channels: usize, size: [usize; 2]) -> Vec<f32> {
    let images = x.len() / Maps { channels, size }.image();
    assert!(x.iter().all(|x| !x.is_infinite()));
    places(channels, size, images).0.iter().map(|place| x[*place]).collect()
}

/// A convolution between plain maps.
struct Plain(Conv2d, [usize; 2]);

impl Plain {
    fn input(&self, x: &[f32]) -> Vec<f32> {
        match self.0.reads() {
            Layout::Plain => x.to_vec(),
            Layout::Blocked => blocked(x, self.0.geometry().inputs, self.1),
        }
    }

    fn output(&self, y: &[f32]) -> Vec<f32> {
        let g = self.0.geometry();
        blocked(y, g.outputs, g.output(self.1))
    }

    fn forward(&self, x: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
        let add = epilogue.add.map(|add| self.output(add));
        let y = self.0.forward(&self.input(x), self.1, Epilogue { add: add.as_deref(), ..epilogue });
        let g = self.0.geometry();
        plain(&y, g.outputs, g.output(self.1))
    }

    fn weight_gradient(&self, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        self.0.weight_gradient(&self.input(x), &self.output(gradient), self.1).to_vec()
    }

    fn input_gradient(&self, gradient: Masked<'_>) -> Vec<f32> {
        let numbers = self.output(gradient.numbers);
        let mask = gradient.mask.map(|(mask, bounds)| (self.output(mask), bounds));
        let mask = mask.as_ref().map(|(mask, bounds)| (mask.as_slice(), *bounds));
        let dx: Buffer = self.0.input_gradient(Masked { numbers: &numbers, mask }, self.1);
        match self.0.reads() {
            Layout::Plain => dx.to_vec(),
            Layout::Blocked => plain(&dx, self.0.geometry().inputs, self.1),
        }
    }
}

/// The definition: visits every ((output, input), output position, tap, input position).
fn visit(
    g: &Geometry,
    size: [usize; 2],
    mut visit: impl FnMut([usize; 2], [usize; 2], [usize; 2], [usize; 2]),
) {
    let [h, w] = g.output(size);
    let [inputs, outputs] = g.group();
    for (o, i) in (0..g.outputs).flat_map(|o| (0..inputs).map(move |i| (o, o / outputs * inputs + i))) {
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            for (ky, kx) in (0..g.kernel[0]).flat_map(|ky| (0..g.kernel[1]).map(move |kx| (ky, kx))) {
                let at = |k: usize, o: usize, axis: usize| {
                    (o * g.stride[axis] + k * g.dilation[axis]).checked_sub(g.padding[axis])
                };
                if let (Some(iy), Some(ix)) = (at(ky, y, 0), at(kx, x, 1))
                    && iy < size[0]
                    && ix < size[1]
                {
                    visit([o, i], [y, x], [ky, kx], [iy, ix]);
                }
            }
        }
    }
}

fn dense(inputs: usize, outputs: usize, kernel: [usize; 2], s: usize, p: usize, d: usize) -> Geometry {
    Geometry { inputs, outputs, groups: 1, kernel, stride: [s; 2], padding: [p; 2], dilation: [d; 2] }
}

fn geometries() -> Vec<(Geometry, [usize; 2])> {
    let grouped = |groups, geometry| Geometry { groups, ..geometry };
    vec![
        (dense(3, 5, [3, 3], 1, 1, 1), [7, 9]),
        (dense(4, 9, [1, 1], 1, 0, 1), [8, 7]),
        (dense(4, 9, [1, 1], 2, 0, 1), [8, 7]),
        (dense(3, 4, [7, 7], 2, 3, 1), [17, 16]),
        (dense(2, 17, [3, 3], 2, 1, 1), [9, 12]),
        (dense(2, 3, [3, 3], 2, 1, 1), [10, 10]),
        (dense(2, 3, [3, 3], 1, 2, 2), [9, 9]),
        (dense(2, 3, [3, 3], 1, 0, 1), [6, 5]),
        (dense(2, 3, [5, 3], 3, 2, 1), [14, 13]),
        (dense(2, 3, [2, 2], 2, 0, 1), [9, 8]),
        (dense(2, 3, [4, 4], 4, 0, 1), [19, 16]),
        (dense(1, 1, [3, 3], 1, 1, 1), [1, 1]),
        (dense(2, 2, [3, 3], 2, 1, 3), [13, 14]),
        (dense(2, 2, [1, 1], 3, 1, 1), [7, 8]),
        (dense(2, 2, [11, 11], 4, 2, 1), [39, 40]),
        // Tiles that begin or end with a border.
        (dense(2, 3, [3, 3], 1, 1, 1), [20, 64]),
        (dense(2, 3, [3, 3], 1, 1, 1), [30, 23]),
        // Sums of more than one part, and planes so small that samples are gathered.
        (dense(40, 33, [3, 3], 1, 1, 1), [5, 6]),
        (dense(300, 70, [1, 1], 1, 0, 1), [7, 7]),
        (dense(64, 48, [1, 1], 2, 0, 1), [15, 15]),
        (dense(24, 40, [3, 3], 2, 1, 1), [15, 17]),
        (dense(17, 33, [2, 2], 2, 0, 1), [15, 17]),
        (dense(3, 40, [7, 7], 2, 3, 1), [31, 30]),
        (dense(3, 40, [4, 4], 4, 0, 1), [19, 16]),
        (dense(3, 9, [3, 3], 2, 1, 1), [9, 1]),
        (dense(9, 9, [3, 3], 2, 1, 1), [1, 9]),
        (grouped(2, dense(64, 32, [3, 3], 1, 1, 1)), [7, 9]),
        (grouped(8, dense(32, 64, [3, 3], 2, 1, 1)), [9, 9]),
        (dense(40, 64, [3, 3], 2, 1, 1), [7, 7]),
        (grouped(5, dense(5, 5, [3, 3], 1, 1, 1)), [19, 18]),
        (grouped(4, dense(4, 4, [3, 3], 2, 1, 1)), [9, 12]),
        (grouped(3, dense(3, 3, [5, 5], 2, 2, 1)), [7, 7]),
        (grouped(3, dense(3, 3, [1, 1], 1, 0, 1)), [4, 5]),
        (grouped(3, dense(3, 3, [3, 3], 1, 2, 2)), [9, 9]),
        (grouped(2, dense(2, 2, [1, 1], 3, 1, 1)), [7, 8]),
        (grouped(2, dense(4, 6, [3, 3], 1, 1, 1)), [7, 9]),
        (grouped(3, dense(12, 3, [3, 3], 2, 1, 1)), [8, 9]),
        (grouped(4, dense(4, 8, [3, 3], 2, 1, 1)), [8, 9]),
    ]
}

struct Case {
    geometry: Geometry,
    size: [usize; 2],
    weight: Vec<f32>,
    bias: Vec<f32>,
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    fn new(geometry: Geometry, size: [usize; 2], images: usize) -> Self {
        let [h, w] = geometry.output(size);
        Self {
            geometry,
            size,
            weight: numbers(geometry.outputs * geometry.group()[0] * geometry.taps(), 1),
            bias: numbers(geometry.outputs, 2),
            x: numbers(images * geometry.inputs * size[0] * size[1], 3),
            dy: numbers(images * geometry.outputs * h * w, 4),
        }
    }

    fn conv(&self, level: Level) -> Plain {
        let weight = Arc::new(self.weight.clone());
        Plain(Conv2d::new(level, self.geometry, weight, Some(&self.bias)), self.size)
    }

    /// The output and the gradients of the input and the weights by their definition.
    fn expected(&self) -> [Vec<f64>; 3] {
        let (g, [h, w]) = (&self.geometry, self.geometry.output(self.size));
        let (input, output) = (g.inputs * self.size[0] * self.size[1], g.outputs * h * w);
        let mut y: Vec<f64> =
            (0..self.dy.len()).map(|i| f64::from(self.bias[i / (h * w) % g.outputs])).collect();
        let (mut dx, mut dw) = (vec![0.0_f64; self.x.len()], vec![0.0_f64; self.weight.len()]);
        for image in 0..self.x.len() / input {
            visit(g, self.size, |[o, i], [oy, ox], [ky, kx], [iy, ix]| {
                let at_w = g.weights(o, i % g.group()[0]) + ky * g.kernel[1] + kx;
                let weight = f64::from(self.weight[at_w]);
                let at_x = image * input + (i * self.size[0] + iy) * self.size[1] + ix;
                let at_y = image * output + (o * h + oy) * w + ox;
                y[at_y] += weight * f64::from(self.x[at_x]);
                dx[at_x] += weight * f64::from(self.dy[at_y]);
                dw[at_w] += f64::from(self.x[at_x]) * f64::from(self.dy[at_y]);
            });
        }
        [y, dx, dw]
    }
}

fn assert_close(got: &[f32], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((f64::from(*got) - expected).abs() < 1e-4, "{what}, number {i}: {got}, expected {expected}");
    }
}

#[test]
fn output_and_gradients_equal_the_definition() {
    for (geometry, size) in geometries() {
        let case = Case::new(geometry, size, 3);
        let [y, dx, dw] = case.expected();
        for level in Level::all() {
            let (conv, what) = (case.conv(level), format!("{} {geometry:?} {size:?}", level.name()));
            assert_close(&conv.forward(&case.x, Epilogue::NOTHING), &y, &what);
            assert_close(&conv.input_gradient(Masked::all(&case.dy)), &dx, &what);
            if conv.0.has_weight_gradient() {
                assert_close(&conv.weight_gradient(&case.x, &case.dy), &dw, &what);
            }
        }
    }
}

#[test]
fn the_weights_of_many_images_have_the_same_gradient_on_any_threads() {
    let levels: Vec<Level> = Level::all().into_iter().filter(|level| level.name() != "portable").collect();
    let depthwise = Geometry { groups: 20, ..dense(20, 20, [3, 3], 2, 1, 1) };
    for geometry in [dense(3, 40, [3, 3], 1, 1, 1), dense(20, 33, [3, 3], 2, 1, 1), depthwise] {
        let case = Case::new(geometry, [9, 140], 19);
        let [.., dw] = case.expected();
        let gradients: Vec<_> = (levels.iter().flat_map(|level| [(*level, 1), (*level, 3)]))
            .map(|(level, threads)| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| case.conv(level).weight_gradient(&case.x, &case.dy))
            })
            .collect();
        let close = |(got, expected): (&f32, &f64)| (f64::from(*got) - expected).abs() < 2e-3;
        assert!(gradients[0].iter().zip(&dw).all(close));
        assert!(gradients.windows(2).all(|pair| pair[0] == pair[1]), "{geometry:?}");
    }
}

#[test]
fn sums_are_added_to_and_clipped_and_what_was_clipped_has_no_gradient() {
    for (geometry, size) in geometries() {
        let case = Case::new(geometry, size, 2);
        let add = numbers(case.dy.len(), 7);
        let clip = [0.0, 1.5];
        for level in Level::all() {
            let (conv, what) = (case.conv(level), format!("{} {geometry:?} {size:?}", level.name()));
            let y = conv.forward(&case.x, Epilogue { add: Some(&add), clip, end: None });
            let plain = conv.forward(&case.x, Epilogue::NOTHING);
            let expected: Vec<f32> =
                plain.iter().zip(&add).map(|(y, add)| (y + add).clamp(0.0, 1.5)).collect();
            assert_eq!(y, expected, "{what}");
            let seen = |(dy, y): (&f32, &f32)| if 0.0 < *y && *y < 1.5 { *dy } else { 0.0 };
            let masked: Vec<f32> = case.dy.iter().zip(&y).map(seen).collect();
            let expected = conv.input_gradient(Masked::all(&masked));
            let gradient = Masked { numbers: &case.dy, mask: Some((&y, clip)) };
            assert_eq!(conv.input_gradient(gradient), expected, "{what}");
        }
    }
}

#[test]
fn a_function_of_the_sums_is_that_of_the_results() {
    for (geometry, size) in geometries() {
        let case = Case::new(geometry, size, 3);
        for level in Level::all() {
            let conv = case.conv(level);
            let plain = conv.forward(&case.x, Epilogue::NOTHING);
            let y = conv.forward(&case.x, Epilogue { end: Some(Function::Silu), ..Epilogue::NOTHING });
            assert_eq!(
                Function::Silu.apply(level, Target::Shared(&plain)).as_deref(),
                Some(&y[..]),
                "{geometry:?}"
            );
        }
    }
}

#[test]
fn an_image_alone_gives_the_same_bits_as_in_a_batch() {
    for (geometry, size) in geometries() {
        let case = Case::new(geometry, size, 9);
        let conv = case.conv(Level::best());
        let together = conv.forward(&case.x, Epilogue::NOTHING);
        let alone = case.x.chunks(case.x.len() / 9).flat_map(|x| conv.forward(x, Epilogue::NOTHING));
        assert_eq!(together, alone.collect::<Vec<_>>(), "{geometry:?}");
        let together = conv.input_gradient(Masked::all(&case.dy));
        let images = case.dy.chunks(case.dy.len() / 9);
        let alone = images.flat_map(|dy| conv.input_gradient(Masked::all(dy)));
        assert_eq!(together, alone.collect::<Vec<_>>(), "{geometry:?}");
    }
}

#[test]
fn wide_and_narrow_vectors_and_any_threads_give_the_same_bits() {
    // Those without a fused multiplication and addition round twice.
    let levels: Vec<Level> = Level::all().into_iter().filter(|level| level.name() != "portable").collect();
    for (geometry, size) in geometries() {
        let case = Case::new(geometry, size, 3);
        let results: Vec<_> = (levels.iter().flat_map(|level| [(level, 1), (level, 2), (level, 5)]))
            .map(|(level, threads)| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let conv = case.conv(*level);
                pool.install(|| {
                    (conv.forward(&case.x, Epilogue::NOTHING), conv.input_gradient(Masked::all(&case.dy)))
                })
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{geometry:?}");
    }
}

#[test]
fn what_is_not_a_number_stays_visible() {
    let geometry = dense(1, 1, [1, 1], 1, 0, 1);
    for level in Level::all() {
        let conv = Conv2d::new(level, geometry, Arc::new([1.0]), None);
        let conv = Plain(conv, [1, 2]);
        let y = conv.forward(&[f32::NAN, -1.0], Epilogue { clip: [0.0, 6.0], ..Epilogue::NOTHING });
        assert!(y[0].is_nan() && y[1] == 0.0, "{}: {y:?}", level.name());
    }
}
