//! A point of a test's curve, before it is answered.

use crate::input::Input;

/// What a test knows about a point besides its fraction, where it measures anything.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// Information in the image that is shown, in bytes.
    pub information: Option<f64>,
    /// The share of the pixels that are shown as they are, or lie in the crop that is shown, from 0 to 1.
    pub area: Option<f64>,
    /// How far the image that is shown is from the clean one, in the test's own unit.
    pub distance: Option<f64>,
    /// The sum of the map over the pixels that this point perturbs: those that the point before it did not, on a curve; all
    /// of them, where each point stands for itself. Channels are summed first; raw and signed. Where noise or a square
    /// changes the image, each value of the map is multiplied with the change of its pixel, x - x', in normalised space.
    pub mass: Option<f64>,
}

/// A point of a test's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How much of the image is perturbed, from 0 to 1.
    pub fraction: f64,
    /// The images whose mean probability is asked for: one, or one for each run of a random fill.
    pub inputs: Vec<Input>,
    /// What else is known.
    pub measures: Measures,
}

impl Point {
    /// A point of which nothing else is measured.
    pub fn new(fraction: f64, inputs: Vec<Input>) -> Self {
        Self { fraction, inputs, measures: Measures::default() }
    }
}
