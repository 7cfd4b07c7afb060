//! Linear layers and the gradients of their input and their weights.

use std::sync::OnceLock;

use crate::blocked::{BLOCK, Image, Maps, Outer, Samples};
use crate::buffer::Buffer;
use crate::columns::Columns;
use crate::simd::Level;
use crate::view::View;
use crate::{Epilogue, Numbers};

/// `x W^T + b` with the matrix packed.
pub struct Linear {
    level: Level,
    inputs: usize,
    outputs: usize,
    weight: Numbers,
    bias: Option<Vec<f32>>,
    /// The matrix from inputs to outputs, packed.
    forward: Columns,
    /// That from outputs to inputs.
    backward: OnceLock<Columns>,
}

impl Linear {
    /// Packs a matrix `(outputs, inputs)`.
    ///
    /// # Panics
    /// If the numbers do not fit.
    pub fn new(level: Level, [outputs, inputs]: [usize; 2], weight: Numbers, bias: Option<&[f32]>) -> Self {
        let numbers = (*weight).as_ref();
        assert_eq!(numbers.len(), outputs * inputs);
        assert!(bias.is_none_or(|bias| bias.len() == outputs));
        let forward = Columns::new(level, [inputs, outputs], View { numbers, row: 1, column: inputs });
        let bias = bias.map(<[f32]>::to_vec);
        Self { level, inputs, outputs, weight, bias, forward, backward: OnceLock::new() }
    }

    /// Numbers of a result.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The results of rows of `inputs` numbers. A row's bits do not depend on the other rows.
    ///
    /// # Panics
    /// If the numbers are not whole rows.
    pub fn forward(&self, x: &[f32], epilogue: Epilogue<'_>) -> Buffer {
        self.forward.multiply(x, self.bias.as_deref(), epilogue)
    }

    /// The gradient of the rows from that of the results.
    ///
    /// # Panics
    /// If the numbers are not whole rows.
    pub fn input_gradient(&self, gradient: &[f32]) -> Buffer {
        let columns = self.backward.get_or_init(|| {
            let view = View { numbers: (*self.weight).as_ref(), row: self.inputs, column: 1 };
            Columns::new(self.level, [self.outputs, self.inputs], view)
        });
        columns.multiply(gradient, None, Epilogue::NOTHING)
    }

    /// The gradient of the matrix, `(outputs, inputs)`, from rows and the gradient of their results. Its bits do not depend on the
    /// number of threads.
    ///
    /// # Panics
    /// If the numbers are not whole rows, or not as many.
    pub fn weight_gradient(&self, x: &[f32], gradient: &[f32]) -> Buffer {
        let n = x.len() / self.inputs;
        assert_eq!([n * self.inputs, n * self.outputs], [x.len(), gradient.len()]);
        let term = |input: usize| input / BLOCK * ROWS * BLOCK + input % BLOCK;
        let terms: Vec<usize> = (0..self.inputs).map(term).collect();
        let maps = Maps { channels: self.outputs, size: [1, ROWS] };
        let outer = Outer { level: self.level, terms: &terms, row: 0, pixel: BLOCK, maps };
        outer.run(n.div_ceil(ROWS), &Rows { x, gradient, widths: [self.inputs, self.outputs] })
    }
}

/// Rows that stand for the pixels of an image.
const ROWS: usize = 128;

/// Rows of what a layer read and of the gradient of what it gave.
struct Rows<'a> {
    x: &'a [f32],
    gradient: &'a [f32],
    /// Numbers of a row.
    widths: [usize; 2],
}

impl Samples for Rows<'_> {
    fn room(&self) -> usize {
        self.widths.iter().map(|width| width.next_multiple_of(BLOCK) * ROWS).sum()
    }

    fn image<'a>(&'a self, image: usize, room: &'a mut [f32]) -> Image<'a> {
        let [inputs, outputs] = self.widths;
        let (x, gradient) = room.split_at_mut(inputs.next_multiple_of(BLOCK) * ROWS);
        columns_of_lines(self.x, inputs, image * ROWS, x);
        columns_of_lines(self.gradient, outputs, image * ROWS, gradient);
        Image { x, gradient }
    }
}

