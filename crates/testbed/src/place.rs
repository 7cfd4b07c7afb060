//! Where the objects of an image lie: inside it, and clear of each other.

use rand::RngExt;

use crate::{Point, Rng, SIZE};

/// A disc that an object lies in.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    pub place: Point,
    pub radius: f32,
}

/// Free pixels between two spots, and between a spot and the border.
const GAP: f32 = 1.5;

/// Draws that are made for one more object before it is left out.
const TRIES: usize = 100;

/// The spots of one image: one in most images, else two or three smaller ones.
pub fn spots(rng: &mut Rng) -> Vec<Spot> {
    let (count, largest) = match rng.random_range(0..10_u8) {
        0 => (3, 10.0),
        1 | 2 => (2, 12.0),
        _ => (1, 14.5),
    };
    let mut spots: Vec<Spot> = Vec::new();
    for _ in 0..count {
        let free = |spot: &Spot| spots.iter().all(|other| clear(spot, other));
        let found = (0..TRIES).map(|_| spot(largest, rng)).find(free);
        spots.extend(found);
    }
    spots
}

fn spot(largest: f32, rng: &mut Rng) -> Spot {
    let radius = rng.random_range(8.5..largest);
    // An outline may reach a tenth beyond its unit.
    let margin = 1.1 * radius + GAP;
    let place = std::array::from_fn(|_| rng.random_range(margin..SIZE as f32 - margin));
    Spot { place, radius }
}

fn clear(a: &Spot, b: &Spot) -> bool {
    let between = (a.place[0] - b.place[0]).hypot(a.place[1] - b.place[1]);
    between > 1.1 * (a.radius + b.radius) + GAP
}
