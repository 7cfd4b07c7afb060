//! From a list of images to images in memory.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use images::Image;
use learning::DataSet;
use models::Preprocess;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::source::Listing;

/// The most bytes that the images may take.
const LARGEST: usize = 4 << 30;

/// Opens `rows` of a source, in parallel. All must have one size after they are prepared.
///
/// # Errors
/// If an image cannot be read or has another size, by name; or if all together are too large.
pub fn load(source: &Path, listing: &Listing, rows: &[usize], preprocess: &Preprocess) -> Result<DataSet> {
    let (Some(&first), classes) = (rows.first(), listing.classes.len()) else {
        bail!("{}: there is no image", source.display());
    };
    let size = sizes(&listing.open(first, preprocess)?);
    let bytes = size.iter().product::<usize>();
    ensure!(
        rows.len().saturating_mul(bytes) <= LARGEST,
        "{}: {} images of {bytes} bytes do not fit into 4 GiB: --count N takes fewer",
        source.display(),
        rows.len()
    );
    let open = |&row: &usize| -> Result<Vec<u8>> {
        let image = listing.open(row, preprocess)?;
        let own = sizes(&image);
        ensure!(
            own == size,
            "{}: image {} is {} x {} when it is prepared ({}), and the first one {} x {}",
            source.display(),
            row + 1,
            own[1],
            own[2],
            preprocess.name,
            size[1],
            size[2]
        );
        // Pixels were bytes before they became shares of 255.
        Ok(image.pixels.iter().map(|pixel| (pixel * 255.0).round() as u8).collect())
    };
    let opened: Vec<Result<Vec<u8>>> = rows.par_iter().map(open).collect();
    // Of several that cannot be read the first one is told, whichever thread met it.
    let images = opened.into_iter().collect::<Result<_>>()?;
    let labels = rows.iter().map(|&row| listing.labels[row]).collect();
    Ok(DataSet { images, size, labels, classes, preprocess: preprocess.clone() })
}

fn sizes(image: &Image) -> [usize; 3] {
    [image.pixels.len() / (image.height * image.width), image.height, image.width]
}

/// All rows of a list, or as many as are wanted, drawn by the seed; in their order.
///
/// # Errors
/// If there are not as many.
pub fn draw(source: &Path, listing: &Listing, count: Option<usize>, seed: u64) -> Result<Vec<usize>> {
    let all = listing.labels.len();
    let mut rows: Vec<usize> = (0..all).collect();
    if let Some(count) = count {
        ensure!(count <= all, "{}: --count {count}, and there are {all} images", source.display());
        rows.shuffle(&mut stats::random::generator(seed, &["count"], 0));
        rows.truncate(count);
        rows.sort_unstable();
    }
    Ok(rows)
}

/// [`draw`] for a classifier.
///
/// # Errors
/// If there are not as many, or a class is left without an image.
pub fn choose(source: &Path, listing: &Listing, count: Option<usize>, seed: u64) -> Result<Vec<usize>> {
    let rows = draw(source, listing, count, seed)?;
    ensure!(
        listing.classes.len() > 1,
        "{}: all images are of one class, {}: a classifier needs two",
        source.display(),
        listing.classes.first().map_or("", String::as_str)
    );
    let mut seen = vec![false; listing.classes.len()];
    for &row in &rows {
        seen[listing.labels[row]] = true;
    }
    if let Some(class) = seen.iter().position(|seen| !seen) {
        bail!("{}: class {} has no image to train on", source.display(), listing.classes[class]);
    }
    Ok(rows)
}

/// SHA-256 over the size, then the bytes and the label of each image.
pub fn digest(data: &DataSet) -> String {
    let images: Vec<String> = data.images.par_iter().map(|image| pipe::sha256(image)).collect();
    let lines = images.iter().zip(&data.labels).map(|(hash, label)| format!("{hash} {label}\n"));
    pipe::sha256(format!("{:?}\n{}", data.size, lines.collect::<String>()).as_bytes())
}
