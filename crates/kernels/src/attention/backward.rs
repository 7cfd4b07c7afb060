//! The way back.
//!
//! With `p = softmax(s)`, `s = scale q k^T` and `y = p v`: `dv = p^T dy`, `ds = p (dp - sum(y dy))` with `dp = dy v^T`, `dq = scale ds k`
//! and `dk = scale ds^T q`. Scores are made again with keys as rows and queries in the lanes: each query's largest score and sum are
//! known, so a tile of keys meets all queries at once, nothing is added up across lanes, and both `p^T` and `ds^T` come out as left
//! sides of products. The same `ds^T`, written as panels as well, gives `dq^T`.

use super::{Attention, Head, Place, Room};
use crate::blocked::{self, BLOCK};
use crate::math;
use crate::parts::split;
use crate::simd::{Simd, Work};
use crate::view::View;

impl Head<'_> {
    /// The gradients of queries, keys and values from that of the results `y`.
    ///
    /// # Safety
    /// They have room at the three places, in rows of the attention's input, and nothing else reads or writes it.
    pub(super) unsafe fn backward(
        &self,
        room: &mut Room,
        norms: &[f32],
        [y, dy]: [View<'_>; 2],
        [dq, dk, dv]: [*mut f32; 3],
    ) {
        let Attention { level, tokens, size, .. } = *self.attention;
        let mut gradient = std::mem::take(&mut room.gradient);
        let dy = self.attention.close(dy, 1.0, &mut gradient);
        let wide = self.attention.wide();
        let (most, inverse) = norms.split_at(tokens);
        let mut of_tokens = room.tokens.each_mut().map(|room| room.exactly(wide));
        // Queries behind the last one have the weight zero.
        of_tokens.iter_mut().for_each(|room| room[tokens..].fill(0.0));
        let [to_most, to_inverse, sums] = of_tokens;
        to_most[..tokens].copy_from_slice(most);
        to_inverse[..tokens].copy_from_slice(inverse);
        level.run(Dots { rows: [y, dy], size, to: &mut sums[..tokens] });
        // SAFETY: the caller's.
        unsafe {
            self.keys_and_values(room, dy, [dk, dv]);
            self.queries(room, dq);
        }
        room.gradient = gradient;
    }

    /// The gradients of keys and values; those of scores stay behind in panels.
    ///
    /// # Safety
    /// As for [`Head::backward`].
    unsafe fn keys_and_values(&self, room: &mut Room, dy: View<'_>, [dk, dv]: [*mut f32; 2]) {
        let attention = self.attention;
        let Attention { level, tokens, size, .. } = *attention;
        let (row, panel, wide) = (attention.inputs(), blocked::outputs(level), attention.wide());
        let (terms, queries) = (size.next_multiple_of(BLOCK), tokens.next_multiple_of(BLOCK));
        let [q, q_rows, dy_columns, dy_rows] = &mut room.right;
        let (q, q_rows) = (
            attention.right(self.q.transposed(), [size, tokens], q),
            attention.right(self.q, [tokens, size], q_rows),
        );
        let dy_columns = attention.right(dy.transposed(), [size, tokens], dy_columns);
        let dy_rows = attention.right(dy, [tokens, size], dy_rows);
        let [k, v] = &mut room.left;
        let k = attention.left(self.k, [tokens, size], k);
        let v = attention.left(self.v, [tokens, size], v);
        let [most, inverse, sums] = room.tokens.each_ref().map(|room| &room.numbers()[..wide]);
        let panels = room.panels.exactly(wide * queries);
        for tile in split(tokens, level.pixels()) {
            let height = tile.len();
            let [scores, slopes] = room.rows.each_mut().map(|room| room.exactly(height * wide));
            let [weights, changes] = room.tiles.each_mut().map(|room| room.exactly(height * queries));
            let rows = tile.start * terms..tile.end * terms;
            let place = |start, row| Place { start, row, panel };
            // SAFETY: there is room for scores and slopes.
            unsafe {
                let to = place(scores.as_mut_ptr(), wide);
                attention.product([&k[rows.clone()], q], height, wide, to);
                let to = place(slopes.as_mut_ptr(), wide);
                attention.product([&v[rows], dy_columns], height, wide, to);
            }
            let norms = [most, inverse, sums];
            level.run(Slopes { first: tile.start, height, scores, slopes, norms, weights, changes, panels });
            // SAFETY: the caller's.
            unsafe {
                let to = place(dv.wrapping_add(tile.start * row), row);
                attention.product([weights, dy_rows], height, size, to);
                let to = place(dk.wrapping_add(tile.start * row), row);
                attention.product([changes, q_rows], height, size, to);
            }
        }
        // Keys behind the last one.
        panels.chunks_exact_mut(queries * panel).for_each(|panel_of| panel_of[tokens * panel..].fill(0.0));
    }

    /// The gradient of queries from the panels of those of the scores.
    ///
    /// # Safety
    /// As for [`Head::backward`].
    unsafe fn queries(&self, room: &mut Room, dq: *mut f32) {
        let attention = self.attention;
        let Attention { level, tokens, size, scale, .. } = *attention;
        let (wide, keys) = (attention.wide(), tokens.next_multiple_of(BLOCK));
        let (panels, columns) = (&room.panels.numbers()[..wide * keys], &mut room.left[0]);
        let columns = attention.left(self.k.transposed(), [size, tokens], columns);
        for tile in split(size, level.pixels()) {
            let height = tile.len();
            let to = room.rows[0].exactly(height * wide);
            let place = Place { start: to.as_mut_ptr(), row: wide, panel: blocked::outputs(level) };
            // SAFETY: there is room for a tile's columns.
            unsafe {
                attention.product(
                    [&columns[tile.start * keys..tile.end * keys], panels],
                    height,
                    wide,
                    place,
                );
            }
            for token in 0..tokens {
                for (i, place) in tile.clone().enumerate() {
                    // SAFETY: the caller's.
                    unsafe {
                        *dq.wrapping_add(token * attention.inputs() + place) = scale * to[i * wide + token]
                    };
                }
            }
        }
    }
}

