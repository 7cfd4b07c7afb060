//! Multi-head attention (Vaswani et al., "Attention Is All You Need", 2017) between linear layers, and the gradient of its input.
//!
//! A head at a time stays in the second-level cache: its keys and values are packed once, and a tile of queries meets all of them. No
//! matrix of attention is ever written to memory; the way back makes the scores again.

mod backward;
mod forward;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use rayon::prelude::*;

use crate::Epilogue;
use crate::blocked::{self, BLOCK, Job, PART, VECTORS, pack};
use crate::buffer::Buffer;
use crate::lines::Lines;
use crate::output::Output;
use crate::simd::{Level, Simd, Work};
use crate::view::View;

/// `softmax(scale q k^T) v` in each head, on rows of tokens that hold the queries, keys and values of all heads.
#[derive(Clone, Debug)]
pub struct Attention {
    level: Level,
    tokens: usize,
    size: usize,
    scale: f32,
    /// Where in a row the query, key and value of each head are.
    heads: Vec<[usize; 3]>,
}

/// Rows that are asked for before they are copied.
const AHEAD: usize = 16;

/// Copies rows times a number.
struct Close<'a> {
    from: View<'a>,
    scale: f32,
    size: usize,
    to: &'a mut [f32],
}

impl Work for Close<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let scale = simd.splat(self.scale);
        for (row, to) in self.to.chunks_exact_mut(self.size).enumerate() {
            let from = &self.from.numbers[row * self.from.row..][..self.size];
            for at in (0..self.size).step_by(S::LANES) {
                let mask = simd.first((self.size - at).min(S::LANES));
                // Rows are far apart, so that no prefetcher of the processor follows them.
                simd.prefetch(from.as_ptr().wrapping_add(AHEAD * self.from.row + at));
                // SAFETY: both rows have the lanes of the mask.
                unsafe {
                    let x = simd.load_some(from.as_ptr().add(at), mask);
                    simd.store_some(to.as_mut_ptr().add(at), mask, simd.mul(scale, x));
                }
            }
        }
    }
}

/// Where a head is packed.
#[derive(Default)]
struct Room {
    /// The gradient of the result.
    gradient: Lines,
    /// Sides of products.
    left: [Lines; 2],
    right: [Lines; 4],
    /// Results of a tile in rows, and what is made of them as left sides.
    rows: [Lines; 2],
    tiles: [Lines; 2],
    /// What tiles write, one after the other, for a right side.
    panels: Lines,
    /// Numbers of each token.
    tokens: [Lines; 3],
}

thread_local! {
    /// With the head's own queries, keys and values.
    static ROOM: RefCell<([Lines; 3], Room)> = RefCell::default();
}

impl Attention {
    /// Attention over so many tokens with heads of `size` numbers. `heads` says where in a row of `3 heads size` numbers the query,
    /// key and value of each head begin; nothing if they do not fill the row, each number in one place.
    pub fn new(level: Level, tokens: usize, size: usize, scale: f32, heads: Vec<[usize; 3]>) -> Option<Self> {
        let mut places: Vec<usize> = heads.iter().flatten().copied().collect();
        places.sort_unstable();
        let fill = places.iter().enumerate().all(|(i, place)| *place == i * size);
        (fill && places.len() * size * tokens > 0).then_some(Self { level, tokens, size, scale, heads })
    }

    /// Tokens of an image.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Heads.
    pub fn heads(&self) -> usize {
        self.heads.len()
    }

    /// Numbers of a head's query, key or value.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Numbers of a row of the input.
    pub fn inputs(&self) -> usize {
        3 * self.outputs()
    }

    /// Numbers of a row of the result, head by head.
    pub fn outputs(&self) -> usize {
        self.heads.len() * self.size
    }

    /// The result for rows `(n, tokens, inputs)`, `(n, tokens, outputs)`, and what [`Attention::gradient`] wants of it: for each
    /// head the largest score of each query, then one over the sum of the exponentials. The bits of an image do not depend on others.
    ///
    /// # Panics
    /// If the numbers are not whole images.
    pub fn forward(&self, x: &[f32]) -> (Buffer, Vec<f32>) {
        let image = self.tokens * self.outputs();
        assert_eq!(x.len() % (3 * image), 0);
        let mut norms = vec![0.0; x.len() / self.inputs() * self.heads.len() * 2];
        let write = |output: Output| {
            norms.par_chunks_mut(2 * self.tokens).enumerate().for_each(|(i, norms)| {
                let (n, head) = (i / self.heads.len(), i % self.heads.len());
                let out = output.at(n * image + head * self.size);
                // SAFETY: each head has its own columns of its image's rows.
                ROOM.with_borrow_mut(|(close, room)| unsafe {
                    self.head(x, n, head, close).forward(room, norms, out);
                });
            });
        };
        // SAFETY: the columns of all heads fill the rows.
        let y = unsafe { Buffer::collect(x.len() / 3, write) };
        (y, norms)
    }

