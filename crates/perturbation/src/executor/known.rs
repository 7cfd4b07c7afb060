//! What is known of an image whichever map explains it: all its maps share the answers.

use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::map_result::Prediction;
use crate::input::Input;

/// How many images are remembered: more than a chunk of maps, so that methods that come one after another over the
/// same chunk of images share their answers.
const REMEMBERED: usize = 1024;

/// What the classifier says about a clean image.
#[derive(Debug)]
pub(super) struct Clean {
    /// Of all classes.
    pub(super) probabilities: Vec<f32>,
    /// The scores before the softmax, of all classes.
    pub(super) logits: Vec<f32>,
    /// What the last linear layer reads; nothing unless it is asked for and there is one.
    pub(super) features: Vec<f32>,
    /// The class with the highest score.
    pub(super) predicted: usize,
}

/// The answer to one input, given or still to come.
pub(super) type Answer = Rc<OnceCell<Prediction>>;

/// The answers to the clean image, and to inputs that are made of the image alone, for a class.
#[derive(Debug, Default)]
struct OfImage {
    clean: Rc<OnceCell<Clean>>,
    inputs: HashMap<(u128, usize), Answer>,
}

/// The answers of the last images, by content hash: an image that a table names in two ways is one image.
#[derive(Debug, Default)]
pub(super) struct Known {
    images: HashMap<String, OfImage>,
    oldest: VecDeque<String>,
}

impl Known {
    /// The answer to the clean image, and whether this is the first time that it is asked for.
    pub(super) fn clean(&mut self, hash: &str) -> (Rc<OnceCell<Clean>>, bool) {
        let known = self.images.contains_key(hash);
        (Rc::clone(&self.of(hash).clean), !known)
    }

    /// The answer to an input about a class, and whether it has to be asked for now. One that depends on the map is always
    /// new.
    pub(super) fn input(&mut self, hash: &str, input: &Input, target: usize) -> (Answer, bool) {
        if input.depends_on_the_map() {
            return (Answer::default(), true);
        }
        match self.of(hash).inputs.entry((digest(input), target)) {
            Entry::Occupied(known) => (Rc::clone(known.get()), false),
            Entry::Vacant(place) => (Rc::clone(place.insert(Answer::default())), true),
        }
    }

    /// Takes back that an input was asked about.
    pub(super) fn forget(&mut self, hash: &str, input: &Input, target: usize) {
        if !input.depends_on_the_map() {
            self.of(hash).inputs.remove(&(digest(input), target));
        }
    }

    fn of(&mut self, hash: &str) -> &mut OfImage {
        if !self.images.contains_key(hash) {
            if self.oldest.len() == REMEMBERED
                && let Some(oldest) = self.oldest.pop_front()
            {
                self.images.remove(&oldest);
            }
            self.oldest.push_back(hash.into());
        }
        self.images.entry(hash.into()).or_default()
    }
}

/// Tells inputs apart without keeping their pixels: of a billion inputs two are alike with a chance of one in 10^20.
fn digest(input: &Input) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        input.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use images::Fill;

    use super::*;
    use crate::input::PixelSet;

    #[test]
    fn old_answers_are_forgotten() {
        let mut known = Known::default();
        assert!(known.clean("first").1);
        assert!(!known.clean("first").1);
        for i in 0..REMEMBERED {
            known.clean(&i.to_string());
        }
        assert_eq!(known.images.len(), REMEMBERED);
        assert!(known.clean("first").1);
    }

    #[test]
    fn what_is_made_of_the_image_alone_is_asked_once_for_each_class() {
        let mut known = Known::default();
        let chosen = |pixels: &[usize]| {
            Input::chosen(PixelSet::new(100, pixels.iter().copied()), 100, &Fill::Black.into())
        };
        let mut is_new = |hash, input: &Input, target| known.input(hash, input, target).1;
        assert!(is_new("a", &chosen(&[1, 2]), 3) && !is_new("a", &chosen(&[2, 1]), 3));
        assert!(is_new("a", &chosen(&[1, 3]), 3) && is_new("a", &chosen(&[1, 2]), 4));
        assert!(is_new("b", &chosen(&[1, 2]), 3));
        let of_the_map =
            Input::Faded { fill: Fill::Black.into(), scale: crate::Scale::MinMax, invert: false };
        assert!(is_new("a", &of_the_map, 3) && is_new("a", &of_the_map, 3));
    }
}
