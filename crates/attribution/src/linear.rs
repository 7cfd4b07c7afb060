//! The little linear algebra that some methods need, in double precision.

/// A matrix, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) columns: usize,
    pub(crate) data: Vec<f64>,
}

impl Matrix {
    /// A matrix from its elements.
    pub(crate) fn from_fn(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        let at = |i: usize| f(i / columns, i % columns);
        Self { columns, data: (0..rows * columns).map(at).collect() }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.data.chunks(self.columns)
    }

    /// `X v`.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        self.rows().map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum()).collect()
    }

    /// `X^T X`.
    fn gram(&self) -> Self {
        let m = self.columns;
        let mut data = vec![0.0; m * m];
        for row in self.rows() {
            for (i, a) in row.iter().enumerate() {
                for (sum, b) in data[i * m..][..m].iter_mut().zip(row) {
                    *sum += a * b;
                }
            }
        }
        Self { columns: m, data }
    }
}

/// The `b` with the least `|X b - y|^2 + ridge |b|^2`, by Cholesky's decomposition; the ridge must be positive.
pub(crate) fn ridge_regression(x: &Matrix, y: &[f64], ridge: f64) -> Vec<f64> {
    let m = x.columns;
    let mut lower = x.gram().data;
    let mut b = vec![0.0; m];
    for (row, y) in x.rows().zip(y) {
        for (sum, x) in b.iter_mut().zip(row) {
            *sum += x * y;
        }
    }
    for i in 0..m {
        lower[i * m + i] += ridge;
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| lower[i * m + k] * lower[j * m + k]).sum();
            let left = lower[i * m + j] - before;
            // Rounding may leave nothing of a pivot; the ridge is what it is at least.
            lower[i * m + j] = if i == j { left.max(ridge).sqrt() } else { left / lower[j * m + j] };
        }
        b[i] = (b[i] - (0..i).map(|k| lower[i * m + k] * b[k]).sum::<f64>()) / lower[i * m + i];
    }
    for i in (0..m).rev() {
        b[i] = (b[i] - (i + 1..m).map(|k| lower[k * m + i] * b[k]).sum::<f64>()) / lower[i * m + i];
    }
    b
}

/// The projection of each row on the direction in which rows vary most (the first principal component, if the columns have
/// no mean), up to its sign.
///
/// The first left singular vector times its singular value is the same as the matrix times the first right one, so the
/// smaller of `X X^T` and `X^T X` is enough.
pub(crate) fn first_component(x: &Matrix) -> Vec<f64> {
    let rows = x.data.len() / x.columns;
    if x.columns <= rows {
        return x.times(&dominant(&x.gram()));
    }
    let turned = Matrix::from_fn(x.columns, rows, |i, j| x.data[j * x.columns + i]);
    let direction = turned.times(&dominant(&turned.gram()));
    let length = norm(&direction);
    let unit: Vec<f64> = direction.iter().map(|v| if length > 0.0 { v / length } else { 0.0 }).collect();
    x.times(&unit)
}

/// The eigenvector of the largest eigenvalue of a matrix without negative ones, by power iteration.
fn dominant(gram: &Matrix) -> Vec<f64> {
    const ITERATIONS: usize = 2000;
    // A start that is not at a right angle to any natural direction.
    let mut v: Vec<f64> = (0..gram.columns).map(|i| 1.0 + (i as f64).sin()).collect();
    for _ in 0..ITERATIONS {
        let next = gram.times(&v);
        let size = norm(&next);
        if size == 0.0 {
            break;
        }
        let next: Vec<f64> = next.into_iter().map(|x| x / size).collect();
        let moved: f64 = next.iter().zip(&v).map(|(a, b)| (a - b) * (a - b)).sum();
        v = next;
        if moved < 1e-24 {
            break;
        }
    }
    v
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regression_finds_the_coefficients() {
        let x = Matrix::from_fn(9, 3, |i, j| ((i * 3 + j) as f64).powi(2).sin());
        let y: Vec<f64> = x.rows().map(|row| row[0] - 2.0 * row[1] + 0.5 * row[2]).collect();
        for (found, truth) in ridge_regression(&x, &y, 1e-12).into_iter().zip([1.0, -2.0, 0.5]) {
            assert!((found - truth).abs() < 1e-6, "{found} and {truth}");
        }
    }

    /// Rows on a line through the origin with a little beside it: where they lie on the line is their component.
    #[test]
    fn the_first_component_is_the_place_along_the_largest_spread() {
        let x = Matrix::from_fn(40, 2, |i, j| {
            (i as f64 - 20.0) * [3.0, 4.0][j] + [0.1, -0.1][j] * (i % 2) as f64
        });
        let along = first_component(&x);
        for (i, place) in along.iter().enumerate() {
            let truth = 5.0 * (i as f64 - 20.0);
            assert!((place.abs() - truth.abs()).abs() < 0.2, "{i}: {place} and {truth}");
        }
    }

    /// Columns of zeros change neither Gram matrix' eigenvalues nor the component, but which of the matrices is smaller.
    #[test]
    fn either_gram_matrix_gives_the_same_component() {
        let value = |i: usize, j: usize| ((7 * i + 3 * j * j) as f64).sin() + 0.3 * i as f64 * (j % 2) as f64;
        let narrow = Matrix::from_fn(12, 9, value);
        let wide = Matrix::from_fn(12, 50, |i, j| if j < 9 { value(i, j) } else { 0.0 });
        let (a, b) = (first_component(&narrow), first_component(&wide));
        let sign = (a[0] * b[0]).signum();
        assert!(a.iter().zip(&b).all(|(a, b)| (a - sign * b).abs() < 1e-9), "{a:?} and {b:?}");
        let flat = Matrix::from_fn(3, 5, |_, _| 0.0);
        assert_eq!(first_component(&flat), [0.0; 3]);
    }
}
