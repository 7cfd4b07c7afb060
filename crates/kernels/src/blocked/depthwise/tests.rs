use super::*;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
}

/// A convolution, the size of its input, and numbers for it, one channel after the other.
struct Case {
    geometry: Geometry,
    size: [usize; 2],
    weights: Vec<f32>,
    bias: Vec<f32>,
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    fn new(channels: usize, shape: [[usize; 2]; 4], size: [usize; 2], images: usize) -> Self {
        let [kernel, stride, padding, dilation] = shape;
        let [inputs, outputs, groups] = [channels; 3];
        let geometry = Geometry { inputs, outputs, groups, kernel, stride, padding, dilation };
        let [h, w] = geometry.output(size);
        Self {
            geometry,
            size,
            weights: numbers(channels * kernel[0] * kernel[1], 1),
            bias: numbers(channels, 2),
            x: numbers(images * channels * size[0] * size[1], 3),
            dy: numbers(images * channels * h * w, 4),
        }
    }

    fn all() -> Vec<Self> {
        let square = |kernel, stride, padding, dilation| [kernel, stride, padding, dilation].map(|x| [x; 2]);
        vec![
            Self::new(24, square(3, 1, 1, 1), [7, 7], 3),
            Self::new(16, square(3, 1, 1, 1), [20, 33], 2),
            Self::new(33, square(3, 2, 1, 1), [15, 16], 2),
            Self::new(5, square(3, 2, 1, 1), [8, 9], 2),
            Self::new(20, square(5, 1, 2, 1), [14, 13], 2),
            Self::new(20, square(5, 2, 2, 1), [14, 13], 2),
            Self::new(3, square(7, 1, 3, 1), [9, 4], 2),
            Self::new(18, square(3, 1, 2, 2), [9, 9], 2),
            Self::new(18, square(3, 2, 0, 3), [13, 14], 2),
            Self::new(2, square(5, 3, 2, 1), [14, 13], 2),
            Self::new(2, square(2, 2, 0, 1), [9, 8], 2),
            Self::new(2, square(2, 4, 0, 1), [11, 9], 2), // samples that no tap meets
            Self::new(2, square(1, 3, 1, 1), [7, 8], 2),  // and results that meet none
            Self::new(2, square(1, 1, 2, 1), [3, 4], 2),
            Self::new(17, [[3, 5], [1, 2], [0, 3], [2, 1]], [12, 11], 2),
            Self::new(1, square(3, 1, 1, 1), [1, 1], 1),
        ]
    }

    fn maps(&self, size: [usize; 2]) -> Maps {
        Maps { channels: self.geometry.groups, size }
    }

    /// Packed, with something in the lanes that nobody should read.
    fn pack(&self, size: [usize; 2], numbers: &[f32]) -> Buffer {
        let maps = self.maps(size);
        let mut packed = maps.pack(Level::best(), numbers);
        for (i, number) in packed.iter_mut().enumerate() {
            let channel = i / maps.plane() % maps.blocks() * BLOCK + i % BLOCK;
            if channel >= maps.channels {
                *number = 1e30;
            }
        }
        packed
    }

    /// The numbers that somebody reads; all others must be finite.
    fn unpack(&self, size: [usize; 2], packed: &[f32]) -> Vec<f32> {
        assert!(packed.iter().all(|x| x.is_finite()), "{:?}", self.geometry);
        self.maps(size).unpack(Level::best(), packed).to_vec()
    }

    fn conv(&self, level: Level) -> Depthwise {
        Depthwise::new(level, self.geometry, &self.weights, Some(&self.bias))
    }

    fn forward(&self, level: Level, add: Option<&[f32]>, clip: [f32; 2]) -> Vec<f32> {
        let (size, x) = (self.geometry.output(self.size), self.pack(self.size, &self.x));
        let add = add.map(|add| self.pack(size, add));
        let y = self.conv(level).forward(&x, self.size, Epilogue { add: add.as_deref(), clip, end: None });
        self.unpack(size, &y)
    }

    fn gradient(&self, level: Level, dy: &[f32], mask: Option<(&[f32], [f32; 2])>) -> Vec<f32> {
        let size = self.geometry.output(self.size);
        let (numbers, mask) = (self.pack(size, dy), mask.map(|(mask, clip)| (self.pack(size, mask), clip)));
        let mask = mask.as_ref().map(|(mask, clip)| (&**mask, *clip));
        let dx = self.conv(level).input_gradient(Masked { numbers: &numbers, mask }, self.size);
        self.unpack(self.size, &dx)
    }

