//! What a sheet says in words: the class of an image, and the scores of its maps.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipe::{Explained, Rows, Score};

use crate::text;

/// Columns that may hold the classifier's score of the class.
const OF_CLASS: [&str; 2] = ["score", "probability"];

/// The class that a row's map explains, by its name in the column `class` or by its number, with its score where a column
/// has one.
pub fn class(row: &Explained) -> String {
    let cell = |name: &&str| row.extra.get(name).filter(|cell| !cell.is_empty());
    let number = || row.target.map(|target| format!("class {target}"));
    let class = cell(&"class").map(str::to_owned).or_else(number).unwrap_or_default();
    let score = OF_CLASS.iter().find_map(cell).map(|cell| match cell.parse::<f64>() {
        Ok(score) => format!("{score:.3}"),
        Err(_) => cell.to_owned(),
    });
    let both: Vec<String> = [class].into_iter().filter(|class| !class.is_empty()).chain(score).collect();
    both.join(" ").replace(char::is_control, " ")
}

/// Image, target, model and method.
type Key = (String, Option<usize>, String, String);

/// The scores of maps, out of a table of `score`.
pub struct Scores {
    file: String,
    /// In the order of the table.
    metrics: Vec<String>,
    values: HashMap<Key, HashMap<String, f64>>,
    found: bool,
}

impl Scores {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// If it is damaged, or has two values for one map.
    pub fn read(path: &Path) -> Result<Self> {
        let file = pipe::input_name(path);
        let (mut metrics, mut values) = (Vec::new(), HashMap::<Key, HashMap<String, f64>>::new());
        for row in Rows::<Score>::open(&[path])? {
            let Score { image, target, model, method, metric, value, .. } = row?;
            if !metrics.contains(&metric) {
                metrics.push(metric.clone());
            }
            let name = format!("{file}: {image}, {method}, {metric}");
            let of_map = values.entry((image, target, model, method)).or_default();
            if of_map.insert(metric, value).is_some() {
                bail!("{name}: more than one value");
            }
        }
        Ok(Self { file, metrics, values, found: false })
    }

    /// How many lines the scores of a map take.
    pub fn lines(&self) -> u32 {
        self.metrics.len() as u32
    }

    /// A line of at most `columns` characters for each metric: a long name is cut before the value is.
    pub fn of(&mut self, row: &Explained, columns: usize) -> Vec<String> {
        let key = (row.image.clone(), row.target, row.model.clone(), row.method.clone());
        let Some(values) = self.values.get(&key) else { return Vec::new() };
        self.found = true;
        let line = |metric: &String| match values.get(metric) {
            Some(value) => with_end(metric, &format!(" {value:.3}"), columns),
            None => String::new(),
        };
        self.metrics.iter().map(line).collect()
    }

    /// Checks that the table says something about the maps of the sheet.
    ///
    /// # Errors
    ///
    /// If it is of others.
    pub fn check(&self) -> Result<()> {
        if !self.found {
            let what = "no row is of a map of the sheet: image, target, model and method must be the same";
            return Err(anyhow::anyhow!(what)).context(self.file.clone());
        }
        Ok(())
    }
}

/// A name, cut where it is too long, and what must stay behind it.
pub fn with_end(name: &str, end: &str, columns: usize) -> String {
    text::cut(name, columns.saturating_sub(end.chars().count())) + end
}

#[cfg(test)]
mod tests {
    use pipe::Extra;

    use super::*;

    fn row(cells: &[(&str, &str)]) -> Explained {
        let mut extra = Extra::default();
        cells.iter().for_each(|(name, cell)| extra.set(name, (*cell).to_owned()));
        Explained {
            image: "a.png".into(),
            target: Some(281),
            model: String::new(),
            method: "ig".into(),
            map: String::new(),
            map_index: None,
            reason: String::new(),
            extra,
        }
    }

    #[test]
    fn a_class_has_its_name_and_its_score() {
        assert_eq!(class(&row(&[])), "class 281");
        assert_eq!(class(&row(&[("class", "tabby cat")])), "tabby cat");
        assert_eq!(class(&row(&[("class", "tabby\tcat"), ("score", "0.98765")])), "tabby cat 0.988");
        assert_eq!(class(&row(&[("class", ""), ("probability", "1")])), "class 281 1.000");
        assert_eq!(class(&row(&[("score", "high")])), "class 281 high");
        assert_eq!(class(&Explained { target: None, ..row(&[]) }), "");
    }

    #[test]
    fn a_value_is_not_cut() {
        assert_eq!(with_end("insertion:fill=blur", " 0.625", 14), "insert.. 0.625");
        assert_eq!(with_end("pos", " 0.625", 14), "pos 0.625");
    }
}