/// The products of rows of two views with each other.
struct Dots<'a> {
    rows: [View<'a>; 2],
    size: usize,
    /// One number for each row.
    to: &'a mut [f32],
}

impl Work for Dots<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [a, b] = self.rows;
        for (row, to) in self.to.iter_mut().enumerate() {
            let (a, b) = (&a.numbers[row * a.row..][..self.size], &b.numbers[row * b.row..][..self.size]);
            // One sum for each place of a block, however long a vector is.
            let mut lanes = [0.0; BLOCK];
            for part in 0..BLOCK / S::LANES {
                let mut sum = simd.splat(0.0);
                for at in (part * S::LANES..self.size).step_by(BLOCK) {
                    let mask = simd.first((self.size - at).min(S::LANES));
                    // SAFETY: both rows have the lanes of the mask.
                    let (a, b) = unsafe {
                        let (a, b) = (a.as_ptr().add(at), b.as_ptr().add(at));
                        (simd.load_some(a, mask), simd.load_some(b, mask))
                    };
                    sum = simd.fma(a, b, sum);
                }
                // SAFETY: the vectors are a block together.
                unsafe { simd.store(lanes.as_mut_ptr().add(part * S::LANES), sum) };
            }
            *to = 0.0;
            for lane in lanes {
                *to += lane;
            }
        }
    }
}

/// The weights and the gradients of the scores of a tile of keys.
struct Slopes<'a> {
    /// The first key of so many.
    first: usize,
    height: usize,
    /// Scores, and the gradients of weights, in rows with room for whole vectors.
    scores: &'a [f32],
    slopes: &'a [f32],
    /// For each query the largest score, one over the sum of exponentials, and the product of the result and its gradient.
    norms: [&'a [f32]; 3],
    /// Weights, and gradients of scores, as left sides.
    weights: &'a mut [f32],
    changes: &'a mut [f32],
    /// Gradients of scores as right sides.
    panels: &'a mut [f32],
}

impl Work for Slopes<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (height, [most, inverse, sums]) = (self.height, self.norms);
        let (wide, keys, width) = (most.len(), self.weights.len() / height, blocked::VECTORS * S::LANES);
        assert!(wide.is_multiple_of(BLOCK.max(width)) && wide >= keys && self.first + height <= keys);
        assert!([inverse.len(), sums.len()] == [wide; 2]);
        assert!([self.scores.len(), self.slopes.len()] == [height * wide; 2]);
        assert!(self.weights.len() == height * keys && self.changes.len() == height * keys);
        assert!(keys.is_multiple_of(BLOCK) && self.panels.len() == wide * keys);
        for row in 0..height {
            for at in (0..wide).step_by(S::LANES) {
                // SAFETY: rows, norms and panels have whole vectors.
                let (weight, change) = unsafe {
                    let score = simd.load(self.scores.as_ptr().add(row * wide + at));
                    let exp = math::exp(simd, simd.sub(score, simd.load(most.as_ptr().add(at))));
                    let weight = simd.mul(exp, simd.load(inverse.as_ptr().add(at)));
                    let slope = simd.load(self.slopes.as_ptr().add(row * wide + at));
                    let change = simd.mul(weight, simd.sub(slope, simd.load(sums.as_ptr().add(at))));
                    let to = at / width * keys * width + (self.first + row) * width + at % width;
                    simd.store(self.panels.as_mut_ptr().add(to), change);
                    (weight, change)
                };
                if at < keys {
                    let to = (at / BLOCK * height + row) * BLOCK + at % BLOCK;
                    // SAFETY: the tiles have whole blocks.
                    unsafe {
                        simd.store(self.weights.as_mut_ptr().add(to), weight);
                        simd.store(self.changes.as_mut_ptr().add(to), change);
                    }
                }
            }
        }
    }
}
