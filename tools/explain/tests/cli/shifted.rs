//! `--shift-input`: another network for the same function of an image.

use testing::{WorkDir, columns, sibling};

use super::{EXPLAIN, map, rows, run};

/// What Kindermans et al. derive: a gradient does not move, its product with the input moves by the shift times the gradient. Of images
/// where rounding moves no ReLU over its kink: of the 40 embedded ones it does on two of the ViT's, 000 and 030.
#[test]
fn a_gradient_stays_and_what_holds_the_input_moves() {
    for model in ["testbed", "testbed-vit"] {
        let work = WorkDir::new();
        let line =
            format!("--model {model} -m gradient -m input-x-gradient --chunk 2 testbed/003 testbed/005");
        let plain = run(&work, &line, "").success();
        let shifted = run(&work, &format!("{line} --shift-input -1.5 -o shifted"), "").success();
        let plane = |data: Vec<f32>| -> Vec<f32> {
            (0..4096).map(|pixel| data[pixel..].iter().step_by(4096).sum()).collect()
        };
        let maps =
            |table: &str| rows(table).iter().map(|row| plane(map(&work, row).data)).collect::<Vec<_>>();
        let (own, others) = (maps(&plain), maps(&shifted));
        let norm =
            |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x * x)).sum::<f64>().sqrt();
        let mut expected = Vec::new();
        for image in 0..2 {
            let (gradient, product) = (&own[image], &own[2 + image]);
            let pairs = || gradient.iter().zip(&others[image]);
            let whole = norm(&mut gradient.iter().copied());
            assert!(norm(&mut pairs().map(|(a, b)| a - b)) < 1e-3 * whole, "{model}");
            let moved = product.iter().zip(&others[2 + image]).map(|(a, b)| b - a);
            let far = norm(&mut moved.zip(gradient).map(|(moved, g)| moved + 1.5 * g));
            assert!(far < 1e-3 * whole, "{model}: {far} of {whole}");
            expected.push(1.5 * whole / norm(&mut product.iter().copied()));
        }
        // The same as a metric.
        work.write("plain.csv", &plain);
        let score = ["--against", "plain.csv", "-m", "input-invariance"];
        let scores = work.run(sibling(EXPLAIN, "score"), score, &shifted).success();
        let found: Vec<f64> =
            columns(&scores, &["value"]).iter().map(|row| row[0].parse().unwrap()).collect();
        assert!(found[..2].iter().all(|value| *value < 1e-3), "{model}: {found:?}");
        assert!(
            found[2..].iter().zip(&expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-3),
            "{found:?}, {expected:?}"
        );
    }
}

#[test]
fn a_shifted_network_is_another_model() {
    let work = WorkDir::new();
    let shifted = run(&work, "-m gradient --shift-input 2 testbed/000", "").success();
    assert!(shifted.contains(",testbed+shift:2@"), "{shifted}");
    let output = work.run(sibling(EXPLAIN, "perturb"), ["-q", "--device", "cpu", "-t", "mask"], &shifted);
    let error = output.failure(1);
    assert!(error.contains("its map explains testbed+shift:2@"), "{error}");
    assert!(error.contains("another model (see --model, --weights, --preprocess)"), "{error}");
    let error = run(&work, "--shift-input x testbed/000", "").failure(2);
    assert!(error.contains("a number is needed"), "{error}");
}
