//! A training on the disk: weights, the optimiser's state, how far it is, and the settings that it belongs to, as safetensors.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context, Result, bail, ensure};
use models::graph::Parameter;
use models::network::Weight;
use models::{Network, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::learner::Learner;
use crate::optimiser::{Steps, Stored};
use crate::trainer::Trainer;

/// Where the settings stand in the file's metadata.
const SETTINGS: &str = "settings";
/// What stands before the names of weights.
const WEIGHTS: &str = "weights.";

/// The settings that a stored training was begun with.
///
/// # Errors
/// If the bytes are no stored training.
pub fn settings(bytes: &[u8]) -> Result<String> {
    let (_, header) = SafeTensors::read_metadata(bytes).context("it is damaged, or no checkpoint")?;
    let settings = header.metadata().as_ref().and_then(|facts| facts.get(SETTINGS));
    settings.cloned().context("it is no checkpoint of a training")
}

/// Weights of a network whose names are `kept`, with the settings that make them what they are.
///
/// # Errors
/// If a weight is not finite, or the format cannot hold the numbers.
pub fn store_weights(network: &Network, settings: &str, kept: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    File::of_weights(network, kept)?.bytes(settings)
}

/// A network of this graph with the weights that [`store_weights`] or a training wrote; those that are not `kept` stay.
///
/// # Errors
/// If the bytes are damaged or of another network.
pub fn with_stored_weights(network: &Network, bytes: &[u8], kept: impl Fn(&str) -> bool) -> Result<Network> {
    let file = SafeTensors::deserialize(bytes).context("it is damaged, or no checkpoint")?;
    Ok(network.with_weights(weights_in(network, &file, kept)?))
}

impl Learner {
    /// The weights whose names are `kept` and the optimiser's state, with the settings that make them what they are.
    ///
    /// # Errors
    /// If a weight is not finite, or the format cannot hold the numbers.
    pub fn store(&self, settings: &str, kept: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
        self.file(kept)?.bytes(settings)
    }

    /// Takes over what [`Learner::store`] wrote of a network of this graph; weights that are not `kept` stay.
    ///
    /// # Errors
    /// If the bytes are damaged or of another network or optimiser; nothing has changed then.
    pub fn restore(&mut self, bytes: &[u8], kept: impl Fn(&str) -> bool) -> Result<()> {
        self.read(&SafeTensors::deserialize(bytes).context("it is damaged, or no checkpoint")?, kept)
    }

    fn file(&self, kept: impl Fn(&str) -> bool) -> Result<File> {
        let mut file = File::of_weights(&self.network, kept)?;
        let Stored { tensors, counts } = self.steps.store(self.network.graph());
        for (name, numbers) in tensors {
            file.floats(format!("optimiser.{name}"), numbers.shape().to_vec(), &numbers);
        }
        for (name, count) in counts {
            file.add(format!("count.{name}"), Dtype::U64, vec![1], count.to_le_bytes().to_vec());
        }
        Ok(file)
    }

    fn read(&mut self, file: &SafeTensors<'_>, kept: impl Fn(&str) -> bool) -> Result<()> {
        let weights = weights_in(&self.network, file, kept)?;
        self.steps = self.optimiser_in(file)?;
        self.network = self.network.with_weights(weights);
        Ok(())
    }

    fn optimiser_in(&self, file: &SafeTensors<'_>) -> Result<Steps> {
        let mut stored = Stored::default();
        for name in file.names() {
            if let Some(rest) = name.strip_prefix("optimiser.") {
                let numbers = all(file, name, f32::from_le_bytes)?;
                let shape = file.tensor(name)?.shape().to_vec();
                stored.tensors.push((rest.to_owned(), TensorData::new(numbers, shape)));
            } else if let Some(rest) = name.strip_prefix("count.") {
                stored.counts.push((rest.to_owned(), one(file, name, u64::from_le_bytes)?));
            }
        }
        let wanted = names(&stored);
        let mut steps = self.steps.clone();
        steps.restore(self.network.graph(), stored, &self.device);
        ensure!(names(&steps.store(self.network.graph())) == wanted, "it is of another optimiser");
        Ok(steps)
    }
}

impl Trainer {
    /// Everything that [`Trainer::restore`] needs to go on to the same bits, with the settings that make the training what it is.
    ///
    /// # Errors
    /// If a weight is not finite, or the format cannot hold the numbers.
    pub fn store(&self, settings: &str) -> Result<Vec<u8>> {
        let mut file = self.learner.file(|_| true)?;
        file.add("training.done".into(), Dtype::U64, vec![1], (self.done as u64).to_le_bytes().to_vec());
        file.add("training.sum".into(), Dtype::F64, vec![1], self.sum.to_le_bytes().to_vec());
        let losses = self.losses.iter().flat_map(|loss| loss.to_le_bytes()).collect();
        file.add("training.losses".into(), Dtype::F64, vec![self.losses.len()], losses);
        file.bytes(settings)
    }

    /// Goes on where a stored training of this network, these images and this recipe was left. That the settings are equal is for
    /// the caller to find out, with [`settings`].
    ///
    /// # Errors
    /// If the bytes are damaged or of another network.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let file = SafeTensors::deserialize(bytes).context("it is damaged, or no checkpoint")?;
        let done = one::<u64, 8>(&file, "training.done", u64::from_le_bytes)? as usize;
        let losses = all(&file, "training.losses", f64::from_le_bytes)?;
        ensure!(
            done <= self.total() && losses.len() == done / self.per_epoch(),
            "it is at step {done} of {}, with the losses of {} epochs: another training",
            self.total(),
            losses.len()
        );
        let sum = one(&file, "training.sum", f64::from_le_bytes)?;
        self.learner.read(&file, |_| true)?;
        (self.done, self.losses, self.sum) = (done, losses, sum);
        Ok(())
    }
}

