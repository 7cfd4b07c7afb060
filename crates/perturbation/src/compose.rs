//! From planned inputs to a batch on the device.

use std::rc::Rc;
use std::sync::Arc;

use models::{Device, Tensor, TensorData};

use crate::host_image::HostImage;
use crate::plan::{Input, Plan};
use images::Fill;
use maps::Ranking;

/// An image and its fills on the device, `(1, 3, h, w)` each: once for all maps of the image.
#[derive(Debug)]
pub(crate) struct DeviceImage {
    host: Arc<HostImage>,
    clean: Tensor<4>,
    fills: Vec<(Fill, Tensor<4>)>,
}

/// What a map needs on the device, `(1, 1, h, w)` each: once for all its inputs.
#[derive(Debug)]
pub(crate) struct DeviceMap {
    ranks: Vec<(Ranking, Tensor<4>)>,
    mask: Option<Tensor<4>>,
}

/// One input of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) device_image: Rc<DeviceImage>,
    pub(crate) planes: Rc<DeviceMap>,
    pub(crate) input: Input,
}

fn upload(values: &[f32], channels: usize, [height, width]: [usize; 2], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, channels, height, width]), device)
}

impl DeviceImage {
    pub(crate) fn new(host: Arc<HostImage>, device: &Device) -> Self {
        let planes = |values: &[f32]| upload(values, 3, host.size, device);
        let clean = planes(&host.pixels);
        let fills = host.fills.iter().map(|(fill, values)| (*fill, planes(values))).collect();
        Self { host, clean, fills }
    }

    /// The image on the host.
    pub(crate) fn host(&self) -> &Arc<HostImage> {
        &self.host
    }

    /// The clean image.
    pub(crate) fn clean(&self) -> Tensor<4> {
        self.clean.clone()
    }

    fn fill(&self, fill: Fill) -> Tensor<4> {
        let found = self.fills.iter().find(|(other, _)| *other == fill);
        found.expect("a job's fills were checked").1.clone()
    }
}

impl DeviceMap {
    pub(crate) fn new(plan: &Plan, device: &Device) -> Self {
        let plane = |values: &[f32]| upload(values, 1, plan.size, device);
        let ranks = plan.ranks.iter().map(|(ranking, values)| (*ranking, plane(values))).collect();
        Self { ranks, mask: plan.mask.as_deref().map(plane) }
    }

    fn ranks(&self, ranking: Ranking) -> Tensor<4> {
        let found = self.ranks.iter().find(|(other, _)| *other == ranking);
        found.expect("a plan holds the ranks of its inputs").1.clone()
    }

    fn mask(&self) -> Tensor<4> {
        self.mask.clone().expect("a plan holds the mask of its inputs")
    }
}

impl Item {
    /// Whether both differ in nothing but how many pixels are meant.
    fn alike(&self, other: &Self) -> bool {
        let (Input::Mixed { count, .. }, Input::Mixed { ranking, fill, reveal, .. }) =
            (self.input, other.input)
        else {
            return false;
        };
        Rc::ptr_eq(&self.planes, &other.planes) && self.input == Input::Mixed { ranking, count, fill, reveal }
    }
}

/// The images of a batch, `(n, 3, h, w)`. Neighbours that differ only in their number of pixels are made together.
pub(crate) fn compose(items: &[Item]) -> Tensor<4> {
    let mut parts: Vec<Tensor<4>> = items.chunk_by(Item::alike).map(part).collect();
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) }
}

fn part(items: &[Item]) -> Tensor<4> {
    let Item { device_image, planes, input } = &items[0];
    match *input {
        Input::Clean => device_image.clean(),
        Input::Filled(fill) => device_image.fill(fill),
        Input::Faded(fill) => {
            let mask = planes.mask();
            device_image.clean() * mask.clone() + device_image.fill(fill) * (-mask + 1.0)
        }
        Input::Mixed { ranking, fill, reveal, .. } => {
            let (first, others) = (device_image.clean(), device_image.fill(fill));
            let (first, others) = if reveal { (first, others) } else { (others, first) };
            mix(first, others, planes.ranks(ranking), items)
        }
    }
}

/// The pixels whose rank is below an item's count from `first`, and the rest from `others`.
fn mix(first: Tensor<4>, others: Tensor<4>, ranks: Tensor<4>, items: &[Item]) -> Tensor<4> {
    let count = |item: &Item| match item.input {
        Input::Mixed { count, .. } => count as f32,
        _ => 0.0,
    };
    let counts: Vec<f32> = items.iter().map(count).collect();
    let n = items.len();
    let [_, channels, height, width] = others.dims();
    let shape = [n, channels, height, width];
    let counts = Tensor::<4>::from_data(TensorData::new(counts, [n, 1, 1, 1]), &ranks.device());
    let mask = ranks.expand([n, 1, height, width]).lower(counts.expand([n, 1, height, width]));
    others.expand(shape).mask_where(mask.expand(shape), first.expand(shape))
}
