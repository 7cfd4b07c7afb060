//! Where a place of an original image lies in the network's frame.

use serde::{Deserialize, Serialize};

use crate::ImageError;

/// `new = old * scale - offset`, for x and y: a resize, then a crop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    scale: [f32; 2],
    offset: [f32; 2],
    original: [usize; 2],
    frame: [usize; 2],
}

impl Geometry {
    /// An `original` of height and width that is `resized`, of which the window at `corner` (row, column) of size
    /// `frame` is left.
    pub(crate) fn new(
        original: [usize; 2],
        resized: [usize; 2],
        corner: [usize; 2],
        frame: [usize; 2],
    ) -> Self {
        let scale = [1, 0].map(|axis| resized[axis] as f32 / original[axis] as f32);
        Self { scale, offset: [corner[1] as f32, corner[0] as f32], original, frame }
    }

    /// An image that is in the frame already.
    pub fn same(size: [usize; 2]) -> Self {
        Self::new(size, size, [0, 0], size)
    }

    /// Moves a box `x0 y0 x1 y1` of the original image; it may leave the frame.
    pub fn place(&self, bounds: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| bounds[i] * self.scale[i % 2] - self.offset[i % 2])
    }

    /// What is left of a box of the original image in the frame; nothing if it was cropped away.
    pub fn place_box(&self, bounds: [f32; 4]) -> Option<[f32; 4]> {
        let [height, width] = self.frame.map(|side| side as f32);
        let placed = self.place(bounds);
        let [x0, y0, x1, y1]: [f32; 4] =
            std::array::from_fn(|i| placed[i].clamp(0.0, if i % 2 == 0 { width } else { height }));
        (x0 < x1 && y0 < y1).then_some([x0, y0, x1, y1])
    }

    /// Brings a mask of the original's height and width, row after row, to the frame. Each pixel takes the value under
    /// its centre: a mask stays yes or no.
    ///
    /// # Errors
    /// If the mask `name` has another `size` (height, width) than the original.
    pub fn place_mask(&self, name: &str, mask: &[bool], size: [usize; 2]) -> Result<Vec<bool>, ImageError> {
        let [height, width] = self.original;
        if size != self.original || mask.len() != height * width {
            let reason = format!("the mask is {} x {}, its image {height} x {width}", size[0], size[1]);
            return Err(ImageError { path: name.into(), reason });
        }
        let [rows, columns] = self.sources();
        Ok(rows.iter().flat_map(|row| columns.iter().map(move |column| mask[row * width + column])).collect())
    }

    /// Height and width of the frame.
    pub fn frame(&self) -> [usize; 2] {
        self.frame
    }

    /// For each row and column of the frame the one of the original that lies under its centre.
    fn sources(&self) -> [Vec<usize>; 2] {
        [0, 1].map(|axis| {
            let (scale, offset) = (f64::from(self.scale[1 - axis]), f64::from(self.offset[1 - axis]));
            let last = self.original[axis] - 1;
            let source = |new: usize| (((new as f64 + 0.5 + offset) / scale) as usize).min(last);
            (0..self.frame[axis]).map(source).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_clipped_to_the_frame() {
        // 8 x 4 doubled, then the middle 8 x 8 columns and rows.
        let geometry = Geometry::new([4, 8], [8, 16], [0, 4], [8, 8]);
        assert_eq!(geometry.place([2.0, 1.0, 6.0, 3.0]), [0.0, 2.0, 8.0, 6.0]);
        assert_eq!(geometry.place_box([0.0, 1.0, 3.0, 9.0]), Some([0.0, 2.0, 2.0, 8.0]));
        assert_eq!(geometry.place_box([0.0, 0.0, 2.0, 4.0]), None);
    }

    #[test]
    fn masks_follow_their_image() {
        let mask: Vec<bool> = (0..32).map(|i| i % 8 == 2 && i / 8 == 1).collect();
        let doubled = Geometry::new([4, 8], [8, 16], [0, 4], [8, 8]);
        let placed = doubled.place_mask("m", &mask, [4, 8]).unwrap();
        let found: Vec<usize> = (0..64).filter(|&i| placed[i]).collect();
        assert_eq!(found, [16, 17, 24, 25]);
        let halved = Geometry::new([4, 8], [2, 4], [0, 0], [2, 4]);
        // The centre of pixel (0, 1) of four lies on the edge of pixels 1 and 2 in each direction, and takes the later.
        assert_eq!(halved.place_mask("m", &mask, [4, 8]).unwrap().iter().filter(|&&on| on).count(), 0);
        assert_eq!(halved.sources(), [vec![1, 3], vec![1, 3, 5, 7]]);
        let error = doubled.place_mask("m.png", &mask, [8, 4]).unwrap_err().to_string();
        assert_eq!(error, "m.png: the mask is 8 x 4, its image 4 x 8");
    }
}
