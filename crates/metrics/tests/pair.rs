//! Performance information curves against PAIR's `saliency`, with the sizes of its own encoder
//! (`testdata/perturbation/generate_images.py`).

use metrics::{Curve, Measure, Point, Selection};

/// Sizes and answers of the blank image, 13 thresholds and the clean image.
const POINTS: usize = 15;

fn measure(spec: &str, curve: &Curve) -> f64 {
    let selection = Selection::new(&[spec.to_owned()], str::to_owned).unwrap();
    let [metric] = &selection.of_test("information:thresholds=pair")[..] else { panic!("{spec}") };
    let Measure::Curve(measure) = &metric.metric.measure else { panic!("{spec}") };
    measure(curve).unwrap()
}

/// The reference resamples the curve at 1001 points.
#[test]
fn areas_are_those_of_the_toolkit() {
    let rows = testing::golden::array("perturbation/information.npy");
    let names = ["sic:min-probability=0", "aic"];
    for (row, values) in rows.data.chunks(2 * POINTS + 1).enumerate() {
        let (sizes, answers) = values[..2 * POINTS].split_at(POINTS);
        let point = |(size, answer): (&f32, &f32)| Point {
            information: Some(f64::from(*size)),
            probability: f64::from(*answer),
            hit: Some(*answer == 1.0),
            ..Point::default()
        };
        let curve = Curve::new(sizes.iter().zip(answers).map(point).collect()).unwrap();
        let name = names[row / 2 % 2];
        let raw = if name.contains(':') { ",monotone=false" } else { ":monotone=false" };
        let spec = if row % 2 == 0 { name.to_owned() } else { format!("{name}{raw}") };
        let (found, expected) = (measure(&spec, &curve), f64::from(values[2 * POINTS]));
        assert!((found - expected).abs() < 1e-3 * expected, "{row} {spec}: {found}, not {expected}");
    }
    assert_eq!(rows.shape, [8, 2 * POINTS + 1]);
}