/// Copies rows from a first one on, `[block][row][number of the block]`; there are zeros behind the last row and the last number.
fn columns_of_lines(rows: &[f32], width: usize, first: usize, to: &mut [f32]) {
    let count = ROWS.min(rows.len() / width - first);
    let from = View { numbers: rows, row: width, column: 1 };
    for (block, lines) in to.as_chunks_mut::<BLOCK>().0.chunks_mut(ROWS).enumerate() {
        let start = block * BLOCK;
        for (row, line) in lines.iter_mut().enumerate() {
            *line = match row < count {
                true => from.line(first + row, start, BLOCK.min(width - start)),
                false => [0.0; BLOCK],
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Function, Target};

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    const SIZES: [[usize; 3]; 5] = [[1, 5, 3], [9, 300, 50], [197, 64, 48], [3, 7, 100], [130, 520, 31]];

    #[test]
    fn results_and_gradients_equal_the_definition() {
        for [n, inputs, outputs] in SIZES {
            let (w, b) = (numbers(outputs * inputs, 1), numbers(outputs, 2));
            let (x, dy, add) = (numbers(n * inputs, 3), numbers(n * outputs, 4), numbers(n * outputs, 5));
            let clip = [-1.0, 2.0];
            for level in Level::all() {
                let linear = Linear::new(level, [outputs, inputs], Arc::new(w.clone()), Some(&b));
                let y = linear.forward(&x, Epilogue { add: Some(&add), clip, end: None });
                for (i, y) in y.iter().enumerate() {
                    let (row, o) = (i / outputs, i % outputs);
                    let sum: f64 = (0..inputs)
                        .map(|k| f64::from(x[row * inputs + k]) * f64::from(w[o * inputs + k]))
                        .sum();
                    let expected = (sum + f64::from(b[o]) + f64::from(add[i])).clamp(-1.0, 2.0);
                    assert!(
                        (f64::from(*y) - expected).abs() < 1e-4,
                        "{} {n} {inputs} {outputs}",
                        level.name()
                    );
                }
                for (i, dw) in linear.weight_gradient(&x, &dy).iter().enumerate() {
                    let (o, k) = (i / inputs, i % inputs);
                    let expected: f64 = (0..n)
                        .map(|row| f64::from(dy[row * outputs + o]) * f64::from(x[row * inputs + k]))
                        .sum();
                    assert!(
                        (f64::from(*dw) - expected).abs() < 1e-4,
                        "{} {n} {inputs} {outputs}",
                        level.name()
                    );
                }
                for (i, dx) in linear.input_gradient(&dy).iter().enumerate() {
                    let (row, k) = (i / inputs, i % inputs);
                    let expected: f64 = (0..outputs)
                        .map(|o| f64::from(dy[row * outputs + o]) * f64::from(w[o * inputs + k]))
                        .sum();
                    assert!(
                        (f64::from(*dx) - expected).abs() < 1e-4,
                        "{} {n} {inputs} {outputs}",
                        level.name()
                    );
                }
            }
        }
    }

    #[test]
    fn a_function_on_the_way_gives_the_same_bits_as_afterwards() {
        for [n, inputs, outputs] in SIZES {
            let (w, x) = (Arc::new(numbers(outputs * inputs, 1)), numbers(n * inputs, 3));
            for level in Level::all() {
                let linear = Linear::new(level, [outputs, inputs], w.clone(), None);
                for function in [Function::Gelu, Function::HardSwish] {
                    let end = Some(function);
                    let mut expected = linear.forward(&x, Epilogue::NOTHING);
                    function.apply(level, Target::Own(&mut expected));
                    assert_eq!(*linear.forward(&x, Epilogue { end, ..Epilogue::NOTHING }), *expected);
                }
            }
        }
    }

    #[test]
    fn wide_and_narrow_vectors_give_the_same_bits() {
        // Those without a fused multiplication and addition round twice.
        let levels = || Level::all().into_iter().filter(|level| level.name() != "portable");
        for [n, inputs, outputs] in SIZES {
            let (w, x) = (Arc::new(numbers(outputs * inputs, 1)), numbers(n * inputs, 3));
            let results: Vec<Buffer> = levels()
                .map(|level| {
                    let linear = Linear::new(level, [outputs, inputs], w.clone(), None);
                    linear.forward(&x, Epilogue::NOTHING)
                })
                .collect();
            assert!(results.windows(2).all(|pair| *pair[0] == *pair[1]), "{n} {inputs} {outputs}");
        }
    }

    #[test]
    fn a_row_alone_gives_the_same_bits_as_among_others() {
        for [n, inputs, outputs] in SIZES {
            let linear =
                Linear::new(Level::best(), [outputs, inputs], Arc::new(numbers(outputs * inputs, 1)), None);
            let x = numbers(n * inputs, 3);
            let alone = x.chunks(inputs).flat_map(|x| linear.forward(x, Epilogue::NOTHING).to_vec());
            assert_eq!(*linear.forward(&x, Epilogue::NOTHING), alone.collect::<Vec<_>>());
        }
    }
}
