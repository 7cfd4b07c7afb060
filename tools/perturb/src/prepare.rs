//! The host's work on each map, done on a thread beside the computation: decode, paint, read, check, sort.

use std::sync::Arc;

use anyhow::{Context, Error, bail};
use maps::Map;
use models::Preprocess;
use perturbation::{HostImage, Plan, Test};
use pipe::CheckedMaps;

use crate::source::Task;

/// A task that is ready for the device, or the stage at which it failed and why.
pub struct Prepared {
    pub task: Task,
    pub outcome: Result<(Arc<HostImage>, Plan), (&'static str, Error)>,
}

/// What is kept from one task to the next.
pub struct Preparer {
    preprocess: Preprocess,
    tests: Vec<Test>,
    seed: u64,
    maps: CheckedMaps,
    last: Option<(String, String, Arc<HostImage>)>,
}

impl Preparer {
    pub fn new(preprocess: Preprocess, tests: Vec<Test>, seed: u64) -> Self {
        Self { preprocess, tests, seed, maps: CheckedMaps::default(), last: None }
    }

    pub fn prepare(&mut self, mut task: Task) -> Prepared {
        let outcome = match self.host(&task.row.image) {
            Ok((hash, host)) => {
                let plan = self.plan(&mut task, &hash, host.size()).map_err(|error| ("map", error));
                plan.map(|plan| (host, plan))
            }
            Err(error) => Err(("open", error)),
        };
        Prepared { task, outcome }
    }

    /// The image, with the SHA-256 of its content, and its fills; maps of one image mostly follow one another.
    fn host(&mut self, image: &str) -> Result<(String, Arc<HostImage>), Error> {
        if let Some((_, hash, host)) = self.last.as_ref().filter(|(name, ..)| name == image) {
            return Ok((hash.clone(), Arc::clone(host)));
        }
        // The failure's line names the image already.
        let hash = setup::hash(image).map_err(|error| Error::msg(error.reason))?;
        let opened = setup::open(image, &self.preprocess).map_err(|error| Error::msg(error.reason))?;
        let host = Arc::new(HostImage::new(&hash, &opened, &self.preprocess, &self.tests, self.seed)?);
        self.last = Some((image.to_owned(), hash.clone(), Arc::clone(&host)));
        Ok((hash, host))
    }

    /// Reads the map and sorts it. A map is never resized in silence, nor taken for that of another image, class or method.
    fn plan(&mut self, task: &mut Task, image: &str, [height, width]: [usize; 2]) -> Result<Plan, Error> {
        let name = task.place();
        let array = match task.array.take() {
            Some(array) => array,
            None => self.maps.read(&task.row, Some(image))?,
        };
        let map = Map::new(&array.shape, array.data, 3).with_context(|| name.clone())?;
        let [rows, columns] = map.size();
        if [rows, columns] != [height, width] {
            bail!("{name}: the map is {rows} x {columns}, the network's input {height} x {width}");
        }
        Ok(Plan::new(&map, &self.tests))
    }
}
