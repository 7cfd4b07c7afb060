//! Otsu's threshold ("A Threshold Selection Method from Gray-Level Histograms", 1979).

const BINS: usize = 256;

/// The threshold that parts numbers between their smallest and largest into the two classes with the largest variance
/// between them, on 256 bins; the upper end of the last bin of the lower class. Equal numbers have no two classes: their
/// value itself.
pub fn otsu(values: &[f32]) -> f32 {
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    if values.is_empty() || high <= low {
        return if values.is_empty() { 0.0 } else { low };
    }
    let width = (high - low) / BINS as f32;
    let centre = |bin: usize| f64::from(low) + (bin as f64 + 0.5) * f64::from(width);
    let mut counts = [0_usize; BINS];
    for value in values {
        counts[(((value - low) / width) as usize).min(BINS - 1)] += 1;
    }
    let total: f64 = counts.iter().enumerate().map(|(bin, &count)| count as f64 * centre(bin)).sum();
    let (mut below, mut sum) = (0_usize, 0.0);
    let mut best = (f64::MIN, 0);
    for (bin, &count) in counts.iter().enumerate() {
        below += count;
        sum += count as f64 * centre(bin);
        let above = values.len() - below;
        if below == 0 || above == 0 {
            continue;
        }
        let apart = sum / below as f64 - (total - sum) / above as f64;
        let between = below as f64 * above as f64 * apart * apart;
        if between > best.0 {
            best = (between, bin);
        }
    }
    low + (best.1 + 1) as f32 * width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_parted() {
        let values: Vec<f32> = (0..10).map(|i| if i < 3 { 0.2 } else { 0.7 }).collect();
        let threshold = otsu(&values);
        assert!(threshold > 0.2 && threshold < 0.7, "{threshold}");
    }

    #[test]
    fn equal_values_and_none_have_a_threshold_too() {
        assert_eq!(otsu(&[0.4; 5]), 0.4);
        assert_eq!(otsu(&[]), 0.0);
    }
}
