//! A scene while it is drawn, layer by layer.

use rand::RngExt;

use crate::background::background;
use crate::canvas::{Canvas, Coverage};
use crate::class;
use crate::colour::{self, Apart, Colour};
use crate::distractor::distractor;
use crate::figure::{Figure, Pose};
use crate::paint::Paint;
use crate::place::{self, Spot};
use crate::{CLASSES, Rng, SIZE, Split};

/// How far an object's colour is from what surrounds it.
const CONTRAST: f32 = 0.4;

/// How far the two colours of a texture are from each other.
const TEXTURE_CONTRAST: f32 = 0.5;

/// How much of every object must be left to see.
const VISIBLE: f32 = 0.8;

/// The layers of a scene; the noise lies over everything, and in no other layer.
pub struct Drawing {
    pub label: usize,
    /// The background and the distractors behind the objects.
    pub behind: Canvas,
    /// The distractor that occludes an object, if one does.
    pub occluder: Option<Figure>,
    /// Everything.
    pub whole: Canvas,
    /// What is left to see of each object.
    pub seen: Vec<Coverage>,
    noise: Canvas,
}

impl Drawing {
    /// Draws scene `index` of a split.
    pub fn new(seed: u64, split: Split, index: u64) -> Self {
        let mut rng = stats::random::generator(seed, &["testbed", split.name()], index);
        let label = (index % CLASSES.len() as u64) as usize;

        let mut behind = background(&mut rng);
        let occludes = scatter(&mut behind, &mut rng);
        let mut whole = behind.clone();
        let spots = place::spots(&mut rng);
        let mut seen: Vec<Coverage> =
            spots.iter().map(|spot| whole.draw(&object(&whole, label, spot, &mut rng))).collect();
        let occluder = if occludes { occlude(&mut whole, &spots, &mut seen, &mut rng) } else { None };
        let noise = Canvas::noise(rng.random_range(0.01..0.03), &mut rng);
        Self { label, behind, occluder, whole, seen, noise }
    }

    /// A canvas under the scene's noise.
    pub fn with_noise(&self, mut canvas: Canvas) -> Canvas {
        canvas.add(&self.noise);
        canvas
    }
}

/// Draws up to four distractors anywhere; true if one of the four is kept back to occlude an object.
fn scatter(canvas: &mut Canvas, rng: &mut Rng) -> bool {
    let distractors = rng.random_range(0..=4_u8);
    let occludes = distractors > 0 && rng.random_bool(0.3);
    for _ in u8::from(occludes)..distractors {
        let place = std::array::from_fn(|_| rng.random_range(0.0..SIZE as f32));
        canvas.draw(&distractor(canvas, place, rng));
    }
    occludes
}

/// An object of the class that fits the spot.
fn object(canvas: &Canvas, label: usize, spot: &Spot, rng: &mut Rng) -> Figure {
    let around = canvas.around(spot.place, 1.2 * spot.radius);
    Figure {
        outline: class::outline(label, rng),
        pose: Pose::turned(spot.place, spot.radius, rng),
        paint: Paint {
            pattern: class::pattern(label, 2.0 * spot.radius, rng),
            colours: colours(&around, class::is_texture(label), rng),
        },
        opacity: 1.0,
    }
}

/// Two colours that can be told from the surroundings; those of a texture also from each other.
fn colours(around: &[Colour], texture: bool, rng: &mut Rng) -> [Colour; 2] {
    let surroundings = Apart { from: around, contrast: CONTRAST };
    let first = colour::apart(&[surroundings], rng);
    let second = if texture {
        let other = Apart { from: &[first], contrast: TEXTURE_CONTRAST };
        colour::apart(&[surroundings, other], rng)
    } else {
        colour::near(first, 0.12, rng)
    };
    [first, second]
}

/// Draws a distractor over the rim of one object and returns it, unless every try hides too much or nothing.
fn occlude(canvas: &mut Canvas, spots: &[Spot], seen: &mut [Coverage], rng: &mut Rng) -> Option<Figure> {
    for _ in 0..8 {
        let chosen = rng.random_range(0..spots.len() as u32) as usize;
        let place =
            spots[chosen].place.map(|value| value + rng.random_range(-1.0..1.0) * spots[chosen].radius);
        let figure = distractor(canvas, place, rng);
        let mut trial = canvas.clone();
        let over = trial.draw(&figure);
        let kept: Vec<f32> = seen.iter().map(|seen| share_left(seen, &over)).collect();
        if kept[chosen] < 0.98 && kept.iter().all(|&kept| kept > VISIBLE) {
            *canvas = trial;
            for seen in seen {
                hide(seen, &over);
            }
            return Some(figure);
        }
    }
    None
}

/// The share of an object that is still seen under `over`.
fn share_left(seen: &[f32], over: &[f32]) -> f32 {
    let left: f32 = seen.iter().zip(over).map(|(seen, over)| seen * (1.0 - over)).sum();
    left / seen.iter().sum::<f32>()
}

fn hide(seen: &mut [f32], over: &[f32]) {
    seen.iter_mut().zip(over).for_each(|(seen, over)| *seen *= 1.0 - over);
}
