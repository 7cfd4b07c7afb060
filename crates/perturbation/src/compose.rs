//! From planned inputs to a batch on the device.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use images::FillError;
use maps::Ranking;
use models::{Device, Tensor, TensorData};

use crate::host_image::HostImage;
use crate::input::{Input, PixelSet, Scale};
use crate::painter::{Replacement, Reuse};
use crate::plan::Plan;

/// An image and its fills on the device, `(1, 3, h, w)` each: once for all maps of the image.
#[derive(Debug)]
pub(crate) struct DeviceImage {
    host: Arc<HostImage>,
    clean: Tensor<4>,
    fills: Vec<(Replacement, Tensor<4>)>,
    /// The last fill that is not kept with the image. One is enough: a plan puts the inputs of each run together.
    last: RefCell<Option<(Replacement, Tensor<4>)>>,
}

/// What a map needs, `(1, 1, h, w)` each on the device: once for all its inputs.
#[derive(Debug)]
pub(crate) struct DeviceMap {
    ranks: Vec<(Ranking, Plane)>,
    masks: Vec<(Scale, Plane)>,
}

/// A plane here and there: painters that see which pixels are replaced work on the host.
#[derive(Debug)]
struct Plane {
    host: Vec<f32>,
    device: Tensor<4>,
}

/// One input of a batch, with everything that it is composed of.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    clean: Tensor<4>,
    /// What replaces its pixels, if any are.
    fill: Option<Tensor<4>>,
    map: Rc<DeviceMap>,
    input: Input,
}

fn upload(values: Vec<f32>, channels: usize, [height, width]: [usize; 2], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, [1, channels, height, width]), device)
}

impl DeviceImage {
    pub(crate) fn new(host: Arc<HostImage>, device: &Device) -> Self {
        let channels = host.preprocess().channels.count();
        let planes = |values: &[f32]| upload(values.to_vec(), channels, host.size(), device);
        let clean = planes(host.pixels());
        let fills = host.fills().iter().map(|(fill, values)| (fill.clone(), planes(values))).collect();
        Self { host, clean, fills, last: RefCell::default() }
    }

    /// The image on the host.
    pub(crate) fn host(&self) -> &Arc<HostImage> {
        &self.host
    }

    /// Bytes of a test's own, normalised as the image's are.
    fn painted(&self, bytes: &[u8]) -> Tensor<4> {
        self.upload(self.host.preprocess().normalise_bytes(bytes))
    }

    /// What replaces pixels: from the image, or painted now.
    fn fill(&self, fill: &Replacement) -> Result<Tensor<4>, FillError> {
        let mut last = self.last.borrow_mut();
        if let Some((_, painted)) = self.fills.iter().chain(&*last).find(|(other, _)| other == fill) {
            return Ok(painted.clone());
        }
        let [height, width] = self.host.size();
        let painted = self.upload(fill.paint(&self.host, &vec![1.0; height * width])?);
        *last = Some((fill.clone(), painted.clone()));
        Ok(painted)
    }

    /// What replaces pixels of each of some inputs whose fill sees which pixels those are.
    fn fill_each(
        &self,
        fill: &Replacement,
        map: &DeviceMap,
        inputs: &[Input],
    ) -> Vec<Result<Tensor<4>, FillError>> {
        let [height, width] = self.host.size();
        let masks: Vec<Vec<f32>> = inputs.iter().map(|input| map.replaced(input, height * width)).collect();
        let painted = fill.paint_each(&self.host, &masks);
        painted.into_iter().map(|painted| Ok(self.upload(painted?))).collect()
    }

    fn upload(&self, planes: Vec<f32>) -> Tensor<4> {
        upload(planes, self.host.preprocess().channels.count(), self.host.size(), &self.clean.device())
    }
}

impl DeviceMap {
    pub(crate) fn new(plan: &mut Plan, device: &Device) -> Self {
        let size = plan.size;
        let plane = |host: Vec<f32>| Plane { device: upload(host.clone(), 1, size, device), host };
        let ranks = plan.ranks.drain(..).map(|(ranking, values)| (ranking, plane(values))).collect();
        let masks = plan.masks.drain(..).map(|(scale, values)| (scale, plane(values))).collect();
        Self { ranks, masks }
    }

    fn ranks(&self, ranking: Ranking) -> &Plane {
        let found = self.ranks.iter().find(|(other, _)| *other == ranking);
        &found.expect("a plan holds the ranks of its inputs").1
    }

    fn mask(&self, scale: Scale) -> &Plane {
        let found = self.masks.iter().find(|(other, _)| *other == scale);
        &found.expect("a plan holds the masks of its inputs").1
    }

    /// For each pixel the share of it that an input replaces.
    fn replaced(&self, input: &Input, pixels: usize) -> Vec<f32> {
        match input {
            Input::Clean => vec![0.0; pixels],
            Input::Filled(_) | Input::Painted(_) => vec![1.0; pixels],
            Input::Faded { scale, invert, .. } => {
                let share = |kept: &f32| if *invert { *kept } else { 1.0 - kept };
                self.mask(*scale).host.iter().map(share).collect()
            }
            Input::Chosen { pixels: chosen, .. } => chosen.plane(pixels).collect(),
            Input::Mixed { ranking, count, reveal, .. } => {
                let is_first = |&rank: &f32| rank < *count as f32;
                let share = |rank| f32::from(u8::from(is_first(rank) != *reveal));
                self.ranks(*ranking).host.iter().map(share).collect()
            }
        }
    }
}

