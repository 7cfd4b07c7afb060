//! The units of work. The list is cut into chunks, whatever the methods are; shards share out chunks. Within a chunk each
//! method has packs of its own, of fewer images the more a map costs, so that a kill never costs more than minutes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use attribution::Passes;
use pipe::{Asked, Identity, atomic};
use serde_json::Value;

use crate::finish::Finish;
use crate::list::{List, Listed};
use crate::pack::Pack;
use setup::Shard;

/// Chunks that any list is cut into, if it has as many images: as many shards have work, whatever their number.
const CHUNKS: usize = 64;

/// The most images in a pack.
const LARGEST: usize = 256;

/// What a pack may cost: passes over an image of 224 x 224 pixels, a few minutes of ResNet-50 on two cores.
const PASSES: u64 = 4096;

/// A method of the run.
pub struct Chosen {
    /// Its spec and the steps on its maps: the value of the column `method`.
    pub name: String,
    /// Where its packs lie.
    pub folder: PathBuf,
    /// Images in a pack.
    pub part: usize,
    /// What an image costs.
    pub passes: Passes,
    /// Channels of its maps.
    pub channels: usize,
    /// What is done to its maps.
    pub finish: Finish,
    /// Files that its maps depend on, as they stand in [`Identity::files`].
    pub files: BTreeMap<String, String>,
}

/// A chunk of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Its images.
    pub rows: Range<usize>,
    /// The only method that explains them; nothing if all do.
    pub method: Option<usize>,
}

/// Everything that says which packs a run makes.
pub struct Plan<'a> {
    /// The list.
    pub list: &'a List,
    /// Images in a chunk, at most.
    pub chunk: usize,
    /// The chunks.
    pub cuts: Vec<Cut>,
    /// This run's part.
    pub shard: Shard,
    /// The methods, in order.
    pub methods: Vec<Chosen>,
    /// What all packs have in common; `method` and `asked` are empty.
    pub common: Identity,
    /// How images are prepared, for the sidecars.
    pub preprocess: Value,
    /// Height and width of the network's usual input.
    pub size: [usize; 2],
    /// Whether packs of earlier runs count.
    pub resume: bool,
}

/// Images in a chunk, of a list and a number of shards. It does not depend on the number as long as there are not more than
/// [`CHUNKS`]: then another number finds the packs of the first one.
pub fn chunk_size(images: usize, shards: usize) -> usize {
    let chunks = CHUNKS.max(shards).min(images.max(1));
    images.div_ceil(chunks).clamp(1, LARGEST)
}

/// The chunks of a list of which each image is explained by one of the methods: never of two.
pub fn cut(methods: &[Option<usize>], chunk: usize) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    for (row, &method) in methods.iter().enumerate() {
        match cuts.last_mut().filter(|last| last.method == method && last.rows.len() < chunk) {
            Some(last) => last.rows.end += 1,
            None => cuts.push(Cut { rows: row..row + 1, method }),
        }
    }
    cuts
}

/// Images in a pack of a method that takes `passes` over an image of height and width `size`.
pub fn part_size(passes: u64, size: [usize; 2]) -> usize {
    let cost = passes.saturating_mul((size[0] * size[1]) as u64).max(1);
    ((PASSES * 224 * 224 / cost) as usize).clamp(1, LARGEST)
}

impl<'a> Plan<'a> {
    /// The numbers of this run's chunks.
    pub fn chunks(&self) -> impl Iterator<Item = usize> + use<> {
        (self.shard.k - 1..self.cuts.len()).step_by(self.shard.n)
    }