    /// The gradient of the rows `x` from that of the results `y`; `norms` are what [`Attention::forward`] gave with them.
    ///
    /// # Panics
    /// If the numbers do not belong together.
    pub fn gradient(&self, x: &[f32], y: &[f32], norms: &[f32], gradient: &[f32]) -> Buffer {
        let image = self.tokens * self.outputs();
        assert_eq!([x.len() % (3 * image), y.len(), gradient.len()], [0, x.len() / 3, x.len() / 3]);
        assert_eq!(norms.len() * self.size, 2 * y.len());
        let write = |output: Output| {
            norms.par_chunks(2 * self.tokens).enumerate().for_each(|(i, norms)| {
                let (n, head) = (i / self.heads.len(), i % self.heads.len());
                let at = n * image + head * self.size;
                let of = |numbers| View { numbers, row: self.outputs(), column: 1 };
                let values = [of(&y[at..]), of(&gradient[at..])];
                let dx = self.heads[head].map(|place| output.at(n * 3 * image + place));
                // SAFETY: each query, key and value has its own columns of its image's rows.
                ROOM.with_borrow_mut(|(close, room)| unsafe {
                    self.head(x, n, head, close).backward(room, norms, values, dx);
                });
            });
        };
        // SAFETY: the columns of all queries, keys and values fill the rows.
        unsafe { Buffer::collect(x.len(), write) }
    }

    /// Queries (scaled), keys and values of a head, copied to where they are close together.
    fn head<'a>(&'a self, x: &[f32], image: usize, head: usize, room: &'a mut [Lines; 3]) -> Head<'a> {
        let at = image * self.tokens * self.inputs();
        let [q, k, v] = &mut *room;
        let part = |part: usize, scale, room| {
            let from = View { numbers: &x[at + self.heads[head][part]..], row: self.inputs(), column: 1 };
            self.close(from, scale, room)
        };
        Head { attention: self, q: part(0, self.scale, q), k: part(1, 1.0, k), v: part(2, 1.0, v) }
    }

    /// Rows of a head times a number. Most of them are in no near cache: nothing else is done while they come.
    fn close<'a>(&self, from: View<'_>, scale: f32, room: &'a mut Lines) -> View<'a> {
        let to = room.exactly(self.tokens * self.size);
        self.level.run(Close { from, scale, size: self.size, to });
        View { numbers: to, row: self.size, column: 1 }
    }
}

impl Attention {
    /// Tokens in whole vectors of results and whole blocks of terms.
    fn wide(&self) -> usize {
        self.tokens.next_multiple_of(BLOCK.max(blocked::outputs(self.level)))
    }

    /// A left side of products.
    fn left<'a>(&self, from: View<'_>, [n, k]: [usize; 2], room: &'a mut Lines) -> &'a mut [f32] {
        let to = room.exactly(n * k.next_multiple_of(BLOCK));
        pack::tiles(from, [n, k], self.level.pixels(), to);
        to
    }

    /// A right side.
    fn right<'a>(&self, from: View<'_>, [k, columns]: [usize; 2], room: &'a mut Lines) -> &'a mut [f32] {
        let wide = columns.next_multiple_of(BLOCK.max(blocked::outputs(self.level)));
        let to = room.exactly(wide * k.next_multiple_of(BLOCK));
        pack::panels(self.level, from, [k, columns], to);
        to
    }

    /// A tile of rows times the panels of `count` columns. A panel's results go `panel` numbers behind those of the one before, rows
    /// are `row` apart.
    ///
    /// # Safety
    /// The results have room there, and nothing else reads or writes it.
    unsafe fn product(&self, [rows, panels]: [&[f32]; 2], height: usize, count: usize, to: Place) {
        let (kernel, width) = (blocked::kernel(height, VECTORS, BLOCK), blocked::outputs(self.level));
        let panels = panels.chunks_exact(rows.len() / height * width);
        for (i, weights) in panels.take(count.div_ceil(width)).enumerate() {
            let job = Job {
                x: rows,
                blocks: rows.len() / (height * BLOCK),
                block: height * BLOCK,
                taps: &[0],
                furthest: 0,
                part: PART,
                weights,
                next: None,
                count: width.min(count - i * width),
                bias: None,
                out: to.start.wrapping_add(i * to.panel),
                pixel: to.row,
                vector: self.level.lanes(),
                added: None,
                clip: Epilogue::NOTHING.clip,
            };
            // SAFETY: the caller's.
            unsafe { kernel(self.level, &job) }
        }
    }
}

/// Where a product goes.
struct Place {
    start: *mut f32,
    /// Between rows.
    row: usize,
    /// Between the first results of two panels.
    panel: usize,
}

/// Queries, keys and values `(tokens, size)` of a head.
struct Head<'a> {
    attention: &'a Attention,
    q: View<'a>,
    k: View<'a>,
    v: View<'a>,
}
