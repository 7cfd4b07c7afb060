//! Designs: the rows of numbers by which methods of many masks cover the cells of an image. They are kept as they are drawn, and
//! masks grow from them inside each batch, so memory grows neither with masks times pixels nor beyond a limit.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::method::Error;
use crate::request::Request;

/// The most bytes that the designs of one image may take.
const MOST_BYTES: u64 = 256 << 20;

/// Numbers of some kind, row by row.
pub(crate) struct Design<T> {
    columns: usize,
    data: Vec<T>,
}

impl<T: Copy + Default> Design<T> {
    /// A Latin hypercube: in every column one number in each of `rows` equal parts of 0..1, in random order, turned into
    /// what is kept.
    pub(crate) fn hypercube(
        request: &Request<'_>,
        (image, draw): (usize, usize),
        [rows, columns]: [usize; 2],
        keep: impl Fn(f32) -> T,
    ) -> Self {
        let mut random = request.random("hypercube", image, draw);
        let mut data = vec![T::default(); rows * columns];
        for column in 0..columns {
            let mut order: Vec<usize> = (0..rows).collect();
            order.shuffle(&mut random);
            for (row, part) in order.into_iter().enumerate() {
                data[row * columns + column] = keep((part as f32 + random.random::<f32>()) / rows as f32);
            }
        }
        Self { columns, data }
    }

    /// A design of given numbers.
    #[cfg(test)]
    pub(crate) fn from_fn(rows: usize, columns: usize, f: impl Fn(usize, usize) -> T) -> Self {
        Self { columns, data: (0..rows * columns).map(|at| f(at / columns, at % columns)).collect() }
    }

    /// The rows in order.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &[T]> + Clone {
        self.data.chunks(self.columns)
    }
}

/// Whether designs of this many bytes may be drawn, before anything is run.
///
/// # Errors
/// If they are too many.
pub(crate) fn check_bytes(method: &str, bytes: u64, instead: &'static str) -> Result<(), Error> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let [needed, most] = [bytes.div_ceil(1 << 20), MOST_BYTES >> 20];
    Err(Error::TooLarge { method: method.into(), needed, most, instead })
}
