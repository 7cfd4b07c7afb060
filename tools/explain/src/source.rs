//! What the run works on, made on a thread beside it: chunks with what is on the disk of them, then the images that are
//! still wanted, opened.

use images::Preprocess;

use crate::again;
use crate::chunk::{Chunk, Plan};
use crate::item::Input;
use crate::list::Listed;

/// An image that is still to be opened.
pub struct Closed<'a> {
    item: &'a Listed,
    /// Of the content that its packs were looked up by, or why there is none.
    hash: Result<String, String>,
}

/// An image, or why there is none.
pub type Opened = Result<Input, String>;

/// What comes next.
pub enum Event<'a, I> {
    /// A chunk begins.
    Chunk(Chunk<'a>),
    /// An image of a chunk that has begun: the chunk's number and the place in it.
    Image { chunk: usize, row: usize, image: I },
}

/// All chunks of a run and their images.
pub struct Source<'a> {
    plan: &'a Plan<'a>,
    /// Whether maps go into a stream: then no pack is looked for.
    stream: bool,
    chunks: Box<dyn Iterator<Item = usize> + Send>,
    /// The images of the last chunk that are to come, last first.
    images: Vec<Event<'a, Closed<'a>>>,
}

impl<'a> Source<'a> {
    /// Starts with the first chunk.
    pub fn new(plan: &'a Plan<'a>, stream: bool) -> Self {
        Self { plan, stream, chunks: Box::new(plan.chunks()), images: Vec::new() }
    }

    fn chunk(&mut self, number: usize) -> Event<'a, Closed<'a>> {
        let rows = self.plan.rows(number);
        let hashes = hashes(rows);
        let packs = if self.stream { Vec::new() } else { self.plan.open(number, &hashes) };
        let chunk = Chunk { number, rows, hashes, packs };
        let wanted = if self.stream { (0..rows.len()).collect() } else { chunk.wanted() };
        let image = |&row: &usize| {
            let image = Closed { item: &rows[row], hash: chunk.hashes[row].clone() };
            (self.stream || image.hash.is_ok()).then_some(Event::Image { chunk: number, row, image })
        };
        self.images = wanted.iter().rev().filter_map(image).collect();
        Event::Chunk(chunk)
    }
}

/// SHA-256 of each image's content, or why it cannot be read or is not to be explained.
pub fn hashes(rows: &[Listed]) -> Vec<Result<String, String>> {
    let hash = |item: &Listed| match &item.flaw {
        Some(flaw) => Err(flaw.clone()),
        None => match &item.kept {
            Some(kept) => again::open(kept).map(|image| image.hash),
            None => setup::hash(&item.row.image).map_err(|error| error.reason),
        },
    };
    rows.iter().map(hash).collect()
}

impl<'a> Iterator for Source<'a> {
    type Item = Event<'a, Closed<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(image) = self.images.pop() {
            return Some(image);
        }
        let number = self.chunks.next()?;
        Some(self.chunk(number))
    }
}

impl<'a> Event<'a, Closed<'a>> {
    /// Opens an image.
    pub fn open(self, preprocess: &Preprocess) -> Event<'a, Opened> {
        match self {
            Self::Chunk(chunk) => Event::Chunk(chunk),
            Self::Image { chunk, row, image } => Event::Image { chunk, row, image: image.open(preprocess) },
        }
    }
}

impl Closed<'_> {
    /// One whose content has changed since its packs were looked up is refused: they would tell a lie.
    fn open(self, preprocess: &Preprocess) -> Opened {
        let hash = self.hash?;
        let input = if let Some(kept) = &self.item.kept {
            Input::kept(again::open(kept)?, preprocess)?
        } else {
            let image = setup::open(&self.item.row.image, preprocess).map_err(|error| error.reason)?;
            Input::new(&image, preprocess)
        };
        if input.hash == hash { Ok(input) } else { Err("it changed while it was read".to_owned()) }
    }
}
