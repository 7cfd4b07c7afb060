//! The run: chunks of the list in order, images in groups of one size that may span chunks, method by method.

mod group;

use std::collections::VecDeque;

use anyhow::{Context, Result};
use attribution::Explainer;
use models::Classifier;
use models::network::shape::ShapeError;
use pipe::{Explained, Failures, Progress, Writer};
use serde_json::Value;
use setup::{Baselines, Loaded};

use crate::again::{Again, Printer, Wanted};
use crate::annotations::Annotations;
use crate::args::Args;
use crate::check;
use crate::chunk::{Chunk, Plan};
use crate::dry_run;
use crate::files;
use crate::finish::Finish;
use crate::item::{self, Item};
use crate::list::{self, List, Listed};
use crate::masks;
use crate::plan;
use crate::report::Report;
use crate::source::{Event, Opened, Source};
use crate::trace::Trace;

/// Explains everything that the command line asks for.
pub fn explain(args: &Args) -> Result<()> {
    let mut again = args.again.then(|| Again::read(args)).transpose()?;
    let Wanted { methods, finishes, mut of_images } = if let Some(again) = &mut again {
        std::mem::take(&mut again.wanted)
    } else {
        let methods = args.parse_methods()?;
        let finishes = vec![Finish::new(&args.steps)?; methods.len()];
        Wanted { methods, finishes, of_images: Vec::new() }
    };
    check::arguments(args, &methods)?;
    let annotations = args.boxes.as_deref().map(Annotations::open).transpose()?;
    let mut rows = if args.again { list::Rows::default() } else { list::read(args)? };
    let needs: Vec<Vec<String>> = methods.iter().map(|named| named.needs().unfolded).collect();
    let shifted = |raw: Classifier| match args.shift_input {
        Some(shift) => raw.with_shifted_input(shift),
        None => raw,
    };
    let mut loaded = args.model.open_as(&needs, shifted)?;
    let names = args.name_classes(&mut loaded.classifier)?;
    if let Some(annotations) = &annotations {
        annotations.add_to(&mut rows, args.target, &names)?;
    }
    let (list, printer) = match again {
        Some(again) => {
            let (list, printer) =
                again.start([&loaded.classifier.name, &loaded.classifier.key()], &args.output)?;
            (list, Some(printer))
        }
        None => (List::new(rows, args.target, &names), None),
    };
    of_images.resize(list.images.len(), None);
    let files = files::paths(&args.files);
    let context = |view| {
        let context = attribution::Context::new(view)?;
        Ok(context.of_plain(loaded.views.plain()).with_files(files.clone()))
    };
    let contexts = loaded.views.all().iter().map(context).collect::<Result<Vec<_>, ShapeError>>()?;
    let explainers = check::prepared(&methods, &loaded, &contexts)?;
    check::fits(args, &loaded.classifier, &list.images)?;
    let baselines = Baselines::open(&args.baselines, &loaded.classifier)?;
    let plan =
        plan::make(args, &loaded, &list, &methods, &contexts, &finishes, (baselines.as_ref(), &of_images))?;
    if args.dry_run {
        return dry_run::write(&loaded, &plan);
    }
    let table = match printer {
        Some(printer) => Table::Again(printer),
        None => Table::open(args, &loaded, &plan)?,
    };
    let mut run = Run::new(args, &loaded, &plan, explainers, baselines.as_ref(), table)?;
    plan.sweep()?;
    let source = Source::new(&plan, args.npy);
    let preprocess = &loaded.classifier.preprocess;
    setup::ahead(source, |event| event.open(preprocess), |event| run.take(event))?;
    run.finish(contexts.iter().map(attribution::Context::modified_bytes).sum())
}

/// What is printed on standard output.
enum Table {
    /// A row for each map.
    Maps(Writer<Explained>),
    /// The rows that came in, with their new maps.
    Again(Printer),
    /// The maps themselves.
    Stream,
}

impl Table {
    fn open(args: &Args, loaded: &Loaded, plan: &Plan<'_>) -> Result<Self> {
        if args.npy {
            return Ok(Self::Stream);
        }
        let columns = plan.list.columns(!loaded.classifier.labels.is_empty());
        Ok(Self::Maps(Writer::open(&args.output, &columns)?))
    }
}

/// Tells a printer what came of the images of a chunk.
fn settle(printer: &mut Printer, plan: &Plan<'_>, chunk: &Chunk<'_>) {
    let first = plan.cuts[chunk.number].rows.start;
    for place in 0..chunk.rows.len() {
        if let Some((item, path)) = chunk.packs.iter().flatten().find_map(|pack| pack.result(place)) {
            printer.settle(first + place, item, path);
        }
    }
}

