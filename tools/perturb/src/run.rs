//! The run: tasks in, responses out, in the same order.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use perturbation::{Executor, Job, MapResult, ParsedTest};
use pipe::{Failures, Progress, Record, Response, Writer};
use setup::Loaded;

use crate::args::Args;
use crate::prepare::{Prepared, Preparer};
use crate::report::{self, Done};
use crate::source::{self, Task, Tasks};

/// Tests everything that the command line asks for.
pub fn perturb(args: &Args) -> Result<()> {
    let record = Record::new("perturb", env!("CARGO_PKG_VERSION"));
    let tests = args.parse_tests()?;
    let Tasks { each, extra, total } = source::open(args)?;
    let loaded = args.model.open(&[])?;
    let mut run = Run::new(args, &loaded, &tests, &extra, total)?;
    let preprocess = loaded.classifier.preprocess.clone();
    let preparer = RefCell::new(Preparer::new(preprocess, tests.clone(), args.seed));
    let prepare = move |task: Result<Task>| task.map(|task| preparer.borrow_mut().prepare(task));
    let tested = setup::ahead(each, prepare, |prepared| run.test(prepared?));
    // A damaged end of the input takes nothing away from what came before it.
    run.flush()?;
    tested?;
    run.finish(args, record)
}

/// Everything that lives as long as the run.
struct Run<'a> {
    loaded: &'a Loaded,
    tests: &'a [ParsedTest],
    executor: Executor<'a, Task>,
    out: Writer<Response>,
    failures: Failures,
    progress: Progress,
    maps: u64,
    compute: Duration,
}

impl<'a> Run<'a> {
    fn new(
        args: &Args,
        loaded: &'a Loaded,
        tests: &'a [ParsedTest],
        extra: &[String],
        total: u64,
    ) -> Result<Self> {
        if !args.quiet {
            pipe::note(format_args!("{} on {}", loaded.classifier.name, loaded.device));
            loaded.notes.iter().for_each(pipe::note);
        }
        Ok(Self {
            loaded,
            tests,
            executor: Executor::new(&loaded.classifier, |[height, width]| loaded.batch_size(height, width)),
            out: Writer::stdout(extra)?,
            failures: args.errors.failures()?,
            progress: Progress::new("perturb", total, "maps").quiet(args.quiet),
            maps: 0,
            compute: Duration::ZERO,
        })
    }

    /// Queues a map and writes what is complete.
    fn test(&mut self, Prepared { mut task, outcome }: Prepared) -> Result<()> {
        self.check_model(&mut task)?;
        self.maps += 1;
        let (host, plan) = match outcome {
            Ok(ready) => ready,
            Err((stage, error)) => return self.failures.add(&task.image, &task.method, stage, error),
        };
        if let Err(error) = self.loaded.classifier.check_size(host.size()) {
            return self.failures.add(&task.image, &task.method, "open", error);
        }
        let (image, method) = (task.image.clone(), task.method.clone());
        let clock = Instant::now();
        let pushed = self.executor.push(Job { image: host, plan, target: task.target, tag: task });
        self.compute += clock.elapsed();
        match pushed {
            Ok(()) => self.write(),
            Err(error) => self.failures.add(&image, &method, "target", error),
        }
    }

    /// A map of another classifier would be measured on the wrong one, and nothing would tell.
    fn check_model(&self, task: &mut Task) -> Result<()> {
        let own = &self.loaded.classifier.name;
        if task.model.is_empty() {
            task.model.clone_from(own);
        }
        if task.model == *own {
            return Ok(());
        }
        bail!(
            "{}: its map explains {}, but the classifier here is {own} (see --model)",
            task.image,
            task.model
        )
    }

    /// Computes what is left over.
    fn flush(&mut self) -> Result<()> {
        let clock = Instant::now();
        self.executor.flush();
        self.compute += clock.elapsed();
        self.write()
    }

    /// Writes the rows of all maps that are complete.
    fn write(&mut self) -> Result<()> {
        let mut any = false;
        while let Some(outcome) = self.executor.pop() {
            self.rows(outcome)?;
            self.progress.add(1);
            any = true;
        }
        if any { self.out.flush() } else { Ok(()) }
    }

    fn rows(
        &mut self,
        MapResult { tag: Task { image, model, method, extra, .. }, target, curves }: MapResult<Task>,
    ) -> Result<()> {
        let curves = match curves {
            Ok(curves) => curves,
            Err(error) => return self.failures.add(&image, &method, "fill", error),
        };
        if !curves.iter().flatten().all(|answer| answer.probability.is_finite()) {
            self.loaded.check()?;
            return self.failures.add(&image, &method, "answer", "the classifier's scores are not finite");
        }
        let mut row = Response {
            image,
            target: Some(target),
            model,
            method,
            map: String::new(),
            map_index: None,
            test: String::new(),
            point: None,
            points: None,
            fraction: 0.0,
            probability: 0.0,
            predicted: None,
            reason: String::new(),
            extra,
        };
        for (test, curve) in self.tests.iter().zip(curves) {
            row.test = test.spec().into();
            row.points = Some(curve.len());
            for (point, answer) in curve.into_iter().enumerate() {
                row.point = Some(point);
                row.fraction = answer.fraction;
                row.probability = pipe::from_f32(answer.probability);
                row.predicted = Some(answer.predicted);
                self.out.write(&row)?;
            }
        }
        Ok(())
    }

    fn finish(self, args: &Args, record: Record) -> Result<()> {
        let failures = self.failures.count();
        let done =
            Done { maps: self.maps, failures, forwards: self.executor.forwards(), compute: self.compute };
        self.out.finish()?;
        report::write(args, record, self.loaded, self.tests, &done)?;
        self.failures.finish(self.maps)
    }
}
