//! Why an array is not a map.

/// Why an array cannot be used as one map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MapError {
    /// The shape is that of something else.
    #[error("shape {} {looks}: a map is (H, W) or (C, H, W), where C is 1 or {channels}", numpy(shape))]
    Shape {
        /// The lengths of the axes.
        shape: Vec<usize>,
        /// What it looks like.
        looks: &'static str,
        /// The number of channels of the network.
        channels: usize,
    },
    /// The values do not fill the shape.
    #[error("{values} values are not a map of shape {}", numpy(shape))]
    Length {
        /// The lengths of the axes.
        shape: Vec<usize>,
        /// The number of values.
        values: usize,
    },
    /// A pixel without an order among the others.
    #[error("the map is {value} at row {row}, column {column}")]
    NotFinite {
        /// Row of the first such pixel.
        row: usize,
        /// Its column.
        column: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A pixel of a mask that is neither outside nor inside.
    #[error("the mask is {value} at row {row}, column {column}, where 0 is outside and more is inside")]
    Negative {
        /// Row of the first such pixel.
        row: usize,
        /// Its column.
        column: usize,
        /// A number below 0.
        value: f64,
    },
}

/// A shape as NumPy prints it: `(2, 3)`, `(2,)`, `()`.
fn numpy(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if lengths.len() == 1 { "," } else { "" };
    format!("({}{comma})", lengths.join(", "))
}

impl MapError {
    /// An array of this shape is not one map; says what it may be instead.
    pub(crate) fn shape(shape: &[usize], channels: usize) -> Self {
        let looks = match *shape {
            _ if shape.contains(&0) => "is empty",
            [] => "is a single number",
            [_] => "looks like a map without its rows",
            [_, _, last] if last == channels => "looks like a map whose channels come last",
            [_, _, _] | [_, _, _, _] => "looks like a pack whose map_index is lost",
            _ => "has too many axes",
        };
        Self::Shape { shape: shape.to_vec(), looks, channels }
    }
}
