//! Kaggle's solutions of the ImageNet challenge: `ImageId,PredictionString`.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use pipe::{Boxes, Cells, Class, Column, Image as Row, Line, Tables};

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
        let words: Vec<&str> = self.answer.split_whitespace().collect();
        let groups: Vec<&[&str]> = words.chunks(5).collect();
        let synset = *words.first().context("it is empty")?;
        if groups.iter().any(|group| group[0] != synset) {
            bail!("it names several classes, or a box has not four numbers");
        }
        let boxes: Vec<String> = groups.iter().map(|group| group[1..].join(" ")).collect();
        let boxes = boxes.join(";").parse().map_err(|wanted| anyhow!("it does not hold {wanted}"))?;
        Ok((synset.to_owned(), boxes))
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
