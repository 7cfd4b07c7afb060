//! Both sides of a product, copied into the order in which a tile reads them.

use super::{BLOCK, outputs, split};
use crate::simd::Level;
use crate::view::View;

/// Rows `(n, k)` by tile of at most `most` rows, then by block of terms: [tile][block][row of the tile][term of the block]. Terms behind
/// the last one are zero.
pub(crate) fn tiles(from: View<'_>, [n, k]: [usize; 2], most: usize, to: &mut [f32]) {
    let padded = k.next_multiple_of(BLOCK);
    for tile in split(n, most) {
        let mut lines = to[tile.start * padded..tile.end * padded].chunks_exact_mut(BLOCK);
        // Block by block: of columns that lie apart, the lines of one block stay in the first-level cache.
        for term in (0..k).step_by(BLOCK) {
            for (row, line) in tile.clone().zip(&mut lines) {
                line.copy_from_slice(&from.line(row, term, BLOCK.min(k - term)));
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
            let (rows, rest) = to.split_at_mut(k * width);
            rest.fill(0.0);
            for (term, row) in rows.chunks_exact_mut(width).enumerate() {
                row[..count].copy_from_slice(&from.numbers[term * from.row + first..][..count]);
                row[count..].fill(0.0);
            }
        } else {
            transpose(from.transposed(), [k, count], first, width, to);
        }
    }
}

/// The terms of some columns from `first` on, which are rows here.
fn transpose(from: View<'_>, [k, count]: [usize; 2], first: usize, width: usize, to: &mut [f32]) {
    for (block, to) in to.chunks_exact_mut(BLOCK * width).enumerate() {
        let term = block * BLOCK;
        for column in 0..width {
            let line = if column < count {
                from.line(first + column, term, BLOCK.min(k - term))
            } else {
                [0.0; BLOCK]
            };
            for (number, to) in line.iter().zip(to[column..].iter_mut().step_by(width)) {
                *to = *number;
            }
        }
    }
}
