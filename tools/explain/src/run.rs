//! The run: chunk by chunk, group by group, method by method.

use std::time::Instant;

use anyhow::{Context, Result};
use attribution::{Explainer, ParsedMethod, Request};
use models::Image;
use models::image::ImageError;
use pipe::{Explained, Failures, Image as Row, Progress, Writer, npy};
use setup::Loaded;

use crate::args::Args;
use crate::baselines::Baselines;
use crate::check;
use crate::finish::Finish;
use crate::images::{self, List};
use crate::item::{self, Item, Map, Maps};
use crate::pack::{Files, Pack};
use crate::report::Report;
use crate::resume;

/// Explains everything that the command line asks for.
pub fn explain(args: &Args) -> Result<()> {
    let (methods, finish) = (args.parse_methods()?, Finish::new(&args.steps)?);
    check::arguments(args, &methods)?;
    let list = images::list(args)?;
    let needs: Vec<Vec<String>> = methods.iter().map(|named| named.needs().unfolded).collect();
    let mut loaded = args.model.open(&needs)?;
    args.name_classes(&mut loaded.classifier)?;
    let contexts = loaded.views.all().iter().map(attribution::Context::new).collect::<Result<Vec<_>, _>>()?;
    let explainers = check::prepared(&methods, &loaded, &contexts)?;
    check::fits(args, &loaded.classifier, &list.images)?;
    let baselines = Baselines::open(&args.baselines, &loaded.classifier)?;
    let mut run = Run::new(args, &loaded, &methods, explainers, &list, finish, baselines)?;
    for (number, rows) in list.images.chunks(usize::from(args.chunk)).enumerate() {
        if args.has_chunk(number) {
            run.chunk(number, rows)?;
        }
    }
    run.finish()
}

/// Why no class is the predicted one.
const UNDEFINED: &str = "the classifier's scores are not finite";

/// An image, or why there is none.
type Opened = Result<Image, ImageError>;

/// Everything that lives as long as the run.
struct Run<'a> {
    args: &'a Args,
    loaded: &'a Loaded,
    methods: &'a [ParsedMethod],
    /// Of each method, in their order.
    explainers: Vec<Box<dyn Explainer + 'a>>,
    progress: Progress,
    failures: Failures,
    report: Report,
    /// The table on standard output, unless the maps themselves go there.
    table: Option<Writer<Explained>>,
    total: usize,
    finish: Finish,
    baselines: Option<Baselines>,
}

impl<'a> Run<'a> {
    fn new(
        args: &'a Args,
        loaded: &'a Loaded,
        methods: &'a [ParsedMethod],
        explainers: Vec<Box<dyn Explainer + 'a>>,
        list: &List,
        finish: Finish,
        baselines: Option<Baselines>,
    ) -> Result<Self> {
        if !args.quiet {
            pipe::note(format_args!("{} on {}", loaded.classifier.name, loaded.device));
            loaded.notes.iter().for_each(pipe::note);
        }
        let chunks = list.images.chunks(usize::from(args.chunk)).enumerate();
        let total = chunks.filter(|(number, _)| args.has_chunk(*number)).map(|(_, rows)| rows.len()).sum();
        let mut steps = finish.settings();
        if let Some(baselines) = &baselines {
            steps["baselines_sha256"] = baselines.sha256.as_str().into();
        }
        if !args.npy {
            resume::claim(args, methods, &resume::settings(args, &loaded.classifier, list, &steps)?)?;
        }
        Ok(Self {
            progress: Progress::new("explain", total as u64, "images").quiet(args.quiet),
            failures: args.errors.failures()?,
            report: Report::new(args, loaded, total, &steps)?,
            table: if args.npy { None } else { Some(Writer::stdout(&list.columns(&loaded.classifier))?) },
            args,
            loaded,
            methods,
            explainers,
            total,
            finish,
            baselines,
        })
    }

    /// Explains one chunk with every method that has not done it yet, then prints its rows.
    fn chunk(&mut self, number: usize, rows: &[Row]) -> Result<()> {
        let mut packs: Vec<Pack<'a>> =
            self.methods.iter().map(|named| Pack::new(named, Files::new(self.args, named, number))).collect();
        packs.retain(|pack| !(self.args.resume && pack.files.finished()));
        if packs.is_empty() {
            self.progress.add(rows.len() as u64);
        } else {
            self.compute(rows, &mut packs)?;
        }
        if !self.args.npy {
            self.publish(number, rows, packs)?;
        }
        Ok(())
    }