/// Everything that lives as long as the run.
struct Run<'a> {
    args: &'a Args,
    loaded: &'a Loaded,
    plan: &'a Plan<'a>,
    /// Of each method, in their order.
    explainers: Vec<Box<dyn Explainer + 'a>>,
    baselines: Option<&'a Baselines>,
    progress: Progress,
    failures: Failures,
    report: Report,
    table: Table,
    trace: Trace,
    /// Those that are not printed yet.
    chunks: VecDeque<Chunk<'a>>,
    /// Images of one size that are explained together.
    group: Vec<Item>,
}

impl<'a> Run<'a> {
    fn new(
        args: &'a Args,
        loaded: &'a Loaded,
        plan: &'a Plan<'a>,
        explainers: Vec<Box<dyn Explainer + 'a>>,
        baselines: Option<&'a Baselines>,
        table: Table,
    ) -> Result<Self> {
        if !args.quiet {
            pipe::note(format_args!("{} on {}", loaded.classifier.name, loaded.device));
        }
        loaded.notes.iter().for_each(pipe::note);
        if plan.images() == 0 {
            let (shard, chunks) = (plan.shard, plan.cuts.len());
            let nothing =
                format_args!("nothing to do for shard {}/{}: the list has {chunks} chunks", shard.k, shard.n);
            pipe::note(nothing);
        }
        let mut failures = args.errors.failures()?;
        if plan.shard.k == 1 {
            for (row, reason) in &plan.list.doubled {
                failures.add_several(plan.methods.len() as u64, &row.image, "", "list", reason)?;
            }
        }
        Ok(Self {
            progress: Progress::new("explain", plan.images() as u64, "images").quiet(args.quiet),
            failures,
            report: Report::new(args, loaded, plan)?,
            table,
            trace: Trace::open(args.trace.clone())?,
            chunks: VecDeque::new(),
            group: Vec::new(),
            args,
            loaded,
            plan,
            explainers,
            baselines,
        })
    }

    fn take(&mut self, event: Event<'a, Opened>) -> Result<()> {
        match event {
            Event::Chunk(chunk) => self.begin(chunk)?,
            Event::Image { chunk, row, image } => self.image((chunk, row), image)?,
        }
        self.publish()
    }

    /// Tells what failed in an earlier run, and what cannot even be read.
    fn begin(&mut self, chunk: Chunk<'a>) -> Result<()> {
        let number = chunk.number;
        for row in 0..chunk.rows.len() {
            self.report_earlier(&chunk, row)?;
        }
        let wanted = chunk.wanted();
        self.progress.add((chunk.rows.len() - wanted.len()) as u64);
        let unreadable: Vec<(usize, String)> =
            wanted.into_iter().filter_map(|row| Some((row, chunk.hashes[row].clone().err()?))).collect();
        self.chunks.push_back(chunk);
        for (row, reason) in unreadable {
            let stage = if self.plan.rows(number)[row].flaw.is_some() { "list" } else { "open" };
            self.fail_image((number, row), stage, reason)?;
        }
        Ok(())
    }

    /// The failures of an image in packs of earlier runs count in this one too.
    fn report_earlier(&mut self, chunk: &Chunk<'a>, row: usize) -> Result<()> {
        let image = &chunk.rows[row].row.image;
        let mut of_the_image = 0;
        let mut last = None;
        for (packs, chosen) in chunk.packs.iter().zip(&self.plan.methods) {
            let earlier = packs.iter().filter(|pack| pack.earlier).find_map(|pack| pack.result(row));
            let Some((stage, why)) = earlier.and_then(|(item, _)| item.failure.as_ref()) else { continue };
            if stage == "explain" {
                self.failures.add(image, &chosen.name, stage, why)?;
            } else {
                (of_the_image, last) = (of_the_image + 1, Some((stage.clone(), why.clone())));
            }
        }
        match last {
            Some((stage, why)) => self.failures.add_several(of_the_image, image, "", &stage, why),
            None => Ok(()),
        }
    }

