//! The images of a model, and resamples of them: one and the same for all its methods and metrics.

use std::borrow::Cow;

use rayon::prelude::*;
use scores::{Board, Sample};
use stats::draws::Draws;

use crate::args::Args;

/// Columns that are multiplied at once where values must be moved first: what is moved takes memory.
const COLUMNS: usize = 256;

/// A classifier, the images for which any method has a number by any metric, and how often each resample draws them.
pub struct Model {
    /// Its name.
    pub name: String,
    images: Vec<u32>,
    draws: Draws,
}

/// The models of some boards, which are sorted by model, one after another.
pub fn models(boards: &[Board], args: &Args) -> impl Iterator<Item = Model> {
    boards.chunk_by(|a, b| a.model == b.model).map(|boards| Model::new(boards, args))
}

impl Model {
    fn new(boards: &[Board], args: &Args) -> Self {
        let samples = || boards.iter().flat_map(|board| &board.methods);
        let size =
            samples().filter_map(|sample| sample.items.last()).max().map_or(0, |last| *last as usize + 1);
        let mut has_number = vec![false; size];
        for sample in samples() {
            let items = sample.items.iter().zip(&sample.values);
            items.for_each(|(item, value)| has_number[*item as usize] |= value.is_finite());
        }
        let images: Vec<u32> = (0..size as u32).filter(|item| has_number[*item as usize]).collect();
        let draws = Draws::new(images.len(), args.resampling.resamples, args.resampling.seed);
        Self { name: boards[0].model.clone(), images, draws }
    }

    /// The values of a sample, image by image; NaN where it has no number.
    pub fn column<'a>(&self, sample: &'a Sample) -> Cow<'a, [f64]> {
        let numbers = sample.values.iter().all(|value| value.is_finite());
        if numbers && *sample.items == self.images[..] {
            return Cow::Borrowed(&sample.values);
        }
        let mut column = vec![f64::NAN; self.images.len()];
        let mut places = (0..).zip(&self.images).peekable();
        for (item, value) in sample.items.iter().zip(&sample.values).filter(|(_, value)| value.is_finite()) {
            while places.next_if(|(_, image)| *image < item).is_some() {}
            if let Some((place, _)) = places.next_if(|(_, image)| *image == item) {
                column[place] = *value;
            }
        }
        Cow::Owned(column)
    }

    /// The mean of each sample in each resample, over the images that it has a number for; NaN for a sample of fewer than two.
    pub fn means(&self, samples: &[&Sample]) -> Vec<Vec<f64>> {
        let means = |samples: &[&Sample]| {
            let columns: Vec<Cow<'_, [f64]>> = samples.par_iter().map(|sample| self.column(sample)).collect();
            self.means_of(&columns)
        };
        samples.chunks(COLUMNS).flat_map(means).collect()
    }

    /// The same of [columns](Self::column).
    pub fn means_of<C: AsRef<[f64]> + Sync>(&self, columns: &[C]) -> Vec<Vec<f64>> {
        let mut means = self.draws.means(columns);
        for (column, means) in columns.iter().zip(&mut means) {
            if column.as_ref().iter().filter(|value| !value.is_nan()).nth(1).is_none() {
                means.fill(f64::NAN);
            }
        }
        means
    }

    /// A statistic of each resample, given as a function of the images that were drawn, each as often as it was.
    pub fn statistic<T: Send>(&self, statistic: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        let drawn = |resample| {
            let counts = self.images.iter().zip(self.draws.counts(resample));
            counts
                .flat_map(|(&image, &count)| std::iter::repeat_n(image, usize::from(count)))
                .collect::<Vec<_>>()
        };
        (0..self.draws.resamples()).into_par_iter().map(|resample| statistic(&drawn(resample))).collect()
    }
}
