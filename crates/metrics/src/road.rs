//! What is left of the target's score as pixels are imputed: ROAD (Rong et al., 2022), and the average of both orders that
//! pytorch-grad-cam calls ROAD combined.

use pipe::Direction::{Higher, Lower};
use spec::Reader;
use stats::summary::mean;

use crate::{Curve, Input, Measure, Measured, Metric, Point};

pub(crate) const METRICS: &[Metric] = &[
    Metric {
        name: "road",
        direction: Lower,
        summary: "mean of the target's probability over the images with imputed pixels, the clean image left out; 0 to 1. \
                  score=hit: how often the target is predicted (ROAD's accuracy)",
        on_request: false,
        input: Input::Curve(&["road"]),
        build: |reader| take_score(reader).map(|score| Measure::curve(move |curve| score.mean(curve))),
    },
    Metric {
        name: "road-change",
        direction: Lower,
        summary: "the same less that of the clean image (the averages of pytorch-grad-cam, there with score=logit); -1 to 1",
        on_request: true,
        input: Input::Curve(&["road"]),
        build: |reader| take_score(reader).map(|score| Measure::curve(move |curve| score.change(curve))),
    },
    Metric {
        name: "road-combined",
        direction: Higher,
        summary: "half of `road` with the least relevant pixels first less that with the most relevant ones first; the clean \
                  image cancels out; -0.5 to 0.5",
        on_request: false,
        input: Input::BothOrders(&["road"]),
        build: |reader| {
            let score = take_score(reader)?;
            Ok(Measure::both_orders(move |most, least| score.combined(most, least)))
        },
    },
];

/// What is averaged.
#[derive(Clone, Copy, Debug)]
enum Score {
    Probability,
    Logit,
    Hit,
}

/// `road-combined` of probabilities.
pub(crate) fn combined(most: &Curve, least: &Curve) -> Measured {
    Score::Probability.combined(most, least)
}

fn take_score(reader: &mut Reader) -> Result<Score, spec::Error> {
    let scores = [("probability", Score::Probability), ("logit", Score::Logit), ("hit", Score::Hit)];
    reader.choose("score", &scores)
}

impl Score {
    fn of(self, place: usize, point: &Point) -> Measured {
        match self {
            Self::Probability => Ok(point.probability),
            Self::Logit => point.logit.ok_or_else(|| format!("point {place} has no logit")),
            Self::Hit => {
                let hit = point.hit.ok_or_else(|| format!("point {place} has no predicted class"))?;
                Ok(f64::from(u8::from(hit)))
            }
        }
    }

    /// Over all points but the clean image, which must be there and first.
    fn mean(self, curve: &Curve) -> Measured {
        let [clean, imputed @ ..] = curve.points() else { return Err("a curve without points".to_owned()) };
        if clean.fraction != 0.0 || imputed.is_empty() {
            return Err("the clean image and one with imputed pixels are needed, in this order".to_owned());
        }
        let scores = imputed.iter().enumerate().map(|(at, point)| self.of(at + 1, point));
        Ok(mean(&scores.collect::<Result<Vec<_>, _>>()?))
    }

    fn combined(self, most: &Curve, least: &Curve) -> Measured {
        Ok((self.mean(least)? - self.mean(most)?) / 2.0)
    }

    fn change(self, curve: &Curve) -> Measured {
        Ok(self.mean(curve)? - self.of(0, &curve.points()[0])?)
    }
}

#[cfg(test)]
mod tests {
    use super::Score::{Hit, Logit, Probability};
    use super::*;
    use crate::curve::tests::curve;

    fn measured(name: &str) -> Measure {
        let metric = METRICS.iter().find(|metric| metric.name == name).unwrap();
        (metric.build)(&mut Reader::new(name).unwrap()).unwrap()
    }

    /// The catalogue's vector in 4.9: C = 3, y = 2, tenths of 64 pixels without noise.
    const MOST: [f64; 9] = [
        0.617_483_843,
        0.613_051_227_9,
        0.608_441_482_4,
        0.663_248_851_8,
        0.778_582_309_9,
        0.724_946_647_5,
        0.586_638_854_2,
        0.480_774_484_4,
        0.259_068_396_8,
    ];

    fn tenths(probabilities: &[f64]) -> Curve {
        let clean = (0.0, 0.623_426_262_1);
        let points = probabilities.iter().enumerate().map(|(at, &p)| ((at + 1) as f64 / 10.0, p));
        curve(&std::iter::once(clean).chain(points).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_clean_image_is_no_part_of_the_mean_and_cancels_out() {
        let (most, least) = (tenths(&MOST), tenths(&[0.384_963_687_7; 9]));
        assert!((Probability.mean(&most).unwrap() - 0.592_470_677_5).abs() < 1e-9);
        let change = 0.592_470_677_5 - 0.623_426_262_1;
        assert!((Probability.change(&most).unwrap() - change).abs() < 1e-9);
        let Measure::BothOrders(combined) = measured("road-combined") else { panic!() };
        assert!((combined(&most, &least).unwrap() + 0.103_753_494_9).abs() < 1e-9);
        assert!((combined(&most, &most).unwrap()).abs() < 1e-12);
        // The first seven are at least a half.
        assert!((Hit.mean(&most).unwrap() - 7.0 / 9.0).abs() < 1e-12);
        assert_eq!(Logit.mean(&most), Err("point 1 has no logit".to_owned()));
    }

    #[test]
    fn a_curve_without_the_clean_image_or_without_imputed_ones_has_no_mean() {
        let reason = Err("the clean image and one with imputed pixels are needed, in this order".to_owned());
        assert_eq!(Probability.mean(&curve(&[(0.1, 0.5), (0.2, 0.5)]).unwrap()), reason);
        assert_eq!(Probability.change(&curve(&[(0.0, 0.5)]).unwrap()), reason);
        assert_eq!(Probability.mean(&curve(&[]).unwrap()), Err("a curve without points".to_owned()));
    }

    #[test]
    fn the_ends_are_defined() {
        for (p, change) in [(0.0, -1.0), (1.0, 0.0)] {
            let flat = curve(&[(0.0, 1.0), (0.5, p)]).unwrap();
            assert_eq!((Probability.mean(&flat), Probability.change(&flat)), (Ok(p), Ok(change)));
        }
    }
}