    /// Result and gradient by their definition.
    fn expected(&self) -> [Vec<f64>; 2] {
        let (g, [rows, columns]) = (&self.geometry, self.geometry.output(self.size));
        let mut y = vec![0.0; self.dy.len()];
        let mut dx = vec![0.0; self.x.len()];
        for i in 0..y.len() {
            let (plane, o) = (i / (rows * columns), [i / columns % rows, i % columns]);
            let channel = plane % g.groups;
            y[i] += f64::from(self.bias[channel]);
            for (ky, kx) in (0..g.kernel[0]).flat_map(|ky| (0..g.kernel[1]).map(move |kx| (ky, kx))) {
                let sample = |axis: usize, k: usize| {
                    (o[axis] * g.stride[axis] + k * g.dilation[axis])
                        .checked_sub(g.padding[axis])
                        .filter(|at| *at < self.size[axis])
                };
                if let (Some(r), Some(c)) = (sample(0, ky), sample(1, kx)) {
                    let at = (plane * self.size[0] + r) * self.size[1] + c;
                    let weight = f64::from(self.weights[(channel * g.kernel[0] + ky) * g.kernel[1] + kx]);
                    y[i] += weight * f64::from(self.x[at]);
                    dx[at] += weight * f64::from(self.dy[i]);
                }
            }
        }
        [y, dx]
    }
}

const NO_CLIP: [f32; 2] = Epilogue::NOTHING.clip;

fn assert_close(got: &[f32], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let worst = got
        .iter()
        .zip(expected)
        .map(|(got, expected)| (f64::from(*got) - expected).abs())
        .fold(0.0, f64::max);
    assert!(worst < 1e-5, "{what}: off by {worst}");
}

#[test]
fn result_and_gradient_equal_the_definition() {
    for case in Case::all() {
        let [y, dx] = case.expected();
        for level in Level::all() {
            let what = format!("{} {:?} {:?}", level.name(), case.geometry, case.size);
            assert_close(&case.forward(level, None, NO_CLIP), &y, &what);
            assert_close(&case.gradient(level, &case.dy, None), &dx, &what);
        }
    }
}

#[test]
fn sums_are_added_to_and_clipped_and_what_was_clipped_has_no_gradient() {
    for case in Case::all() {
        let (add, clip) = (numbers(case.dy.len(), 7), [0.0, 1.5]);
        for level in Level::all() {
            let what = format!("{} {:?} {:?}", level.name(), case.geometry, case.size);
            let y = case.forward(level, Some(&add), clip);
            let plain = case.forward(level, None, NO_CLIP);
            let expected: Vec<f32> =
                plain.iter().zip(&add).map(|(y, add)| (y + add).clamp(0.0, 1.5)).collect();
            assert_eq!(y, expected, "{what}");
            let seen = |(dy, y): (&f32, &f32)| if 0.0 < *y && *y < 1.5 { *dy } else { 0.0 };
            let masked: Vec<f32> = case.dy.iter().zip(&y).map(seen).collect();
            let expected = case.gradient(level, &masked, None);
            assert_eq!(case.gradient(level, &case.dy, Some((&y, clip))), expected, "{what}");
        }
    }
}

#[test]
fn bits_depend_neither_on_the_batch_nor_on_bands_nor_on_how_wide_vectors_are() {
    let wide: Vec<Level> = Level::all().into_iter().filter(|level| level.name() != "portable").collect();
    let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    for case in Case::all() {
        for pair in wide.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|level| bits(case.forward(level, None, NO_CLIP)));
            assert_eq!(one, other, "{:?}", case.geometry);
            let [one, other] = [pair[0], pair[1]].map(|level| bits(case.gradient(level, &case.dy, None)));
            assert_eq!(one, other, "{:?}", case.geometry);
        }
        let level = Level::best();
        let alone = |x: &[f32], dy: &[f32]| Case {
            x: x.to_vec(),
            dy: dy.to_vec(),
            weights: case.weights.clone(),
            bias: case.bias.clone(),
            ..case
        };
        let images = case.x.len() / (case.geometry.groups * case.size[0] * case.size[1]);
        let parts = case.x.chunks(case.x.len() / images).zip(case.dy.chunks(case.dy.len() / images));
        let parts: Vec<Case> = parts.map(|(x, dy)| alone(x, dy)).collect();
        // So many threads share a plane.
        for threads in [1, 40] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let forward = parts.iter().flat_map(|part| pool.install(|| part.forward(level, None, NO_CLIP)));
            assert_eq!(
                bits(forward.collect()),
                bits(case.forward(level, None, NO_CLIP)),
                "{:?}",
                case.geometry
            );
            let gradient =
                parts.iter().flat_map(|part| pool.install(|| part.gradient(level, &part.dy, None)));
            assert_eq!(
                bits(gradient.collect()),
                bits(case.gradient(level, &case.dy, None)),
                "{:?}",
                case.geometry
            );
        }
    }
}

#[test]
fn what_is_not_a_number_stays_visible() {
    let case = Case { x: vec![f32::NAN, -1.0], ..Case::new(1, [[1, 1], [1, 1], [0, 0], [1, 1]], [1, 2], 1) };
    for level in Level::all() {
        let conv = Depthwise::new(level, case.geometry, &[1.0], None);
        let x = Maps { channels: 1, size: [1, 2] }.pack(level, &case.x);
        let y = conv.forward(&x, [1, 2], Epilogue { clip: [0.0, 6.0], ..Epilogue::NOTHING });
        assert!(y[0].is_nan() && y[BLOCK] == 0.0, "{}", level.name());
    }
}
