//! The host's work on each map, done on a thread beside the computation: decode, paint, read, check, sort.

use std::sync::Arc;

use anyhow::{Context, Error, bail};
use images::{Image, ImageError, Preprocess};
use maps::Map;
use perturbation::{Generators, HostImage, ParsedTest, Plan};
use pipe::CheckedMaps;
use setup::Cache;

use crate::generators::{self, Seconds};
use crate::source::Task;

/// Bytes of decoded images that are kept: 55 of 224 x 224 pixels, a chunk of `explain` up to 3,500 images, whose methods
/// come one after another. Larger chunks are decoded again for each method, beside the computation.
const KEPT: usize = 32 << 20;

/// A task that is ready for the device, or the stage at which it failed and why.
pub struct Prepared {
    pub task: Task,
    pub outcome: Result<(Arc<HostImage>, Plan), (&'static str, Error)>,
}

/// An image's path, and the words of the class that is explained, if a test needs them.
type LastKey = (String, Option<Arc<str>>);

type Open = Box<dyn Fn(&str) -> Result<Image, ImageError> + Send>;

/// What is kept from one task to the next.
pub struct Preparer {
    open: Open,
    preprocess: Arc<Preprocess>,
    tests: Vec<ParsedTest>,
    seed: u64,
    generators: Arc<Generators>,
    seconds: Arc<Seconds>,
    /// Whether some test paints the class that is explained.
    tells_own_class: bool,
    maps: CheckedMaps,
    /// Decoded, resized and cropped, by path. Fills are painted anew, which is quicker than decoding, and not kept.
    images: Cache<String, Arc<Image>>,
    /// The last image with its fills, by its path and the words of its class: in a table image by image, maps of one image follow
    /// one another.
    last: Option<(LastKey, Arc<HostImage>)>,
}

impl Preparer {
    pub fn new(preprocess: Preprocess, tests: Vec<ParsedTest>, seed: u64) -> Self {
        let opened = preprocess.clone();
        Self::opening(Box::new(move |name| setup::open(name, &opened)), preprocess, tests, seed)
    }

    fn opening(open: Open, preprocess: Preprocess, tests: Vec<ParsedTest>, seed: u64) -> Self {
        let (maps, images) = (CheckedMaps::default(), Cache::new(KEPT));
        let (generators, seconds) = Default::default();
        let tells_own_class = tests.iter().any(generators::tells_own_class);
        Self {
            open,
            preprocess: Arc::new(preprocess),
            tests,
            seed,
            generators,
            seconds,
            tells_own_class,
            maps,
            images,
            last: None,
        }
    }

    /// Who paints, and what is to be seen.
    pub fn painted_by(self, generators: &Arc<Generators>, seconds: &Arc<Seconds>) -> Self {
        Self { generators: Arc::clone(generators), seconds: Arc::clone(seconds), ..self }
    }

    pub fn prepare(&mut self, mut task: Task) -> Prepared {
        let outcome = self.outcome(&mut task);
        Prepared { task, outcome }
    }

    fn outcome(&mut self, task: &mut Task) -> Result<(Arc<HostImage>, Plan), (&'static str, Error)> {
        if let Some(flaw) = &task.flaw {
            return Err(("table", Error::msg(flaw.clone())));
        }
        let class = if self.tells_own_class { generators::words(&task.row) } else { None };
        let host = self.host((task.row.image.clone(), class)).map_err(|error| ("open", error))?;
        let plan = self.plan(task, &host).map_err(|error| ("map", error))?;
        Ok((host, plan))
    }

    /// The image and its fills.
    fn host(&mut self, key: LastKey) -> Result<Arc<HostImage>, Error> {
        if let Some((_, host)) = self.last.as_ref().filter(|(last, _)| *last == key) {
            return Ok(Arc::clone(host));
        }
        let (path, class) = &key;
        let image = self.images.get(path, || {
            let image = (self.open)(path)?;
            let bytes = image.pixels.len() * size_of::<f32>();
            Ok((Arc::new(image), bytes))
        });
        // The failure's line names the image already.
        let image = image.map_err(|error: ImageError| Error::msg(error.reason))?;
        let host = HostImage::new(&image, &self.preprocess, &self.tests, self.seed)?;
        let words = self.seconds.of(path).map(|(_, words)| Arc::clone(words));
        let host = host.painted_by(&self.generators, words).of_class(class.clone());
        let host = Arc::new(host);
        self.last = Some((key, Arc::clone(&host)));
        Ok(host)
    }

    /// Reads the map and sorts it. A map is never resized in silence, nor taken for that of another image, class or method.
    fn plan(&mut self, task: &mut Task, host: &HostImage) -> Result<Plan, Error> {
        let name = task.place();
        let array = match task.array.take() {
            Some(array) => array,
            None if task.row.map.is_empty() => bail!("there is no map, and no reason why"),
            None => self.maps.read(&task.row, Some(host.hash()))?,
        };
        let channels = self.preprocess.channels.count();
        let map = Map::new(&array.shape, array.data, channels).with_context(|| name.clone())?;
        let ([rows, columns], [height, width]) = (map.size(), host.size());
        if map.size() != host.size() {
            bail!("{name}: the map is {rows} x {columns}, the network's input {height} x {width}");
        }
        Ok(Plan::new(&map, host, &self.tests))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use perturbation::TESTS;
    use pipe::npy::Array;
    use pipe::{Explained, Extra};

    use super::*;

    fn task(image: &str) -> Task {
        let row = Explained {
            image: image.into(),
            target: None,
            model: String::new(),
            method: String::new(),
            map: String::new(),
            map_index: None,
            reason: String::new(),
            extra: Extra::default(),
        };
        let array = Array { shape: vec![8, 8], data: (0..64_u8).map(f64::from).collect() };
        Task { row, array: Some(array), flaw: None }
    }

    #[test]
    fn an_image_is_decoded_once_whatever_the_order_of_the_rows() {
        let opened = Arc::new(Mutex::new(Vec::new()));
        let (log, preprocess) = (Arc::clone(&opened), Preprocess::preset("none").unwrap());
        let open = move |name: &str| {
            log.lock().unwrap().push(name.to_owned());
            Image::prepare(name, &image::RgbImage::new(8, 8), &Preprocess::preset("none").unwrap())
        };
        let tests = vec![ParsedTest::parse("pos", &[TESTS]).unwrap()];
        let mut preparer = Preparer::opening(Box::new(open), preprocess, tests, 0);
        // Method by method over the same images, as explain writes rows.
        for _ in 0..3 {
            for image in ["a", "b", "c"] {
                assert!(preparer.prepare(task(image)).outcome.is_ok());
            }
        }
        assert_eq!(*opened.lock().unwrap(), ["a", "b", "c"]);
    }
}
