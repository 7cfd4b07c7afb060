//! Both sides of a product, copied into the order in which a tile reads them.

use super::{BLOCK, outputs};
use crate::parts::split;
use crate::simd::Level;
use crate::view::View;

/// Rows `(n, k)` by tile of at most `most` rows, then by block of terms: [tile][block][row of the tile][term of the block]. Terms behind
/// the last one are zero.
pub(crate) fn tiles(from: View<'_>, [n, k]: [usize; 2], most: usize, to: &mut [f32]) {
    let padded = k.next_multiple_of(BLOCK);
    for tile in split(n, most) {
        let (lines, _) = to[tile.start * padded..tile.end * padded].as_chunks_mut::<BLOCK>();
        let mut lines = lines.iter_mut();
        // Block by block: of columns that lie apart, the lines of one block stay in the first-level cache.
        for term in (0..k).step_by(BLOCK) {
            for (row, line) in tile.clone().zip(&mut lines) {
                *line = from.line(row, term, BLOCK.min(k - term));
            }
        }
    }
}

/// A matrix `(k, columns)` by groups of as many columns as a tile has outputs: [group][term][column of the group], as many groups as
/// there is room for. What lies behind the last term of a block or the last column is zero.
pub(crate) fn panels(level: Level, from: View<'_>, [k, columns]: [usize; 2], to: &mut [f32]) {
    let (width, padded) = (outputs(level), k.next_multiple_of(BLOCK));
    for (group, to) in to.chunks_exact_mut(padded * width).enumerate() {
        let first = (group * width).min(columns);
        let count = width.min(columns - first);
        if from.column == 1 {
            rows(from, [k, count], first, width, to);
        } else {
            transpose(from.transposed(), [k, count], first, width, to);
        }
    }
}

/// `count` columns from `first` on.
fn rows(from: View<'_>, [k, count]: [usize; 2], first: usize, width: usize, to: &mut [f32]) {
    let (lines, rest) = to.split_at_mut(k * width);
    rest.fill(0.0);
    for (term, line) in lines.chunks_exact_mut(width).enumerate() {
        let from = &from.numbers[term * from.row + first..][..count];
        let (pieces, rest) = from.as_chunks::<4>();
        let (to_pieces, to_rest) = line.split_at_mut(4 * pieces.len());
        // Pieces of constant length: one by one they are faster than a call.
        for (to, piece) in to_pieces.as_chunks_mut().0.iter_mut().zip(pieces) {
            *to = *piece;
        }
        to_rest[..rest.len()].copy_from_slice(rest);
        to_rest[rest.len()..].fill(0.0);
    }
}

/// `count` columns from `first` on, which are rows here.
fn transpose(from: View<'_>, [k, count]: [usize; 2], first: usize, width: usize, to: &mut [f32]) {
    for (block, to) in to.chunks_exact_mut(BLOCK * width).enumerate() {
        let term = block * BLOCK;
        let line = |column: usize| match column < count {
            true => from.line(first + column, term, BLOCK.min(k - term)),
            false => [0.0; BLOCK],
        };
        // Four columns at once are a vector of the result.
        for column in (0..width).step_by(4) {
            let [a, b, c, d] = [line(column), line(column + 1), line(column + 2), line(column + 3)];
            for (term, to) in to.chunks_exact_mut(width).enumerate() {
                to.as_chunks_mut().0[column / 4] = [a[term], b[term], c[term], d[term]];
            }
        }
    }
}
