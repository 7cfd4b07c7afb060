//! Images whose evidence is known: a procedural, seeded data set for explanation methods.
//!
//! An image of [`SIZE`] x [`SIZE`] pixels shows one to three objects of one class on a cluttered background, among
//! distractors that belong to no class. Seven classes are shapes and three are textures on an irregular blob; colour,
//! place and size tell nothing about the class. So the object is the only evidence there is, and a true saliency map
//! of a classifier that has learnt the task lies on it. Each object comes with its pixel mask and its bounding box.
//!
//! [`scene`] draws any image of any split from its index alone. [`image()`] serves the images of the demo split
//! from files embedded in the program, which makes them equal to the last bit on every machine. [`removed`],
//! [`swapped`] and [`paired`] draw a scene again without its objects, its objects before another background, and the
//! objects of two scenes in one.
//!
//! ```
//! let scene = testbed::scene(0, testbed::Split::Train, 12);
//! assert_eq!(testbed::CLASSES[scene.label], "triangle");
//! assert_eq!(testbed::image("testbed/012").unwrap().label, 2);
//! ```

mod background;
mod canvas;
mod class;
mod colour;
mod counterfactual;
mod distractor;
mod drawing;
mod figure;
#[cfg(feature = "network")]
mod network;
mod outline;
mod paint;
mod place;
mod scene;
mod sheet;
mod stored;

pub use class::CLASSES;
pub use counterfactual::{paired, removed, swapped};
#[cfg(feature = "network")]
pub use network::{Embedded, architecture};
pub use scene::{Object, Scene, Split, scene};
pub use sheet::{image_sheet, mask_sheet};
pub use stored::{image, names};

/// The height and the width of every image, in pixels.
pub const SIZE: usize = 64;

/// The pixels of one image or mask.
const AREA: usize = SIZE * SIZE;

/// A place in an image, or a step between two, in pixels: x to the right, y down.
type Point = [f32; 2];

/// The one generator that a scene is drawn with.
type Rng = rand::rngs::ChaCha8Rng;
