//! Iterative removal of features (Rieger and Hansen, 2020, IROF, equation 2).

use pipe::Direction::Higher;

use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "irof",
    direction: Higher,
    summary: "area over the target's probability, as a share of the clean one, while superpixels go; at most 1",
    on_request: false,
    input: Input::Curve(&["superpixels"]),
    build: |_| Ok(Measure::curve(irof)),
}];

/// 1 - the area under p(x_l) / p(x_0) over the shares of the superpixels that are gone.
fn irof(curve: &Curve) -> Measured {
    let points = curve.points();
    if points.len() < 3 {
        return Err("the image is one superpixel: there is no order".to_owned());
    }
    let clean = points[0].probability;
    if clean == 0.0 {
        return Err("the clean image has probability 0".to_owned());
    }
    let heights: Vec<(f64, f64)> =
        points.iter().map(|point| (point.fraction, point.probability / clean)).collect();
    stats::curve::area(&heights).map(|area| 1.0 - area).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::irof;
    use crate::curve::tests::curve;

    /// 8 x 8 pixels in sixteen blocks that zeros replace, through a linear model of three classes (float64, NumPy).
    #[test]
    fn the_area_over_the_curve_is_relative_to_the_clean_image() {
        let answers = [
            0.415989582626,
            0.400266396813,
            0.339329124972,
            0.353478157426,
            0.427214443361,
            0.306670004032,
            0.295574918262,
            0.284132409088,
            0.259406634501,
            0.253873811644,
            0.219364077897,
            0.245259769308,
            0.301871765326,
            0.201756219347,
            0.201882021975,
            0.329461136229,
            0.300609605356,
        ];
        let points: Vec<(f64, f64)> =
            answers.iter().enumerate().map(|(l, &y)| (l as f64 / 16.0, y)).collect();
        let found = irof(&curve(&points).unwrap()).unwrap();
        assert!((found - 0.282157432).abs() < 1e-9, "{found}");
        // A model that never reacts scores 0, whatever the number of superpixels.
        let flat: Vec<(f64, f64)> = (0..=7).map(|l| (f64::from(l) / 7.0, 0.3)).collect();
        assert!(irof(&curve(&flat).unwrap()).unwrap().abs() < 1e-12);
    }

    #[test]
    fn without_an_order_or_a_clean_probability_there_is_none() {
        let one = curve(&[(0.0, 0.5), (1.0, 0.1)]).unwrap();
        assert_eq!(irof(&one), Err("the image is one superpixel: there is no order".to_owned()));
        let zero = curve(&[(0.0, 0.0), (0.5, 0.1), (1.0, 0.1)]).unwrap();
        assert_eq!(irof(&zero), Err("the clean image has probability 0".to_owned()));
    }
}
