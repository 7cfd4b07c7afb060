//! `--generator NAME=exec:COMMAND`: a program in any language that paints parts of images, as a child process.
//!
//! The protocol is described in `docs/generators.md`. A child that breaks it, dies or hangs is asked no more.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use perturbation::{Generator, Request};
use pipe::npy::Array;

use super::child::{Child, Content};

/// What the first line looks like, for messages.
const FORM: &str = "plumbline generator prompts=yes|no";

/// A running generator.
pub struct Program {
    command: String,
    needs_prompt: bool,
    /// The child, or why it is asked no more.
    state: Mutex<Result<Child, String>>,
}

impl fmt::Debug for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "exec:{}", self.command)
    }
}

impl Program {
    /// Starts `command` in a shell and waits for its first line. `timeout` is the longest wait for any line.
    ///
    /// # Errors
    /// If it cannot be started, dies, says something else or says nothing in time.
    pub fn start(command: &str, timeout: Duration) -> Result<Self> {
        let started =
            Child::start(command, timeout).and_then(|mut child| Ok((child.hello(parse, FORM)?, child)));
        match started {
            Ok((needs_prompt, child)) => {
                Ok(Self { command: command.to_owned(), needs_prompt, state: Mutex::new(Ok(child)) })
            }
            Err(reason) => bail!("exec:{command}: {reason}"),
        }
    }
}

/// Whether it wants words.
fn parse(line: &str) -> Option<bool> {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["plumbline", "generator", "prompts=yes"] => Some(true),
        ["plumbline", "generator", "prompts=no"] => Some(false),
        _ => None,
    }
}

impl Generator for Program {
    fn needs_prompt(&self) -> bool {
        self.needs_prompt
    }

    fn failure(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).as_ref().err().cloned()
    }

    fn generate(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<u8>>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &mut *state {
            Ok(child) => ask(child, requests),
            Err(reason) => Err(reason.clone()),
        };
        if let Err(reason) = &answer {
            // Dropping the child ends it.
            *state = Err(reason.clone());
        }
        answer
    }
}

fn ask(child: &mut Child, requests: &[Request<'_>]) -> Result<Vec<Vec<u8>>, String> {
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let (n, [height, width]) = (requests.len(), first.size);
    let channels = first.image.len() / (height * width);
    let images: Vec<f32> =
        requests.iter().flat_map(|request| request.image).map(|&byte| f32::from(byte)).collect();
    let masks: Vec<f32> =
        requests.iter().flat_map(|request| request.mask).map(|&open| f32::from(u8::from(open))).collect();
    let line =
        |request: &Request<'_>| format!("{}\t{}\n", request.seed, request.prompt.replace(['\t', '\n'], " "));
    let lines: String = requests.iter().map(line).collect();
    let shape = [n, channels, height, width];
    let files = [
        ("images.npy", Content::Array(&images, &shape)),
        ("masks.npy", Content::Array(&masks, &[n, height, width])),
        ("prompts.tsv", Content::Text(&lines)),
    ];
    let Array { shape: found, data } = child.ask(&files, "results.npy")?;
    if found != shape {
        return Err(format!("its results have the shape {found:?}, and not {shape:?}"));
    }
    if let Some(value) = data.iter().find(|value| !(0.0..=255.0).contains(*value)) {
        return Err(format!("its results hold {value}, where 0 to 255 is possible"));
    }
    let bytes: Vec<u8> = data.iter().map(|value: &f32| value.round() as u8).collect();
    Ok(bytes.chunks(first.image.len()).map(<[u8]>::to_vec).collect())
}
