//! The images under the maps, prepared as the network saw them.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Error, Result, bail};
use image::RgbImage;
use models::{Image, Preprocess};
use pipe::Explained;
use serde_json::Value;

/// Bytes of the images that are kept: in a table method by method each one comes again.
const KEPT: usize = 64 << 20;

/// Opens images and keeps the last ones.
pub struct Images {
    given: Option<Preprocess>,
    recorded: HashMap<(PathBuf, String), Option<Choice>>,
    kept: VecDeque<(String, String, Rc<RgbImage>)>,
    bytes: usize,
}

/// A way to prepare an image.
#[derive(Clone, Debug)]
struct Choice {
    preprocess: Preprocess,
    /// Who says so, for a message.
    reason: String,
}

impl Images {
    /// `given` is what the command line says about preparing images.
    pub fn new(given: Option<Preprocess>) -> Self {
        Self { given, recorded: HashMap::new(), kept: VecDeque::new(), bytes: 0 }
    }

    /// Opens the image of a map of height and width `size`.
    ///
    /// # Errors
    ///
    /// If it cannot be decoded or has another size than its map.
    pub fn open(&mut self, row: &Explained, size: [usize; 2]) -> Result<Rc<RgbImage>> {
        let Choice { preprocess, reason } = self.choose(row)?;
        let image = self.prepared(&row.image, &preprocess)?;
        let [height, width] = size;
        if [image.height() as usize, image.width() as usize] != size {
            bail!(
                "the image is {} x {} ({reason}), but its map is {height} x {width}: \
                 name the --preprocess that explain used ({})",
                image.height(),
                image.width(),
                Preprocess::PRESETS.join(", ")
            );
        }
        Ok(image)
    }

    /// The command line has precedence over the record, and the record over leaving the image as it is.
    fn choose(&mut self, row: &Explained) -> Result<Choice> {
        if let Some(preprocess) = &self.given {
            let reason = format!("--preprocess {}", preprocess.name);
            return Ok(Choice { preprocess: preprocess.clone(), reason });
        }
        // The method's folder, where a foreign explainer may keep all it has, then the folder that explain calls --out.
        for folder in Path::new(&row.map).ancestors().skip(1).take(2) {
            if let Some(choice) = self.recorded(folder, &row.model)? {
                return Ok(choice);
            }
        }
        let preprocess = Preprocess::preset("none").context("the preset `none`")?;
        Ok(Choice { preprocess, reason: "as it is: no explain.json beside the maps tells more".into() })
    }

    fn recorded(&mut self, folder: &Path, model: &str) -> Result<Option<Choice>> {
        let key = (folder.to_owned(), model.to_owned());
        if let Some(known) = self.recorded.get(&key) {
            return Ok(known.clone());
        }
        let choice = read_records(folder, model)?;
        self.recorded.insert(key, choice.clone());
        Ok(choice)
    }

    fn prepared(&mut self, image: &str, preprocess: &Preprocess) -> Result<Rc<RgbImage>> {
        let same = |kept: &&(String, String, _)| kept.0 == image && kept.1 == preprocess.name;
        if let Some((_, _, image)) = self.kept.iter().find(same) {
            return Ok(Rc::clone(image));
        }
        // The failure's line names the image already.
        let opened = setup::open(image, preprocess).map_err(|error| Error::msg(error.reason))?;
        let pixels = Rc::new(to_image(&opened));
        self.bytes += pixels.len();
        self.kept.push_back((image.to_owned(), preprocess.name.clone(), Rc::clone(&pixels)));
        while self.bytes > KEPT {
            let Some((_, _, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= oldest.len();
        }
        Ok(pixels)
    }
}

fn to_image(image: &Image) -> RgbImage {
    let (height, width) = (image.height, image.width);
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let place = y as usize * width + x as usize;
        image::Rgb([0, 1, 2].map(|c| (image.pixels[c * height * width + place] * 255.0).round() as u8))
    })
}

/// What the records in a folder say about a model; the shards of a run leave one each.
fn read_records(folder: &Path, model: &str) -> Result<Option<Choice>> {
    let mut found: Option<Choice> = None;
    for path in records(folder)? {
        let record = read_record(&path).with_context(|| path.display().to_string())?;
        let other = !model.is_empty() && record.model.as_deref().is_some_and(|name| name != model);
        let preprocess = record.preprocess;
        match &found {
            _ if other => {}
            Some(first) if first.preprocess != preprocess => {
                bail!("{}, but {} of {}", first.reason, preprocess.name, path.display())
            }
            Some(_) => {}
            None => {
                let reason = format!("--preprocess {} of {}", preprocess.name, path.display());
                found = Some(Choice { preprocess, reason });
            }
        }
    }
    Ok(found)
}

/// `explain.json`, `explain.1-of-3.json` and so on.
fn records(folder: &Path) -> Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_record = |name: &str| {
        name.strip_suffix(".json").is_some_and(|stem| stem == "explain" || stem.starts_with("explain."))
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry.with_context(|| folder.display().to_string())?;
        if entry.file_name().to_str().is_some_and(is_record) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

struct Record {
    model: Option<String>,
    preprocess: Preprocess,
}

fn read_record(path: &Path) -> Result<Record> {
    let record: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let preprocess = recorded(&record["preprocess"])?;
    Ok(Record { model: record["model"].as_str().map(str::to_owned), preprocess })
}

/// The whole of it, as explain writes it, or a preset's name.
fn recorded(value: &Value) -> Result<Preprocess> {
    let name = value["name"].as_str().context("no preprocess name in it")?;
    if value.get("resize").is_some() {
        return serde_json::from_value(value.clone()).with_context(|| format!("preprocess `{name}`"));
    }
    Preprocess::preset(name).with_context(|| format!("unknown preprocess `{name}`"))
}