fn weights_in(network: &Network, file: &SafeTensors<'_>, kept: impl Fn(&str) -> bool) -> Result<Vec<Weight>> {
    let parameters = &network.graph().parameters;
    let known = |name: &str| parameters.iter().any(|parameter| parameter.name == name && kept(name));
    let names = file.names();
    let mut stored = names.iter().filter_map(|name| name.strip_prefix(WEIGHTS));
    if let Some(name) = stored.find(|name| !known(name)) {
        bail!("{WEIGHTS}{name} is no weight of the network: another network");
    }
    let weight = |(parameter, own): (&Parameter, &Weight)| {
        if !kept(&parameter.name) {
            return Ok(own.clone());
        }
        let name = format!("{WEIGHTS}{}", parameter.name);
        let (numbers, shape) = (all(file, &name, f32::from_le_bytes)?, file.tensor(&name)?.shape().to_vec());
        ensure!(
            shape == parameter.shape,
            "{name} is {shape:?} and not {:?}: another network",
            parameter.shape
        );
        ensure!(numbers.iter().all(|number| number.is_finite()), "{name} is not finite");
        Ok(Weight::new(TensorData::new(numbers, shape), &own.device()))
    };
    parameters.iter().zip(network.weights()).map(weight).collect()
}

/// Shapes by name, counts with none.
fn names(stored: &Stored) -> BTreeSet<(String, Vec<usize>)> {
    let tensors = stored.tensors.iter().map(|(name, numbers)| (name.clone(), numbers.shape().to_vec()));
    tensors.chain(stored.counts.iter().map(|(name, _)| (name.clone(), Vec::new()))).collect()
}

/// All numbers of a tensor.
fn all<T, const N: usize>(file: &SafeTensors<'_>, name: &str, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
    let tensor =
        file.tensor(name).with_context(|| format!("{name} is missing: another network, or no checkpoint"))?;
    ensure!(tensor.dtype().bitsize() == 8 * N, "{name} is of type {:?}", tensor.dtype());
    Ok(tensor.data().as_chunks::<N>().0.iter().map(|&bytes| read(bytes)).collect())
}

/// The only number of a tensor.
fn one<T: Copy, const N: usize>(
    file: &SafeTensors<'_>,
    name: &str,
    read: impl Fn([u8; N]) -> T,
) -> Result<T> {
    match all(file, name, read)?[..] {
        [number] => Ok(number),
        _ => bail!("{name} is not one number"),
    }
}

