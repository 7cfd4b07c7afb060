//! Where the maps come from: a table of files, or arrays on standard input.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipe::npy::{self, Array, Stream};
use pipe::{Explained, Extra, Rows, Usage};
use setup::Target;

use crate::args::Args;

/// A map to test.
pub struct Task {
    /// Path of the image.
    pub image: String,
    /// The class; nothing is the class that the clean image gets.
    pub target: Option<usize>,
    /// The classifier that was explained; empty if that is not known.
    pub model: String,
    /// The explanation method.
    pub method: String,
    /// The map itself, or where it lies.
    pub map: Source,
    /// The columns that travel with it.
    pub extra: Extra,
}

/// A map in memory or in a file.
pub enum Source {
    /// Here.
    Array(Array),
    /// In a file, or in a row of it.
    File(PathBuf, Option<usize>),
}

/// All tasks of a run; an error ends them.
pub struct Tasks {
    /// In order.
    pub each: Box<dyn Iterator<Item = Result<Task>> + Send>,
    /// Names of the columns that travel with them.
    pub extra: Vec<String>,
    /// How many there are; 0 if that is not known.
    pub total: u64,
}

/// Opens what the command line names.
pub fn open(args: &Args) -> Result<Tasks> {
    if args.image.is_empty() { table(&args.files) } else { arrays(args) }
}

fn table(files: &[PathBuf]) -> Result<Tasks> {
    let rows = Rows::<Explained>::open(files).map_err(explained_by_arrays)?;
    let extra = rows.extra_names().to_vec();
    Ok(Tasks { each: Box::new(rows.map(|row| row.map(Task::from))), extra, total: 0 })
}

/// A header that is no text is most likely the start of an array.
fn explained_by_arrays(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(pipe::Error::Utf8 { file, line: 1 }) => {
            Usage(format!("{file} is no table; .npy arrays on standard input need --image IMAGE...")).into()
        }
        _ => error,
    }
}

impl From<Explained> for Task {
    fn from(row: Explained) -> Self {
        let Explained { image, target, model, method, map, map_index, extra, .. } = row;
        let map = Source::File(map.into(), map_index);
        Self { image, target, model, method, map, extra }
    }
}

fn arrays(args: &Args) -> Result<Tasks> {
    let mut input = pipe::input(Path::new("-"))?;
    if !npy::starts_with_npy(&mut input)? {
        bail!(Usage("--image needs .npy arrays on standard input, which holds something else".into()));
    }
    let (method, target) = (args.method.clone(), args.target);
    let task = move |(image, array)| Task {
        image,
        target: if let Target::Class(class) = target { Some(class) } else { None },
        model: String::new(),
        method: method.clone(),
        map: Source::Array(array),
        extra: Extra::default(),
    };
    let pairs = Pairs { images: args.image.clone(), arrays: Stream::new(input), taken: 0 };
    let total = args.image.len() as u64;
    Ok(Tasks { each: Box::new(pairs.map(move |pair| pair.map(&task))), extra: Vec::new(), total })
}

/// Images and arrays in step; one more of either is an error.
struct Pairs<B> {
    images: Vec<String>,
    arrays: Stream<B>,
    taken: usize,
}

impl<B: BufRead> Iterator for Pairs<B> {
    type Item = Result<(String, Array)>;

    fn next(&mut self) -> Option<Self::Item> {
        let pair = self.pair();
        self.taken += 1;
        if !matches!(pair, Ok(Some(_))) {
            self.images.truncate(0);
        }
        pair.transpose()
    }
}

impl<B: BufRead> Pairs<B> {
    fn pair(&mut self) -> Result<Option<(String, Array)>> {
        let Self { images, taken, .. } = self;
        if images.is_empty() {
            return Ok(None);
        }
        let array = self.arrays.next().transpose();
        let array = array.with_context(|| format!("standard input, array {}", *taken + 1))?;
        match (images.get(*taken), array) {
            (Some(image), Some(array)) => Ok(Some((image.clone(), array))),
            (None, None) => Ok(None),
            (Some(image), None) => {
                bail!("standard input ends after {taken} arrays: none is left for {image}")
            }
            (None, Some(_)) => {
                bail!("standard input holds more arrays than the {} images of --image", images.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(images: usize, arrays: usize) -> Vec<Result<(String, Array)>> {
        let mut bytes = Vec::new();
        for i in 0..arrays {
            npy::write(&mut bytes, &[1, 1], &[i as f32]).unwrap();
        }
        let images = (0..images).map(|i| i.to_string()).collect();
        Pairs { images, arrays: Stream::new(std::io::Cursor::new(bytes)), taken: 0 }.collect()
    }

    #[test]
    fn arrays_and_images_go_in_step() {
        let pairs = pairs(3, 3);
        for (i, pair) in pairs.iter().enumerate() {
            let (image, array) = pair.as_ref().unwrap();
            assert_eq!((image.as_str(), array.data[0]), (i.to_string().as_str(), i as f32));
        }
        assert_eq!(pairs.len(), 3);
    }

    #[test]
    fn too_many_and_too_few_are_errors() {
        let last = |images, arrays| {
            let mut pairs = pairs(images, arrays);
            (pairs.len(), pairs.pop().unwrap().unwrap_err().to_string())
        };
        let ends = "standard input ends after 1 arrays: none is left for 1";
        assert_eq!(last(2, 1), (2, ends.to_owned()));
        let more = "standard input holds more arrays than the 1 images of --image";
        assert_eq!(last(1, 2), (2, more.to_owned()));
    }
}
