//! The product of two matrices of doubles.
#![allow(unsafe_code)]

/// Adds to `out` the product of a matrix of rows of `inner` numbers with one of which row `i` is column `i`: `out[r][c] += sum of
/// a[r][i] * b[c][i]`. All lie row by row, without gaps.
///
/// # Panics
///
/// If the lengths do not fit.
pub(crate) fn add_product(a: &[f64], b: &[f64], inner: usize, out: &mut [f64]) {
    if inner == 0 {
        return;
    }
    let (rows, columns) = (a.len() / inner, b.len() / inner);
    assert!(a.len() == rows * inner && b.len() == columns * inner && out.len() == rows * columns);
    let (inner_step, out_step) = (inner as isize, columns as isize);
    // SAFETY: the matrices have as many numbers as their sizes and steps say, and `out` is borrowed by nobody else.
    unsafe {
        matrixmultiply::dgemm(
            rows,
            inner,
            columns,
            1.0,
            a.as_ptr(),
            inner_step,
            1,
            b.as_ptr(),
            1,
            inner_step,
            1.0,
            out.as_mut_ptr(),
            out_step,
            1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::add_product;

    #[test]
    fn rows_meet_columns() {
        let mut out = [100.0; 6];
        // Two rows of two numbers, three columns of two.
        add_product(&[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], 2, &mut out);
        assert_eq!(out, [101.0, 102.0, 103.0, 103.0, 104.0, 107.0]);
        add_product(&[], &[], 0, &mut []);
        add_product(&[], &[1.0], 1, &mut []);
    }
}
