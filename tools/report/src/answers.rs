//! What the classifier answered: mean curves, and those of the images that are shown.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::{Result, bail};
use figures::Curves;
use pipe::{Response, Rows};

use crate::belongs::Seen;
use crate::failures::Failures;
use crate::items::Items;
use crate::kind::{Inputs, Kind};
use crate::scored::Scored;

/// A curve of one image: where its points lie, by the number of [`Answers::fractions`], and what was answered.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// Which fractions.
    pub fractions: usize,
    /// A probability for each.
    pub heights: Vec<f32>,
}

/// Everything that is kept of the answers.
#[derive(Debug, Default)]
pub struct Answers {
    /// Of all images.
    pub curves: Curves,
    /// By item, test and series.
    pub of_items: BTreeMap<(usize, usize, usize), Curve>,
    /// Names of the tests whose curves have more than two points.
    pub tests: Vec<String>,
    /// Fractions that curves have.
    pub fractions: Vec<Vec<f32>>,
    /// The class with the highest probability of the image as it is, by item; of several classifiers, the last.
    pub predicted: HashMap<usize, usize>,
    open: Option<Open>,
}

/// A curve whose rows are being read: image, model, method and test; the class; fractions and heights.
type Open = ([String; 4], Option<usize>, Vec<[f64; 2]>);

/// What the answers are held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The maps.
    pub items: &'a Items,
    /// The scores.
    pub scored: Option<&'a Scored>,
    /// The items whose curves are kept.
    pub wanted: &'a HashSet<usize>,
    /// All tables.
    pub inputs: &'a Inputs,
}

impl Answers {
    /// Reads the tables row by row.
    ///
    /// # Errors
    ///
    /// If a table is damaged, or is of an image that the maps, or the scores, are not of.
    pub fn read(against: Against<'_>, seen: &mut Seen, failures: &mut Failures) -> Result<Self> {
        let mut answers = Self::default();
        for file in against.inputs.files(Kind::Answers) {
            for row in Rows::<Response>::open(&[file])? {
                let row = row?;
                seen.add(Kind::Answers, file, &row.model, row.extra.get("list").unwrap_or_default());
                if !(row.reason.is_empty() && row.fraction.is_finite() && row.probability.is_finite()) {
                    failures.add(Kind::Answers, &row.method, &row.test, &row.reason, &row.image);
                }
                answers.curves.add(&row);
                answers.add(&row, file, against)?;
            }
            answers.close(against);
        }
        Ok(answers)
    }

    fn add(&mut self, row: &Response, file: &Path, against: Against<'_>) -> Result<()> {
        let key = [&row.image, &row.model, &row.method, &row.test];
        let point = [row.fraction, row.probability];
        match &mut self.open {
            Some((open, target, points)) if open.each_ref() == key && *target == row.target => {
                points.push(point);
            }
            _ => {
                self.close(against);
                belongs(row, file, against)?;
                self.open = Some((key.map(String::clone), row.target, vec![point]));
            }
        }
        if let (Some(class), true) = (row.predicted, is_clean(row))
            && let Some(item) = against.items.place(&row.image, row.target)
        {
            self.predicted.insert(item, class);
        }
        Ok(())
    }

    /// Keeps the curve that has come to its end, if its image may be shown.
    fn close(&mut self, against: Against<'_>) {
        let Some(([image, model, method, test], target, points)) = self.open.take() else { return };
        let item = against.items.place(&image, target).filter(|item| against.wanted.contains(item));
        let series = against.items.number(&model, &method);
        let whole = points.len() > 2 && points.iter().flatten().all(|value| value.is_finite());
        if let (Some(item), Some(series), true) = (item, series, whole) {
            let test = place_of(&mut self.tests, test);
            let fractions =
                place_of(&mut self.fractions, points.iter().map(|point| point[0] as f32).collect());
            let heights = points.iter().map(|point| point[1] as f32).collect();
            self.of_items.insert((item, test, series), Curve { fractions, heights });
        }
    }

    /// The least and the greatest height, and 0 and 1.
    pub fn range(&self) -> [f32; 2] {
        let heights = self.of_items.values().flat_map(|curve| &curve.heights);
        heights.fold([0.0, 1.0], |[low, high], height| [height.min(low), height.max(high)])
    }
}

/// Whether the image was shown as it is.
fn is_clean(row: &Response) -> bool {
    row.area == Some(1.0) || (row.area.is_none() && row.fraction == 0.0 && row.test.starts_with("deletion"))
}

fn belongs(row: &Response, file: &Path, against: Against<'_>) -> Result<()> {
    if row.target.is_none() {
        return Ok(());
    }
    let (is_known, of) = match against.scored {
        _ if against.inputs.have(Kind::Maps) => {
            (against.items.place(&row.image, row.target).is_some(), Kind::Maps)
        }
        Some(scored) => (scored.place(&row.image, row.target).is_some(), Kind::Scores),
        None => return Ok(()),
    };
    if !is_known {
        let target = row.target.map(|target| target.to_string()).unwrap_or_default();
        bail!(
            "{}: {} (target {target}) is not among the images of {}: they do not belong together",
            file.display(),
            row.image,
            against.inputs.label(of)
        );
    }
    Ok(())
}

/// The place of something in a list, to which it is added where it is new.
fn place_of<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|other| *other == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}
