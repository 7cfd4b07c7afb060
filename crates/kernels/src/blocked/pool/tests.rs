use super::*;
use crate::Maps;

const CHANNELS: usize = 19;

fn windows() -> Vec<Windows> {
    let square = |kernel, stride, padding, count| Windows {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
        size: [7, 9],
        count,
    };
    vec![
        square(3, 2, 1, [4, 5]),
        square(2, 2, 0, [3, 4]),
        square(2, 2, 0, [4, 5]), // the last windows are ragged
        square(3, 2, 0, [3, 4]),
        square(3, 1, 1, [7, 9]),
        square(3, 3, 1, [3, 4]), // ragged, with a border
    ]
}

/// So few different ones that windows have their largest number more than once.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37) % 5) as f32 - 30.0).collect()
}

fn plain(size: [usize; 2], x: &[f32]) -> Vec<f32> {
    assert!(x.iter().all(|x| x.is_finite()));
    Maps { channels: CHANNELS, size }.unpack(Level::best(), x).to_vec()
}

fn packed(size: [usize; 2], x: &[f32]) -> Buffer {
    Maps { channels: CHANNELS, size }.pack(Level::best(), x)
}

#[test]
fn every_window_has_its_largest_number_and_the_first_of_them_has_the_gradient() {
    for windows in windows() {
        let [rows, columns] = windows.count;
        let (x, gradient) = (numbers(2 * CHANNELS * 63), numbers(2 * CHANNELS * rows * columns));
        let (mut expected, mut expected_gradient) = (Vec::new(), vec![0.0; x.len()]);
        for (i, gradient) in gradient.iter().enumerate() {
            let (map, r, c) = (i / (rows * columns), i / columns % rows, i % columns);
            let places = windows.range(0, r).flat_map(|r| windows.range(1, c).map(move |c| (r, c)));
            let places: Vec<usize> = places.map(|(r, c)| map * 63 + r * 9 + c).collect();
            let most = places.iter().map(|&place| x[place]).fold(f32::NEG_INFINITY, f32::max);
            let first = places.iter().find(|&&place| x[place] == most).unwrap();
            expected.push(most);
            expected_gradient[*first] += gradient;
        }
        let (x, gradient) = (packed(windows.size, &x), packed(windows.count, &gradient));
        for level in Level::all() {
            let what = format!("{} {windows:?}", level.name());
            let y = windows.blocked_max(level, &x);
            assert_eq!(plain(windows.count, &y), expected, "{what}");
            let dx = windows.blocked_max_gradient(level, &x, &y, &gradient);
            assert_eq!(plain(windows.size, &dx), expected_gradient, "{what}");
        }
    }
}

#[test]
fn what_is_not_a_number_wins() {
    let windows = Windows { kernel: [1, 3], stride: [1, 1], padding: [0, 1], size: [1, 3], count: [1, 3] };
    for x in [[1.0, f32::NAN, 2.0], [f32::NAN, 3.0, f32::NAN]] {
        for level in Level::all() {
            let x = Maps { channels: 1, size: [1, 3] }.pack(level, &x);
            let y = windows.blocked_max(level, &x);
            assert!(y.iter().step_by(BLOCK).all(|y| y.is_nan()), "{}", level.name());
            let dx = windows.blocked_max_gradient(level, &x, &y, &[1.0; 48]);
            assert!(dx.iter().step_by(BLOCK).all(|dx| *dx == 0.0), "{}", level.name());
        }
    }
}

#[test]
fn the_mean_counts_what_it_should_and_shares_its_gradient() {
    for (windows, padding) in windows().into_iter().flat_map(|windows| [(windows, true), (windows, false)]) {
        let [rows, columns] = windows.count;
        let (x, gradient) = (numbers(2 * CHANNELS * 63), numbers(2 * CHANNELS * rows * columns));
        let (mut y, mut dx) = (vec![0.0; gradient.len()], vec![0.0; x.len()]);
        for i in 0..y.len() {
            let (map, at) = (i / (rows * columns), [i / columns % rows, i % columns]);
            let places = |axis: usize| {
                let start = at[axis] * windows.stride[axis];
                let inside = move |place: &usize| *place < windows.size[axis] + 2 * windows.padding[axis];
                (start..start + windows.kernel[axis]).filter(inside)
            };
            let place = |r: usize, c: usize| {
                let (r, c) = (r.checked_sub(windows.padding[0])?, c.checked_sub(windows.padding[1])?);
                (r < 7 && c < 9).then_some(map * 63 + r * 9 + c)
            };
            let all: Vec<_> = places(0).flat_map(|r| places(1).map(move |c| place(r, c))).collect();
            let count = if padding { all.len() } else { all.iter().flatten().count() } as f64;
            for place in all.into_iter().flatten() {
                y[i] += f64::from(x[place]) / count;
                dx[place] += f64::from(gradient[i]) / count;
            }
        }
        let (x, gradient) = (packed(windows.size, &x), packed(windows.count, &gradient));
        for level in Level::all() {
            let got = plain(windows.count, &windows.blocked_mean(level, padding, &x));
            let close = |got: &[f32], expected: &[f64]| {
                got.iter().zip(expected).all(|(got, expected)| (f64::from(*got) - expected).abs() < 1e-4)
            };
            assert!(close(&got, &y), "{windows:?} {padding}");
            let got = plain(windows.size, &windows.blocked_mean_gradient(level, padding, &gradient));
            assert!(close(&got, &dx), "{windows:?} {padding}");
        }
    }
}
