//! How an image is cut into parts that do not overlap: a number for each pixel, from 0 without gaps.

/// The sweeps of SLIC; Achanta et al. find that ten suffice.
const SWEEPS: usize = 10;

/// How much a pixel's place counts against its colour, in units of CIELAB: Achanta et al. and scikit-image take 10.
const COMPACTNESS: f32 = 10.0;

/// A grid of `count` rows and columns over an image of height and width `size`, at most one for each pixel.
pub fn blocks([height, width]: [usize; 2], count: usize) -> Vec<u32> {
    let (rows, columns) = (count.clamp(1, height), count.clamp(1, width));
    let cell = |i: usize| (i / width * rows / height) * columns + i % width * columns / width;
    (0..height * width).map(|i| cell(i) as u32).collect()
}

/// Squares of `side` pixels from the upper left corner; those at the right and the lower edge may be cut.
pub fn squares([height, width]: [usize; 2], side: usize) -> Vec<u32> {
    let columns = width.div_ceil(side);
    (0..height * width).map(|i| (i / width / side * columns + i % width / side) as u32).collect()
}

/// About `count` superpixels of an image's planes (red, green, blue; or one of grey), (C, H, W): SLIC (Achanta et al.,
/// 2012). Centres start on a grid; a pixel joins the nearest of those within two grid steps by the distance in CIELAB (in
/// grey values of one channel) and, weighted by a compactness of 10 over the grid step, in place. Last, parts that are not
/// connected to the largest one of their number, or smaller than a quarter of a grid cell, join the neighbour that they
/// touch first. Numbers follow the first pixel of each part.
///
/// Centres are not moved to the lowest gradient, and the image is not blurred; it is no other program's segmentation bit
/// by bit.
pub fn slic(planes: &[u8], size: [usize; 2], count: usize) -> Vec<u32> {
    let [height, width] = size;
    let step = ((height * width) as f32 / count.max(1) as f32).sqrt().max(1.0);
    let colours = colours(planes, height * width);
    let mut centres = grid(&colours, size, step);
    let mut nearest = vec![0; height * width];
    for _ in 0..SWEEPS {
        assign(&colours, size, &centres, step, &mut nearest);
        move_centres(&colours, width, &nearest, &mut centres);
    }
    connected(&nearest, size, (step * step / 4.0) as usize)
}

/// A colour and a place.
#[derive(Clone, Copy, Default)]
struct Centre {
    colour: [f32; 3],
    y: f32,
    x: f32,
}

fn colours(planes: &[u8], area: usize) -> Vec<[f32; 3]> {
    let at = |channel: usize, i: usize| planes[channel * area + i];
    if planes.len() < 3 * area {
        return (0..area).map(|i| [f32::from(at(0, i)) / 255.0 * 100.0, 0.0, 0.0]).collect();
    }
    (0..area).map(|i| lab([0, 1, 2].map(|channel| at(channel, i)))).collect()
}

