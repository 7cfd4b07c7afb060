//! What the image multiplied with its map does to the confidence: Average Drop and Percentage of Increase in Confidence
//! (Chattopadhay et al., 2018, Grad-CAM++, section 5.1), average gain (Zhang et al., 2023, Opti-CAM), average drop in deletion
//! (Jung and Oh, 2021), and the plain drop of pytorch-grad-cam.

use pipe::Direction::{Higher, Lower};

use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "confidence",
        direction: Higher,
        summary: "the target's probability in the clean image, to hold other metrics against; 0 to 1",
        on_request: true,
        input: Input::Curve(&["deletion"]),
        build: |_| Ok(Measure::curve(confidence)),
    },
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
    Metric {
        name: "average-gain",
        direction: Higher,
        summary: "how much of what the probability lacks to 1 the masked image gains; 0 to 1",
        on_request: true,
        input: Input::Curve(&["mask"]),
        build: |_| Ok(Measure::curve(gain)),
    },
    Metric {
        name: "drop-in-deletion",
        direction: Higher,
        summary: "how much of the probability the image without the map loses, negative if it gains; at most 1",
        on_request: true,
        input: Input::Curve(&["mask:invert=true"]),
        build: |_| Ok(Measure::curve(drop_in_deletion)),
    },
    Metric {
        name: "confidence-drop",
        direction: Lower,
        summary: "by how much the masked image's probability is lower, 0 if it is higher unless signed=true; 0 to 1",
        on_request: true,
        input: Input::Curve(&["mask"]),
        build: |reader| {
            let signed = reader.take("signed", false)?;
            Ok(Measure::curve(move |curve| confidence_drop(curve, signed)))
        },
    },
];

/// Of the first point, where nothing is replaced yet.
fn confidence(curve: &Curve) -> Measured {
    match curve.points().first() {
        Some(clean) if clean.fraction == 0.0 => Ok(clean.probability),
        _ => Err("the curve does not begin with the clean image".to_owned()),
    }
}

/// 100 max(0, clean - masked) / clean.
fn drop(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    if clean == 0.0 {
        return Err("the clean image has probability 0".to_owned());
    }
    Ok(100.0 * (clean - masked).max(0.0) / clean)
}

/// `100 [masked > clean]`.
fn rise(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    Ok(if masked > clean { 100.0 } else { 0.0 })
}

/// max(0, masked - clean) / (1 - clean).
fn gain(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    if clean >= 1.0 {
        return Err("the clean image has probability 1".to_owned());
    }
    Ok((masked - clean).max(0.0) / (1.0 - clean))
}

/// (clean - masked) / clean.
fn drop_in_deletion(curve: &Curve) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    if clean == 0.0 {
        return Err("the clean image has probability 0".to_owned());
    }
    Ok((clean - masked) / clean)
}

/// max(0, clean - masked).
fn confidence_drop(curve: &Curve, signed: bool) -> Measured {
    let (clean, masked) = clean_and_masked(curve)?;
    Ok(if signed { clean - masked } else { (clean - masked).max(0.0) })
}

fn clean_and_masked(curve: &Curve) -> Result<(f64, f64), String> {
    match curve.points() {
        [clean, masked] => Ok((clean.probability, masked.probability)),
        points => Err(format!("{} rows, where the clean and the masked image's are needed", points.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::tests::curve;
    use crate::linear::{Linear, a, check};

    /// The map from 0 to 1, or as it is, or turned round.
    fn masked(channels: usize, target: usize, mask: impl Fn(f64) -> f64) -> Curve {
        let highest = a().into_iter().fold(0.0, f64::max);
        Linear::new(channels, target).masked(|n| mask(a()[n] / highest))
    }

    #[test]
    fn the_confidence_is_that_of_the_clean_image() {
        assert_eq!(super::confidence(&curve(&[(0.0, 0.7), (1.0, 0.1)]).unwrap()), Ok(0.7));
        let reason = "the curve does not begin with the clean image".to_owned();
        assert_eq!(super::confidence(&curve(&[(0.1, 0.7), (1.0, 0.1)]).unwrap()), Err(reason));
    }

    #[test]
    fn numbers_of_masks_are_the_catalogues() {
        let share = |percent: Measured| percent.map(|percent| percent / 100.0);
        let (a, turned) = ((|m| m) as fn(f64) -> f64, (|m| 1.0 - m) as fn(f64) -> f64);
        for (target, mask, [fall, rises, gains, drops], without) in [
            (0, a, [0.017_527_524_4, 0.0, 0.0, 0.007_291_267_6], 0.263_785_244_4),
            (0, turned, [0.263_785_244_4, 0.0, 0.0, 0.109_731_913_7], 0.017_527_524_4),
            (1, a, [0.040_877_025_8, 0.0, 0.0, 0.011_116_974], -0.274_838_641_6),
            (1, turned, [0.0, 1.0, 0.102_666_959_3, 0.0], 0.040_877_025_8),
        ] {
            let kept = masked(1, target, mask);
            check(share(drop(&kept)), fall);
            check(share(rise(&kept)), rises);
            check(gain(&kept), gains);
            check(confidence_drop(&kept, false), drops);
            check(drop_in_deletion(&masked(1, target, |m| 1.0 - mask(m))), without);
        }
        let highest = 66.0 / 67.0;
        check(share(drop(&masked(1, 0, |m| m * highest))), 0.021_624_144_15);
        check(share(drop(&masked(3, 2, a))), 0.417_017_294_4);
        check(drop_in_deletion(&masked(3, 2, turned)), -0.062_947_989_5);
    }

    /// pytorch-grad-cam multiplies with the map as it is, and takes what the target gives: a probability, or a logit.
    #[test]
    fn the_drop_of_pytorch_grad_cam_is_that_of_probabilities() {
        let kept = Linear::new(3, 2).masked(|n| a()[n]);
        assert!((confidence_drop(&kept, false).unwrap() - 0.259_780_35).abs() < 1e-7);
        let logits: Vec<f64> = kept.points().iter().filter_map(|point| point.logit).collect();
        assert!((logits[0] - logits[1] - 0.536_007_34).abs() < 2e-7);
    }

    #[test]
    fn what_has_no_room_has_no_number() {
        let of = |clean, masked| curve(&[(0.0, clean), (0.4, masked)]).unwrap();
        assert_eq!(gain(&of(1.0, 0.4)), Err("the clean image has probability 1".to_owned()));
        assert_eq!(drop_in_deletion(&of(0.0, 0.4)), Err("the clean image has probability 0".to_owned()));
        assert_eq!(
            (confidence_drop(&of(0.0, 0.5), false), confidence_drop(&of(0.0, 0.5), true)),
            (Ok(0.0), Ok(-0.5))
        );
    }

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
