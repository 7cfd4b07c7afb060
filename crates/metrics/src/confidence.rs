//! What the image multiplied with its map does to the confidence: Average Drop and Percentage of Increase in Confidence
//! (Chattopadhay et al., 2018, Grad-CAM++, section 5.1).

use pipe::Direction::{Higher, Lower};

use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "adp",
        direction: Lower,
        summary: "how much of the probability the masked image loses, in per cent; 0 to 100",
        on_request: false,
        input: Input::Curve(&["mask"]),
        build: |_| Ok(Measure::curve(drop)),
    },
    Metric {
        name: "pic",
        direction: Higher,
        summary: "100 if the masked image has a higher probability, else 0",
        on_request: false,
        input: Input::Curve(&["mask"]),
        build: |_| Ok(Measure::curve(rise)),
    },
];

/// 100 max(0, clean - masked) / clean.
fn drop(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    if clean == 0.0 {
        return Err("the clean image has probability 0".to_owned());
    }
    Ok(100.0 * (clean - masked).max(0.0) / clean)
}

/// 100 [masked > clean].
fn rise(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    Ok(if masked > clean { 100.0 } else { 0.0 })
}

fn clean_and_masked(curve: &Curve) -> Result<(f64, f64), String> {
    match curve.points() {
        [clean, masked] => Ok((clean.probability, masked.probability)),
        points => Err(format!("{} rows, where the clean and the masked image's are needed", points.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::{drop, rise};
    use crate::curve::tests::curve;

    #[test]
    fn a_fall_is_a_drop_and_a_rise_is_none() {
        let of = |clean, masked| curve(&[(0.0, clean), (0.4, masked)]).unwrap();
        assert!((drop(&of(0.8, 0.6)).unwrap() - 25.0).abs() < 1e-12);
        assert_eq!((drop(&of(0.2, 0.4)), rise(&of(0.2, 0.4))), (Ok(0.0), Ok(100.0)));
        assert_eq!((drop(&of(0.5, 0.5)), rise(&of(0.5, 0.5))), (Ok(0.0), Ok(0.0)));
        assert_eq!(drop(&of(0.0, 0.4)), Err("the clean image has probability 0".to_owned()));
    }

    #[test]
    fn there_are_two_rows() {
        let one = curve(&[(0.0, 0.5)]).unwrap();
        let reason = "1 rows, where the clean and the masked image's are needed".to_owned();
        assert_eq!((drop(&one), rise(&one)), (Err(reason.clone()), Err(reason)));
    }
}
