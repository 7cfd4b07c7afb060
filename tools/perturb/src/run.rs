//! The run: tasks in, responses out, in the same order.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use perturbation::{Executor, Generators, Job, MapResult, ParsedTest, Undefined};
use pipe::{Explained, Failures, KEPT_COLUMNS, Progress, Record, Response};
use setup::{Loaded, ranked};

use crate::args::Args;
use crate::dry_run;
use crate::generators::{self, Seconds};
use crate::keep::Images;
use crate::out::{self, Out, Start};
use crate::prepare::{Prepared, Preparer};
use crate::report::{self, Counts};
use crate::resume;
use crate::rows::{answer, response};
use crate::source::{self, Task, Tasks};

/// Tests everything that the command line asks for.
pub fn perturb(args: &Args) -> Result<()> {
    let record = Record::new("perturb", env!("CARGO_PKG_VERSION"));
    let tests = args.parse_tests()?;
    let Tasks { each, mut extra, total } = source::open(args)?;
    if args.keep.is_some() {
        extra.extend(KEPT_COLUMNS.map(str::to_owned));
    }
    if tests.iter().any(|test| test.other_class().is_some()) {
        extra.extend(["second", "sample"].map(str::to_owned));
    }
    let seconds = Arc::new(args.second.as_deref().map(Seconds::read).transpose()?.unwrap_or_default());
    let loaded = args.model.open(&[])?;
    if args.dry_run {
        let done = out::done(args, &loaded, &tests, &extra)?;
        return dry_run::write(args, &loaded, &tests, each, done);
    }
    let out = match Out::open(args, &loaded, &tests, &extra)? {
        Start::Table(out) => *out,
        Start::Complete(maps) => return resume::check_complete(&maps, each),
    };
    let generators = generators::open(args, &tests)?;
    let mut run = Run::new(args, &loaded, &tests, out, total)?;
    (run.generators, run.seconds) = (Arc::clone(&generators), Arc::clone(&seconds));
    let mut each = each;
    run.skip(&mut each)?;
    let preprocess = loaded.classifier.preprocess.clone();
    let preparer = Preparer::new(preprocess, tests.clone(), args.seed).painted_by(&generators, &seconds);
    let preparer = RefCell::new(preparer);
    let prepare = move |task: Result<Task>| task.map(|task| preparer.borrow_mut().prepare(task));
    let tested = setup::ahead(each, prepare, |prepared| run.test(prepared?));
    // A damaged end of the input takes nothing away from what came before it.
    run.flush()?;
    tested?;
    run.finish(args, record)
}

/// A map's row, and the images that it was tested with.
type Tag = (Explained, Option<Rc<RefCell<Images>>>);

/// What the next rows are made of.
enum Next {
    /// The next result of the executor.
    Result,
    /// Nothing, for this reason.
    Failure(Box<Explained>, String),
}

/// Everything that lives as long as the run.
struct Run<'a> {
    loaded: &'a Loaded,
    tests: &'a [ParsedTest],
    executor: Executor<'a, Tag>,
    generators: Arc<Generators>,
    seconds: Arc<Seconds>,
    /// Where images are kept, if they are.
    keep: Option<&'a Path>,
    /// For each test whether its images are.
    keeps: Vec<bool>,
    /// Results and failures in the order of their rows.
    order: VecDeque<Next>,
    out: Out,
    failures: Failures,
    progress: Progress,
    counts: Counts,
    /// How many maps some test measures nothing on, by the reason.
    undefined: BTreeMap<String, u64>,
    /// Of the maps so far.
    digest: String,
}

impl<'a> Run<'a> {
    fn new(
        args: &'a Args,
        loaded: &'a Loaded,
        tests: &'a [ParsedTest],
        out: Out,
        total: u64,
    ) -> Result<Self> {
        if !args.quiet {
            pipe::note(format_args!("{} on {}", loaded.classifier.name, loaded.device));
        }
        loaded.notes.iter().for_each(pipe::note);
        let executor = Executor::new(&loaded.classifier, |[height, width]| loaded.batch_size(height, width));
        Ok(Self {
            loaded,
            tests,
            executor: if args.keep.is_some() { executor.with_features() } else { executor },
            generators: Arc::default(),
            seconds: Arc::default(),
            keep: args.keep.as_deref(),
            keeps: args.keeps(tests)?,
            order: VecDeque::new(),
            out,
            failures: args.errors.failures()?,
            progress: Progress::new("perturb", total, "maps").quiet(args.quiet),
            counts: Counts::default(),
            undefined: BTreeMap::new(),
            digest: String::new(),
        })
    }