/// CIELAB of an sRGB colour under D65.
fn lab(rgb: [u8; 3]) -> [f32; 3] {
    let linear = rgb.map(|byte| {
        let value = f32::from(byte) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    let row = |weights: [f32; 3]| (0..3).map(|c| weights[c] * linear[c]).sum::<f32>();
    let xyz = [
        row([0.412_453, 0.357_58, 0.180_423]) / 0.950_47,
        row([0.212_671, 0.715_16, 0.072_169]),
        row([0.019_334, 0.119_193, 0.950_227]) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn grid(colours: &[[f32; 3]], [height, width]: [usize; 2], step: f32) -> Vec<Centre> {
    let along = |length: usize| ((length as f32 / step).round() as usize).clamp(1, length);
    let (rows, columns) = (along(height), along(width));
    let middle = |i: usize, n: usize, length: usize| ((2 * i + 1) * length) / (2 * n);
    let centre = |i: usize| {
        let (y, x) = (middle(i / columns, rows, height), middle(i % columns, columns, width));
        Centre { colour: colours[y * width + x], y: y as f32, x: x as f32 }
    };
    (0..rows * columns).map(centre).collect()
}

fn assign(colours: &[[f32; 3]], size: [usize; 2], centres: &[Centre], step: f32, nearest: &mut [u32]) {
    let [height, width] = size;
    let weight = (COMPACTNESS / step).powi(2);
    let mut distances = vec![f32::INFINITY; height * width];
    let window = |at: f32, length: usize| {
        let low = (at - step).max(0.0) as usize;
        low..((at + step) as usize + 1).min(length)
    };
    for (number, centre) in (0_u32..).zip(centres) {
        for y in window(centre.y, height) {
            for x in window(centre.x, width) {
                let i = y * width + x;
                let colour: f32 = (0..3).map(|c| (colours[i][c] - centre.colour[c]).powi(2)).sum();
                let place = (y as f32 - centre.y).powi(2) + (x as f32 - centre.x).powi(2);
                let distance = colour + weight * place;
                if distance < distances[i] {
                    distances[i] = distance;
                    nearest[i] = number;
                }
            }
        }
    }
}

/// To the mean of what has joined them; a centre that nothing has joined stays.
fn move_centres(colours: &[[f32; 3]], width: usize, nearest: &[u32], centres: &mut [Centre]) {
    let mut sums = vec![([0.0_f64; 5], 0_u32); centres.len()];
    for (i, &number) in nearest.iter().enumerate() {
        let (sum, count) = &mut sums[number as usize];
        let [l, a, b] = colours[i].map(f64::from);
        for (sum, value) in sum.iter_mut().zip([l, a, b, (i / width) as f64, (i % width) as f64]) {
            *sum += value;
        }
        *count += 1;
    }
    for (centre, (sum, count)) in centres.iter_mut().zip(sums).filter(|(_, (_, count))| *count > 0) {
        let [l, a, b, y, x] = sum.map(|sum| (sum / f64::from(count)) as f32);
        *centre = Centre { colour: [l, a, b], y, x };
    }
}

/// Connected parts of equal numbers, numbered anew; one of fewer than `least` pixels joins the part before it that its first
/// pixel touches, above or to the left, or the one after it if there is none.
fn connected(numbers: &[u32], [height, width]: [usize; 2], least: usize) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let mut parts = vec![NONE; numbers.len()];
    let mut next = 0;
    for first in 0..numbers.len() {
        if parts[first] != NONE {
            continue;
        }
        let neighbours = |i: usize| {
            let (y, x) = (i / width, i % width);
            let up = (y > 0).then(|| i - width);
            let left = (x > 0).then(|| i - 1);
            let down = (y + 1 < height).then_some(i + width);
            let right = (x + 1 < width).then_some(i + 1);
            [up, left, down, right].into_iter().flatten()
        };
        let touched = neighbours(first).map(|i| parts[i]).find(|&part| part != NONE);
        let (mut members, mut at) = (vec![first], 0);
        parts[first] = next;
        while at < members.len() {
            for i in neighbours(members[at]) {
                if parts[i] == NONE && numbers[i] == numbers[first] {
                    parts[i] = next;
                    members.push(i);
                }
            }
            at += 1;
        }
        match touched {
            Some(part) if members.len() < least => members.iter().for_each(|&i| parts[i] = part),
            _ => next += 1,
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_squares_cover_the_image() {
        assert_eq!(blocks([2, 4], 2), [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(blocks([1, 3], 5), [0, 1, 2]);
        assert_eq!(squares([3, 3], 2), [0, 0, 1, 0, 0, 1, 2, 2, 3]);
    }

    /// Two halves of one colour each: no superpixel lies in both, and each is one connected part.
    #[test]
    fn superpixels_keep_to_the_edges_of_colours() {
        let (height, width) = (40, 60);
        let half = |i: usize| i % width < 27;
        let plane = |low: u8, high: u8| (0..height * width).map(move |i| if half(i) { low } else { high });
        let planes: Vec<u8> = plane(10, 200).chain(plane(40, 90)).chain(plane(200, 20)).collect();
        let parts = slic(&planes, [height, width], 24);
        let count = parts.iter().max().unwrap() + 1;
        assert!((12..=40).contains(&count), "{count}");
        for part in 0..count {
            let members: Vec<usize> = (0..parts.len()).filter(|&i| parts[i] == part).collect();
            assert!(!members.is_empty() && members.iter().all(|&i| half(i) == half(members[0])), "{part}");
        }
        assert_eq!(connected(&parts, [height, width], 0), parts);
    }

    #[test]
    fn a_constant_or_a_tiny_image_is_cut_too() {
        let parts = slic(&[7; 3 * 32 * 32], [32, 32], 16);
        assert_eq!(parts.iter().max(), Some(&15));
        assert_eq!(slic(&[0, 1, 2], [1, 1], 100), [0]);
        assert_eq!(slic(&[5; 6], [1, 6], 2).len(), 6);
    }
}
