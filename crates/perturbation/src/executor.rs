//! Running the inputs of many pictures and maps in full batches.

mod batch;
mod clean;
mod outcome;

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use models::Classifier;

use crate::compose::{Canvas, Item, Planes};
use crate::plan::{Input, Plan};
use crate::subject::Subject;
use batch::{Address, Sent};
use clean::{Clean, CleanAnswers};
use outcome::Waiting;
pub use outcome::{Answer, Outcome};

/// A map to test on a picture.
#[derive(Clone, Debug)]
pub struct Job<T> {
    /// The picture; maps that follow one another and share it share its tensors.
    pub subject: Arc<Subject>,
    /// The inputs, whose tests' fills the subject must have.
    pub plan: Plan,
    /// The class whose probability is asked for; nothing is the class that the clean picture gets.
    pub target: Option<usize>,
    /// Whatever the caller wants back with the outcome.
    pub tag: T,
}

/// Why a job is refused. It leaves no trace; other jobs can go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The map does not lie on the picture.
    #[error("the map is {} x {}, the picture {} x {}", map[0], map[1], picture[0], picture[1])]
    Size {
        /// Height and width of the map.
        map: [usize; 2],
        /// Height and width of the picture.
        picture: [usize; 2],
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
/// Memory holds the jobs of one or two batches and the clean answers of the last pictures, however many jobs there are.
pub struct Executor<'a, T> {
    classifier: &'a Classifier,
    classes: usize,
    batch_size: Box<dyn Fn([usize; 2]) -> usize + 'a>,
    /// The batch size for the pictures that are queued.
    batch: usize,
    clean: CleanAnswers,
    canvas: Option<Rc<Canvas>>,
    items: Vec<(Item, Address, usize)>,
    sent: Option<Sent>,
    waiting: VecDeque<Waiting<T>>,
    /// The number of jobs that have left `waiting`.
    done: usize,
    forwards: u64,
}

impl<'a, T> Executor<'a, T> {
    /// Runs as many inputs at once as `batch_size` says for their height and width, and at least one.
    pub fn new(classifier: &'a Classifier, batch_size: impl Fn([usize; 2]) -> usize + 'a) -> Self {
        Self {
            classifier,
            classes: classifier.network.classes(),
            batch_size: Box::new(batch_size),
            batch: 1,
            clean: CleanAnswers::default(),
            canvas: None,
            items: Vec::new(),
            sent: None,
            waiting: VecDeque::new(),
            done: 0,
            forwards: 0,
        }
    }

    /// Takes a job and runs all batches that are full.
    ///
    /// # Errors
    /// If the map does not fit the picture or the class does not exist.
    ///
    /// # Panics
    /// If the plan needs a fill that the subject was made without.
    pub fn push(&mut self, job: Job<T>) -> Result<(), PushError> {
        let Job { subject, plan, target, tag } = job;
        let (map, picture) = (plan.size, subject.size);
        if map != picture {
            return Err(PushError::Size { map, picture });
        }
        if let Some(target) = target.filter(|&target| target >= self.classes) {
            return Err(PushError::Target { target, classes: self.classes });
        }
        let canvas = self.canvas(subject);
        let planes = Rc::new(Planes::new(&plan, &self.classifier.device));
        let item = |input| Item { canvas: Rc::clone(&canvas), planes: Rc::clone(&planes), input };
        let (clean, new) = self.clean.get(canvas.subject().name());
        if new {
            self.enqueue(item(Input::Clean), Address::Clean(Rc::clone(&clean)), 0);
        }
        let target = target.unwrap_or_else(|| self.predicted(&clean));
        let (job, replies) = (self.done + self.waiting.len(), vec![None; plan.inputs.len()]);
        self.waiting.push_back(Waiting { tag, target, curves: plan.curves, clean, replies });
        for (input, what) in plan.inputs.into_iter().enumerate() {
            self.enqueue(item(what), Address::Input { job, input }, target);
        }
        Ok(())
    }

    /// Runs what is left over. More jobs may follow.
    pub fn flush(&mut self) {
        self.run();
        self.receive();
    }

    /// The next outcome, if it is complete.
    pub fn pop(&mut self) -> Option<Outcome<T>> {
        if !self.waiting.front()?.is_complete() {
            return None;
        }
        self.done += 1;
        self.waiting.pop_front().map(Waiting::outcome)
    }

    /// The number of inputs given to the classifier so far.
    pub fn forwards(&self) -> u64 {
        self.forwards
    }

    /// The picture on the device; the last one is kept. A batch holds pictures of one size.
    fn canvas(&mut self, subject: Arc<Subject>) -> Rc<Canvas> {
        let last = self.canvas.take();
        if last.as_ref().is_none_or(|canvas| canvas.subject().size != subject.size) {
            self.run();
            self.batch = (self.batch_size)(subject.size).max(1);
        }
        let last = last.filter(|canvas| Arc::ptr_eq(canvas.subject(), &subject));
        let canvas = last.unwrap_or_else(|| Rc::new(Canvas::new(subject, &self.classifier.device)));
        Rc::clone(self.canvas.insert(canvas))
    }

    /// The class of the clean picture. If that is not known yet, everything before it is run first.
    fn predicted(&mut self, clean: &OnceCell<Clean>) -> usize {
        if clean.get().is_none() {
            self.flush();
        }
        clean.get().expect("a clean picture is queued before it is asked about").predicted
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
        let sent = Sent::new(self.classifier, &items, addresses, &targets);
        self.receive();
        self.sent = Some(sent);
    }

    /// Hands the answers of the last batch to those who wait for them.
    fn receive(&mut self) {
        let Some(sent) = self.sent.take() else { return };
        for (address, reply, probabilities) in sent.receive() {
            match address {
                Address::Clean(cell) => {
                    cell.get_or_init(|| Clean { probabilities, predicted: reply.predicted });
                }
                Address::Input { job, input } => self.waiting[job - self.done].replies[input] = Some(reply),
            }
        }
    }
}
