//! Means over images with intervals.

use stats::draws::Draws;
use stats::resample::Bootstrap;
use stats::summary::mean;

/// Resamples of images: the share of them that an interval holds, their number, and the seed that they are drawn by.
#[derive(Clone, Copy, Debug)]
pub struct Resampling {
    /// How many and which share.
    pub bootstrap: Bootstrap,
    /// What they are drawn by.
    pub seed: u64,
}

impl Resampling {
    /// The mean of each sample and the ends of its interval, NaN where there are fewer than two values. Samples of one length are
    /// drawn from alike.
    pub(crate) fn means<S: AsRef<[f64]>>(&self, samples: &[S]) -> Vec<[f64; 3]> {
        let samples: Vec<&[f64]> = samples.iter().map(AsRef::as_ref).collect();
        let mut found = vec![[f64::NAN; 3]; samples.len()];
        let mut lengths: Vec<usize> =
            samples.iter().map(|sample| sample.len()).filter(|length| *length > 0).collect();
        lengths.sort_unstable();
        lengths.dedup();
        for length in lengths {
            let of_length: Vec<usize> =
                (0..samples.len()).filter(|at| samples[*at].len() == length).collect();
            for at in &of_length {
                found[*at][0] = mean(samples[*at]);
            }
            if length > 1 {
                let columns: Vec<&[f64]> = of_length.iter().map(|at| samples[*at]).collect();
                let resampled = Draws::new(length, self.bootstrap.resamples, self.seed).means(&columns);
                for (at, means) in of_length.into_iter().zip(resampled) {
                    let interval = self.bootstrap.percentiles(means);
                    found[at] = [found[at][0], interval.low, interval.high];
                }
            }
        }
        found
    }
}
