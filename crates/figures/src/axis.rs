//! From numbers to pixels, and the round numbers that an axis says.

use crate::canvas::{Anchor, Canvas};
use crate::font;
use crate::paint::Paint;
use crate::panel::SMALL;

/// Numbers from `low` to `high` laid out from one pixel to another.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A scale of exactly these numbers.
    pub fn new(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high, from, to }
    }

    /// A scale that holds all finite numbers and begins and ends a little outside; around a single number a tenth of it, around
    /// 0 a length of 1.
    pub fn around(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self::new(0.0, 1.0, from, to);
        }
        let length = high / 2.0 - low / 2.0;
        // Halved, because the length of the range of doubles is none.
        let room = match length {
            0.0 if low == 0.0 => 0.5,
            0.0 => 0.05 * low.abs(),
            length => 0.08 * length,
        };
        Self::new((low - room).max(f64::MIN), (high + room).min(f64::MAX), from, to)
    }

    /// The pixel of a number.
    pub fn place(&self, value: f64) -> f64 {
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + share * (self.to - self.from)
    }

    /// Round numbers on the scale, about `count` of them, and what each is called.
    pub fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        // A third more of them is better than half as many.
        let step = round_step((self.high / 2.0 - self.low / 2.0) / (count.max(1) as f64 * 0.67));
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        let digits = (-step.log10().floor()).max(0.0) as usize;
        let far = self.low.abs().max(self.high.abs());
        let named = |value: f64| match value {
            value if far >= 1e5 || step < 1e-4 => format!("{value:e}"),
            value => format!("{value:.digits$}"),
        };
        if !(first.is_finite() && last.is_finite() && step > 0.0 && last - first < 1000.0) {
            return Vec::new();
        }
        let count = (last - first).max(-1.0) as i64;
        // Away from the last bits, which a product of the step may have: 3 times 0.1.
        let at = |number: i64| ((first + number as f64) * step / step.min(1.0)).round() * step.min(1.0) + 0.0;
        (0..=count).map(at).map(|value| (value, named(shortened(value)))).collect()
    }

    /// Draws the ticks of a horizontal axis below `y`, with lines up to `top`, and leaves out names that would touch.
    pub fn below(&self, canvas: &mut Canvas, y: f64, top: f64) {
        let room = (self.to - self.from).abs();
        let mut free = f64::NEG_INFINITY;
        for (value, name) in self.ticks((room / 60.0) as usize) {
            let (x, half) = (self.place(value), font::width(&name, SMALL) / 2.0);
            canvas.line([x, top], [x, y], Paint::Grid, 1.0);
            if x - half > free && x - half > 0.0 && x + half < canvas.width {
                canvas.text([x, y + 11.0], name, SMALL, Anchor::Middle, Paint::Muted);
                free = x + half + 6.0;
            }
        }
    }

    /// Draws the ticks of a vertical axis left of `x`, with lines to `right`.
    pub fn beside(&self, canvas: &mut Canvas, x: f64, right: f64) {
        for (value, name) in self.ticks(((self.to - self.from).abs() / 40.0) as usize) {
            let y = self.place(value);
            canvas.line([x, y], [right, y], Paint::Grid, 1.0);
            canvas.text([x - 6.0, y], name, SMALL, Anchor::End, Paint::Muted);
        }
    }

    /// Width of the widest name of a vertical axis.
    pub fn names_width(&self) -> f64 {
        let ticks = self.ticks(((self.to - self.from).abs() / 40.0) as usize);
        font::widest(ticks.iter().map(|(_, name)| name.as_str()), SMALL)
    }
}

/// The number as it is written with fifteen digits: 0.30000000000000004 is 0.3.
fn shortened(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// The next of 1, 2, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let leading = step / power;
    power * [1.0, 2.0, 5.0].into_iter().find(|round| leading <= round * 1.000_001).unwrap_or(10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(low: f64, high: f64) -> Vec<String> {
        Scale::new(low, high, 0.0, 300.0).ticks(5).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(names(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(names(-0.31, 0.32), ["-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(names(12.0, 97.0), ["20", "40", "60", "80"]);
        assert_eq!(names(0.0, 3e-7), ["0e0", "5e-8", "1e-7", "1.5e-7", "2e-7", "2.5e-7", "3e-7"]);
        assert_eq!(names(0.0, 4e9), ["0e0", "1e9", "2e9", "3e9", "4e9"]);
        assert_eq!(names(f64::MIN, f64::MAX).len(), 3);
    }

    #[test]
    fn one_number_and_none_have_a_scale() {
        for values in [vec![], vec![f64::NAN], vec![0.0], vec![-3.0], vec![1e9], vec![f64::MIN, f64::MAX]] {
            let scale = Scale::around(values.clone(), 0.0, 100.0);
            for value in values.into_iter().filter(|value| value.is_finite()) {
                assert!((0.0..=100.0).contains(&scale.place(value)), "{value}: {scale:?}");
            }
            assert!(scale.ticks(5).len() < 12, "{scale:?}");
        }
    }
}
