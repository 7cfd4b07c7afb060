//! Images that travel: what `perturb` shows to the classifier, kept for `explain --again`.
//!
//! A pack holds the network's inputs, (n, C, H, W) in f32. It is called by the hash of what it holds, so that equal images are one
//! file whoever keeps them, two runs may keep into one folder at once, and a pack that was changed is found out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::Extra;
use crate::digest::hexadecimal;
use crate::npy::{Pack, PackWriter};

/// The columns that `perturb --keep` adds: where the image is, how far it is from the clean one, relative to the clean one's
/// numbers, how far its scores are, before the softmax, and how far its features are, relative to the clean one's.
pub const KEPT_COLUMNS: [&str; 5] = ["kept", "kept_index", "relative", "logit_distance", "feature_distance"];

/// A pack of images on its way to the disk. Dropped before [`KeptPack::finish`], it leaves no file.
#[derive(Debug)]
pub struct KeptPack {
    folder: PathBuf,
    shape: [usize; 3],
    /// Nothing until the first image comes.
    writer: Option<PackWriter>,
    hash: Sha256,
}

impl KeptPack {
    /// A pack of images of so many channels, rows and columns.
    pub fn new(folder: &Path, shape: [usize; 3]) -> Self {
        Self { folder: folder.to_owned(), shape, writer: None, hash: hasher(&shape) }
    }

    /// Adds an image; its place is the number of images before it.
    ///
    /// # Errors
    ///
    /// If the disk is full or the folder cannot be made.
    pub fn push(&mut self, image: &[f32]) -> Result<usize> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(PackWriter::create(&self.folder.join("images.npy"), &self.shape)?),
        };
        add(&mut self.hash, image);
        Ok(writer.push(image)?)
    }

    /// Gives the file its name, which follows from the images; the name. Nothing if there is no image.
    ///
    /// # Errors
    ///
    /// If the disk is full.
    pub fn finish(self) -> Result<Option<PathBuf>> {
        let Some(mut writer) = self.writer else { return Ok(None) };
        let name = format!("{}.npy", &hexadecimal(&self.hash.finalize())[..16]);
        writer.rename(&name);
        writer.finish()?;
        Ok(Some(self.folder.join(name)))
    }
}

fn hasher(shape: &[usize]) -> Sha256 {
    let mut hash = Sha256::new();
    for length in shape {
        hash.update((*length as u64).to_le_bytes());
    }
    hash
}

fn add(hash: &mut Sha256, image: &[f32]) {
    for value in image {
        hash.update(value.to_le_bytes());
    }
}

/// Where an image was kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kept {
    /// The pack.
    pub pack: PathBuf,
    /// The place in it.
    pub index: usize,
}

impl Kept {
    /// What a row of `perturb --keep` says; nothing about the clean image, which is not kept.
    ///
    /// # Errors
    ///
    /// If the place is no number.
    pub fn of(extra: &Extra) -> Result<Option<Self>> {
        let [pack, index] =
            [KEPT_COLUMNS[0], KEPT_COLUMNS[1]].map(|name| extra.get(name).unwrap_or_default());
        if pack.is_empty() {
            return Ok(None);
        }
        let index =
            index.parse().with_context(|| format!("column kept_index: \"{index}\" is no place in a pack"))?;
        Ok(Some(Self { pack: pack.into(), index }))
    }

    /// What the image is called in messages: `kept/HASH.npy#3`.
    pub fn name(&self) -> String {
        format!("{}#{}", self.pack.display(), self.index)
    }
}

/// An image that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptImage {
    /// Channels, rows and columns.
    pub shape: [usize; 3],
    /// The network's input.
    pub values: Vec<f32>,
    /// SHA-256 of the shape and the values.
    pub hash: String,
}

/// Reads kept images; the last pack stays open.
#[derive(Debug, Default)]
pub struct KeptReader {
    last: Option<(PathBuf, Pack)>,
}

