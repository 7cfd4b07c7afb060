//! The maps of one method for some images that follow one another: a pack for each size of maps, and their sidecar, which
//! marks them as done.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result};
use pipe::npy::PackWriter;
use pipe::{Identity, Item, Sidecar, Trial};
use serde_json::Value;

use crate::item::Map;

/// Packs and sidecar, on the disk or on their way there.
pub struct Pack {
    /// The images, as places in the chunk.
    rows: Range<usize>,
    folder: PathBuf,
    hash: String,
    sidecar: Sidecar,
    /// What came of each image so far.
    items: Vec<Option<Item>>,
    /// What was tried for the image that is settled next.
    trials: Vec<Trial>,
    files: Vec<(Vec<usize>, PackWriter)>,
    /// Whether an earlier run has done all of it.
    pub earlier: bool,
}

impl Pack {
    /// A pack that is to be made; with `resume` the one that is there already, if it is there and whole.
    pub fn open(
        folder: PathBuf,
        identity: Identity,
        preprocess: &Value,
        rows: Range<usize>,
        resume: bool,
    ) -> Self {
        let hash = identity.hash();
        let items = vec![None; rows.len()];
        let sidecar =
            Sidecar { identity, preprocess: preprocess.clone(), packs: Vec::new(), items: Vec::new() };
        let (trials, files) = (Vec::new(), Vec::new());
        let mut pack = Self { rows, folder, hash, sidecar, items, trials, files, earlier: false };
        if resume {
            pack.take_earlier();
        }
        pack
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.hash))
    }

    /// The file of the maps of the `n`-th size.
    fn file(&self, n: usize) -> PathBuf {
        let number = if n == 0 { String::new() } else { format!(".{}", n + 1) };
        self.folder.join(format!("{}{number}.npy", self.hash))
    }

    /// A damaged sidecar or pack is made again.
    fn take_earlier(&mut self) {
        let found = Sidecar::read(&self.path()).ok().flatten();
        let same = |found: &Sidecar| found.identity == self.sidecar.identity && found.is_whole(&self.folder);
        if let Some(found) = found.filter(same) {
            self.items = found.items.iter().cloned().map(Some).collect();
            self.sidecar = found;
            self.earlier = true;
        }
    }

    /// Whether everything is on the disk.
    pub fn is_done(&self) -> bool {
        self.items.iter().all(Option::is_some)
    }

    /// Whether an image of the chunk is still to be explained.
    pub fn wants(&self, row: usize) -> bool {
        self.rows.contains(&row) && self.items[row - self.rows.start].is_none()
    }

    /// Notes what was tried for the image that comes next.
    pub fn tried(&mut self, trials: Vec<Trial>) {
        self.trials = trials;
    }

    /// Adds the map of an image.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn push(&mut self, row: usize, map: Map<'_>, target: usize, geometry: Value) -> Result<()> {
        let file = match self.files.iter().position(|(shape, _)| shape == map.shape) {
            Some(file) => file,
            None => self.start(map.shape)?,
        };
        let index = self.files[file].1.push(map.values)?;
        let (map, geometry) = (Some((file, index)), Some(geometry));
        let item = Item { target: Some(target), map, geometry, ..Item::default() };
        self.settle(row, item)
    }

    fn start(&mut self, shape: &[usize]) -> Result<usize> {
        let path = self.file(self.files.len());
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create the folder {}", self.folder.display()))?;
        self.files.push((shape.to_vec(), PackWriter::create(&path, shape)?));
        Ok(self.files.len() - 1)
    }

    /// Notes that an image has no map.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn fail(&mut self, row: usize, target: Option<usize>, stage: &str, reason: String) -> Result<()> {
        self.settle(row, Item { target, failure: Some((stage.into(), reason)), ..Item::default() })
    }

    /// After the last image everything gets its name, the sidecar last: it is what says that the packs are whole.
    fn settle(&mut self, row: usize, item: Item) -> Result<()> {
        let trials = std::mem::take(&mut self.trials);
        self.items[row - self.rows.start] = Some(Item { trials, ..item });
        if !self.is_done() {
            return Ok(());
        }
        for (n, (_, writer)) in std::mem::take(&mut self.files).into_iter().enumerate() {
            writer.finish()?;
            let path = self.file(n);
            self.sidecar.add_pack(&path)?;
        }
        self.sidecar.items = self.items.iter().flatten().cloned().collect();
        self.sidecar.write(&self.path())
    }

    /// What came of an image, and the path of its map.
    ///
    /// # Panics
    /// If the pack is not done.
    pub fn result(&self, row: usize) -> Option<(&Item, Option<PathBuf>)> {
        let item = self.rows.contains(&row).then(|| self.items[row - self.rows.start].as_ref())?;
        let item = item.expect("results are asked for when the pack is done");
        Some((item, item.map.map(|(file, _)| self.file(file))))
    }
}
