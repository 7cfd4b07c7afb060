//! The image moved sideways.

use std::sync::Arc;

use images::FillError;

use super::{Demand, Entry, Test, draws};
use crate::fill;
use crate::host_image::HostImage;
use crate::painter::{Painter, Replacement, Reuse};
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "shift",
    summary: "the image, then the image moved left and right by `step`, 2 `step` ... `pixels` pixels, with the fill where nothing came to;               at most an eighth of the image's width; `distance` is the norm of the change in normalised space",
    source: "Montavon et al. 2018 (continuity); Quantus moves up to the whole width",
    build: |reader| {
        let whole = |n: &usize| (1..=1000).contains(n);
        let pixels = reader.take_if("pixels", 8, "a whole number from 1 to 1000", whole)?;
        let step = reader.take_if("step", 2, "a whole number that divides pixels", |step| {
            *step > 0 && pixels.is_multiple_of(*step)
        })?;
        let fills = fill::take(reader, "min")?;
        let [fill] = fills.iter().filter(|fill| fill.reuse() == Reuse::Image).collect::<Vec<_>>()[..] else {
            return Err(spec::Error::Value {
                name: reader.name().into(),
                key: "fill".into(),
                value: fills.first().map(|fill| fill.key()).unwrap_or_default(),
                expected: "a fill that is painted once for an image".into(),
            });
        };
        let reach = (pixels / step) as isize;
        let moves = (-reach..=reach).filter(|&n| n != 0).map(|n| n * step as isize);
        let moves = moves.map(|pixels| Replacement::new(Moved { pixels, fill: fill.clone() })).collect();
        Ok(Arc::new(Shift { moves }))
    },
};

/// The test.
#[derive(Debug)]
struct Shift {
    moves: Vec<Replacement>,
}

/// The image moved to the right, or to the left where the number is negative.
#[derive(Debug)]
struct Moved {
    pixels: isize,
    fill: Replacement,
}

impl Painter for Moved {
    fn key(&self) -> String {
        format!("shift:pixels={},{}", self.pixels, self.fill.key())
    }

    fn reuse(&self) -> Reuse {
        Reuse::Run
    }

    fn paint(&self, image: &HostImage, _: &[f32]) -> Result<Vec<f32>, FillError> {
        let [height, width] = image.size();
        let by = self.pixels.unsigned_abs();
        if 8 * by > width {
            let pixels = self.pixels;
            return Err(FillError::Failed(format!(
                "a shift by {pixels} pixels is more than an eighth of {width}"
            )));
        }
        let mut moved = self.fill.paint(image, &vec![1.0; height * width])?;
        let (to, from) = if self.pixels > 0 { (by, 0) } else { (0, by) };
        for (row, clean) in moved.chunks_mut(width).zip(image.pixels().chunks(width)) {
            row[to..to + width - by].copy_from_slice(&clean[from..from + width - by]);
        }
        Ok(moved)
    }
}

impl Test for Shift {
    fn fills(&self) -> &[Replacement] {
        &self.moves
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        draws::changed(builder, &self.moves)
    }

    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: 0, of_image: self.moves.len() as u64 }
    }
}
