//! Images that methods draw baselines from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use models::{Classifier, Image, Tensor};

use crate::Folder;

/// Baseline images, all of one size and all in memory.
pub struct Baselines {
    /// `(k, 3, h, w)`, as the network takes them.
    pub images: Tensor<4>,
    /// Of their values.
    pub sha256: String,
}

impl Baselines {
    /// Opens the images that a command line names, if it names any: files, folders, `testbed`.
    ///
    /// # Errors
    /// If one cannot be read, or has another size than the others, as the network sees them.
    pub fn open(given: &[String], classifier: &Classifier) -> Result<Option<Self>> {
        if given.is_empty() {
            return Ok(None);
        }
        let mut images: Vec<Image> = Vec::new();
        let mut bytes = Vec::new();
        for name in names(given)? {
            let image = crate::open(&name, &classifier.preprocess)
                .map_err(|error| anyhow!("baseline {}: {}", error.path, error.reason))?;
            if let Some(first) = images.first() {
                let (here, there) = (size(&image), size(first));
                if here != there {
                    bail!(
                        "baseline {name} is {here} as the network sees it, but those before it are {there}"
                    );
                }
            }
            bytes.extend(
                pipe::sha256(&image.pixels.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
                    .bytes(),
            );
            images.push(image);
        }
        let input = classifier.input(&images.iter().collect::<Vec<_>>());
        Ok(Some(Self { images: input, sha256: pipe::sha256(&bytes) }))
    }

    /// Why an image cannot have these baselines.
    pub fn misfit(&self, [height, width]: [usize; 2]) -> Option<String> {
        let [_, _, h, w] = self.images.dims();
        let (here, there) = (format!("{height} x {width}"), format!("{h} x {w}"));
        (here != there).then(|| format!("it is {here} as the network sees it, but the baselines are {there}"))
    }
}

fn size(image: &Image) -> String {
    format!("{} x {}", image.height, image.width)
}

/// The images, in the order of the command line; those of a folder by name.
fn names(given: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for name in given {
        if name == "testbed" {
            all.extend(testbed::names());
        } else if Path::new(name).is_dir() {
            all.extend(folder(name).with_context(|| format!("--baselines {name}"))?);
        } else {
            all.push(name.clone());
        }
    }
    Ok(all)
}

/// The images in a folder.
fn folder(path: &str) -> Result<Vec<String>> {
    let images = Folder::read(Path::new(path))?.images;
    if images.is_empty() {
        bail!("the folder holds no images");
    }
    let name = |path: &PathBuf| path.to_str().map(str::to_owned).context("a name is not UTF-8");
    images.iter().map(name).collect()
}
