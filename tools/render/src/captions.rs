//! The scores of the maps of a sheet.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipe::{Explained, Rows, Score};

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

    /// For each metric its name and the value of the row's map; nothing for a map that the table does not have.
    pub fn of(&mut self, row: &Explained) -> Vec<[String; 2]> {
        let key = (row.image.clone(), row.target, row.model.clone(), row.method.clone());
        let Some(values) = self.values.get(&key) else { return Vec::new() };
        self.found = true;
        let line = |metric: &String| match values.get(metric) {
            Some(value) => [metric.clone(), format!("{value:.3}")],
            None => [String::new(), String::new()],
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
