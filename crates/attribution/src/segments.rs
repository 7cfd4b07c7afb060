//! Segments of an image: a grid of cells, or Felzenszwalb and Huttenlocher's graph segmentation ("Efficient Graph-Based
//! Image Segmentation", 2004).

use models::{Tensor, TensorData};
use spec::Reader;

use crate::gaussian::{self, Edge, scipy_radius};

/// How an image is cut into segments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Segments {
    /// Cells of a grid of this many rows and columns.
    Grid(usize),
    /// Felzenszwalb's segments: scale, deviation of the blur before, least size.
    Felzenszwalb { scale: f64, sigma: f64, size: usize },
}

impl Segments {
    /// Takes `segments` and what belongs to it out of a spec string.
    pub(crate) fn take(reader: &mut Reader) -> Result<Self, spec::Error> {
        let grid = reader.choose("segments", &[("felzenszwalb", false), ("grid", true)])?;
        if grid {
            let cells =
                reader.take_if("cells", 8, "a whole number from 2 to 64", |n| (2..=64).contains(n))?;
            return Ok(Self::Grid(cells));
        }
        let scale =
            reader.take_if("scale", 100.0, "a positive number", |x: &f64| *x > 0.0 && x.is_finite())?;
        Ok(Self::Felzenszwalb { scale, sigma: 0.8, size: 50 })
    }

    /// The segment of every pixel of an image `(1, 3, h, w)` with values in 0..1, numbered from 0 without gaps, and how many
    /// there are.
    pub(crate) fn of(self, image: &Tensor<4>) -> (Vec<usize>, usize) {
        let [_, _, h, w] = image.dims();
        match self {
            Self::Grid(cells) => {
                let (rows, columns) = (cells.min(h), cells.min(w));
                let cell = |i: usize| (i / w * rows / h) * columns + i % w * columns / w;
                ((0..h * w).map(cell).collect(), rows * columns)
            }
            Self::Felzenszwalb { scale, sigma, size } => felzenszwalb(image, scale, sigma, size),
        }
    }
}

/// Masks `(rows, 1, h, w)` in which every pixel has its segment's number of a row.
pub(crate) fn masks(segments: &[usize], rows: &[Vec<f32>], like: &Tensor<4>) -> Tensor<4> {
    let [_, _, h, w] = like.dims();
    let mask = rows.iter().flat_map(|row| segments.iter().map(|&segment| row[segment]));
    Tensor::from_data(TensorData::new(mask.collect(), [rows.len(), 1, h, w]), &like.device())
}

/// Merges neighbours in the order of their difference while it is less than what both segments have inside, plus `scale`
/// over their sizes; then segments smaller than `size` join a neighbour.
fn felzenszwalb(image: &Tensor<4>, scale: f64, sigma: f64, size: usize) -> (Vec<usize>, usize) {
    let [_, channels, h, w] = image.dims();
    let smooth = gaussian::blur(image.clone(), sigma, scipy_radius(sigma), Edge::Symmetric);
    let pixels: Vec<f32> = smooth.into_data().try_into_vec().expect("images are f32");
    let difference = |a: usize, b: usize| {
        let square = |c: usize| f64::from(pixels[c * h * w + a] - pixels[c * h * w + b]).powi(2);
        (0..channels).map(square).sum::<f64>().sqrt()
    };
    let mut edges = Vec::with_capacity(4 * h * w);
    for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
        let from = y * w + x;
        let mut edge = |to: usize| edges.push((difference(from, to), from as u32, to as u32));
        if x + 1 < w {
            edge(from + 1);
        }
        if y + 1 < h {
            edge(from + w);
            if x + 1 < w {
                edge(from + w + 1);
            }
            if x > 0 {
                edge(from + w - 1);
            }
        }
    }
    // Equal differences go in the order of the pixels.
    edges.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut forest = Forest::new(h * w);
    // The scale counts as for pixel values in 0..255, whatever the values, as everywhere in the literature.
    let scale = scale / 255.0;
    for &(difference, a, b) in &edges {
        let (a, b) = (forest.root(a as usize), forest.root(b as usize));
        let allowed = |root: usize| forest.inside[root] + scale / forest.size[root] as f64;
        if a != b && difference < allowed(a).min(allowed(b)) {
            let root = forest.join(a, b);
            forest.inside[root] = difference;
        }
    }
    for &(_, a, b) in &edges {
        let (a, b) = (forest.root(a as usize), forest.root(b as usize));
        if a != b && (forest.size[a] < size || forest.size[b] < size) {
            forest.join(a, b);
        }
    }
    forest.numbered()
}

/// Disjoint sets of pixels.
struct Forest {
    parent: Vec<usize>,
    size: Vec<usize>,
    /// The largest difference inside a set.
    inside: Vec<f64>,
}

impl Forest {
    fn new(n: usize) -> Self {
        Self { parent: (0..n).collect(), size: vec![1; n], inside: vec![0.0; n] }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.parent[i] != i {
            self.parent[i] = self.parent[self.parent[i]];
            i = self.parent[i];
        }
        i
    }

    /// Joins two roots; the result is the new root.
    fn join(&mut self, a: usize, b: usize) -> usize {
        let (small, large) = if self.size[a] < self.size[b] { (a, b) } else { (b, a) };
        self.parent[small] = large;
        self.size[large] += self.size[small];
        large
    }

    /// The set of every element, numbered in the order of first appearance.
    fn numbered(&mut self) -> (Vec<usize>, usize) {
        let mut number = vec![usize::MAX; self.parent.len()];
        let mut count = 0;
        let mut all = Vec::with_capacity(self.parent.len());
        for i in 0..self.parent.len() {
            let root = self.root(i);
            if number[root] == usize::MAX {
                number[root] = count;
                count += 1;
            }
            all.push(number[root]);
        }
        (all, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::device;

    #[test]
    fn two_flat_halves_are_two_segments() {
        let pixel = |i: usize| if i % 32 < 16 { 0.1_f32 } else { 0.9 };
        let pixels: Vec<f32> = (0..3 * 32 * 32).map(pixel).collect();
        let image = Tensor::from_data(TensorData::new(pixels, [1, 3, 32, 32]), &device::cpu().device);
        let cut = Segments::Felzenszwalb { scale: 100.0, sigma: 0.5, size: 50 };
        let (segments, count) = cut.of(&image);
        assert_eq!((segments[0], segments[31], count), (0, 1, 2));
        assert!(segments.iter().enumerate().all(|(i, &s)| s == usize::from(i % 32 >= 16)));
    }

    #[test]
    fn grids_have_all_their_cells() {
        let image = Tensor::zeros([1, 3, 10, 7], &device::cpu().device);
        let (segments, count) = Segments::Grid(3).of(&image);
        assert_eq!(count, 9);
        assert_eq!(segments.iter().copied().max(), Some(8));
        assert_eq!((segments[0], segments[6], segments[69]), (0, 2, 8));
    }
}
