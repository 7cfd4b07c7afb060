//! What a sheet says in words: the class of an image, and the scores of its maps.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pictures::ClassOf;
use pipe::{Explained, Rows, Score};

use crate::text;

/// The name of an image and its class on a line of at most `columns` characters. The image's name is cut first, then that
/// of the class where it takes more than two thirds; the score never.
pub fn caption(class: &ClassOf, image: &str, columns: usize) -> String {
    let class = with_end(&class.name, &class.score, columns * 2 / 3);
    with_end(&image.replace(char::is_control, " "), &format!("  {class}"), columns)
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
        for (name, cell) in cells {
            extra.set(name, (*cell).to_owned());
        }
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
    fn names_are_cut_before_scores() {
        let named = |name| ClassOf::of(&row(&[("class", name), ("score", "0.5")]));
        assert_eq!(caption(&named("owl"), "a\tphoto", 30), "a photo  owl 0.500");
        assert_eq!(caption(&named("owl"), "a long name of a photo", 24), "a long name..  owl 0.500");
        assert_eq!(caption(&named("great grey owl"), "photo", 24), "photo  great gr.. 0.500");
    }

    #[test]
    fn a_value_is_not_cut() {
        assert_eq!(with_end("insertion:fill=blur", " 0.625", 14), "insert.. 0.625");
        assert_eq!(with_end("pos", " 0.625", 14), "pos 0.625");
    }
}