/// Tensors on their way into a file.
#[derive(Default)]
struct File(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl File {
    /// With weights of a network.
    fn of_weights(network: &Network, kept: impl Fn(&str) -> bool) -> Result<Self> {
        let mut file = Self::default();
        for (parameter, weight) in network.graph().parameters.iter().zip(network.weights()) {
            if !kept(&parameter.name) {
                continue;
            }
            let (name, numbers) = (&parameter.name, weight.data());
            ensure!(
                numbers.iter::<f32>().all(f32::is_finite),
                "the weights are not finite any more, as {name}: a lower learning rate may help"
            );
            file.floats(format!("{WEIGHTS}{name}"), parameter.shape.clone(), &numbers);
        }
        Ok(file)
    }

    fn add(&mut self, name: String, dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>) {
        self.0.push((name, dtype, shape, bytes));
    }

    fn floats(&mut self, name: String, shape: Vec<usize>, numbers: &TensorData) {
        self.add(name, Dtype::F32, shape, numbers.iter::<f32>().flat_map(f32::to_le_bytes).collect());
    }

    fn bytes(&self, settings: &str) -> Result<Vec<u8>> {
        let views = self.0.iter().map(|(name, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
        });
        let views: Vec<_> = views.collect::<Result<_, _>>()?;
        let facts = HashMap::from([(SETTINGS.to_owned(), settings.to_owned())]);
        Ok(safetensors::serialize(views, Some(facts))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer::tests::{first, load, recipe};
    use crate::{Decayed, Optimiser, Recipe, Rule};

    fn trainer(optimiser: Optimiser) -> Trainer {
        let rule = Rule { optimiser, decayed: Decayed::Matrices, bias_rate: 1.0 };
        Trainer::new(first(), 70, Recipe { rule, ..recipe(0.02) })
    }

    fn steps(trainer: &mut Trainer, count: usize) {
        for _ in 0..count {
            trainer.step(|_, rows| load(rows)).unwrap();
        }
    }

    const ADAMW: Optimiser = Optimiser::AdamW { decay: 0.05, epsilon: 1e-8 };

    #[test]
    fn gone_on_with_at_any_step_it_comes_to_the_same_bits() {
        for optimiser in [ADAMW, Optimiser::Sgd { momentum: 0.9, decay: 1e-3 }] {
            let mut whole = trainer(optimiser);
            steps(&mut whole, 8);
            let expected = whole.store("s").unwrap();
            for left in [0, 1, 4, 5, 7] {
                let mut first = trainer(optimiser);
                steps(&mut first, left);
                let bytes = first.store("s").unwrap();
                let mut second = trainer(optimiser);
                second.restore(&bytes).unwrap();
                assert!(second.store("s").unwrap() == bytes);
                steps(&mut second, 8 - left);
                assert!(second.store("s").unwrap() == expected, "{optimiser:?}, left at {left}");
            }
        }
    }

    #[test]
    fn what_is_no_checkpoint_of_this_training_is_refused() {
        let mut done = trainer(ADAMW);
        steps(&mut done, 6);
        let bytes = done.store("{\"a\":1}").unwrap();
        assert_eq!(settings(&bytes).unwrap(), "{\"a\":1}");
        for cut in [0, 7, 100, bytes.len() - 1] {
            assert!(settings(&bytes[..cut]).is_err() || trainer(ADAMW).restore(&bytes[..cut]).is_err());
        }
        let plain = crate::to_safetensors(done.network()).unwrap();
        assert_eq!(settings(&plain).unwrap_err().to_string(), "it is no checkpoint of a training");
        let refused = |mut other: Trainer| format!("{:#}", other.restore(&bytes).unwrap_err());
        let sgd = trainer(Optimiser::Sgd { momentum: 0.9, decay: 0.0 });
        assert_eq!(refused(sgd), "it is of another optimiser");
        let short = Trainer::new(first(), 70, Recipe { epochs: 1, ..recipe(0.02) });
        assert_eq!(refused(short), "it is at step 6 of 5, with the losses of 1 epochs: another training");
        let wide = models::zoo::cifar_resnet::CifarResNet { blocks: 1, width: 8, stem_stride: 1 }.graph(2);
        let wide = crate::initialise(wide, 0, &models::device::cpu().device);
        let message = refused(Trainer::new(wide, 70, recipe(0.02)));
        assert_eq!(message, "weights.conv1.weight is [4, 3, 3, 3] and not [8, 3, 3, 3]: another network");
    }
}
