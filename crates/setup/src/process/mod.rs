//! `--model exec:COMMAND`: a classifier in any language, as a child process that scores batches of images.
//!
//! The protocol is described in `docs/exec.md`. A child that breaks it, dies or hangs is asked no more.

mod child;
pub mod generator;
mod hello;
mod interrupt;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use models::Scores;
use pipe::npy::Array;

use child::{Child, Content};
use hello::{FORM, Hello};

/// What is put before the command in `--model`.
pub const PREFIX: &str = "exec:";

/// A running classifier.
pub struct Process {
    name: String,
    hello: Hello,
    state: Mutex<State>,
    /// Of [`SOME`] and [`OUTSIDE`].
    seen: AtomicU8,
}

/// There were scores.
const SOME: u8 = 1;
/// There was one below 0 or above 1.
const OUTSIDE: u8 = 2;

enum State {
    Running(Child),
    Failed(String),
}

impl Process {
    /// Starts `command` in a shell and waits for its first line. `timeout` is the longest wait for any line.
    ///
    /// # Errors
    /// If it cannot be started, dies, says something else or says nothing in time.
    pub fn start(command: &str, timeout: Duration) -> Result<Self> {
        let name = format!("{PREFIX}{command}");
        let started = Child::start(command, timeout)
            .and_then(|mut child| Ok((child.hello(Hello::parse, FORM)?, child)));
        match started {
            Ok((hello, child)) => {
                Ok(Self { name, hello, state: Mutex::new(State::Running(child)), seen: AtomicU8::new(0) })
            }
            Err(reason) => bail!("{name}: {reason}"),
        }
    }

    /// What `--model` called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The channels of the images that it takes.
    pub fn channels(&self) -> usize {
        self.hello.channels
    }

    /// Whether all scores so far are true.
    ///
    /// # Errors
    /// Says what went wrong, and when.
    pub fn check(&self) -> Result<()> {
        match &*self.state() {
            State::Running(_) => Ok(()),
            State::Failed(reason) => bail!("{}: {reason}", self.name),
        }
    }

    /// Logits that all lie in 0..1 are most likely probabilities, which must not go through a softmax.
    pub fn remark(&self) -> Option<String> {
        let suspicious = !self.hello.probabilities && self.seen.load(Ordering::Relaxed) == SOME;
        suspicious.then(|| {
            format!(
                "{}: all its scores lie in 0..1: if they are probabilities, its first line must say \
                 scores=probabilities instead of scores=logits (docs/exec.md)",
                self.name
            )
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what a child has written: `(n, classes)` finite numbers.
    fn read(&self, Array { shape, data }: Array, n: usize) -> Result<Vec<f32>, String> {
        let Hello { classes, probabilities, .. } = self.hello;
        if shape != [n, classes] {
            return Err(format!("its scores have the shape {shape:?}, and not {:?}", [n, classes]));
        }
        let outside = data.iter().any(|score| !(0.0..=1.0).contains(score));
        self.seen.fetch_or(if outside { SOME | OUTSIDE } else { SOME }, Ordering::Relaxed);
        let wrong = |score: &f32| !score.is_finite() || (probabilities && !(-1e-3..=1.001).contains(score));
        match data.iter().position(wrong) {
            None => Ok(data),
            Some(i) => {
                let what = if probabilities {
                    "a probability, as its scores=probabilities promises (scores=logits may be any number)"
                } else {
                    "a finite number"
                };
                let (row, class) = (i / classes, i % classes);
                Err(format!("the score of image {row}, class {class}, is {}, and not {what}", data[i]))
            }
        }
    }
}

impl Scores for Process {
    fn classes(&self) -> usize {
        self.hello.classes
    }

    fn probabilities(&self) -> bool {
        self.hello.probabilities
    }

    fn scores(&self, images: Vec<f32>, shape: [usize; 4]) -> Result<Vec<f32>, String> {
        let mut state = self.state();
        let answer = match &mut *state {
            State::Running(child) => child
                .ask(&[("images.npy", Content::Array(&images, &shape))], "scores.npy")
                .and_then(|array| self.read(array, shape[0])),
            State::Failed(reason) => Err(reason.clone()),
        };
        if let Err(reason) = &answer {
            // Dropping the child ends it.
            *state = State::Failed(reason.clone());
        }
        answer
    }
}
