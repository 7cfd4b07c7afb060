//! The run: chunk by chunk, group by group, method by method.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use attribution::{Named, Question};
use models::{Classifier, Picture, Tensor};
use pipe::npy::{self, PackWriter};
use pipe::{BoundingBox, Boxes, Explained, Failures, Picture as Row, Progress, Rows, Writer};
use setup::Loaded;

use crate::args::{Args, Target};
use crate::pictures::{self, List};
use crate::report::Report;

/// Explains everything that the command line asks for.
pub fn explain(args: &Args) -> Result<()> {
    let methods = args.parse_methods()?;
    let List { pictures, extra } = pictures::list(args)?;
    let keep: Vec<String> =
        methods.iter().filter_map(|named| named.method.layer()).map(str::to_string).collect();
    let keep = keep.into_iter().chain(args.layer.clone()).collect::<Vec<_>>();
    let mut loaded = args.model.open(&keep)?;
    choose_layer(args, &mut loaded.classifier)?;
    for named in &methods {
        named.method.check(&loaded.classifier)?;
    }
    let mut run = Run::new(args, &loaded, &methods, pictures.len(), &extra)?;
    let chunks = pictures.chunks(usize::from(args.chunk)).enumerate();
    for (number, rows) in chunks.filter(|(number, _)| number % args.shard.n == args.shard.k - 1) {
        run.chunk(number, rows)?;
    }
    run.finish()
}

fn choose_layer(args: &Args, classifier: &mut Classifier) -> Result<()> {
    if let Some(name) = args.layer.as_deref().filter(|name| *name != "auto") {
        let model = classifier.name.clone();
        let missing = || models::zoo::ModelError::NoLayer { model, layer: name.into() };
        classifier.layer = classifier.network.graph().find(name).ok_or_else(missing)?;
    }
    Ok(())
}

/// A picture of the list, opened.
type Opened = (Row, Result<Picture, models::image::PictureError>);

/// Everything that lives as long as the run.
struct Run<'a> {
    args: &'a Args,
    loaded: &'a Loaded,
    methods: &'a [Named],
    progress: Progress,
    failures: Failures,
    report: Report,
    rows: Option<Writer<Explained>>,
    tried: u64,
}

/// The maps of one method in one chunk.
#[derive(Default)]
struct Pack {
    writer: Option<PackWriter>,
    shape: Vec<usize>,
    rows: Vec<Explained>,
}

impl<'a> Run<'a> {
    fn new(
        args: &'a Args,
        loaded: &'a Loaded,
        methods: &'a [Named],
        total: usize,
        extra: &[String],
    ) -> Result<Self> {
        if !args.quiet {
            pipe::note(format_args!("{} on {}", loaded.classifier.name, loaded.device));
        }
        let mut report = Report::new(args);
        report.model(args, loaded, total)?;
        if !args.npy {
            check_settings(args, &loaded.classifier.sha256)?;
        }
        Ok(Self {
            progress: Progress::new("explain", total as u64, "images").quiet(args.quiet),
            failures: args.errors.failures()?,
            rows: if args.npy { None } else { Some(Writer::stdout(extra)?) },
            args,
            loaded,
            methods,
            report,
            tried: 0,
        })
    }

    /// Explains one chunk with every method that has not done it yet.
    fn chunk(&mut self, number: usize, rows: &[Row]) -> Result<()> {
        let resume = self.args.resume && !self.args.npy;
        let todo: Vec<&Named> =
            self.methods.iter().filter(|named| !(resume && self.paths(named, number).1.exists())).collect();
        let mut packs: BTreeMap<&str, Pack> = BTreeMap::new();
        if !todo.is_empty() {
            let preprocess = &self.loaded.classifier.preprocess;
            let open = |row: Row| {
                let picture = setup::open(&row.image, preprocess);
                (row, picture)
            };
            let mut group: Vec<(Row, Picture)> = Vec::new();
            setup::ahead(rows.to_vec().into_iter(), open, |(row, picture): Opened| {
                self.tried += 1;
                match picture {
                    Ok(picture) => {
                        let size = |picture: &Picture| (picture.height, picture.width);
                        let full = group.len() >= self.loaded.batch_size(picture.height, picture.width);
                        if full || group.last().is_some_and(|(_, last)| size(last) != size(&picture)) {
                            self.group(&todo, number, std::mem::take(&mut group), &mut packs)?;
                        }
                        group.push((row, picture));
                        Ok(())
                    }
                    Err(error) => self.failures.add(&row.image, "", "open", anyhow::Error::from(error)),
                }
            })?;
            self.group(&todo, number, group, &mut packs)?;
        }
        self.publish(number, packs)
    }