    /// The images of a chunk.
    pub fn rows(&self, number: usize) -> &'a [Listed] {
        &self.list.images[self.cuts[number].rows.clone()]
    }

    /// The images of this run.
    pub fn images(&self) -> usize {
        self.chunks().map(|number| self.rows(number).len()).sum()
    }

    /// The files that maps of this run depend on, by their SHA-256.
    pub fn files(&self) -> BTreeMap<String, String> {
        let of_methods = self.methods.iter().flat_map(|chosen| chosen.files.clone());
        self.common.files.clone().into_iter().chain(of_methods).collect()
    }

    /// The maps of this run.
    pub fn maps(&self) -> usize {
        let each = |cut: &Cut| cut.rows.len() * cut.method.map_or(self.methods.len(), |_| 1);
        self.chunks().map(|number| each(&self.cuts[number])).sum()
    }

    /// Removes what dead runs have left half written, if their packs count.
    ///
    /// # Errors
    /// If a folder cannot be read or a file cannot be removed.
    pub fn sweep(&self) -> Result<()> {
        let sweep = |folder: &Path| {
            atomic::sweep_folder(folder).with_context(|| format!("cannot clear {}", folder.display()))
        };
        self.methods.iter().filter(|_| self.resume).try_for_each(|chosen| sweep(&chosen.folder))
    }

    /// The packs of a chunk, method by method; `hashes` are of the content of its images.
    pub fn open(&self, number: usize, hashes: &[Result<String, String>]) -> Vec<Vec<Pack>> {
        let rows = self.rows(number);
        let only = self.cuts[number].method;
        let packs = |(method, chosen): (usize, &Chosen)| {
            let count = if only.is_none_or(|only| only == method) { rows.len() } else { 0 };
            let parts = (0..count).step_by(chosen.part);
            let part = |start: usize| start..rows.len().min(start + chosen.part);
            parts.map(|start| self.pack(chosen, rows, hashes, part(start))).collect()
        };
        self.methods.iter().enumerate().map(packs).collect()
    }

    fn pack(
        &self,
        chosen: &Chosen,
        rows: &[Listed],
        hashes: &[Result<String, String>],
        part: Range<usize>,
    ) -> Pack {
        let asked = part.clone().map(|row| match (&hashes[row], &rows[row].asked) {
            (Ok(hash), asked) => Asked { image: hash.clone(), class: asked.clone() },
            // What is wrong with one row is not wrong with another.
            (Err(reason), asked) => Asked { image: String::new(), class: format!("{asked}: {reason}") },
        });
        let method = chosen.name.clone();
        let mut identity = Identity { method, asked: asked.collect(), ..self.common.clone() };
        identity.files.extend(chosen.files.clone());
        Pack::open(chosen.folder.clone(), identity, &self.preprocess, part, self.resume)
    }
}

/// A chunk that is being worked on.
pub struct Chunk<'a> {
    /// Its number in the list.
    pub number: usize,
    /// Its images.
    pub rows: &'a [Listed],
    /// SHA-256 of each image's content, or why it cannot be read.
    pub hashes: Vec<Result<String, String>>,
    /// For each method its packs.
    pub packs: Vec<Vec<Pack>>,
}

impl Chunk<'_> {
    /// Whether all packs are on the disk.
    pub fn is_done(&self) -> bool {
        self.packs.iter().flatten().all(Pack::is_done)
    }

    /// The pack of a method that still wants an image.
    pub fn wanting(&mut self, method: usize, row: usize) -> Option<&mut Pack> {
        self.packs[method].iter_mut().find(|pack| pack.wants(row))
    }

    /// The images that some pack still wants.
    pub fn wanted(&self) -> Vec<usize> {
        let wanted = |row: &usize| self.packs.iter().flatten().any(|pack| pack.wants(*row));
        (0..self.rows.len()).filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_has_work_and_no_chunk_is_large() {
        for (images, shards, size) in [
            (1000, 50, 16),
            (1000, 1, 16),
            (50_000, 200, 250),
            (50_000, 1000, 50),
            (200_000, 1, 256),
            (7, 50, 1),
            (0, 1, 1),
        ] {
            assert_eq!(chunk_size(images, shards), size, "{images} images, {shards} shards");
            assert!(images.div_ceil(size) >= shards.min(images));
        }
    }

    #[test]
    fn a_chunk_has_one_method_and_no_more_images_than_allowed() {
        let cuts = cut(&[Some(0), Some(0), Some(0), Some(1), Some(0)], 2);
        let found: Vec<_> = cuts.iter().map(|cut| (cut.rows.clone(), cut.method)).collect();
        assert_eq!(found, [(0..2, Some(0)), (2..3, Some(0)), (3..4, Some(1)), (4..5, Some(0))]);
        assert_eq!(cut(&[None; 5], 2).len(), 3);
        assert!(cut(&[], 2).is_empty());
    }

    #[test]
    fn packs_shrink_with_the_cost() {
        assert_eq!(part_size(3, [224, 224]), 256);
        assert_eq!(part_size(150, [224, 224]), 27);
        assert_eq!(part_size(4000, [224, 224]), 1);
        assert_eq!(part_size(4000, [32, 32]), 50);
        assert_eq!(part_size(u64::MAX, [224, 224]), 1);
    }
}
