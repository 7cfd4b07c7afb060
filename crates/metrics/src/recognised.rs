//! Whether a generator can paint a class at all, which decides what the inpainting study may ask it for.

use pipe::Direction::Higher;

use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "recognised",
    direction: Higher,
    summary: "share of the samples that a generator paints of the row's class that the classifier predicts as that class; 0 to 1",
    on_request: false,
    input: Input::Curve(&["recognised"]),
    build: |_| Ok(Measure::curve(recognised)),
}];

/// Over all points but the first, which is that of the image in the row.
fn recognised(curve: &Curve) -> Measured {
    let samples = curve.points().get(1..).unwrap_or_default();
    if samples.is_empty() {
        return Err("there is no sample".to_owned());
    }
    let hits: Option<usize> = samples.iter().map(|sample| Some(usize::from(sample.hit?))).sum();
    let hits = hits.ok_or("a sample has no predicted class")?;
    Ok(hits as f64 / samples.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;
    use crate::metric::tests::curved;

    #[test]
    fn samples_of_the_class_are_counted_and_the_image_of_the_row_is_not() {
        let curve = |hits: &[Option<bool>]| {
            let point = |&hit| Point { probability: 0.5, hit, ..Point::default() };
            Curve::new(hits.iter().map(point).collect()).unwrap()
        };
        let [yes, no] = [Some(true), Some(false)];
        let recognised = |hits: &[Option<bool>]| curved("recognised", &curve(hits));
        assert_eq!(recognised(&[yes, no, yes, no, no]), Ok(0.25));
        assert_eq!(recognised(&[no, yes, yes]), Ok(1.0));
        assert_eq!(recognised(&[no, yes, None]), Err("a sample has no predicted class".to_owned()));
        assert_eq!(recognised(&[yes]), Err("there is no sample".to_owned()));
    }
}
