//! The answers to clean images, which all maps of an image share.

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// How many images are remembered: more than a chunk of maps, so that methods that come one after another over the
/// same chunk of images share their clean answers.
const REMEMBERED: usize = 1024;

/// What the classifier says about a clean image.
#[derive(Debug)]
pub(super) struct Clean {
    /// Of all classes.
    pub(super) probabilities: Vec<f32>,
    /// The scores before the softmax, of all classes.
    pub(super) logits: Vec<f32>,
    /// The class with the highest score.
    pub(super) predicted: usize,
}

/// The clean answers of the last images, by content hash, given or still to come: an image that a table names in two ways
/// is one image.
#[derive(Debug, Default)]
pub(super) struct CleanAnswers {
    answers: HashMap<String, Rc<OnceCell<Clean>>>,
    oldest: VecDeque<String>,
}

impl CleanAnswers {
    /// The answer of an image, and whether this is the first time that it is asked for.
    pub(super) fn get(&mut self, hash: &str) -> (Rc<OnceCell<Clean>>, bool) {
        if let Some(answer) = self.answers.get(hash) {
            return (Rc::clone(answer), false);
        }
        if self.oldest.len() == REMEMBERED
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.answers.remove(&oldest);
        }
        let answer = Rc::default();
        self.answers.insert(hash.into(), Rc::clone(&answer));
        self.oldest.push_back(hash.into());
        (answer, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_answers_are_forgotten() {
        let mut answers = CleanAnswers::default();
        assert!(answers.get("first").1);
        assert!(!answers.get("first").1);
        for i in 0..REMEMBERED {
            answers.get(&i.to_string());
        }
        assert_eq!(answers.answers.len(), REMEMBERED);
        assert!(answers.get("first").1);
    }
}
