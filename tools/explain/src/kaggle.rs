//! Kaggle's solutions of the ImageNet challenge: `ImageId,PredictionString`.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use pipe::{Boxes, Cells, Class, Column, Image as Row, Line, Tables};

use crate::annotations::Annotation;
use crate::class_names::is_synset;
use crate::list::Rows;
use crate::tables::{Input, labelled};

/// Kaggle's answer for an image: `n01978287 240 170 260 240 n01978287 24 180 60 240`, a class and a box each.
struct Solution {
    id: String,
    answer: String,
}

impl pipe::Row for Solution {
    const COLUMNS: &'static [Column] = &[Column::filled("ImageId"), Column::required("PredictionString")];

    fn read(line: &mut Line<'_>) -> Result<Self, pipe::Error> {
        Ok(Self { id: line.value()?, answer: line.value()? })
    }

    fn write(&self, cells: &mut Cells<'_>) {
        cells.value(&self.id);
        cells.value(&self.answer);
    }
}

/// Reads a table of solutions.
///
/// # Errors
/// If it is damaged.
pub fn read(path: &Path, input: Input) -> Result<Rows> {
    let table = Tables::from_input(path, input)?.rows::<Solution>()?;
    let row = |read: Result<(Solution, Option<pipe::Error>)>| {
        read.map(|(solution, flaw)| {
            let (row, wrong) = solution.row();
            (row, flaw.map(|flaw| flaw.to_string()).or(wrong))
        })
    };
    Ok(Rows {
        rows: table.with_flaws().map(row).collect::<Result<_>>()?,
        extra: vec!["label".into(), "boxes".into()],
    })
}

/// The boxes of each image of a table of solutions, by the image's name without its ending.
///
/// # Errors
/// If it is damaged, or an answer cannot be understood.
pub fn annotations(path: &Path) -> Result<HashMap<String, Vec<Annotation>>> {
    let mut all = HashMap::new();
    for solution in pipe::Rows::<Solution>::open(&[path])? {
        let Solution { id, answer } = solution?;
        let boxes = groups(&answer).and_then(|groups| groups.into_iter().map(Annotation::of_group).collect());
        let boxes = boxes
            .with_context(|| format!("{}: {id}: PredictionString `{}`", path.display(), answer.trim()))?;
        if all.insert(id.clone(), boxes).is_some() {
            bail!("{}: {id} is there twice", path.display());
        }
    }
    Ok(all)
}

/// The words of an answer, a class and four numbers at a time.
fn groups(answer: &str) -> Result<Vec<[&str; 5]>> {
    let words: Vec<&str> = answer.split_whitespace().collect();
    let (groups, rest) = words.as_chunks();
    if words.is_empty() {
        bail!("it is empty");
    }
    if !rest.is_empty() {
        bail!("a box has not four numbers");
    }
    Ok(groups.to_vec())
}

impl Annotation {
    fn of_group([class, corners @ ..]: [&str; 5]) -> Result<Self> {
        let boxes: Boxes =
            corners.join(" ").parse().map_err(|wanted| anyhow!("it does not hold {wanted}"))?;
        Ok(Self { class: class.to_owned(), area: boxes.0[0] })
    }
}

impl Solution {
    /// The images of the challenge are `ID.JPEG`; those for training lie in a folder for each synset.
    fn row(self) -> (Row, Option<String>) {
        let folder = self.id.split_once('_').filter(|(synset, _)| is_synset(synset));
        let folder = folder.map(|(synset, _)| format!("{synset}/")).unwrap_or_default();
        let image = format!("{folder}{}.JPEG", self.id);
        match self.parts() {
            Ok((synset, boxes)) => {
                let mut row = labelled(image, Some(Class::Name(synset.clone())), &synset);
                row.extra.set("boxes", boxes.to_string());
                (Row { boxes: Some(boxes), ..row }, None)
            }
            Err(error) => (
                labelled(image, None, ""),
                Some(format!("PredictionString `{}`: {error}", self.answer.trim())),
            ),
        }
    }

    fn parts(&self) -> Result<(String, Boxes)> {
        let groups = groups(&self.answer)?;
        let synset = groups[0][0].to_owned();
        if groups.iter().any(|group| group[0] != synset) {
            bail!("it names several classes");
        }
        let boxes: Vec<_> = groups.into_iter().map(Annotation::of_group).collect::<Result<_>>()?;
        Ok((synset, Boxes(boxes.into_iter().map(|annotation| annotation.area).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_class_and_boxes() {
        let row =
            |answer: &str| Solution { id: "ILSVRC2012_val_00000007".into(), answer: answer.into() }.row();
        let (found, flaw) = row("n01978287 240 170 260 240 n01978287 24 180 60 240 ");
        assert_eq!((flaw, &*found.image), (None, "ILSVRC2012_val_00000007.JPEG"));
        assert_eq!(found.label, Some(Class::Name("n01978287".into())));
        assert_eq!(found.extra.get("boxes"), Some("240 170 260 240;24 180 60 240"));
        for answer in ["", "n01978287 1 2 3", "n01978287 9 9 9 20", "n01978287 1 2 3 4 n00000001 1 2 3 4"] {
            assert!(row(answer).1.unwrap().starts_with("PredictionString"), "{answer}");
        }
        let train = Solution { id: "n02017213_7894".into(), answer: "n02017213 1 2 3 4".into() }.row().0;
        assert_eq!(train.image, "n02017213/n02017213_7894.JPEG");
    }
}
