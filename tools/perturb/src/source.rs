//! Where the maps come from: a table of files, or arrays on standard input.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipe::npy::{self, Array, Stream};
use pipe::{Explained, Extra, Rows, Usage};
use setup::Target;

use crate::args::Args;

/// A map to test.
pub struct Task {
    /// Its row. Without a target the class is the one that the clean image gets.
    pub row: Explained,
    /// The map itself, if it came through the pipe.
    pub array: Option<Array<f64>>,
    /// What is wrong with the row, so that there is nothing to test.
    pub flaw: Option<String>,
}

impl Task {
    /// Where the map is, for a message.
    pub fn place(&self) -> String {
        match (&self.array, self.row.map_index) {
            (Some(_), _) => "standard input".into(),
            (None, Some(index)) => format!("{}, map {index}", self.row.map),
            (None, None) => self.row.map.clone(),
        }
    }
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
    let mut tasks = if args.image.is_empty() { table(&args.files)? } else { arrays(args)? };
    let (shard, model) = (args.shard, args.model.clone());
    let mut places = HashMap::new();
    let kept = move |task: &Result<Task>| {
        task.as_ref().map_or(true, |task| shard.has(place(&mut places, &task.row.image)))
    };
    let checked = move |task: Result<Task>| {
        let task = task?;
        // What a row that cannot be read calls its image is no image.
        let named = task.flaw.is_none() && !task.row.image.is_empty();
        let check = named.then(|| model.check_image(&task.row.image));
        check.unwrap_or(Ok(())).map(|()| task)
    };
    tasks.each = Box::new(tasks.each.filter(kept).map(checked));
    Ok(tasks)
}

/// The place of an image among all, by its first row: all maps of an image are in one shard, which decodes it once.
fn place(places: &mut HashMap<String, usize>, image: &str) -> usize {
    let next = places.len();
    if let Some(&place) = places.get(image) {
        return place;
    }
    places.insert(image.to_owned(), next);
    next
}

fn table(files: &[PathBuf]) -> Result<Tasks> {
    let rows = Rows::<Explained>::open(files).map_err(explained_by_arrays)?;
    let extra = rows.extra_names().to_vec();
    if extra.iter().any(|name| name.ends_with("kept_index")) {
        bail!(Usage(
            "the maps explain kept images (column kept): perturb needs those of the images themselves".into()
        ));
    }
    let task = |read: Result<(Explained, Option<pipe::Error>)>| {
        let (row, flaw) = read?;
        let nameless = row.image.is_empty() && row.reason.is_empty();
        let flaw = flaw.map(|flaw| flaw.to_string());
        let flaw = flaw.or_else(|| nameless.then(|| "the row names no image".to_owned()));
        Ok(Task { row, array: None, flaw })
    };
    Ok(Tasks { each: Box::new(rows.with_flaws().map(task)), extra, total: 0 })
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

fn arrays(args: &Args) -> Result<Tasks> {
    let mut input = pipe::input(Path::new("-"))?;
    if !npy::starts_with_npy(&mut input)? {
        bail!(Usage("--image needs .npy arrays on standard input, which holds something else".into()));
    }
    let (method, target) = (args.method.clone(), args.target);
    let task = move |(image, array): (OsString, Array<f64>)| {
        let flaw = image.to_str().is_none().then(|| "its name is not valid UTF-8: rename it".to_owned());
        let row = Explained {
            image: image.to_string_lossy().into_owned(),
            target: if let Target::Class(class) = target { Some(class) } else { None },
            model: String::new(),
            method: method.clone(),
            map: String::new(),
            map_index: None,
            reason: String::new(),
            extra: Extra::default(),
        };
        Task { row, array: Some(array), flaw }
    };
    let pairs = Pairs { images: args.image.clone(), arrays: Stream::new(input), taken: 0 };
    let total = args.image.len() as u64;
    Ok(Tasks { each: Box::new(pairs.map(move |pair| pair.map(&task))), extra: Vec::new(), total })
}

/// Images and arrays in step; one more of either is an error.
struct Pairs<B> {
    images: Vec<OsString>,
    arrays: Stream<B>,
    taken: usize,
}

impl<B: BufRead> Iterator for Pairs<B> {
    type Item = Result<(OsString, Array<f64>)>;

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
    fn pair(&mut self) -> Result<Option<(OsString, Array<f64>)>> {
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
                bail!("standard input ends after {taken} arrays: none is left for {}", image.display())
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

    fn pairs(images: usize, arrays: usize) -> Vec<Result<(OsString, Array<f64>)>> {
        let mut bytes = Vec::new();
        for i in 0..arrays {
            npy::write(&mut bytes, &[1, 1], &[i as f32]).unwrap();
        }
        let images = (0..images).map(|i| i.to_string().into()).collect();
        Pairs { images, arrays: Stream::new(std::io::Cursor::new(bytes)), taken: 0 }.collect()
    }

    #[test]
    fn arrays_and_images_go_in_step() {
        let pairs = pairs(3, 3);
        for (i, pair) in pairs.iter().enumerate() {
            let (image, array) = pair.as_ref().unwrap();
            assert_eq!((image.to_str(), array.data[0]), (Some(&*i.to_string()), i as f64));
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
