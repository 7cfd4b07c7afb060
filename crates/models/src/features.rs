//! What a layer holds, as maps with rows and columns: feature maps as they are, tokens on their grid.

use burn::tensor::Tensor;

use crate::network::value::Value;

/// How the positions of a layer lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `(n, c, h, w)`.
    Maps,
    /// `(n, t, c)`: some tokens without a place (class, distillation) before a square grid, row by row.
    Tokens {
        /// Tokens before the grid.
        prefix: usize,
        /// Rows and columns of the grid.
        side: usize,
    },
}

impl Layout {
    /// The layout of a shape, batch axis included; nothing if there is no grid in it.
    pub fn of(shape: &[usize]) -> Option<Self> {
        match *shape {
            [_, _, h, w] if h * w > 0 => Some(Self::Maps),
            [_, tokens, _] if tokens > 0 => {
                let side = tokens.isqrt();
                Some(Self::Tokens { prefix: tokens - side * side, side })
            }
            _ => None,
        }
    }

    /// The layer as maps `(n, c, h, w)`, without tokens that have no place.
    ///
    /// # Panics
    /// If the value does not have this layout.
    pub fn maps(self, value: Value) -> Tensor<4> {
        match self {
            Self::Maps => value.tensor(),
            Self::Tokens { prefix, side } => {
                let tokens = value.tensor::<3>().swap_dims(1, 2);
                let [n, c, t] = tokens.dims();
                tokens.narrow(2, prefix, t - prefix).reshape([n, c, side, side])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;

    #[test]
    fn tokens_before_the_grid_are_left_out() {
        let layout = Layout::of(&[2, 6, 3]).unwrap();
        assert_eq!(layout, Layout::Tokens { prefix: 2, side: 2 });
        let numbers: Vec<f32> = (0..36).map(|i| i as f32).collect();
        let value = Tensor::<1>::from_floats(numbers.as_slice(), &device::cpu().device).reshape([2, 6, 3]);
        let maps = layout.maps(Value::new(value));
        assert_eq!(maps.dims(), [2, 3, 2, 2]);
        // Channel 1 of the first picture at row 1, column 0: token 4.
        assert_eq!(maps.slice([0..1, 1..2, 1..2, 0..1]).into_scalar::<f32>(), 13.0);
        assert_eq!(Layout::of(&[4, 10]), None);
    }
}
