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
            0.415_989_582_626,
            0.400_266_396_813,
            0.339_329_124_972,
            0.353_478_157_426,
            0.427_214_443_361,
            0.306_670_004_032,
            0.295_574_918_262,
            0.284_132_409_088,
            0.259_406_634_501,
            0.253_873_811_644,
            0.219_364_077_897,
            0.245_259_769_308,
            0.301_871_765_326,
            0.201_756_219_347,
            0.201_882_021_975,
            0.329_461_136_229,
            0.300_609_605_356,
        ];
        let points: Vec<(f64, f64)> =
            answers.iter().enumerate().map(|(l, &y)| (l as f64 / 16.0, y)).collect();
        let found = irof(&curve(&points).unwrap()).unwrap();
        assert!((found - 0.282_157_432).abs() < 1e-9, "{found}");
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
