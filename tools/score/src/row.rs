//! The rows that are written.

use metrics::Measured;
use pipe::{Direction, Explained, Extra, Response, Score, note_item};

/// What a score says about where it comes from.
pub struct Key<'a> {
    image: &'a str,
    target: Option<usize>,
    model: &'a str,
    method: &'a str,
    extra: &'a Extra,
}

impl<'a> From<&'a Response> for Key<'a> {
    fn from(Response { image, target, model, method, extra, .. }: &'a Response) -> Self {
        Self { image, target: *target, model, method, extra }
    }
}

impl<'a> From<&'a Explained> for Key<'a> {
    fn from(Explained { image, target, model, method, extra, .. }: &'a Explained) -> Self {
        Self { image, target: *target, model, method, extra }
    }
}

impl Key<'_> {
    /// The row of a metric; why it is not defined is said on standard error too.
    pub fn told(&self, metric: &str, direction: Direction, value: Measured) -> Score {
        if let Err(reason) = &value {
            note_item(self.image, &[self.method, metric], format_args!("NaN: {reason}"));
        }
        self.score(metric, direction, value)
    }

    /// The row of a metric.
    pub fn score(&self, metric: &str, direction: Direction, value: Measured) -> Score {
        let (value, reason) = value.map_or_else(|reason| (f64::NAN, reason), |value| (value, String::new()));
        Score {
            image: self.image.to_owned(),
            target: self.target,
            model: self.model.to_owned(),
            method: self.method.to_owned(),
            metric: metric.to_owned(),
            direction,
            value,
            reason,
            extra: self.extra.clone(),
        }
    }
}
