//! The way there.

use super::{Attention, Head, Place, Room};
use crate::blocked::{self, BLOCK};
use crate::math;
use crate::parts::split;
use crate::rows::largest;
use crate::simd::{Simd, Work};

impl Head<'_> {
    /// The results, and the largest score and one over the sum of exponentials of each query.
    ///
    /// # Safety
    /// The results of all tokens have room, in rows of the attention's results, and nothing else reads or writes it.
    pub(super) unsafe fn forward(&self, room: &mut Room, norms: &mut [f32], out: *mut f32) {
        let attention = self.attention;
        let Attention { level, tokens, size, .. } = *attention;
        let (wide, keys, row) = (attention.wide(), tokens.next_multiple_of(BLOCK), attention.outputs());
        let (width, terms) = (blocked::outputs(level), size.next_multiple_of(BLOCK));
        let ([q, _], [k, v, ..]) = (&mut room.left, &mut room.right);
        let q = attention.left(self.q, [tokens, size], q);
        let k = attention.right(self.k.transposed(), [size, tokens], k);
        let v = attention.right(self.v, [tokens, size], v);
        let (most, inverse) = norms.split_at_mut(tokens);
        for tile in split(tokens, level.pixels()) {
            let height = tile.len();
            let q = &q[tile.start * terms..tile.end * terms];
            let (scores, weights) =
                (room.rows[0].exactly(height * wide), room.tiles[0].exactly(height * keys));
            let to = Place { start: scores.as_mut_ptr(), row: wide, panel: width };
            // SAFETY: there is room for the scores.
            unsafe { attention.product([q, k], height, wide, to) };
            let norms = [&mut most[tile.clone()], &mut inverse[tile.clone()]];
            level.run(Softmax { tokens, scores, weights, norms });
            let to = Place { start: out.wrapping_add(tile.start * row), row, panel: width };
            // SAFETY: the caller's.
            unsafe { attention.product([weights, v], height, size, to) };
        }
    }
}

/// Exponentials of rows over their sum, written as the left side of a product, and zero behind the last token.
struct Softmax<'a> {
    tokens: usize,
    /// Rows with room for whole vectors.
    scores: &'a [f32],
    /// A tile, as `blocked::pack::tiles` has them.
    weights: &'a mut [f32],
    /// The largest score of each row, and one over the sum.
    norms: [&'a mut [f32]; 2],
}

impl Work for Softmax<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let height = self.norms[0].len();
        let (wide, keys) = (self.scores.len() / height, self.tokens.next_multiple_of(BLOCK));
        assert!(keys <= wide && self.weights.len() == height * keys && self.norms[1].len() == height);
        for row in 0..height {
            let scores = &self.scores[row * wide..(row + 1) * wide];
            let most = largest(simd, &scores[..self.tokens]);
            // One sum for each place of a block, however long a vector is.
            let mut sums = [simd.splat(0.0); 4];
            for at in (0..keys).step_by(BLOCK) {
                let to = self.weights[at * height + row * BLOCK..][..BLOCK].as_mut_ptr();
                for part in 0..BLOCK / S::LANES {
                    let (at, to) = (at + part * S::LANES, to.wrapping_add(part * S::LANES));
                    let count = self.tokens.saturating_sub(at).min(S::LANES);
                    // SAFETY: the row has whole blocks, and so has the tile.
                    unsafe {
                        let x = simd.sub(simd.load(scores.as_ptr().add(at)), simd.splat(most));
                        simd.store(to, math::exp(simd, x));
                        if count < S::LANES {
                            // Read again, for zeros in the lanes behind the row.
                            simd.store(to, simd.load_some(to, simd.first(count)));
                        }
                        sums[part] = simd.add(sums[part], simd.load(to));
                    }
                }
            }
            let mut lanes = [0.0; BLOCK];
            for part in 0..BLOCK / S::LANES {
                // SAFETY: the vectors are a block together.
                unsafe { simd.store(lanes.as_mut_ptr().add(part * S::LANES), sums[part]) };
            }
            let mut sum = 0.0;
            for lane in lanes {
                sum += lane;
            }
            let inverse = 1.0 / sum;
            for at in (0..keys).step_by(BLOCK) {
                let to = self.weights[at * height + row * BLOCK..][..BLOCK].as_mut_ptr();
                for part in 0..BLOCK / S::LANES {
                    let to = to.wrapping_add(part * S::LANES);
                    // SAFETY: likewise.
                    unsafe { simd.store(to, simd.mul(simd.load(to), simd.splat(inverse))) };
                }
            }
            (self.norms[0][row], self.norms[1][row]) = (most, inverse);
        }
    }
}
