//! An image of which some pixels are known and the others guessed: what performance information curves show (Kapishnikov
//! et al., "XRAI: Better Attributions Through Regions", 2019, section 4.2).

use rand::seq::index::sample;
use spade::{DelaunayTriangulation, Point2, Triangulation};

/// The share of the pixels that are known whatever the map says.
const KNOWN: f64 = 0.01;

/// A corner of a triangle: column, row.
type Place = [i64; 2];

/// The pixels that are known of an image whatever the map says: exactly a hundredth, rounded down, by their flat indices, drawn
/// for the image alone (`hash`), so that every map of it starts from the same ones.
pub fn known_pixels(pixels: usize, seed: u64, hash: &str) -> Vec<usize> {
    let mut random = stats::random::generator(seed, &["bokeh", hash], 0);
    sample(&mut random, pixels, (pixels as f64 * KNOWN) as usize).into_vec()
}

/// The four corners of an image, by their flat indices: they are always known, so that nothing lies outside.
pub fn corners([height, width]: [usize; 2]) -> [usize; 4] {
    [0, width - 1, (height - 1) * width, height * width - 1]
}

/// Keeps the pixels that are `known` and the corners, and interpolates the others linearly between the corners of the Delaunay
/// triangle around them, for each of the planes (C, H, W) on its own; halves are rounded to even.
///
/// Where more than three known pixels lie on a circle with no other inside, as the four of a rectangle, more than one
/// triangulation is Delaunay's; then the guess depends on the choice of the library. In an image of one row or column it is
/// linear between the neighbours.
pub fn paint(planes: &[u8], size: [usize; 2], known: &[bool]) -> Vec<u8> {
    let [height, width] = size;
    let mut known = known.to_vec();
    for corner in corners(size) {
        known[corner] = true;
    }
    let mut painted = planes.to_vec();
    if height == 1 || width == 1 {
        let places: Vec<usize> = (0..known.len()).filter(|&place| known[place]).collect();
        for pair in places.windows(2) {
            let ends = pair.iter().map(|&place| ([place as i64, 0], place));
            fill_line(&mut painted, known.len(), ends.collect());
        }
        return painted;
    }
    let places = (0..known.len()).filter(|&place| is_needed(&known, size, place));
    let points = places.map(|place| Point2::new((place % width) as f64, (place / width) as f64)).collect();
    // Coordinates are whole numbers, which no library refuses.
    let triangles = DelaunayTriangulation::<Point2<f64>>::bulk_load(points).unwrap_or_default();
    for face in triangles.inner_faces() {
        let corners = face.positions().map(|point| [point.x as i64, point.y as i64]);
        fill_triangle(&mut painted, size, &known, corners);
    }
    painted
}

/// Whether a pixel may be the corner of a triangle with an unknown pixel in it. One whose neighbours are all known is not:
/// the triangles around it are halves of the squares between pixels, and a triangulation without it has the same ones
/// elsewhere. The more a map's first pixels hang together, the fewer are left.
fn is_needed(known: &[bool], size: [usize; 2], place: usize) -> bool {
    let [height, width] = size;
    let (row, column) = (place / width, place % width);
    let columns = column.saturating_sub(1)..(column + 2).min(width);
    let mut around =
        (row.saturating_sub(1)..(row + 2).min(height)).map(|row| &known[row * width..][columns.clone()]);
    known[place] && (corners(size).contains(&place) || around.any(|line| line.contains(&false)))
}

/// Guesses the pixels between two neighbours in an image of one row or column.
fn fill_line(painted: &mut [u8], length: usize, ends: Vec<(Place, usize)>) {
    let (first, last) = (ends[0].1, ends[1].1);
    let whole = (last - first) as i64;
    for plane in painted.chunks_mut(length) {
        for place in first + 1..last {
            let after = (place - first) as i64;
            let sum = (whole - after) * i64::from(plane[first]) + after * i64::from(plane[last]);
            plane[place] = rounded(sum, whole);
        }
    }
}

/// Guesses the pixels in a triangle and on its edges. Weights are whole numbers, so that two triangles give a pixel on their
/// common edge the same value.
fn fill_triangle(painted: &mut [u8], [height, width]: [usize; 2], known: &[bool], [a, b, c]: [Place; 3]) {
    let area = cross(a, b, c);
    let at = |[x, y]: Place| y as usize * width + x as usize;
    let range = |axis: usize| {
        let all = [a[axis], b[axis], c[axis]];
        all.into_iter().min().unwrap_or(0)..=all.into_iter().max().unwrap_or(-1)
    };
    for y in range(1) {
        for x in range(0) {
            let place = at([x, y]);
            let weights = [cross([x, y], b, c), cross(a, [x, y], c), cross(a, b, [x, y])];
            if known[place] || weights.iter().any(|weight| weight * area.signum() < 0) {
                continue;
            }
            for plane in painted.chunks_mut(height * width) {
                let corners = weights.iter().zip([a, b, c]);
                let sum: i64 = corners.map(|(weight, corner)| weight * i64::from(plane[at(corner)])).sum();
                plane[place] = rounded(sum * area.signum(), area.abs());
            }
        }
    }
}

