//! Running the inputs of many pictures and maps in full batches.

mod clean;

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use models::{Classifier, Int, Tensor, TensorData};

use crate::compose::{Canvas, Item, Planes, compose};
use crate::plan::{Input, Plan, Source, Step};
use crate::subject::Subject;
use clean::{Clean, CleanAnswers};

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

/// The classifier's answer at one point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// How much of the picture is perturbed, from 0 to 1.
    pub fraction: f64,
    /// The probability of the target class; the mean over the runs of a random fill.
    pub probability: f32,
    /// The class with the highest score; the most frequent one over runs, the lowest of equally frequent ones.
    pub predicted: usize,
}

/// The answers to a job.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// What the caller gave.
    pub tag: T,
    /// The class whose probability was taken.
    pub target: usize,
    /// For each test of the plan its points.
    pub curves: Vec<Vec<Answer>>,
}

/// A probability of the target and the predicted class.
type Reply = (f32, usize);

/// A job of which some inputs are not answered yet.
#[derive(Debug)]
struct Waiting<T> {
    tag: T,
    target: usize,
    curves: Vec<Vec<Step>>,
    clean: Rc<OnceCell<Clean>>,
    replies: Vec<Option<Reply>>,
}

/// Whom an answer is for.
#[derive(Clone, Debug)]
enum Address {
    Clean(Rc<OnceCell<Clean>>),
    Input { job: usize, input: usize },
}

/// A batch that the device is working on.
#[derive(Debug)]
struct Sent {
    addresses: Vec<Address>,
    /// `(n, 2)`: the probability of the target and the predicted class.
    replies: Tensor<2>,
    /// `(clean pictures, classes)`: all probabilities.
    clean: Option<Tensor<2>>,
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
        let sent = send(self.classifier, &items, addresses, &targets);
        self.receive();
        self.sent = Some(sent);
    }

    /// Hands the answers of the last batch to those who wait for them.
    fn receive(&mut self) {
        let Some(Sent { addresses, replies, clean }) = self.sent.take() else { return };
        let replies = numbers(replies);
        let rows = clean.map(numbers).unwrap_or_default();
        let mut rows = rows.chunks(self.classes);
        for (address, reply) in addresses.into_iter().zip(replies.chunks(2)) {
            let (probability, predicted) = (reply[0], reply[1] as usize);
            match address {
                Address::Input { job, input } => {
                    self.waiting[job - self.done].replies[input] = Some((probability, predicted));
                }
                Address::Clean(cell) => {
                    let probabilities = rows.next().unwrap_or_default().to_vec();
                    cell.get_or_init(|| Clean { probabilities, predicted });
                }
            }
        }
    }
}

/// Runs a batch; nothing is read back yet.
fn send(classifier: &Classifier, items: &[Item], addresses: Vec<Address>, targets: &[usize]) -> Sent {
    let logits = classifier.logits(compose(items));
    let predicted = logits.clone().argmax(1).float();
    let probabilities = softmax(logits);
    let device = &classifier.device;
    let targets: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [items.len(), 1]), device);
    let replies = Tensor::cat(vec![probabilities.clone().gather(1, targets), predicted], 1);
    let is_clean = |(row, address): (i32, &Address)| matches!(address, Address::Clean(_)).then_some(row);
    let rows: Vec<i32> = (0..).zip(&addresses).filter_map(is_clean).collect();
    let clean =
        (!rows.is_empty()).then(|| probabilities.select(0, Tensor::from_data(rows.as_slice(), device)));
    Sent { addresses, replies, clean }
}

/// Probabilities `(n, classes)`. Clean and perturbed pictures must take the same road: equal pictures, equal numbers.
fn softmax(logits: Tensor<2>) -> Tensor<2> {
    let exp = (logits.clone() - logits.max_dim(1)).exp();
    exp.clone() / exp.sum_dim(1)
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("probabilities are single-precision")
}

impl<T> Waiting<T> {
    fn is_complete(&self) -> bool {
        self.clean.get().is_some() && self.replies.iter().all(Option::is_some)
    }

    fn outcome(self) -> Outcome<T> {
        let answer = |step: &Step| {
            let replies: Vec<Reply> = step.sources.iter().map(|&source| self.reply(source)).collect();
            let (probability, predicted) = join(&replies);
            Answer { fraction: step.fraction, probability, predicted }
        };
        let curves = self.curves.iter().map(|steps| steps.iter().map(answer).collect()).collect();
        Outcome { target: self.target, curves, tag: self.tag }
    }

    fn reply(&self, source: Source) -> Reply {
        let reply = match source {
            Source::Clean => {
                self.clean.get().map(|clean| (clean.probabilities[self.target], clean.predicted))
            }
            Source::Input(input) => self.replies[input],
        };
        reply.expect("a complete job has all its replies")
    }
}

/// The mean probability and the most frequent class; the lowest of equally frequent ones.
fn join(replies: &[Reply]) -> Reply {
    if let [reply] = replies {
        return *reply;
    }
    let sum: f64 = replies.iter().map(|reply| f64::from(reply.0)).sum();
    let votes = |class: usize| replies.iter().filter(|reply| reply.1 == class).count();
    let predicted =
        replies.iter().map(|reply| reply.1).max_by_key(|&class| (votes(class), std::cmp::Reverse(class)));
    ((sum / replies.len() as f64) as f32, predicted.unwrap_or_default())
}
