use super::*;

/// Tokens, size of a head, heads.
const SIZES: [[usize; 3]; 7] =
    [[1, 8, 1], [5, 16, 2], [17, 32, 3], [17, 64, 1], [33, 20, 2], [16, 7, 2], [197, 64, 2]];

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 252.25 - 2.0).collect()
}

/// Queries of all heads, then keys, then values.
fn thirds(size: usize, heads: usize) -> Vec<[usize; 3]> {
    (0..heads).map(|head| [0, 1, 2].map(|part| (part * heads + head) * size)).collect()
}

fn attention(level: Level, [tokens, size, heads]: [usize; 3]) -> Attention {
    Attention::new(level, tokens, size, 0.3, thirds(size, heads)).unwrap()
}

/// One image by the definition, `(tokens, heads size)`.
fn definition(attention: &Attention, x: &[f64]) -> Vec<f64> {
    let Attention { tokens, size, scale, heads, .. } = attention;
    let (inputs, outputs) = (attention.inputs(), attention.outputs());
    let mut y = vec![0.0; tokens * outputs];
    for (head, [q, k, v]) in heads.iter().enumerate() {
        for query in 0..*tokens {
            let score = |key: usize| -> f64 {
                (0..*size).map(|i| x[query * inputs + q + i] * x[key * inputs + k + i]).sum()
            };
            let weights: Vec<f64> = (0..*tokens).map(|key| (f64::from(*scale) * score(key)).exp()).collect();
            let total: f64 = weights.iter().sum();
            for (key, weight) in weights.iter().enumerate() {
                for i in 0..*size {
                    y[query * outputs + head * size + i] += weight / total * x[key * inputs + v + i];
                }
            }
        }
    }
    y
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

#[test]
fn results_equal_the_definition() {
    for sizes in SIZES {
        for level in Level::all() {
            let attention = attention(level, sizes);
            let image = attention.tokens() * attention.inputs();
            let x = numbers(2 * image, 1);
            let (y, _) = attention.forward(&x);
            let expected = x.chunks(image).flat_map(|x| definition(&attention, &wide(x)));
            for (y, expected) in y.iter().zip(expected) {
                assert!(
                    (f64::from(*y) - expected).abs() < 2e-5,
                    "{} {sizes:?}: {y} {expected}",
                    level.name()
                );
            }
        }
    }
}

#[test]
fn gradients_equal_differences_of_the_definition() {
    for sizes in SIZES {
        for level in Level::all() {
            let attention = attention(level, sizes);
            let x = numbers(attention.tokens() * attention.inputs(), 1);
            let (y, norms) = attention.forward(&x);
            let dy = numbers(y.len(), 2);
            let dx = attention.gradient(&x, &y, &norms, &dy);
            // All directions of a small one, some of a large one.
            for i in (0..x.len()).step_by(x.len() / 40 + 1) {
                let shifted = |by: f64| -> f64 {
                    let mut x = wide(&x);
                    x[i] += by;
                    definition(&attention, &x).iter().zip(&dy).map(|(y, dy)| y * f64::from(*dy)).sum()
                };
                let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                assert!(
                    (f64::from(dx[i]) - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                    "{} {sizes:?} at {i}: {} {expected}",
                    level.name(),
                    dx[i]
                );
            }
        }
    }
}

/// The result, then the gradient.
fn both(attention: &Attention, x: &[f32]) -> [Vec<f32>; 2] {
    let (y, norms) = attention.forward(x);
    let dx = attention.gradient(x, &y, &norms, &numbers(y.len() / 3, 2).repeat(3));
    [y, dx].map(|numbers| numbers.to_vec())
}

#[test]
fn bits_depend_on_neither_batch_nor_threads_nor_vectors() {
    // Those without a fused multiplication and addition round twice.
    let levels = || Level::all().into_iter().filter(|level| level.name() != "portable");
    for sizes in SIZES {
        let attention = attention(Level::best(), sizes);
        let image = attention.tokens() * attention.inputs();
        let x = numbers(image, 1);
        let three = both(&attention, &x.repeat(3));
        for (numbers, of_one) in three.iter().zip(alone(&attention, &x)) {
            assert!(numbers.chunks(of_one.len()).all(|numbers| numbers == of_one), "{sizes:?}");
        }
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| both(&attention, &x.repeat(3))), three, "{sizes:?} {threads}");
        }
        for level in levels() {
            let attention = Attention { level, ..attention.clone() };
            assert_eq!(both(&attention, &x.repeat(3)), three, "{sizes:?} {}", level.name());
        }
    }
}

fn alone(attention: &Attention, x: &[f32]) -> [Vec<f32>; 2] {
    let (y, norms) = attention.forward(x);
    let dx = attention.gradient(x, &y, &norms, &numbers(y.len(), 2));
    [y, dx].map(|numbers| numbers.to_vec())
}

#[test]
fn heads_may_lie_anywhere_in_a_row() {
    let (tokens, size) = (9, 4);
    let apart = Attention::new(Level::best(), tokens, size, 0.3, thirds(size, 2)).unwrap();
    let interleaved =
        Attention::new(Level::best(), tokens, size, 0.3, vec![[0, 4, 8], [12, 16, 20]]).unwrap();
    let x = numbers(tokens * 24, 1);
    let mut other = x.clone();
    for (from, to) in x.chunks(24).zip(other.chunks_mut(24)) {
        for (i, place) in [0, 12, 4, 16, 8, 20].into_iter().enumerate() {
            to[place..place + size].copy_from_slice(&from[i * size..(i + 1) * size]);
        }
    }
    let [(y, norms), (other_y, other_norms)] = [apart.forward(&x), interleaved.forward(&other)];
    assert_eq!((&*y, norms), (&*other_y, other_norms));
}

#[test]
fn heads_must_fill_a_row() {
    for heads in [vec![[0, 4, 4]], vec![[0, 4, 12]], vec![[0, 2, 4]], vec![]] {
        assert!(Attention::new(Level::best(), 9, 4, 0.3, heads).is_none());
    }
}