    /// Passes over the maps that an earlier run has done; its failures count in this one too.
    fn skip(&mut self, tasks: &mut impl Iterator<Item = Result<Task>>) -> Result<()> {
        for done in self.out.take_done() {
            let Some(Task { row, .. }) = tasks.next().transpose()? else {
                bail!("--resume: the table was begun with more maps than there are now");
            };
            done.check(&row)?;
            self.digest = resume::digest(&self.digest, &row);
            self.counts.maps += 1;
            let is_undefined = done.reason == Undefined::Constant.to_string();
            if !done.reason.is_empty() && row.reason.is_empty() && !is_undefined {
                self.failures.add(&row.image, &row.method, "earlier", &done.reason)?;
            }
            self.progress.add(1);
        }
        Ok(())
    }

    /// Queues a map and writes what is complete.
    fn test(&mut self, Prepared { mut task, outcome }: Prepared) -> Result<()> {
        self.digest = resume::digest(&self.digest, &task.row);
        if task.flaw.is_none() {
            self.check_model(&mut task.row)?;
        }
        self.counts.maps += 1;
        let row = task.row;
        if !row.reason.is_empty() && task.flaw.is_none() {
            self.counts.passed += 1;
            let reason = row.reason.clone();
            self.order.push_back(Next::Failure(Box::new(row), reason));
            return self.write();
        }
        let (host, plan) = match outcome {
            Ok(ready) => ready,
            Err((stage, error)) => return self.fail(row, stage, &format!("{error:#}")),
        };
        if let Err(reason) = self.loaded.check_size(host.size()) {
            return self.fail(row, "open", &reason);
        }
        if self.keep.is_some() && plan.has_means(&self.keeps) {
            let error = "a test has points that are means over several images: keep none, or take one run";
            return self.fail(row, "keep", error);
        }
        let clock = Instant::now();
        let images = self.keep.map(|folder| Images::new(folder, &host, plan.inputs_of(&self.keeps)));
        let keep = images.clone().map(|images| images as perturbation::Keep);
        let tag = (row.clone(), images);
        let pushed = self.executor.push(Job { image: host, plan, target: row.target, tag, keep });
        self.counts.compute += clock.elapsed();
        match pushed {
            Ok(()) => self.order.push_back(Next::Result),
            Err(error) => return self.fail(row, "target", &error.to_string()),
        }
        self.write()
    }

    /// A failure is a line and, in its place among the results, a row for each test.
    fn fail(&mut self, row: Explained, stage: &str, error: &str) -> Result<()> {
        self.failures.add(&row.image, &row.method, stage, error)?;
        self.order.push_back(Next::Failure(Box::new(row), format!("{stage}: {error}")));
        self.write()
    }

    /// A map of another classifier would be measured on the wrong one, and nothing would tell. A bare name, or none, is
    /// taken as it is: then the answers are those of the classifier here.
    fn check_model(&self, row: &mut Explained) -> Result<()> {
        let (name, own) = (&self.loaded.classifier.name, self.loaded.classifier.key());
        if row.model.is_empty() || row.model == *name {
            row.model = own;
        } else if row.model != own {
            let (image, theirs) = (&row.image, &row.model);
            let same_name = theirs.rsplit_once('@').is_some_and(|(other, _)| other == name);
            let why = if same_name {
                "other weights, another preprocessing or another output"
            } else {
                "another model"
            };
            bail!(
                "{image}: its map explains {theirs}, but the classifier here is {own}: {why} \
                 (see --model, --weights, --preprocess)"
            );
        }
        Ok(())
    }

    /// Computes what is left over.
    fn flush(&mut self) -> Result<()> {
        let clock = Instant::now();
        self.executor.flush();
        self.counts.compute += clock.elapsed();
        self.write()
    }

    /// Writes the rows of all maps that are complete.
    fn write(&mut self) -> Result<()> {
        let mut any = false;
        while let Some(next) = self.order.pop_front() {
            match next {
                Next::Failure(row, reason) => self.failed(*row, reason)?,
                Next::Result => {
                    let Some(result) = self.executor.pop() else {
                        self.order.push_front(Next::Result);
                        break;
                    };
                    self.rows(result)?;
                }
            }
            self.progress.add(1);
            any = true;
        }
        if any { self.out.flush() } else { Ok(()) }
    }

