//! One classifier in the foldings that a run needs, so that what one reader asks for changes nothing for another.

use crate::classifier::Classifier;
use crate::network::Engine;
use crate::network::graph::NodeId;

/// A classifier with BatchNorm folded everywhere, and beside it one view for each other need. Weights that no folding
/// changes are shared; what is packed for the CPU is not, so a view takes up to another copy of the weights.
pub struct Views {
    /// The plain view first.
    classifiers: Vec<Classifier>,
    /// Convolutions that a view keeps apart from their BatchNorm.
    apart: Vec<Vec<NodeId>>,
    /// The view of each need.
    needs: Vec<(Vec<String>, usize)>,
}

impl Views {
    /// Folds a classifier whose BatchNorm is apart. Each need names layers as for `Network::fold_batch_norm`; needs that come
    /// to the same folding share a view.
    pub fn new(raw: &Classifier, needs: &[Vec<String>], engine: Engine) -> Self {
        let mut views = Self { classifiers: Vec::new(), apart: Vec::new(), needs: Vec::new() };
        views.add(raw, &[], engine);
        for unfolded in needs {
            views.add(raw, unfolded, engine);
        }
        views
    }

    fn add(&mut self, raw: &Classifier, unfolded: &[String], engine: Engine) {
        let apart = raw.network.kept_apart(unfolded);
        let known = self.apart.iter().position(|other| *other == apart);
        let view = known.unwrap_or_else(|| {
            self.classifiers.push(raw.folded(unfolded, engine));
            self.apart.push(apart);
            self.classifiers.len() - 1
        });
        self.needs.push((unfolded.to_vec(), view));
    }

    /// All views; the first is the plain one.
    pub fn all(&self) -> &[Classifier] {
        &self.classifiers
    }

    /// The classifier with BatchNorm folded everywhere.
    pub fn plain(&self) -> &Classifier {
        &self.classifiers[0]
    }

    /// The place in [`Views::all`] of the view that a need was given when these views were made.
    pub fn index(&self, unfolded: &[String]) -> Option<usize> {
        self.needs.iter().find(|(need, _)| need == unfolded).map(|(_, view)| *view)
    }
}