    /// Explains pictures of one size.
    fn group(
        &mut self,
        todo: &[&'a Named],
        number: usize,
        group: Vec<(Row, Picture)>,
        packs: &mut BTreeMap<&'a str, Pack>,
    ) -> Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let classifier = &self.loaded.classifier;
        let (rows, pictures): (Vec<Row>, Vec<Picture>) = group.into_iter().unzip();
        let images = classifier.input(&pictures.iter().collect::<Vec<_>>());
        let asked = self.args.target == Target::Predicted && rows.iter().any(|row| row.target.is_none());
        let predicted = if asked { predictions(classifier, &images) } else { vec![0; rows.len()] };
        let targets: Vec<Result<usize>> =
            rows.iter().zip(predicted).map(|(row, predicted)| self.target(row, predicted)).collect();
        let mut kept = Vec::new();
        for (i, target) in targets.into_iter().enumerate() {
            match target {
                Ok(target) => kept.push((i, target)),
                Err(error) => self.failures.add(&rows[i].image, "", "target", error)?,
            }
        }
        if kept.is_empty() {
            return Ok(());
        }
        let picked = kept.iter().map(|&(i, _)| images.clone().narrow(0, i, 1)).collect();
        let targets: Vec<usize> = kept.iter().map(|&(_, target)| target).collect();
        let names: Vec<String> = kept.iter().map(|&(i, _)| rows[i].image.clone()).collect();
        let (h, w) = (pictures[0].height, pictures[0].width);
        let question = Question {
            classifier,
            images: Tensor::cat(picked, 0),
            targets: &targets,
            names: &names,
            seed: self.args.seed,
            batch_size: self.loaded.batch_size(h, w),
        };
        for named in todo {
            let clock = Instant::now();
            let maps = self.args.reduce.apply(named.method.explain(&question));
            let [_, c, h, w] = maps.dims();
            let maps: Vec<f32> = maps.into_data().try_into_vec().context("maps are f32")?;
            self.report.add(&named.spec, clock.elapsed().as_secs_f64());
            let shape = if c == 1 { vec![h, w] } else { vec![c, h, w] };
            let pack = packs.entry(named.spec.as_str()).or_default();
            for (map, &(i, target)) in maps.chunks(c * h * w).zip(&kept) {
                let row = self.row(named, &rows[i], &pictures[i], target);
                self.keep(pack, number, named, &shape, map, row)?;
            }
        }
        self.progress.add(rows.len() as u64);
        Ok(())
    }

    /// The class to explain: the row's own, or what `--target` says.
    fn target(&self, row: &Row, predicted: usize) -> Result<usize> {
        let classes = self.loaded.classifier.network.classes();
        let target = match (row.target, self.args.target) {
            (Some(target), _) | (None, Target::Class(target)) => target,
            (None, Target::Predicted) => predicted,
            (None, Target::Label) => row.label.context("--target label, but the picture has no label")?,
        };
        if target >= classes {
            bail!("class {target} of a model with {classes} classes");
        }
        Ok(target)
    }

    /// The row of one map; the boxes are moved with the picture's resize and crop.
    fn row(&self, named: &Named, row: &Row, picture: &Picture, target: usize) -> Explained {
        let mut extra = row.extra.clone();
        if let Some(boxes) = &row.boxes {
            let place = |b: &BoundingBox| {
                let [x0, y0, x1, y1] =
                    picture.geometry.place([b.x0, b.y0, b.x1, b.y1].map(|x| x as f32)).map(f64::from);
                BoundingBox { x0, y0, x1, y1 }
            };
            extra.set("boxes", Boxes(boxes.0.iter().map(place).collect()).to_string());
        }
        Explained {
            image: row.image.clone(),
            target,
            model: self.loaded.classifier.name.clone(),
            method: named.spec.clone(),
            map: String::new(),
            map_index: None,
            extra,
        }
    }

