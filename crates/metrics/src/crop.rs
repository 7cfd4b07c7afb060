//! How well a classifier knows the object by a crop: the saliency metric (Dabkowski and Gal, "Real Time Image Saliency for
//! Black Box Classifiers", 2017, equation 1).

use pipe::Direction::{Higher, Lower};

use crate::at::At;
use crate::{Curve, Input, Measure, Measured, Metric, Point};

/// A crop is not rewarded for being smaller than this share of the image.
const LEAST_AREA: f64 = 0.05;

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "saliency-metric",
        direction: Lower,
        summary: "log of the crop's share of the image, at least 0.05, minus log of the target's probability on it; mean over \
                  the crops",
        on_request: false,
        input: Input::Curve(&["crop"]),
        build: |reader| {
            let at = At::take(reader)?;
            Ok(Measure::curve(move |curve| saliency(curve, at)))
        },
    },
    Metric {
        name: "crop-accuracy",
        direction: Higher,
        summary: "share of the crops whose predicted class is the clean image's; 0 to 1",
        on_request: true,
        input: Input::Curve(&["crop"]),
        build: |reader| {
            let at = At::take(reader)?;
            Ok(Measure::curve(move |curve| accuracy(curve, at)))
        },
    },
];

/// The points with an area, which the clean image in front of them has not.
fn crops(curve: &Curve) -> Vec<&Point> {
    curve.points().iter().filter(|point| point.area.is_some()).collect()
}

fn saliency(curve: &Curve, at: At) -> Measured {
    at.mean(&crops(curve), |point| {
        if point.probability <= 0.0 {
            return Err(format!("the crop at fraction {} has probability 0", point.fraction));
        }
        Ok(point.area.unwrap_or(1.0).max(LEAST_AREA).ln() - point.probability.ln())
    })
}

fn accuracy(curve: &Curve, at: At) -> Measured {
    let clean = curve.points().first().filter(|point| point.area.is_none()).and_then(|point| point.predicted);
    let clean = clean.ok_or("the clean image's predicted class is missing")?;
    at.mean(&crops(curve), |point| {
        let unknown = || format!("the crop at fraction {} has no predicted class", point.fraction);
        point.predicted.map(|predicted| f64::from(u8::from(predicted == clean))).ok_or_else(unknown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(crops: &[(f64, f64, f64, usize)]) -> Curve {
        let crop = |&(fraction, area, probability, predicted): &(f64, f64, f64, usize)| Point {
            fraction,
            area: Some(area),
            probability,
            predicted: Some(predicted),
            ..Point::default()
        };
        let clean = Point { probability: 0.9, predicted: Some(4), ..Point::default() };
        Curve::new([clean].into_iter().chain(crops.iter().map(crop)).collect()).unwrap()
    }

    #[test]
    fn the_whole_image_with_probability_1_scores_0_and_small_crops_count_as_a_twentieth() {
        let crops = curve(&[(0.1, 0.01, 0.5, 4), (0.5, 0.4, 0.25, 3), (1.0, 1.0, 1.0, 4)]);
        assert_eq!(saliency(&crops, At::Fraction(1.0)), Ok(0.0));
        let first = 0.05_f64.ln() - 0.5_f64.ln();
        assert!((saliency(&crops, At::Fraction(0.1)).unwrap() - first).abs() < 1e-12);
        let mean = (first + 0.4_f64.ln() - 0.25_f64.ln()) / 3.0;
        assert!((saliency(&crops, At::Mean).unwrap() - mean).abs() < 1e-12);
        assert_eq!(accuracy(&crops, At::Mean), Ok(2.0 / 3.0));
        assert_eq!(accuracy(&crops, At::Fraction(0.5)), Ok(0.0));
    }

    #[test]
    fn what_is_not_defined_says_why() {
        let crops = curve(&[(0.5, 0.2, 0.0, 1)]);
        assert_eq!(saliency(&crops, At::Mean), Err("the crop at fraction 0.5 has probability 0".to_owned()));
        let missing = "the curve has no point at fraction 0.3".to_owned();
        assert_eq!(saliency(&crops, At::Fraction(0.3)), Err(missing));
        assert_eq!(saliency(&curve(&[]), At::Mean), Err("the curve has no point to measure".to_owned()));
        let unknown = Curve::new(vec![Point::default()]).unwrap();
        assert_eq!(
            accuracy(&unknown, At::Mean),
            Err("the clean image's predicted class is missing".to_owned())
        );
    }
}
