//! Maps against torchvision, PAIR's saliency and NumPy; `testdata/stats/generate_maps.py` made the expected numbers.

use std::collections::BTreeMap;

use maps::{Blur, Scale, Sign};

const COHERENCY: Blur = Blur { kernel: 11, sigma: 5.0 };
const WHOLE: Scale = Scale::Range { low: 0.0, high: 100.0 };

/// A map of 14 columns under some steps.
fn map(steps: impl Fn(&mut [f32])) -> Vec<f32> {
    let value = |i: u32| (10.0 * (0.37 * f64::from((i + 1) * (i + 1))).sin()) as f32;
    let mut map: Vec<f32> = (0..9 * 14).map(value).collect();
    steps(&mut map);
    map
}

#[test]
fn steps_equal_torchvision_pair_and_numpy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/stats/maps.json");
    let golden: BTreeMap<String, Vec<f64>> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = [
        ("blur 3 0.8", map(|m| Blur { kernel: 3, sigma: 0.8 }.apply(m, 14))),
        ("blur 11 5", map(|m| COHERENCY.apply(m, 14))),
        ("range 0 100", map(|m| WHOLE.apply(m))),
        ("range 2.5 97.5", map(|m| Scale::Range { low: 2.5, high: 97.5 }.apply(m))),
        ("largest 98", map(|m| Scale::Largest { high: 98.0 }.apply(m))),
        (
            "pair",
            map(|m| {
                Sign::Magnitude.apply(m);
                Scale::Range { low: 0.0, high: 99.0 }.apply(m);
            }),
        ),
        (
            "coherency",
            map(|m| {
                Sign::Positive.apply(m);
                COHERENCY.apply(m, 14);
                WHOLE.apply(m);
            }),
        ),
    ];
    assert_eq!(found.len(), golden.len());
    for (name, values) in found {
        for (value, expected) in values.iter().zip(&golden[name]) {
            assert!((f64::from(*value) - expected).abs() < 2e-6, "{name}: {value} and {expected}");
        }
    }
}