    /// Opens images and explains them in groups of one size.
    fn compute(&mut self, rows: &[Row], packs: &mut [Pack<'a>]) -> Result<()> {
        let preprocess = &self.loaded.classifier.preprocess;
        let open = |row: Row| {
            let image = setup::open(&row.image, preprocess);
            (row, image)
        };
        let mut group: Vec<Item> = Vec::new();
        let mut next = |(row, image)| self.add(row, image, &mut group, packs);
        setup::ahead(rows.iter().cloned(), open, &mut next)?;
        self.group(&group, packs)
    }

    /// Adds an image to a group, after the group was explained if it is full or has another size.
    fn add(&mut self, row: Row, image: Opened, group: &mut Vec<Item>, packs: &mut [Pack<'a>]) -> Result<()> {
        let Some(item) = self.item(row, image)? else {
            self.progress.add(1);
            return Ok(());
        };
        let [h, w] = item.size();
        let full = group.len() >= self.loaded.batch_size(h, w);
        if full || group.last().is_some_and(|last| last.size() != [h, w]) {
            self.group(&std::mem::take(group), packs)?;
        }
        group.push(item);
        Ok(())
    }

    /// An image and the class to explain, if the row and the image allow it.
    fn item(&mut self, row: Row, image: Opened) -> Result<Option<Item>> {
        let image = match image {
            Ok(image) => image,
            Err(error) => {
                let reason = anyhow::Error::msg(error.reason);
                return self.fail(&row.image, "", "open", reason).map(|()| None);
            }
        };
        if let Err(error) = self.loaded.classifier.check_size([image.height, image.width]) {
            return self.fail(&row.image, "", "open", error.into()).map(|()| None);
        }
        if let Some(reason) = self.baselines.as_ref().and_then(|baselines| baselines.misfit(&image)) {
            return self.fail(&row.image, "", "open", anyhow::Error::msg(reason)).map(|()| None);
        }
        match item::class(self.args.target, &row, self.loaded.classifier.network.classes()) {
            Ok(class) => Ok(Some(Item { row, image, class })),
            Err(error) => self.fail(&row.image, "", "target", error).map(|()| None),
        }
    }

    /// Explains images of one size.
    fn group(&mut self, group: &[Item], packs: &mut [Pack<'a>]) -> Result<()> {
        let Some(first) = group.first() else { return Ok(()) };
        let [h, w] = first.size();
        let classifier = &self.loaded.classifier;
        let images = classifier.input(&group.iter().map(|item| &item.image).collect::<Vec<_>>());
        let targets = item::targets(classifier, group, &images);
        self.loaded.check()?;
        let classes: Vec<usize> = targets.iter().map(|target| target.unwrap_or(0)).collect();
        let keys: Vec<String> = group.iter().map(|item| item.row.image.clone()).collect();
        let baselines = self.baselines.as_ref().map(|baselines| baselines.images.clone());
        let request = Request {
            images,
            targets: &classes,
            keys: &keys,
            seed: self.args.seed,
            batch_size: self.loaded.batch_size(h, w),
            baselines: baselines.as_ref(),
        };
        for pack in packs {
            let clock = Instant::now();
            let at = self.methods.iter().position(|named| std::ptr::eq(named, pack.named));
            let explainer =
                at.and_then(|at| self.explainers.get_mut(at)).context("each method is prepared")?;
            let maps = Maps::new(self.finish.reduce(explainer.explain(&request)?))?;
            self.report.add(&pack.named.spec, clock.elapsed().as_secs_f64());
            for ((map, item), &target) in maps.iter().zip(group).zip(&targets) {
                let spec = &pack.named.spec;
                match target {
                    Some(target) => self.keep(pack, map, item.explained(classifier, spec, target))?,
                    None => self.fail(&item.row.image, spec, "target", anyhow::Error::msg(UNDEFINED))?,
                }
            }
        }
        self.progress.add(group.len() as u64);
        Ok(())
    }

    /// Adds a map to its pack, or writes it out at once.
    fn keep(&mut self, pack: &mut Pack<'_>, map: Map<'_>, row: Explained) -> Result<()> {
        if !map.values.iter().all(|value| value.is_finite()) {
            let error = anyhow::Error::msg("its map holds values that are not finite");
            return self.fail(&row.image, &row.method, "explain", error);
        }
        let map = Map { shape: map.shape, values: &self.finish.apply(map) };
        if self.args.npy {
            let mut out = pipe::stdout();
            npy::write(&mut out, map.shape, map.values)?;
            return Ok(std::io::Write::flush(&mut out)?);
        }
        match pack.misfit(map.shape) {
            Some(reason) => self.fail(&row.image, &row.method, "write", anyhow::Error::msg(reason)),
            None => pack.push(map, row),
        }
    }

    /// Finishes the files of a chunk, then prints its rows: a printed row is a promise that the map is there.
    fn publish(&mut self, number: usize, images: &[Row], packs: Vec<Pack<'a>>) -> Result<()> {
        let mut packs = packs.into_iter().peekable();
        for named in self.methods {
            let rows = match packs.next_if(|pack| pack.named.spec == named.spec) {
                Some(pack) => pack.finish()?,
                None => self.earlier(&Files::new(self.args, named, number), named, images)?,
            };
            if let Some(table) = &mut self.table {
                rows.iter().try_for_each(|row| table.write(row))?;
                table.flush()?;
            }
        }
        Ok(())
    }

    /// The rows of a chunk that an earlier run has finished. An image that has none failed in that run, and counts
    /// as failed in this one too.
    fn earlier(&mut self, files: &Files, named: &ParsedMethod, images: &[Row]) -> Result<Vec<Explained>> {
        let rows = files.rows()?;
        let mut found = rows.iter().peekable();
        for image in images {
            if found.next_if(|row| row.image == image.image).is_none() {
                let again = format!("failed in an earlier run; without {} it is tried again", files.table());
                self.fail(&image.image, &named.spec, "resume", anyhow::Error::msg(again))?;
            }
        }
        Ok(rows)
    }

    /// Notes that one map cannot be had. Arrays in a stream are told apart by their order only, so there it is the end.
    fn fail(&mut self, image: &str, method: &str, stage: &str, error: anyhow::Error) -> Result<()> {
        if self.args.npy {
            return Err(error).context(image.to_string());
        }
        self.failures.add(image, method, stage, error)
    }

    fn finish(mut self) -> Result<()> {
        if let Some(table) = self.table.take() {
            table.finish()?;
            self.report.finish()?;
        }
        self.failures.finish(self.total as u64)
    }
}
