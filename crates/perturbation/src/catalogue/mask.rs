//! The image multiplied with its map: what Average Drop and Increase in Confidence compare.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use maps::{Order, Ranking, Ties};

use super::{Demand, Entry, Test};
use crate::fill;
use crate::input::{Input, Scale};
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::Point;
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "mask",
    summary: "the image x and x m + fill (1 - m), where m is the map moved to 0..1, or whether it reaches a percentile; \
              of equal values at the percentile the first by index, or with ties=all all; scale=none multiplies with the \
              map as it is, invert=true with 1 - m",
    source: "ADP and PIC of EEA, BEE; Average Drop and IIC of the Coherency study: fill=zero, percentile=50 to 90, ties=all",
    build: |reader| {
        let fills = fill::take(reader, "black")?;
        let wanted = "none or a number from 0 to 100";
        let percentile = reader.take_if("percentile", Percentile(None), wanted, |_| true)?;
        // Without a percentile nothing is cut, and there is one choice.
        let choices =
            &[("index", Ties::Index), ("all", Ties::All)][..if percentile.0.is_some() { 2 } else { 1 }];
        let ties = reader.choose("ties", choices)?;
        let choices =
            &[("min-max", Scale::MinMax), ("none", Scale::Raw)][..if percentile.0.is_none() { 2 } else { 1 }];
        let scale = reader.choose("scale", choices)?;
        let invert = reader.take("invert", false)?;
        Ok(Arc::new(Mask { fills, percentile, ties, scale, invert }))
    },
};

/// The parameters of the test.
#[derive(Debug)]
struct Mask {
    fills: Vec<Replacement>,
    percentile: Percentile,
    ties: Ties,
    scale: Scale,
    invert: bool,
}

/// The percentile that the map is cut at, if it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Percentile(Option<f64>);

impl Display for Percentile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.write_str("none"),
            Some(percentile) => percentile.fmt(out),
        }
    }
}

impl FromStr for Percentile {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "none" {
            return Ok(Self(None));
        }
        let percentile = text.parse().map_err(|_| ())?;
        if (0.0..=100.0).contains(&percentile) { Ok(Self(Some(percentile))) } else { Err(()) }
    }
}

impl Test for Mask {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    /// The clean image at fraction 0, the masked one at the mean of 1 - m.
    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let masked = match self.percentile.0 {
            None => self.faded(builder)?,
            Some(percentile) => self.cut(builder, percentile)?,
        };
        Ok(vec![Point::new(0.0, vec![Input::Clean]), masked])
    }

    /// A map whose pixels all reach the percentile leaves the image as it is.
    fn demand(&self, _: usize) -> Demand {
        Demand::AtMost { count: self.fills.len() as u64, of_image: 0 }
    }
}

impl Mask {
    fn faded(&self, builder: &mut PlanBuilder<'_>) -> Result<Point, Undefined> {
        let Self { scale, invert, .. } = *self;
        let mask = builder.mask(scale)?;
        // A map as it is may leave 0..1, but no more than all of an image is perturbed.
        let inside = mask.iter().map(|&share| f64::from(share.clamp(0.0, 1.0)));
        let kept = inside.sum::<f64>() / mask.len() as f64;
        let faded = |fill: &Replacement| Input::Faded { fill: fill.clone(), scale, invert };
        Ok(Point::new(if invert { kept } else { 1.0 - kept }, self.fills.iter().map(faded).collect()))
    }

    /// The pixels that a percentile selects are the first ones, most relevant first, whatever the ties.
    fn cut(&self, builder: &mut PlanBuilder<'_>, percentile: f64) -> Result<Point, Undefined> {
        let ranking = Ranking::pixels(Order::MostRelevantFirst);
        builder.ranked(ranking)?;
        let (kept, pixels) = (builder.map().count_from(percentile, self.ties), builder.map().pixels());
        let input = |fill| Input::mixed(ranking, kept, pixels, fill, !self.invert);
        let replaced = if self.invert { kept } else { pixels - kept };
        Ok(Point::new(replaced as f64 / pixels as f64, self.fills.iter().map(input).collect()))
    }
}