    fn failed(&mut self, row: Explained, reason: String) -> Result<()> {
        let mut response = response(row);
        response.reason = reason;
        for test in self.tests {
            response.test = test.spec().into();
            self.out.write(&response)?;
        }
        Ok(())
    }

    fn rows(&mut self, result: MapResult<Tag>) -> Result<()> {
        let MapResult { tag, target, curves, inputs, logits, probabilities, features } = result;
        let (row, images) = tag;
        let row = Explained { target: Some(target), ..row };
        let curves = match curves {
            Ok(curves) => curves,
            Err(error) => {
                // One that has failed is not asked again: all that follows would fail alike, and stay so in the table.
                if let Some((name, reason)) = generators::failed(&self.generators) {
                    bail!("generator {name}: {reason}");
                }
                self.failures.add(&row.image, &row.method, "fill", &error)?;
                return self.failed(row, format!("fill: {error}"));
            }
        };
        if !curves.iter().flatten().flatten().all(|point| point.probability.is_finite()) {
            self.loaded.check()?;
            let error = "the classifier's scores are not finite";
            self.failures.add(&row.image, &row.method, "answer", error)?;
            return self.failed(row, format!("answer: {error}"));
        }
        if let Some(why) = curves.iter().find_map(|curve| curve.as_ref().err()) {
            *self.undefined.entry(why.to_string()).or_default() += 1;
        }
        let ended = |images| Rc::into_inner(images).context("images are still on their way");
        let images = images.map(ended).transpose()?;
        let kept = images.map(|images| images.into_inner().finish([&logits, &features])).transpose()?;
        if let Some(reason) = self.other_second(&row.image, &probabilities) {
            self.failures.add(&row.image, &row.method, "second", &reason)?;
            return self.failed(row, format!("second: {reason}"));
        }
        let blank = response(row);
        for (((test, curve), inputs), keeps) in self.tests.iter().zip(curves).zip(inputs).zip(&self.keeps) {
            let mut response = Response { test: test.spec().into(), ..blank.clone() };
            match curve {
                Ok(points) => {
                    response.points = Some(points.len());
                    let second = test.other_class().map(|rank| ranked(&probabilities, rank));
                    let fractions: Vec<f64> = points.iter().map(|point| point.fraction).collect();
                    for (place, point) in points.into_iter().enumerate() {
                        answer(&mut response, place, &point);
                        if let Some(second) = second {
                            let class = second.map(|class| class.to_string()).unwrap_or_default();
                            response.extra.set("second", class);
                            let earlier = fractions[..place].iter().filter(|other| **other == point.fraction);
                            response.extra.set("sample", earlier.count().to_string());
                        }
                        if let Some(kept) = &kept {
                            // An input that another test keeps may be one of this test too.
                            kept.tell(&mut response.extra, inputs[place].filter(|_| *keeps));
                        }
                        self.out.write(&response)?;
                    }
                }
                Err(why) => self.out.write(&Response { reason: why.to_string(), ..response })?,
            }
        }
        Ok(())
    }

    /// What is wrong with the class that an image is made to look like.
    fn other_second(&self, image: &str, probabilities: &[f32]) -> Option<String> {
        let (class, _) = self.seconds.of(image)?;
        let rank = self.tests.iter().find_map(ParsedTest::other_class)?;
        let own = ranked(probabilities, rank)?;
        (own != *class).then(|| format!("--second says class {class}, but here class {own} has rank {rank}"))
    }

    fn finish(mut self, args: &Args, record: Record) -> Result<()> {
        self.counts.forwards = self.executor.forwards();
        self.counts.failures = self.failures.count();
        self.out.finish(&self.digest)?;
        if self.counts.passed > 0 {
            pipe::note(format_args!("{} rows came without a map and go on as they are", self.counts.passed));
        }
        self.loaded.remark().iter().for_each(pipe::note);
        for (reason, maps) in &self.undefined {
            pipe::note(format_args!("{maps} of {} maps are not measured: {reason}", self.counts.maps));
        }
        report::write(args, record, self.loaded, self.tests, &self.counts)?;
        self.failures.finish(self.counts.maps)
    }
}