impl KeptReader {
    /// Reads an image. A pack is read whole once, to see whether it still holds what it is called by.
    ///
    /// # Errors
    ///
    /// If the pack is damaged, was changed, or has no such image.
    pub fn read(&mut self, kept: &Kept) -> Result<KeptImage> {
        let open = self.last.take().filter(|(path, _)| *path == kept.pack);
        let pack = open.map_or_else(|| checked(&kept.pack), |(_, pack)| Ok(pack))?;
        let (_, pack) = self.last.insert((kept.pack.clone(), pack));
        part(pack, kept.index).with_context(|| kept.pack.display().to_string())
    }
}

fn part(pack: &Pack, index: usize) -> Result<KeptImage> {
    let &[_, channels, height, width] = pack.shape() else {
        bail!("a pack of images has four axes, this one {}", pack.shape().len());
    };
    let (shape, array) = ([channels, height, width], pack.part(index)?);
    let values: Vec<f32> = array.data.into_iter().map(|value| value as f32).collect();
    let mut hash = hasher(&shape);
    add(&mut hash, &values);
    Ok(KeptImage { shape, values, hash: hexadecimal(&hash.finalize()) })
}

fn checked(path: &Path) -> Result<Pack> {
    let pack = Pack::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hash = hasher(pack.shape().get(1..).unwrap_or_default());
    for index in 0..pack.shape().first().copied().unwrap_or_default() {
        let image = part(&pack, index).with_context(|| path.display().to_string())?;
        add(&mut hash, &image.values);
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if !hexadecimal(&hash.finalize()).starts_with(&*name) {
        bail!(
            "{}: its images are not those that it is called by: the file was changed or renamed",
            path.display()
        );
    }
    Ok(pack)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(folder: &Path, images: &[[f32; 4]]) -> PathBuf {
        let mut pack = KeptPack::new(folder, [1, 2, 2]);
        for image in images {
            pack.push(image).unwrap();
        }
        pack.finish().unwrap().unwrap()
    }

    #[test]
    fn a_pack_is_called_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let images = [[0.0, 1.0, -2.0, 3.5], [4.0, 5.0, 6.0, 7.0]];
        let path = pack(folder.path(), &images);
        assert_eq!(path, pack(folder.path(), &images));
        assert_ne!(path, pack(folder.path(), &images[..1]));
        let mut reader = KeptReader::default();
        let read = |reader: &mut KeptReader, index| reader.read(&Kept { pack: path.clone(), index });
        let image = read(&mut reader, 1).unwrap();
        assert_eq!((image.shape, &image.values[..]), ([1, 2, 2], &images[1][..]));
        assert_ne!(image.hash, read(&mut reader, 0).unwrap().hash);
        assert!(format!("{:#}", read(&mut reader, 2).unwrap_err()).contains('2'));
        assert_eq!(KeptPack::new(folder.path(), [1, 2, 2]).finish().unwrap(), None);
        // Nothing half written is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_pack_that_was_changed_or_cut_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = pack(folder.path(), &[[0.0, 1.0, 2.0, 3.0]]);
        let bytes = std::fs::read(&path).unwrap();
        let error = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            format!("{:#}", KeptReader::default().read(&Kept { pack: path.clone(), index: 0 }).unwrap_err())
        };
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(error(&changed).ends_with("the file was changed or renamed"));
        assert!(error(&bytes[..bytes.len() - 3]).contains("truncated"));
    }

    #[test]
    fn a_row_says_where_its_image_is() {
        let mut extra = Extra::default();
        assert_eq!(Kept::of(&extra).unwrap(), None);
        extra.set("kept", "a.npy".to_owned());
        let error = Kept::of(&extra).unwrap_err().to_string();
        assert_eq!(error, "column kept_index: \"\" is no place in a pack");
        extra.set("kept_index", "7".to_owned());
        assert_eq!(Kept::of(&extra).unwrap().unwrap().name(), "a.npy#7");
    }
}
