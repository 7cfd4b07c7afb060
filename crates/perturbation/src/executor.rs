//! Running the inputs of many images and maps in full batches.

mod batch;
mod keep;
mod known;
mod map_result;

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use images::FillError;
use models::{Classifier, NodeId};

use crate::compose::{DeviceImage, DeviceMap, Item};
use crate::host_image::HostImage;
use crate::input::Input;
use crate::plan::Plan;
use batch::{Address, Sent};
pub use keep::{Keep, Keeper};
use known::{Answer, Clean, Known};
use map_result::Waiting;
pub use map_result::{Curve, CurvePoint, MapResult};

/// A map to test on an image.
#[derive(Clone, Debug)]
pub struct Job<T> {
    /// The image; maps that follow one another and share it share its tensors.
    pub image: Arc<HostImage>,
    /// The inputs.
    pub plan: Plan,
    /// The class whose probability is asked for; nothing is the class that the clean image gets.
    pub target: Option<usize>,
    /// Whatever the caller wants back with the outcome.
    pub tag: T,
    /// Who keeps the images, if anybody does: the inputs of the plan that it wants, in order. To these no other map's answers are taken over.
    pub keep: Option<Keep>,
}

/// Why a job is refused. It leaves no trace; other jobs can go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The map does not lie on the image.
    #[error("the map is {} x {}, the image {} x {}", map[0], map[1], image[0], image[1])]
    Size {
        /// Height and width of the map.
        map: [usize; 2],
        /// Height and width of the image.
        image: [usize; 2],
    },
    /// The classifier has fewer classes.
    #[error("class {target} is asked for, the model has classes 0 to {}", classes - 1)]
    Target {
        /// The class.
        target: usize,
        /// The number of classes.
        classes: usize,
    },
}

/// Streams jobs through a classifier; outcomes come in the order of the jobs.
///
/// Inputs of different tests, maps and images share batches, because one map's last batch would often be nearly empty, and
/// a classifier costs the most where batches are small. An input in a batch never influences another one, so what shares
/// a batch changes no answer. Jobs are complete as their last input is, and are kept in line until then: rows come in
/// the order of the table, whichever batch they were in. What does not depend on the map is asked about once for all maps
/// of an image: the clean image before the first of them, and images of nothing but a fill, of pixels that chance chose,
/// or that a test has painted. They go in the same batches as everything else, so that equal images get the very same
/// number.
///
/// Memory holds the jobs of one or two batches and the clean answers of the last images, however many jobs there are.
pub struct Executor<'a, T> {
    classifier: &'a Classifier,
    classes: usize,
    /// Whose value is given to those who keep images.
    pooled: Option<NodeId>,
    batch_size: Box<dyn Fn([usize; 2]) -> usize + 'a>,
    /// The batch size for the images that are queued.
    batch: usize,
    known: Known,
    device_image: Option<Rc<DeviceImage>>,
    items: Vec<(Item, Address, usize)>,
    sent: Option<Sent>,
    waiting: VecDeque<Waiting<T>>,
    forwards: u64,
}

impl<'a, T> Executor<'a, T> {
    /// Runs as many inputs at once as `batch_size` says for their height and width, and at least one.
    pub fn new(classifier: &'a Classifier, batch_size: impl Fn([usize; 2]) -> usize + 'a) -> Self {
        Self {
            classifier,
            classes: classifier.network.classes(),
            pooled: None,
            batch_size: Box::new(batch_size),
            batch: 1,
            known: Known::default(),
            device_image: None,
            items: Vec::new(),
            sent: None,
            waiting: VecDeque::new(),
            forwards: 0,
        }
    }

    /// Also reads the pooled features of all images, where the network has some: what its last linear layer reads.
    #[must_use]
    pub fn with_features(self) -> Self {
        Self { pooled: self.classifier.network.graph().pooled(), ..self }
    }

    /// Takes a job and runs all batches that are full.
    ///
    /// # Errors
    /// If the map does not fit the image or the class does not exist. A fill that cannot be painted is the outcome of its
    /// job, since other inputs of the job may be on their way already.
    pub fn push(&mut self, job: Job<T>) -> Result<(), PushError> {
        let Job { image, mut plan, target, tag, keep } = job;
        let (map, size) = (plan.size, image.size());
        if map != size {
            return Err(PushError::Size { map, image: size });
        }
        if let Some(target) = target.filter(|&target| target >= self.classes) {
            return Err(PushError::Target { target, classes: self.classes });
        }
        let device_image = self.device_image(image);
        let map = Rc::new(DeviceMap::new(&mut plan, &self.classifier.device));
        // Where no test measures anything, only a class that is not known yet needs an answer.
        let asked = plan.is_defined() || target.is_none();
        let (clean, new) =
            if asked { self.known.clean(device_image.host().hash()) } else { (Rc::default(), false) };
        if new {
            self.enqueue(Item::clean(&device_image, &map), Address::Clean(Rc::clone(&clean)), 0);
        }
        let target = target.unwrap_or_else(|| self.predicted(&clean));
        let (answers, failed) = self.ask(&device_image, &map, &plan.inputs, (target, keep));
        self.waiting.push_back(Waiting { tag, target, curves: plan.curves, clean, answers, failed });
        Ok(())
    }

