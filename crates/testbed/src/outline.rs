//! Outlines as signed distances: negative inside, positive outside, in the outline's own unit.

use std::f32::consts::TAU;

use rand::RngExt;

use crate::{Point, Rng};

/// The contour of a figure around the origin.
#[derive(Debug, Clone)]
pub enum Outline {
    /// All points nearer to the origin than the radius.
    Disc { radius: f32 },
    /// The points between two circles around the origin.
    Ring { outer: f32, inner: f32 },
    /// A disc around the origin less a disc of the radius `bite`, moved along x by `shift`.
    Crescent { radius: f32, bite: f32, shift: f32 },
    /// A simple polygon, convex or not.
    Polygon(Vec<Point>),
    /// A closed wavy curve around the origin that reaches at most to [`BLOB_REACH`].
    Blob([Wave; 4]),
    /// A line through points, with round ends.
    Stroke { points: Vec<Point>, width: f32 },
}

/// How far a blob may reach: it touches this circle at most once, so it looks as large as a disc of less.
const BLOB_REACH: f32 = 1.1;

/// One harmonic of a blob's radius.
#[derive(Debug, Clone, Copy)]
pub struct Wave {
    height: f32,
    phase: f32,
}

impl Outline {
    /// A polygon whose corners have the given radii, at equal angles.
    pub fn spokes(radii: &[f32]) -> Self {
        let step = TAU / radii.len() as f32;
        let corner = |(i, r): (usize, &f32)| [r * (step * i as f32).cos(), r * (step * i as f32).sin()];
        Self::Polygon(radii.iter().enumerate().map(corner).collect())
    }

    /// A plus sign whose four arms reach to `reach` and are twice `half` wide.
    pub fn cross(reach: f32, half: f32) -> Self {
        let quarter = [[reach, -half], [reach, half], [half, half]];
        let turned = |turn: u8| quarter.map(|[x, y]| (0..turn).fold([x, y], |[x, y], _| [-y, x]));
        Self::Polygon((0..4).flat_map(turned).collect())
    }

    /// A blob of random form, never close to a circle.
    pub fn blob(rng: &mut Rng) -> Self {
        const HEIGHTS: [(f32, f32); 4] = [(0.10, 0.20), (0.10, 0.18), (0.04, 0.10), (0.03, 0.07)];
        Self::Blob(HEIGHTS.map(|(low, high)| Wave {
            height: rng.random_range(low..high),
            phase: rng.random_range(0.0..TAU),
        }))
    }

    /// The signed distance from `p`: exact for polygons and strokes, close to it near the contour of the others.
    pub fn distance(&self, p: Point) -> f32 {
        let r = p[0].hypot(p[1]);
        match self {
            Self::Disc { radius } => r - radius,
            Self::Ring { outer, inner } => (r - outer).max(inner - r),
            Self::Crescent { radius, bite, shift } => (r - radius).max(bite - (p[0] - shift).hypot(p[1])),
            Self::Polygon(corners) => polygon(corners, p),
            Self::Blob(waves) => r - blob_radius(waves, p[1].atan2(p[0])),
            Self::Stroke { points, width } => {
                points.windows(2).map(|ends| to_segment(ends[0], ends[1], p)).fold(f32::MAX, f32::min)
                    - width / 2.0
            }
        }
    }

    /// A distance from the origin that no part of the outline passes.
    pub fn reach(&self) -> f32 {
        let farthest = |points: &[Point]| points.iter().map(|p| p[0].hypot(p[1])).fold(0.0, f32::max);
        match self {
            Self::Disc { radius } | Self::Crescent { radius, .. } => *radius,
            Self::Ring { outer, .. } => *outer,
            Self::Polygon(corners) => farthest(corners),
            Self::Blob(_) => BLOB_REACH,
            Self::Stroke { points, width } => farthest(points) + width / 2.0,
        }
    }
}

fn blob_radius(waves: &[Wave; 4], angle: f32) -> f32 {
    let (mut radius, mut highest) = (1.0, 1.0);
    for (order, wave) in (2_u8..).zip(waves) {
        radius += wave.height * (f32::from(order) * angle + wave.phase).cos();
        highest += wave.height;
    }
    BLOB_REACH * radius / highest
}

fn to_segment(a: Point, b: Point, p: Point) -> f32 {
    let (edge, to) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let length = (edge[0] * edge[0] + edge[1] * edge[1]).max(f32::EPSILON);
    let along = ((edge[0] * to[0] + edge[1] * to[1]) / length).clamp(0.0, 1.0);
    (to[0] - edge[0] * along).hypot(to[1] - edge[1] * along)
}

/// The distance to the nearest edge; the sign is from the number of edges that a ray along x crosses.
fn polygon(corners: &[Point], p: Point) -> f32 {
    let (mut nearest, mut inside) = (f32::MAX, false);
    for (i, &a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        nearest = nearest.min(to_segment(a, b, p));
        let crosses = (a[1] > p[1]) != (b[1] > p[1]);
        inside ^= crosses && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0];
    }
    if inside { -nearest } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn polygons_know_inside_from_outside() {
        let square = Outline::Polygon(vec![[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]);
        assert_eq!(square.distance([0.0, 0.5]), -0.5);
        assert_eq!(square.distance([3.0, 0.0]), 2.0);
        assert_eq!(square.distance([4.0, 5.0]), 5.0);
        let cross = Outline::cross(1.0, 0.25);
        assert!(cross.distance([0.9, 0.0]) < 0.0 && cross.distance([0.0, -0.9]) < 0.0);
        assert!(cross.distance([0.5, 0.5]) > 0.0);
    }

    #[test]
    fn nothing_passes_the_reach() {
        let mut rng = stats::random::generator(0, &["outline"], 0);
        let zigzag = Outline::Stroke { points: vec![[-3.0, 0.0], [0.0, 2.0], [4.0, 1.0]], width: 1.0 };
        for outline in [Outline::blob(&mut rng), Outline::spokes(&[1.0, 0.4, 1.0, 0.4]), zigzag] {
            let far = outline.reach() + 1e-4;
            let on_circle = (0..360_u16).map(|degree| f32::from(degree).to_radians().sin_cos());
            assert!(on_circle.into_iter().all(|(sin, cos)| outline.distance([far * cos, far * sin]) > 0.0));
        }
    }
}