impl Item {
    /// The clean image.
    pub(crate) fn clean(image: &DeviceImage, map: &Rc<DeviceMap>) -> Self {
        Self { clean: image.clean.clone(), fill: None, map: Rc::clone(map), input: Input::Clean }
    }

    /// Gets everything ready that some inputs are composed of. Fills that are painted for an input are painted here, those of
    /// neighbours together, so that a batch holds no more of them than it has inputs. If one cannot be painted, the items
    /// before it come with the error.
    pub(crate) fn several(
        image: &DeviceImage,
        map: &Rc<DeviceMap>,
        inputs: &[Input],
    ) -> (Vec<Self>, Option<FillError>) {
        let mut items = Vec::with_capacity(inputs.len());
        for neighbours in inputs.chunk_by(are_painted_together) {
            for (input, fill) in neighbours.iter().zip(Self::fills(image, map, neighbours)) {
                match fill {
                    Ok(fill) => {
                        let (clean, map, input) = (image.clean.clone(), Rc::clone(map), input.clone());
                        items.push(Self { clean, fill, map, input });
                    }
                    Err(error) => return (items, Some(error)),
                }
            }
        }
        (items, None)
    }

    /// What replaces pixels of inputs that are painted together, or of one.
    fn fills(
        image: &DeviceImage,
        map: &DeviceMap,
        inputs: &[Input],
    ) -> Vec<Result<Option<Tensor<4>>, FillError>> {
        match &inputs[0] {
            Input::Painted(painted) => vec![Ok(Some(image.painted(painted.bytes())))],
            input => match input.fill() {
                None => vec![Ok(None)],
                Some(fill) if fill.reuse() == Reuse::Mask => {
                    image.fill_each(fill, map, inputs).into_iter().map(|fill| fill.map(Some)).collect()
                }
                Some(fill) => vec![image.fill(fill).map(Some)],
            },
        }
    }

    fn fill(&self) -> Tensor<4> {
        self.fill.clone().expect("all inputs but the clean image have a fill")
    }

    /// Whether both differ in nothing but how many pixels are meant, and are made of the same pixels.
    fn alike(&self, other: &Self) -> bool {
        let alike = match (&self.input, &other.input) {
            (
                Input::Mixed { ranking, fill, reveal, .. },
                Input::Mixed { ranking: ranking2, fill: fill2, reveal: reveal2, .. },
            ) => (ranking, fill, reveal) == (ranking2, fill2, reveal2),
            (Input::Chosen { fill, .. }, Input::Chosen { fill: fill2, .. }) => fill == fill2,
            _ => false,
        };
        let own = self.input.fill().is_none_or(|fill| fill.reuse() == Reuse::Mask);
        Rc::ptr_eq(&self.map, &other.map) && alike && !own
    }
}

/// Whether both have the same fill, which is painted for each input.
fn are_painted_together(one: &Input, other: &Input) -> bool {
    one.fill() == other.fill() && one.fill().is_some_and(|fill| fill.reuse() == Reuse::Mask)
}

/// The images of a batch, `(n, 3, h, w)`. Neighbours that differ only in their number of pixels are made together.
pub(crate) fn compose(items: &[Item]) -> Tensor<4> {
    let mut parts: Vec<Tensor<4>> = items.chunk_by(Item::alike).map(part).collect();
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) }
}

fn part(items: &[Item]) -> Tensor<4> {
    let first = &items[0];
    match &first.input {
        Input::Clean => first.clean.clone(),
        input if input.fill().is_some_and(|fill| fill.is_whole()) => whole(items),
        Input::Filled(_) | Input::Painted(_) => first.fill(),
        Input::Faded { scale, invert, .. } => {
            let mask = first.map.mask(*scale).device.clone();
            let (inside, others) = (first.clean.clone(), first.fill());
            let (inside, others) = if *invert { (others, inside) } else { (inside, others) };
            inside * mask.clone() + others * (-mask + 1.0)
        }
        Input::Chosen { .. } => choose(items),
        Input::Mixed { ranking, reveal, .. } => {
            let (inside, others) = (first.clean.clone(), first.fill());
            let (inside, others) = if *reveal { (inside, others) } else { (others, inside) };
            mix(inside, others, first.map.ranks(*ranking).device.clone(), items)
        }
    }
}

/// What a generator made stands as it is.
fn whole(items: &[Item]) -> Tensor<4> {
    Tensor::cat(items.iter().map(Item::fill).collect(), 0)
}

/// The pixels that items choose from their fill, and the rest from the image.
fn choose(items: &[Item]) -> Tensor<4> {
    let (clean, fill) = (items[0].clean.clone(), items[0].fill());
    let [_, channels, height, width] = clean.dims();
    let plane = |item: &Item| match &item.input {
        Input::Chosen { pixels, .. } => pixels.clone(),
        _ => PixelSet::new(height * width, []),
    };
    let planes: Vec<f32> =
        items.iter().flat_map(|item| plane(item).plane(height * width).collect::<Vec<_>>()).collect();
    let shape = [items.len(), channels, height, width];
    let planes =
        Tensor::<4>::from_data(TensorData::new(planes, [items.len(), 1, height, width]), &clean.device());
    clean.expand(shape).mask_where(planes.greater_elem(0.5).expand(shape), fill.expand(shape))
}

/// The pixels whose rank is below an item's count from `inside`, and the rest from `others`.
fn mix(inside: Tensor<4>, others: Tensor<4>, ranks: Tensor<4>, items: &[Item]) -> Tensor<4> {
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
    others.expand(shape).mask_where(mask.expand(shape), inside.expand(shape))
}