    /// Asks about the inputs of a job, as many at once as a batch holds, since those that are painted one by one are all
    /// painted before any of them is asked about. If one cannot be painted, the answers are to those before it.
    fn ask(
        &mut self,
        image: &DeviceImage,
        map: &Rc<DeviceMap>,
        inputs: &[Input],
        (target, keep): (usize, Option<Keep>),
    ) -> (Vec<Answer>, Option<FillError>) {
        let hash = image.host().hash();
        let mut answers = Vec::with_capacity(inputs.len());
        let keeper = |input| keep.clone().filter(|keep| keep.borrow().wants(input));
        let keepers: Vec<Option<Keep>> = (0..inputs.len()).map(keeper).collect();
        for (inputs, keepers) in inputs.chunks(self.batch).zip(keepers.chunks(self.batch)) {
            let known = |(input, keeper): (&Input, &Option<Keep>)| match keeper {
                Some(_) => (Answer::default(), true),
                None => self.known.input(hash, input, target),
            };
            let known: Vec<(Answer, bool)> = inputs.iter().zip(keepers).map(known).collect();
            let new = inputs.iter().zip(&known).filter(|(_, (_, is_new))| *is_new);
            let new: Vec<Input> = new.map(|(input, _)| input.clone()).collect();
            let (items, failed) = Item::several(image, map, &new);
            let mut items = items.into_iter();
            for ((input, keeper), (answer, is_new)) in inputs.iter().zip(keepers).zip(known) {
                if is_new {
                    let Some(item) = items.next() else {
                        // Nobody will answer: another map must not wait for it.
                        self.known.forget(hash, input, target);
                        continue;
                    };
                    self.enqueue(item, Address::Input(Rc::clone(&answer), keeper.clone()), target);
                }
                answers.push(answer);
            }
            if failed.is_some() {
                return (answers, failed);
            }
        }
        (answers, None)
    }

    /// Runs what is left over. More jobs may follow.
    pub fn flush(&mut self) {
        self.run();
        self.receive();
    }

    /// The next outcome, if it is complete.
    pub fn pop(&mut self) -> Option<MapResult<T>> {
        if !self.waiting.front()?.is_complete() {
            return None;
        }
        self.waiting.pop_front().map(Waiting::outcome)
    }

    /// The number of inputs given to the classifier so far.
    pub fn forwards(&self) -> u64 {
        self.forwards
    }

    /// The image on the device; the last one is kept, since maps of one image often follow one another. A batch is one
    /// tensor and holds images of one size, so that a new size runs what is queued, full or not.
    fn device_image(&mut self, image: Arc<HostImage>) -> Rc<DeviceImage> {
        let last = self.device_image.take();
        if last.as_ref().is_none_or(|device_image| device_image.host().size() != image.size()) {
            self.run();
            self.batch = (self.batch_size)(image.size()).max(1);
        }
        let last = last.filter(|device_image| Arc::ptr_eq(device_image.host(), &image));
        let device_image = last.unwrap_or_else(|| Rc::new(DeviceImage::new(image, &self.classifier.device)));
        Rc::clone(self.device_image.insert(device_image))
    }

    /// The class of the clean image. If that is not known yet, everything before it is run first, in a batch that is not
    /// full: what a perturbed image is asked about depends on the answer. Rows that name their target never wait.
    fn predicted(&mut self, clean: &OnceCell<Clean>) -> usize {
        if clean.get().is_none() {
            self.flush();
        }
        clean.get().expect("a clean image is queued before it is asked about").predicted
    }

    fn enqueue(&mut self, item: Item, address: Address, target: usize) {
        self.items.push((item, address, target));
        if self.items.len() == self.batch {
            self.run();
        }
    }

    /// Starts a batch, then takes the answers of the one before: the device need not wait for the host.
    fn run(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let (mut items, mut addresses, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (item, address, target) in self.items.drain(..) {
            items.push(item);
            addresses.push(address);
            targets.push(target);
        }
        self.forwards += items.len() as u64;
        let sent = Sent::new(self.classifier, &items, addresses, &targets, self.pooled);
        self.receive();
        self.sent = Some(sent);
    }

    /// Hands the answers of the last batch to those who wait for them.
    fn receive(&mut self) {
        let Some(sent) = self.sent.take() else { return };
        for (address, prediction, clean) in sent.receive() {
            match address {
                Address::Clean(cell) => _ = clean.map(|clean| cell.set(clean)),
                Address::Input(answer, _) => _ = answer.set(prediction),
            }
        }
    }
}
