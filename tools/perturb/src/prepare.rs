//! The host's work on each map, done on a thread beside the computation: decode, paint, read, sort.

use std::sync::Arc;

use anyhow::{Context, Error, bail};
use maps::Map;
use models::Preprocess;
use perturbation::{HostImage, Plan, Test};
use pipe::npy::MapReader;

use crate::source::{Source, Task};

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
    maps: MapReader,
    last: Option<Arc<HostImage>>,
}

impl Preparer {
    pub fn new(preprocess: Preprocess, tests: Vec<Test>, seed: u64) -> Self {
        Self { preprocess, tests, seed, maps: MapReader::new(), last: None }
    }

    pub fn prepare(&mut self, mut task: Task) -> Prepared {
        let outcome = match self.host(&task.image) {
            Ok(host) => {
                let plan = self.plan(&mut task, host.size()).map_err(|error| ("map", error));
                plan.map(|plan| (host, plan))
            }
            Err(error) => Err(("open", error)),
        };
        Prepared { task, outcome }
    }

    /// The image and its fills; maps of one image mostly follow one another.
    fn host(&mut self, image: &str) -> Result<Arc<HostImage>, Error> {
        if let Some(last) = self.last.as_ref().filter(|last| last.name() == image) {
            return Ok(Arc::clone(last));
        }
        // The failure's line names the image already.
        let opened = setup::open(image, &self.preprocess).map_err(|error| Error::msg(error.reason))?;
        let host = HostImage::new(image, &opened, &self.preprocess, &self.tests, self.seed)?;
        Ok(Arc::clone(self.last.insert(Arc::new(host))))
    }

    /// Reads the map and sorts it. A map is never resized in silence.
    fn plan(&mut self, task: &mut Task, [height, width]: [usize; 2]) -> Result<Plan, Error> {
        let (name, array) = match &mut task.map {
            Source::Array(array) => ("standard input".into(), std::mem::take(array)),
            Source::File(path, index) => (place(path, *index), self.maps.read(path, *index)?),
        };
        let map = Map::new(&array.shape, array.data, 3).with_context(|| name.clone())?;
        let [rows, columns] = map.size();
        if [rows, columns] != [height, width] {
            bail!("{name}: the map is {rows} x {columns}, the network's input {height} x {width}");
        }
        Ok(Plan::new(&map, &self.tests))
    }
}

fn place(path: &std::path::Path, index: Option<usize>) -> String {
    match index {
        Some(index) => format!("{}, map {index}", path.display()),
        None => path.display().to_string(),
    }
}