/// Twice the area of a triangle, with a sign for its sense.
fn cross([ax, ay]: Place, [bx, by]: Place, [cx, cy]: Place) -> i64 {
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

/// A quotient of two numbers that are not negative, as a byte; halves to even.
fn rounded(sum: i64, by: i64) -> u8 {
    let (whole, rest) = (sum / by, sum % by);
    let up = 2 * rest > by || 2 * rest == by && whole % 2 == 1;
    (whole + i64::from(up)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a + b i + c j comes back exactly from any kept pixels (the catalogue's fill check).
    #[test]
    fn an_affine_image_comes_back_from_any_known_pixels() {
        let size = [30, 40];
        let planes: Vec<u8> = [(5, 3, 2), (250, -4, -3), (9, 0, 6)]
            .into_iter()
            .flat_map(|(a, b, c)| (0..1200).map(move |i| (a + b * (i / 40) + c * (i % 40)) as u8))
            .collect();
        for seed in 0..20 {
            let mut known = vec![false; 1200];
            for place in known_pixels(1200, seed, "") {
                known[place] = true;
            }
            assert_eq!(known.iter().filter(|&&known| known).count(), 12);
            assert_eq!(paint(&planes, size, &known), planes, "{seed}");
        }
        assert_eq!(paint(&planes, size, &[false; 1200]), planes);
    }

    #[test]
    fn known_pixels_stay_and_others_lie_between_their_corners() {
        let planes: Vec<u8> = (0..400_u32).map(|i| (i * 7919 % 251) as u8).collect();
        let known: Vec<bool> = (0..400).map(|i| i % 7 == 3 || i % 11 == 0).collect();
        let painted = paint(&planes, [20, 20], &known);
        assert!((0..400).all(|i| !known[i] || painted[i] == planes[i]));
        assert_eq!(paint(&planes, [20, 20], &[true; 400]), planes);
        assert_eq!(paint(&[7; 400], [20, 20], &known), [7; 400]);
    }

    /// A triangulation of all known pixels, and of those next to unknown ones, of a disc and a few pixels besides.
    #[test]
    fn pixels_inside_a_known_region_are_not_needed() {
        let (size, inside) =
            ([40, 50], |i: usize| (i / 50).abs_diff(20).pow(2) + (i % 50).abs_diff(22).pow(2) < 150);
        let known: Vec<bool> =
            (0..2000).map(|i| inside(i) || i % 101 == 7 || corners(size).contains(&i)).collect();
        let needed = (0..2000).filter(|&i| is_needed(&known, size, i)).count();
        assert!(needed < known.iter().filter(|&&known| known).count() / 3, "{needed}");
        let planes: Vec<u8> = (0..2000).map(|i| (3 * (i / 50) + 2 * (i % 50)) as u8).collect();
        assert_eq!(paint(&planes, size, &known), planes);
    }

    #[test]
    fn one_row_and_one_pixel_are_images_too() {
        let known = |length: usize, place: usize| (0..length).map(|i| i == place).collect::<Vec<bool>>();
        assert_eq!(paint(&[10, 0, 0, 40, 0, 50], [1, 6], &known(6, 3)), [10, 20, 30, 40, 45, 50]);
        assert_eq!(paint(&[1, 9, 2], [3, 1], &known(3, 0)), [1, 2, 2]); // 1.5 to even
        assert_eq!(paint(&[1, 9], [2, 1], &known(2, 0)), [1, 9]);
        assert_eq!(paint(&[3, 4, 5], [1, 1], &[false]), [3, 4, 5]);
        assert!(known_pixels(99, 0, "").is_empty());
    }

    #[test]
    fn known_pixels_belong_to_the_image() {
        let of = |seed, hash| known_pixels(50_176, seed, hash);
        assert_eq!(of(0, "a"), of(0, "a"));
        assert_ne!(of(0, "a"), of(0, "b"));
        assert_ne!(of(0, "a"), of(1, "a"));
        let mut all = of(0, "a");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 501);
    }
}