    /// Adds a map to its pack, or writes it out at once.
    fn keep(
        &mut self,
        pack: &mut Pack,
        number: usize,
        named: &Named,
        shape: &[usize],
        map: &[f32],
        mut row: Explained,
    ) -> Result<()> {
        if self.args.npy {
            let mut out = pipe::stdout();
            npy::write(&mut out, shape, map)?;
            return Ok(std::io::Write::flush(&mut out)?);
        }
        let path = self.paths(named, number).0;
        if pack.writer.is_none() {
            pack.writer = Some(PackWriter::create(&path, shape)?);
            pack.shape = shape.to_vec();
        }
        if pack.shape != shape {
            let error = format!(
                "its map is {shape:?}, but the maps before it in {} are {:?}",
                path.display(),
                pack.shape
            );
            return self.failures.add(&row.image, &named.spec, "write", error);
        }
        let index = pack.writer.as_mut().map(|writer| writer.push(map)).transpose()?;
        row.map = path.display().to_string();
        row.map_index = index;
        pack.rows.push(row);
        Ok(())
    }

    /// Finishes the files of a chunk, then prints its rows: a printed row is a promise that the map is there.
    fn publish(&mut self, number: usize, mut packs: BTreeMap<&str, Pack>) -> Result<()> {
        if self.args.npy {
            return Ok(());
        }
        for named in self.methods {
            let table = self.paths(named, number).1;
            let rows = match packs.remove(named.spec.as_str()) {
                Some(pack) => {
                    pack.writer.map(PackWriter::finish).transpose()?;
                    write_rows(&table, &pack.rows)?;
                    pack.rows
                }
                None if self.args.resume && table.exists() => {
                    Rows::<Explained>::open(&[&table])?.collect::<Result<_, _>>()?
                }
                None => Vec::new(),
            };
            if let Some(out) = &mut self.rows {
                rows.iter().try_for_each(|row| out.write(row))?;
                out.flush()?;
            }
        }
        Ok(())
    }

    /// The pack of a method's chunk, and the table of its rows that marks it as finished.
    fn paths(&self, named: &Named, number: usize) -> (PathBuf, PathBuf) {
        let folder = self.args.out.join(named.spec.replace('/', "_"));
        (folder.join(format!("{number:05}.npy")), folder.join(format!("{number:05}.csv")))
    }

    fn finish(mut self) -> Result<()> {
        if let Some(out) = self.rows.take() {
            out.finish()?;
            self.report.finish()?;
        }
        self.failures.finish(self.tried)
    }
}

/// The class with the highest score of each picture.
fn predictions(classifier: &Classifier, images: &Tensor<4>) -> Vec<usize> {
    let best = classifier.logits(images.clone()).argmax(1).into_data();
    best.iter::<i64>().map(|class| class as usize).collect()
}

fn write_rows(path: &Path, rows: &[Explained]) -> Result<()> {
    let extra: Vec<String> = rows.first().map(|row| row.extra.names().to_vec()).unwrap_or_default();
    let mut text = Vec::new();
    let mut table = Writer::<Explained, _>::new(&mut text, &extra)?;
    rows.iter().try_for_each(|row| table.write(row))?;
    table.finish()?;
    Ok(pipe::atomic::write(path, &text)?)
}

/// Writes down the settings of a run, or compares them with those of the run that `--resume` goes on with.
fn check_settings(args: &Args, sha256: &str) -> Result<()> {
    let path = args.out.join("settings.json");
    let settings = serde_json::to_string_pretty(&args.settings(sha256)?)?;
    match fs::read_to_string(&path) {
        Ok(before) if args.resume && before != settings => {
            bail!("--resume: {} is of a run with other settings", path.display())
        }
        _ => {}
    }
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    Ok(pipe::atomic::write(&path, settings.as_bytes())?)
}
