//! The left side of a product, copied into tiles.

use std::ops::Range;

use super::{BLOCK, pack};
use crate::lines::Lines;
use crate::view::View;

/// Rows of `k` numbers by tile, then by block of terms: [tile][block][row of the tile][term of the block]. Terms behind the last one are
/// zero. A tile is read from start to end, so rows of a power of two do not meet in one cache set.
pub(crate) struct Tiles<'a> {
    numbers: &'a [f32],
    padded: usize,
}

impl<'a> Tiles<'a> {
    /// Copies rows that lie one after the other.
    pub(crate) fn new(rows: &[f32], k: usize, most: usize, room: &'a mut Lines) -> Self {
        let (n, blocks) = (rows.len() / k, k.div_ceil(BLOCK));
        let padded = blocks * BLOCK;
        let numbers = room.reserve(n * padded);
        pack::tiles(View { numbers: rows, row: k, column: 1 }, [n, k], most, numbers);
        Self { numbers, padded }
    }

    /// The numbers of the tile of these rows.
    pub(crate) fn tile(&self, rows: Range<usize>) -> &'a [f32] {
        &self.numbers[rows.start * self.padded..rows.end * self.padded]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_holds_its_rows_line_by_line() {
        let rows: Vec<f32> = (0..3 * 17).map(|i| i as f32).collect();
        let mut room = Lines::default();
        room.reserve(200).fill(f32::NAN); // what lies there from the last time is overwritten
        let tiles = Tiles::new(&rows, 17, 2, &mut room);
        let second = tiles.tile(1..3);
        assert_eq!(second[..16], rows[17..33]);
        assert_eq!(second[16..32], rows[34..50]);
        assert_eq!((second[32], second[48]), (rows[33], rows[50]));
        assert!(second[33..48].iter().chain(&second[49..]).all(|zero| *zero == 0.0));
    }
}
