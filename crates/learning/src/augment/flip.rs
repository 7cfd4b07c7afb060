//! Left and right exchanged.

/// Mirrors rows of pixels of this width.
pub fn horizontal(pixels: &mut [f32], width: usize) {
    pixels.chunks_mut(width).for_each(<[f32]>::reverse);
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_turn_round() {
        let mut pixels = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        super::horizontal(&mut pixels, 3);
        assert_eq!(pixels, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    }
}
