//! How far the map's first-order prediction is from what the classifier does (Yeh et al., 2019, definition 2.1).

use pipe::Direction::Lower;
use stats::summary::mean_of;

use crate::answer::Answer;
use crate::draws::all;
use crate::{Curve, Input, Measure, Measured, Metric};

pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "infidelity",
    direction: Lower,
    summary: "mean squared difference of the map's sum over the change of the input and the fall of the score; not comparable \
              between images or methods unless scaled=true fits the map's scale first",
    on_request: false,
    input: Input::Curve(&["noise", "square"]),
    build: |reader| {
        let scaled = reader.take("scaled", false)?;
        let answer = Answer::take(reader, Answer::Logit)?;
        Ok(Measure::curve(move |curve| infidelity(curve, scaled, answer)))
    },
}];

/// The mean of (b I map - fall)^2, where b is 1, or what makes it least.
fn infidelity(curve: &Curve, scaled: bool, answer: Answer) -> Measured {
    let draws = all(curve, answer)?;
    let mean = |of: &dyn Fn(f64, f64) -> f64| mean_of(draws.iter().map(|draw| of(draw.mass, draw.fall)));
    let squares = mean(&|mass, _| mass * mass);
    if squares == 0.0 {
        return Err("the map is 0 wherever the image changes: it predicts nothing".to_owned());
    }
    let scale = if scaled { mean(&|mass, fall| mass * fall) / squares } else { 1.0 };
    Ok(mean(&|mass, fall| (scale * mass - fall).powi(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;
    use crate::linear::{Linear, a, check, noise};
    use Answer::{Logit, Probability};

    /// Four draws of uniform noise around 0.
    fn noisy(model: &Linear, map: &[f64]) -> Curve {
        let draws = (0..4).map(|r| noise(r, 64).map(|u| 0.2 * (u - 0.5)).collect::<Vec<f64>>());
        changed(model, map, &draws.collect::<Vec<_>>())
    }

    /// The image less each of the changes.
    fn changed(model: &Linear, map: &[f64], changes: &[Vec<f64>]) -> Curve {
        let point = |change: &Vec<f64>| -> Point {
            let image: Vec<f64> = model.image.iter().zip(change).map(|(x, i)| x - i).collect();
            let product = map.iter().zip(change).map(|(value, i)| value * i).sum();
            model.point(&image, 1.0, Some(product))
        };
        let clean = model.point(&model.image, 0.0, Some(0.0));
        Curve::new(std::iter::once(clean).chain(changes.iter().map(point)).collect()).unwrap()
    }

    /// The changes that remove each of four squares, alone or with all before it.
    fn squares(model: &Linear, cumulative: bool) -> Vec<Vec<f64>> {
        let square = |n: usize| n / 32 * 2 + n % 8 / 4;
        let gone = |n: usize, at: usize| square(n) == at || (cumulative && square(n) < at);
        let change = |at: usize| (0..64).map(move |n| if gone(n, at) { model.image[n] } else { 0.0 });
        (0..4).map(|at| change(at).collect()).collect()
    }

    #[test]
    fn infidelity_is_the_catalogues() {
        let model = Linear::new(1, 0);
        let noisy = |map: &[f64]| noisy(&model, map);
        check(infidelity(&noisy(&a()), false, Probability), 0.002_664_780_774);
        check(infidelity(&noisy(&a()), true, Probability), 0.000_394_857_224);
        check(infidelity(&noisy(&a()), false, Logit), 0.003_928_006_228);
        check(infidelity(&noisy(&a()), true, Logit), 0.001_810_266_247);
        check(infidelity(&noisy(&model.weights()), false, Logit), 0.0);
    }

    /// AttriBench keeps the perturbed image within the clean one's range and scales; a map counts once for each channel.
    #[test]
    fn a_change_that_is_cut_off_is_the_change_that_counts() {
        for (channels, target, expected) in [(1, 0, 0.000_324_213_8), (3, 2, 0.004_197_506_3)] {
            let model = Linear::new(channels, target);
            let [low, high] = [f64::min, f64::max].map(|of| model.image.iter().copied().reduce(of).unwrap());
            let cut = |(x, u): (&f64, f64)| x - (x - 0.2 * (u - 0.5)).clamp(low, high);
            let change = |r| model.image.iter().zip(noise(r, 64 * channels)).map(cut).collect::<Vec<f64>>();
            let draws = changed(&model, &a().repeat(channels), &[0, 1, 2, 3].map(change));
            check(infidelity(&draws, true, Probability), expected);
        }
    }

    /// Captum's decorator for maps that are a product with the image divides the change by the image, where that is not 0.
    #[test]
    fn a_product_with_the_image_is_measured_by_the_share_of_the_change() {
        let model = Linear::new(1, 0);
        let half: Vec<f64> = model.image.iter().map(|x| x / 2.0).collect();
        let gap = |map: &[f64]| {
            let over_image = |(value, &x): (&f64, &f64)| if x == 0.0 { 0.0 } else { value / x };
            let share: Vec<f64> = map.iter().zip(&model.image).map(over_image).collect();
            infidelity(&changed(&model, &share, std::slice::from_ref(&half)), false, Logit)
        };
        check(gap(&model.exact()), 0.0);
        assert!((gap(&a()).unwrap() - 192.437_96).abs() < 2e-5);
    }

    /// Quantus removes squares on top of one another and gives 104.855.
    #[test]
    fn each_square_is_removed_alone() {
        let model = Linear::new(1, 0);
        let alone = changed(&model, &a(), &squares(&model, false));
        assert!((infidelity(&alone, false, Logit).unwrap() - 14.725_637_55).abs() < 1e-8);
        assert!((infidelity(&alone, false, Probability).unwrap() - 15.147_055_02).abs() < 1e-8);
        let piled = changed(&model, &a(), &squares(&model, true));
        assert!((infidelity(&piled, false, Logit).unwrap() - 104.855_019_8).abs() < 1e-7);
    }

    #[test]
    fn the_scaled_one_has_no_unit() {
        let model = Linear::new(1, 0);
        let large: Vec<f64> = a().iter().map(|value| 1000.0 * value).collect();
        check(infidelity(&noisy(&model, &large), true, Logit), 0.001_810_266_247);
        // Captum divides by 1 where the map predicts nothing, and a zero map gets a number.
        for scaled in [false, true] {
            let reason = "the map is 0 wherever the image changes: it predicts nothing".to_owned();
            assert_eq!(infidelity(&noisy(&model, &[0.0; 64]), scaled, Logit), Err(reason));
        }
    }
}
