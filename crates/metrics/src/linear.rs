//! For tests: a model of 8 x 8 pixels whose answers have a closed form, as in the vectors that NumPy computed.

use maps::Order;

use crate::fixtures::{A, B, T, map};
use crate::{Curve, Measured, Point};

/// 64 distinct values from 0 on.
pub(crate) fn a() -> Vec<f64> {
    map(A).values().to_vec()
}

/// Other ones.
pub(crate) fn b() -> Vec<f64> {
    map(B).values().to_vec()
}

/// Seven values, each several times.
pub(crate) fn ties() -> Vec<f64> {
    map(T).values().to_vec()
}

/// Numbers from 0 to 1 in place of random ones.
pub(crate) fn noise(draw: usize, count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |t| ((7 * t + 13 * draw + 5) % 101) as f64 / 101.0)
}

/// Asserts a defined number to ten digits.
#[track_caller]
pub(crate) fn check(found: Measured, expected: f64) {
    let found = found.unwrap_or_else(|reason| panic!("{reason}"));
    assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
}

/// A linear model of three classes under a softmax, and an image of it.
pub(crate) struct Linear {
    /// (C, 8, 8).
    pub(crate) image: Vec<f64>,
    /// The class that is explained.
    pub(crate) target: usize,
    /// Whether it looks at its input.
    pub(crate) answers: bool,
}

impl Linear {
    pub(crate) fn new(channels: usize, target: usize) -> Self {
        let value = |at: usize| ((2 * (at % 64 / 8) + 3 * (at % 8) + 5 * (at / 64)) % 11) as f64 / 10.0;
        Self { image: (0..64 * channels).map(value).collect(), target, answers: true }
    }

    /// The weight of a class at a place of the image.
    fn weight(class: usize, at: usize) -> f64 {
        let (c, i, j) = (at / 64, at % 64 / 8, at % 8);
        (((i + 2 * j + 3 * c + 4 * class + i * j) % 5) as f64 - 2.0) / 8.0
    }

    /// The weights of the target.
    pub(crate) fn weights(&self) -> Vec<f64> {
        (0..self.image.len()).map(|at| Self::weight(self.target, at)).collect()
    }

    /// What each pixel adds to the target's logit.
    pub(crate) fn exact(&self) -> Vec<f64> {
        self.weights().iter().zip(&self.image).map(|(w, x)| w * x).collect()
    }

    /// The answer to an image.
    pub(crate) fn point(&self, image: &[f64], fraction: f64, mass: Option<f64>) -> Point {
        let logits = Self::logits(if self.answers { image } else { &self.image });
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        let best = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let predicted = logits.iter().position(|&logit| logit == best);
        Point {
            fraction,
            probability: logits[self.target].exp() / sum,
            predicted,
            logit: Some(logits[self.target]),
            mass,
            hit: predicted.map(|class| class == self.target),
            ..Point::default()
        }
    }

    /// The scores of all classes.
    pub(crate) fn logits(image: &[f64]) -> [f64; 3] {
        [0, 1, 2].map(|class| {
            let sum: f64 = image.iter().enumerate().map(|(at, x)| x * Self::weight(class, at)).sum();
            sum + class as f64 / 10.0
        })
    }

    /// The gradient of the target's probability at an image of one channel.
    pub(crate) fn gradient(&self, image: &[f64]) -> Vec<f64> {
        let exp = Self::logits(image).map(f64::exp);
        let p = exp.map(|value| value / exp.iter().sum::<f64>());
        let mean = |at: usize| (0..3).map(|class| p[class] * Self::weight(class, at)).sum::<f64>();
        (0..image.len()).map(|at| p[self.target] * (Self::weight(self.target, at) - mean(at))).collect()
    }

    /// The image with some pixels replaced by one value.
    pub(crate) fn replaced(&self, pixels: &[usize], fill: f64) -> Vec<f64> {
        let value = |(at, &x): (usize, &f64)| if pixels.contains(&(at % 64)) { fill } else { x };
        self.image.iter().enumerate().map(value).collect()
    }

    /// The clean image, then each set of pixels replaced by zeros alone.
    pub(crate) fn draws(&self, map: &[f64], sets: &[Vec<usize>]) -> Curve {
        let point = |set: &Vec<usize>| {
            let mass = set.iter().map(|&pixel| map[pixel]).sum();
            self.point(&self.replaced(set, 0.0), set.len() as f64 / 64.0, Some(mass))
        };
        let clean = self.point(&self.image, 0.0, Some(0.0));
        Curve::new(std::iter::once(clean).chain(sets.iter().map(point)).collect()).unwrap()
    }

    /// Pixels replaced by zeros in an order, `step` more at each point; or, from zeros on, revealed.
    pub(crate) fn curve(&self, map: &[f64], step: usize, order: Order, reveal: bool) -> Curve {
        self.parts(map, order.sort(map).chunks(step), reveal)
    }

    /// Parts of the image replaced by zeros one after another, or revealed.
    pub(crate) fn parts<'a>(
        &self,
        map: &[f64],
        parts: impl Iterator<Item = &'a [usize]>,
        reveal: bool,
    ) -> Curve {
        let (mut gone, mut points) = (Vec::new(), Vec::new());
        for part in std::iter::once(&[][..]).chain(parts) {
            gone.extend_from_slice(part);
            let zeros =
                if reveal { (0..64).filter(|pixel| !gone.contains(pixel)).collect() } else { gone.clone() };
            let mass = part.iter().map(|&pixel| map[pixel]).sum();
            points.push(self.point(&self.replaced(&zeros, 0.0), gone.len() as f64 / 64.0, Some(mass)));
        }
        Curve::new(points).unwrap()
    }

    /// The image under a mask.
    pub(crate) fn masked(&self, mask: impl Fn(usize) -> f64) -> Curve {
        let image: Vec<f64> = self.image.iter().enumerate().map(|(at, x)| x * mask(at % 64)).collect();
        Curve::new(vec![self.point(&self.image, 0.0, None), self.point(&image, 0.5, None)]).unwrap()
    }
}
