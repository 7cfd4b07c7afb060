//! What the run works on, made on a thread beside it: chunks with what is on the disk of them, then the images that are
//! still wanted, opened.

use images::{Image, Preprocess};

use crate::chunk::{Chunk, Plan};
use crate::list::Listed;

/// An image that is still to be opened.
pub struct Closed<'a> {
    name: &'a str,
    /// Of the content that its packs were looked up by.
    hash: Option<String>,
}

/// An image, or why there is none.
pub type Opened = Result<Image, String>;

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
            let name = rows[row].row.image.as_str();
            let hash = chunk.hashes[row].clone().ok();
            let image = Closed { name, hash };
            (self.stream || image.hash.is_some()).then_some(Event::Image { chunk: number, row, image })
        };
        self.images = wanted.iter().rev().filter_map(image).collect();
        Event::Chunk(chunk)
    }
}

/// SHA-256 of each image's content, or why it cannot be read.
pub fn hashes(rows: &[Listed]) -> Vec<Result<String, String>> {
    rows.iter().map(|item| setup::hash(&item.row.image).map_err(|error| error.reason)).collect()
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
        let image = setup::open(self.name, preprocess).map_err(|error| error.reason)?;
        let same = self.hash.is_none_or(|hash| hash == image.hash);
        if same { Ok(image) } else { Err("it changed while it was read".to_owned()) }
    }
}
