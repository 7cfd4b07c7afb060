//! Where the object is, as a data set says: in boxes, or in a mask.

use maps::{Map, Mask};
use pipe::{BoundingBox, Boxes};

/// The true pixels and the true boxes of an image, in the frame of its map.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    mask: Mask,
    boxes: Vec<BoundingBox>,
}

impl Truth {
    /// The pixels that boxes overlap, however many of the boxes hold one.
    ///
    /// # Errors
    /// If a box reaches beyond a map of `size` (height, width): it was made for an image of another size.
    pub fn of_boxes(boxes: &Boxes, size: [usize; 2]) -> Result<Self, String> {
        let [height, width] = size;
        let mut inside = vec![false; height * width];
        for area in &boxes.0 {
            if area.x0 < 0.0 || area.y0 < 0.0 || area.x1 > width as f64 || area.y1 > height as f64 {
                let area = Boxes(vec![*area]);
                return Err(format!(
                    "the box `{area}` reaches beyond the map, which is {width} wide and {height} high"
                ));
            }
            let columns = area.x0 as usize..area.x1.ceil() as usize;
            for row in area.y0 as usize..area.y1.ceil() as usize {
                inside[row * width..][columns.clone()].fill(true);
            }
        }
        let mask = Mask::new(size, inside).map_err(|error| error.to_string())?;
        Ok(Self { mask, boxes: boxes.0.clone() })
    }

    /// The pixels of a mask. Its box is the tight one around all of them, unless boxes are known besides.
    ///
    /// # Errors
    /// If the mask or a box was made for an image of another size.
    pub fn of_mask(mask: Mask, boxes: Option<&Boxes>, size: [usize; 2]) -> Result<Self, String> {
        if mask.size() != size {
            let ([h, w], [height, width]) = (mask.size(), size);
            return Err(format!("the mask is {h} x {w} and the map {height} x {width} pixels"));
        }
        let boxes = match boxes {
            Some(boxes) => Self::of_boxes(boxes, size)?.boxes,
            None => tight_box(mask.inside(), size[1]).into_iter().collect(),
        };
        Ok(Self { mask, boxes })
    }

    /// Whether each pixel is the object's, row after row.
    pub fn inside(&self) -> &[bool] {
        self.mask.inside()
    }

    /// The number of pixels of the object.
    pub fn count(&self) -> usize {
        self.mask.count()
    }

    /// The boxes around the object.
    pub fn boxes(&self) -> &[BoundingBox] {
        &self.boxes
    }

    /// Why nothing can be measured by it on a map, if so.
    pub(crate) fn check(&self, map: &Map) -> Result<(), String> {
        if map.size() != self.mask.size() {
            return Err("the map and the truth have different sizes".to_owned());
        }
        if self.count() == 0 { Err("the mask is empty: no pixel is the object's".to_owned()) } else { Ok(()) }
    }
}

/// The smallest box that holds the pixels of a plane of so many columns; nothing if there are none.
pub(crate) fn tight_box(inside: &[bool], width: usize) -> Option<BoundingBox> {
    let places = (0..inside.len()).filter(|&at| inside[at]).map(|at| [at % width, at / width]);
    let corners = places.fold(None, |corners: Option<[usize; 4]>, [x, y]| {
        let [x0, y0, x1, y1] = corners.unwrap_or([x, y, x, y]);
        Some([x0.min(x), y0.min(y), x1.max(x), y1.max(y)])
    });
    let [x0, y0, x1, y1] = corners?.map(|corner| corner as f64);
    Some(BoundingBox { x0, y0, x1: x1 + 1.0, y1: y1 + 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(text: &str) -> Boxes {
        text.parse().unwrap()
    }

    fn inside(text: &str) -> Vec<usize> {
        let truth = Truth::of_boxes(&boxes(text), [3, 4]).unwrap();
        (0..12).filter(|&at| truth.inside()[at]).collect()
    }

    #[test]
    fn the_pixels_of_a_box_are_those_that_it_overlaps() {
        assert_eq!(inside("1 1 3 2"), [5, 6]);
        assert_eq!(inside("1.9 1.9 2.1 2"), [5, 6]);
        assert_eq!(inside("0 0 2 1;1 0 3 1"), [0, 1, 2]);
        assert_eq!(inside("0 0 4 3").len(), 12);
    }

    #[test]
    fn what_was_made_for_another_size_is_refused() {
        for text in ["0 0 5 3", "0 0 4 3.5", "-1 0 2 2", "0 -1 2 2"] {
            let reason = format!("the box `{text}` reaches beyond the map, which is 4 wide and 3 high");
            assert_eq!(Truth::of_boxes(&boxes(text), [3, 4]), Err(reason));
        }
        let mask = Mask::new([4, 3], vec![true; 12]).unwrap();
        let reason = "the mask is 4 x 3 and the map 3 x 4 pixels".to_owned();
        assert_eq!(Truth::of_mask(mask, None, [3, 4]), Err(reason));
    }

    #[test]
    fn a_mask_has_a_box_around_it_unless_boxes_are_known() {
        let mask = Mask::new([3, 4], (0..12).map(|at| at == 5 || at == 11).collect()).unwrap();
        let truth = Truth::of_mask(mask.clone(), None, [3, 4]).unwrap();
        assert_eq!((truth.boxes(), truth.count()), (&boxes("1 1 4 3").0[..], 2));
        let known = boxes("0 0 1 1;2 2 4 3");
        let truth = Truth::of_mask(mask, Some(&known), [3, 4]).unwrap();
        assert_eq!((truth.boxes(), truth.count()), (&known.0[..], 2));
        let empty = Mask::new([3, 4], vec![false; 12]).unwrap();
        assert!(Truth::of_mask(empty, None, [3, 4]).unwrap().boxes().is_empty());
    }
}
