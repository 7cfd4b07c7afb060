//! Running a training that can be left: its flags, its checkpoints, and what is told on the way.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use learning::{Epoch, Trainer};
use pipe::atomic::{self, AtomicFile};
use pipe::{Progress, Usage};
use serde_json::{Map, Value};

use crate::checkpoint::{self, Checkpoint};

/// The flags of any training.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// Go on from the checkpoint, if there is one
    #[arg(long)]
    pub resume: bool,
    /// The longest time between two checkpoints; there is one behind each epoch anyway, and behind each step with 0
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub checkpoint_minutes: u64,
    /// No progress on standard error; what is measured at the end stays
    #[arg(short, long)]
    pub quiet: bool,
}

/// Places that cannot be written to, and files that would be lost, are told before the training and not after it.
///
/// # Errors
/// If the file or its checkpoint cannot be written, or there is a checkpoint and nobody goes on from it.
pub fn check_out(out: &Path, resume: bool) -> Result<()> {
    let shown = out.display();
    ensure!(!out.exists() || out.is_file(), "cannot write {shown}: it is there and is no file");
    let checkpoint = checkpoint::path(out);
    if !resume && checkpoint.exists() {
        let checkpoint = checkpoint.display();
        bail!(Usage(format!(
            "{checkpoint} is there: --resume goes on from it, and without it a training begins anew"
        )));
    }
    for path in [out, &checkpoint] {
        atomic::sweep(path)
            .and_then(|()| AtomicFile::create(path))
            .with_context(|| format!("cannot write {shown}"))?;
    }
    Ok(())
}

impl RunArgs {
    /// All steps that are left of a training of these settings, with a checkpoint behind each epoch and now and then between. The last
    /// one stays until what was trained is written.
    ///
    /// # Errors
    /// If a step fails, or a checkpoint cannot be written or is of another training.
    pub fn steps(
        &self,
        out: &Path,
        settings: &Map<String, Value>,
        trainer: &mut Trainer,
        mut step: impl FnMut(&mut Trainer) -> Result<Option<Epoch>>,
    ) -> Result<Checkpoint> {
        let mut checkpoint = Checkpoint::new(out, settings.clone(), self.checkpoint_minutes);
        let (total, epochs) = (trainer.total(), trainer.total() / trainer.per_epoch());
        if self.resume && checkpoint.restore(trainer)? && !self.quiet {
            pipe::note(format_args!("going on behind step {} of {total}", trainer.done()));
        }
        let progress = Progress::new("train", trainer.images_left() as u64, "images").quiet(self.quiet);
        let (mut clock, mut since) = (Instant::now(), trainer.images_left());
        while !trainer.is_done() {
            let (left, rate) = (trainer.images_left(), trainer.rate());
            let epoch = step(trainer).map_err(|error| checkpoint.left(error))?;
            progress.add((left - trainer.images_left()) as u64);
            if let Some(Epoch { number, loss }) = epoch
                && !self.quiet
            {
                let speed = (since - trainer.images_left()) as f64 / clock.elapsed().as_secs_f64();
                (clock, since) = (Instant::now(), trainer.images_left());
                pipe::note(format_args!(
                    "epoch {number}/{epochs}: loss {loss:.4}, rate {rate:.2e}, {speed:.0} images/s"
                ));
            }
            if epoch.is_some() || checkpoint.is_due() {
                checkpoint.write(trainer).map_err(|error| checkpoint.left(error))?;
            }
        }
        Ok(checkpoint)
    }
}
