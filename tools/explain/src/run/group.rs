//! Images of one size that are explained together, method by method.

use anyhow::{Result, bail};
use attribution::Request;
use models::Tensor;
use pipe::npy;
use setup::Target;

use super::Run;
use crate::item::{self, Item, Map, Maps};
use crate::report::Clock;
use crate::trace;

/// Why no class has a rank.
const UNDEFINED: &str = "the classifier's scores are not finite";

/// Some images of a group, on the device.
struct Batch<'a> {
    items: Vec<&'a Item>,
    images: Tensor<4>,
    targets: Vec<usize>,
    keys: Vec<String>,
}

impl Run<'_> {
    /// Explains the images of the group.
    pub(super) fn explain_group(&mut self) -> Result<()> {
        let group = std::mem::take(&mut self.group);
        if group.is_empty() {
            return Ok(());
        }
        let classifier = &self.loaded.classifier;
        let planes: Vec<&[f32]> = group.iter().map(|item| &item.input.planes[..]).collect();
        let images = classifier.stack(&planes, group[0].size());
        let mut targets = item::targets(classifier, &group, &images)?;
        if let Some(reason) = classifier.failure() {
            bail!("{}: {reason}", classifier.name);
        }
        for (item, target) in group.iter().zip(&mut targets) {
            let list = self.plan.list;
            let is_found = matches!(item.class, Target::Rank(_));
            let twice = target.filter(|class| is_found && list.asks(&item.name, *class));
            let reason = match (*target, twice) {
                (None, _) => UNDEFINED.into(),
                (_, Some(class)) => {
                    format!("the {} class is {class}, which the list asks for too", item.class)
                }
                _ => continue,
            };
            *target = None;
            self.fail_image((item.chunk, item.row), "target", reason)?;
        }
        for method in 0..self.plan.methods.len() {
            for batch in self.batches(method, &group, &images, &targets) {
                self.explain_batch(method, &batch)?;
            }
        }
        self.progress.add(targets.iter().flatten().count() as u64);
        Ok(())
    }

    /// The images of a group that a method has not done yet, no more at once than one of its packs has: what a kill loses.
    fn batches<'g>(
        &mut self,
        method: usize,
        group: &'g [Item],
        images: &Tensor<4>,
        targets: &[Option<usize>],
    ) -> Vec<Batch<'g>> {
        let npy = self.args.npy;
        let mut wants = |item: &Item| npy || self.chunk(item.chunk).wanting(method, item.row).is_some();
        let chosen: Vec<(usize, usize)> = (0..group.len())
            .filter_map(|i| targets[i].map(|target| (i, target)))
            .filter(|(i, _)| wants(&group[*i]))
            .collect();
        let one = |&(i, _): &(usize, usize)| images.clone().narrow(0, i, 1);
        let batch = |chosen: &[(usize, usize)]| Batch {
            images: if chosen.len() == group.len() {
                images.clone()
            } else {
                Tensor::cat(chosen.iter().map(one).collect(), 0)
            },
            targets: chosen.iter().map(|(_, target)| *target).collect(),
            keys: chosen.iter().map(|(i, _)| group[*i].input.hash.clone()).collect(),
            items: chosen.iter().map(|(i, _)| &group[*i]).collect(),
        };
        chosen.chunks(self.plan.methods[method].part).map(batch).collect()
    }

    fn explain_batch(&mut self, method: usize, batch: &Batch<'_>) -> Result<()> {
        let chosen = &self.plan.methods[method];
        let [_, _, h, w] = batch.images.dims();
        let request = Request {
            images: batch.images.clone(),
            targets: &batch.targets,
            keys: &batch.keys,
            seed: self.args.seed,
            batch_size: self.loaded.batch_size(h, w),
            baselines: self.baselines.map(|baselines| &baselines.images),
        };
        let clock = Clock::start(&self.loaded.classifier);
        let maps = self.explainers[method].explain(&request);
        let maps = match maps {
            Ok(maps) => Maps::new(chosen.finish.reduce(maps))?,
            // A classifier that answers no more ends the run; a method may fail on some images.
            Err(error @ attribution::Error::Scores { .. }) => return Err(error.into()),
            Err(error) => return self.fail_batch(method, batch, &error.to_string()),
        };
        self.report.add(&chosen.name, clock.stop(&self.loaded.classifier));
        let told = self.explainers[method].told().into_iter().map(Some).chain(std::iter::repeat(None));
        let items = batch.items.iter().zip(&batch.targets);
        for ((map, (item, &target)), told) in maps.iter().zip(items).zip(told) {
            let told = told.unwrap_or_default();
            if !told.trials.is_empty()
                && !self.args.npy
                && let Some(pack) = self.chunk(item.chunk).wanting(method, item.row)
            {
                pack.tried(trace::trials(&told));
            }
            match told.failure {
                Some(reason) => self.fail_map(method, item, target, &reason)?,
                None => self.deliver(method, item, target, map)?,
            }
        }
        Ok(())
    }

    /// Notes that a method has failed on some images.
    fn fail_batch(&mut self, method: usize, batch: &Batch<'_>, reason: &str) -> Result<()> {
        batch
            .items
            .iter()
            .zip(&batch.targets)
            .try_for_each(|(item, &target)| self.fail_map(method, item, target, reason))
    }

    fn fail_map(&mut self, method: usize, item: &Item, target: usize, reason: &str) -> Result<()> {
        self.tell(&item.name, &self.plan.methods[method].name, "explain", reason)?;
        let pack = self.chunk(item.chunk).wanting(method, item.row);
        pack.map_or(Ok(()), |pack| pack.fail(item.row, Some(target), "explain", reason.to_owned()))
    }

    /// Adds a map to its pack, or writes it out at once.
    fn deliver(&mut self, method: usize, item: &Item, target: usize, map: Map<'_>) -> Result<()> {
        if !map.values.iter().all(|value| value.is_finite()) {
            return self.fail_map(method, item, target, "its map holds values that are not finite");
        }
        let map = Map { shape: map.shape, values: &self.plan.methods[method].finish.apply(map) };
        if self.args.npy {
            let mut out = pipe::stdout();
            npy::write(&mut out, map.shape, map.values)?;
            return Ok(std::io::Write::flush(&mut out)?);
        }
        let geometry = serde_json::to_value(item.input.geometry)?;
        let pack = self.chunk(item.chunk).wanting(method, item.row);
        pack.map_or(Ok(()), |pack| pack.push(item.row, map, target, geometry))
    }
}