    fn chunk(&mut self, number: usize) -> &mut Chunk<'a> {
        let found = self.chunks.iter_mut().find(|chunk| chunk.number == number);
        found.expect("a chunk comes before its images and stays until they are done")
    }

    /// Adds an image to the group, after the group was explained if it is full or has another size.
    fn image(&mut self, place: (usize, usize), image: Opened) -> Result<()> {
        let Some(item) = self.item(place, image)? else { return Ok(()) };
        let [h, w] = item.size();
        let full = self.group.len() >= self.loaded.batch_size(h, w);
        if full || self.group.last().is_some_and(|last| last.size() != [h, w]) {
            self.explain_group()?;
        }
        self.group.push(item);
        Ok(())
    }

    /// An image and the class to explain, if the row and the image allow it.
    fn item(&mut self, place: (usize, usize), image: Opened) -> Result<Option<Item>> {
        let (chunk, row) = place;
        let listed = &self.plan.rows(chunk)[row];
        let image = match image {
            Ok(image) => image,
            Err(reason) => return self.fail_image(place, "open", reason).map(|()| None),
        };
        let classifier = &self.loaded.classifier;
        if let Err(reason) = self.loaded.check_size(image.size) {
            return self.fail_image(place, "open", reason).map(|()| None);
        }
        if let Some(reason) = self.baselines.and_then(|baselines| baselines.misfit(image.size)) {
            return self.fail_image(place, "open", reason).map(|()| None);
        }
        match item::class(&listed.asked, classifier.network.classes()) {
            Ok(class) => Ok(Some(Item { chunk, row, name: listed.row.image.clone(), input: image, class })),
            Err(error) => self.fail_image(place, "target", error.to_string()).map(|()| None),
        }
    }

    /// Notes that an image has no maps.
    fn fail_image(&mut self, (chunk, row): (usize, usize), stage: &str, reason: String) -> Result<()> {
        let image = &self.plan.rows(chunk)[row].row.image;
        if self.args.npy {
            return self.tell(image, "", stage, &reason);
        }
        let mut lost = 0;
        let chunk = self.chunk(chunk);
        for pack in chunk.packs.iter_mut().flatten().filter(|pack| pack.wants(row)) {
            pack.fail(row, None, stage, reason.clone())?;
            lost += 1;
        }
        self.failures.add_several(lost, image, "", stage, reason)?;
        self.progress.add(1);
        Ok(())
    }

    /// Arrays in a stream are told apart by their order only, so there a failure is the end.
    fn tell(&mut self, image: &str, method: &str, stage: &str, reason: &str) -> Result<()> {
        if self.args.npy {
            return Err(anyhow::Error::msg(reason.to_owned())).context(image.to_owned());
        }
        self.failures.add(image, method, stage, reason)
    }

    /// Prints the rows of the first chunks, if their packs are on the disk: a printed row is a promise.
    fn publish(&mut self) -> Result<()> {
        while self.chunks.front().is_some_and(Chunk::is_done) {
            let Some(chunk) = self.chunks.pop_front() else { break };
            let masks = if self.args.npy { Vec::new() } else { self.place_masks(&chunk)? };
            let table = match &mut self.table {
                Table::Maps(table) => table,
                Table::Again(printer) => {
                    settle(printer, self.plan, &chunk);
                    printer.print()?;
                    continue;
                }
                Table::Stream => continue,
            };
            for (packs, chosen) in chunk.packs.iter().zip(&self.plan.methods) {
                for (place, listed) in chunk.rows.iter().enumerate() {
                    let result = packs.iter().find_map(|pack| pack.result(place));
                    let result = result.expect("the packs of a method hold all images of the chunk");
                    let classifier = &self.loaded.classifier;
                    let mask = &masks[place];
                    let row =
                        item::row(self.plan.list, listed, &chosen.name, classifier, result.clone(), mask)?;
                    table.write(&row)?;
                    self.trace.write(&row, result.0)?;
                }
            }
            table.flush()?;
        }
        Ok(())
    }

    /// The masks of a chunk's images in the frame of their maps, as cells of the table. A map whose mask cannot be used counts as
    /// failed, though it is there: it says nothing about the mask, which may be repaired.
    fn place_masks(&mut self, chunk: &Chunk<'a>) -> Result<Vec<String>> {
        let mut cells = Vec::new();
        for (place, Listed { row, .. }) in chunk.rows.iter().enumerate() {
            let results = chunk.packs.iter().flatten().filter_map(|pack| pack.result(place));
            let geometries: Vec<&Value> = results.filter_map(|(item, _)| item.geometry.as_ref()).collect();
            let Some(&geometry) = geometries.first().filter(|_| !row.mask.is_empty()) else {
                cells.push(String::new());
                continue;
            };
            let geometry = serde_json::from_value(geometry.clone()).context("the geometry of a sidecar")?;
            cells.push(match masks::read(&row.mask, &geometry) {
                Ok(mask) => masks::write(&mask, &self.args.out)?,
                Err(error) => {
                    let maps = geometries.len() as u64;
                    self.failures.add_several(maps, &row.image, "", "mask", format!("{error:#}"))?;
                    String::new()
                }
            });
        }
        Ok(cells)
    }

    fn finish(mut self, modified_bytes: u64) -> Result<()> {
        self.explain_group()?;
        self.publish()?;
        match self.table {
            Table::Maps(table) => table.finish()?,
            Table::Again(printer) => printer.finish()?,
            Table::Stream => {}
        }
        self.trace.finish()?;
        if !self.args.npy {
            self.report.finish(&self.loaded.classifier, modified_bytes)?;
        }
        self.loaded.remark().iter().for_each(pipe::note);
        // In maps, as failures are: an image that is there twice would have had a second map of each method.
        let doubled = if self.plan.shard.k == 1 { self.plan.list.doubled.len() } else { 0 };
        let maps = self.plan.maps() + doubled * self.plan.methods.len();
        self.failures.finish(maps as u64)
    }
}
