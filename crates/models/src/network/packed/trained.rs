//! Operations whose weights are tracked: kernels that give gradients to values and weights.

use std::sync::Arc;

use burn::module::Param;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use kernels::{BatchNorm, Epilogue, LayerNorm, Layout, Level, Maps, Masked, Moments};

use super::kernel::{Gradient, Kernel, Layouts, call, change, contiguous, fits, numbers};
use super::layer::Layer;
use super::{PackedNode, plain};
use crate::network::graph::{NodeId, Op, ParameterId};
use crate::network::value::Value;
use crate::network::{Network, Weight};

impl Network {
    /// This network with weights whose gradients are kept, its layers packed for the CPU with the weights as they are.
    #[must_use]
    pub fn tracked(&self) -> Self {
        self.tracked_where(|_| true)
    }

    /// [`Network::tracked`] where only some weights get a gradient; the others are constants.
    #[must_use]
    pub fn tracked_where(&self, is_tracked: impl Fn(ParameterId) -> bool) -> Self {
        fn leaf<const D: usize>(param: &Param<Tensor<D>>) -> Param<Tensor<D>> {
            Param::from_tensor(param.val().autodiff().require_grad())
        }
        let leaf = |weight: &Weight| match weight {
            Weight::Vector(param) => Weight::Vector(leaf(param)),
            Weight::Matrix(param) => Weight::Matrix(leaf(param)),
            Weight::Kernel(param) => Weight::Kernel(leaf(param)),
        };
        let mut network = self.clone().pack();
        let weights = self.weights.iter().enumerate();
        network.weights =
            weights.map(|(id, weight)| if is_tracked(id) { leaf(weight) } else { weight.clone() }).collect();
        network
    }

    /// BatchNorm of maps on their own statistics; and these, mean and biased variance of each channel.
    ///
    /// # Panics
    /// If the node is no BatchNorm, or the value are no maps.
    pub fn batch_norm(&self, node: NodeId, x: Value) -> (Value, [Tensor<1>; 2]) {
        let Op::BatchNorm2d { weight, bias, epsilon, .. } = self.graph().nodes[node].op else {
            panic!("node {node} is no BatchNorm");
        };
        let level = self.packed.as_ref().map(|packed| packed.level).filter(|_| fits(&x));
        let Some(level) = level else {
            let (scale, shift) = (self.vector(weight), self.vector(bias));
            let out = burn::tensor::module::batch_norm_train(x.tensor::<4>(), scale, shift, epsilon);
            return (Value::new(out.output), [out.mean.inner(), out.variance.inner()]);
        };
        let (channels, x, device) = (x.shape()[1], x.blocked(), self.vector(weight).inner().device());
        let moments = moments(level, &x, channels);
        let seen =
            [&moments.mean, &moments.variance].map(|numbers| Tensor::from_data(numbers.as_slice(), &device));
        let kernel = Arc::new(Norm2d { level, channels, moments, stored: false, epsilon: epsilon as f32 });
        let inputs = vec![x, Value::new(self.vector(weight)), Value::new(self.vector(bias))];
        (call(kernel, Layouts::Channels(Layout::Blocked, channels), inputs), seen)
    }

    /// The kernel of a node with tracked weights, how it takes values, and these weights, if there is one.
    pub(super) fn trained_kernel(
        &self,
        node: NodeId,
        inputs: &[Value],
    ) -> Option<(Arc<dyn Kernel>, Layouts, Vec<Value>)> {
        let level = self.packed.as_ref()?.level;
        if !inputs.iter().all(fits) {
            return None;
        }
        match self.graph().nodes[node].op {
            Op::Conv2d { weight, bias, .. } => {
                let layer = self.trained_layer(node, self.kernel(weight))?;
                let Layer::Conv(conv) = &*layer else { return None };
                let layouts = Layouts::Channels(conv.reads(), conv.geometry().outputs);
                let weights = self.with_bias(Value::new(self.kernel(weight)), bias);
                Some((Arc::new(Trained { level, layer }), layouts, weights))
            }
            Op::Linear { weight, bias } => {
                let layer = self.trained_layer(node, self.matrix(weight))?;
                let weights = self.with_bias(Value::new(self.matrix(weight)), bias);
                Some((Arc::new(Trained { level, layer }), Layouts::Plain, weights))
            }
            Op::LayerNorm { weight, bias, epsilon } => {
                let weights = [weight, bias].map(|id| Value::new(self.vector(id)));
                let tracked = weights.iter().all(|weight| weight.device().is_autodiff());
                let kernel = TrainedNorm { level, epsilon: epsilon as f32 };
                tracked.then(|| (Arc::new(kernel) as Arc<dyn Kernel>, Layouts::Plain, weights.to_vec()))
            }
            Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
                let weights = [weight, bias].map(|id| Value::new(self.vector(id)));
                if !weights.iter().all(|weight| weight.device().is_autodiff()) {
                    return None;
                }
                let [mean, variance] = [mean, variance].map(|id| plain(self.vector(id)).map(contiguous));
                let [mean, variance] = [numbers(&mean?), numbers(&variance?)].map(<[f32]>::to_vec);
                let (channels, moments) = (mean.len(), Moments { mean, variance });
                let kernel = Norm2d { level, channels, moments, stored: true, epsilon: epsilon as f32 };
                Some((Arc::new(kernel), Layouts::Channels(Layout::Blocked, channels), weights.to_vec()))
            }
            _ => None,
        }
    }

    fn with_bias(&self, weight: Value, bias: Option<ParameterId>) -> Vec<Value> {
        std::iter::once(weight).chain(bias.map(|id| Value::new(self.vector(id)))).collect()
    }

    /// The packed layer of a node whose weights are tracked and still the same, if its kernel has their gradient.
    fn trained_layer<const D: usize>(&self, node: NodeId, weight: Tensor<D>) -> Option<Arc<Layer>> {
        let packed: &PackedNode = self.packed.as_ref()?.nodes[node].as_ref()?;
        let now = weight.device().is_autodiff().then(|| plain(weight.inner()))??;
        (Arc::ptr_eq(&now.data_arc(), &packed.weight.data_arc()) && packed.layer.trains())
            .then(|| Arc::clone(&packed.layer))
    }
}

/// Statistics of maps.
fn moments(level: Level, x: &Value, channels: usize) -> Moments {
    let size = [x.shape()[2], x.shape()[3]];
    let x = Tensor::<5>::from_dispatch(x.clone().untracked().into_memory());
    let x = contiguous(plain(x).expect("blocked maps lie on the CPU"));
    Maps { channels, size }.moments(level, numbers(&x))
}

/// A layer: its input, its weights, and its bias if it has one.
struct Trained {
    level: Level,
    layer: Arc<Layer>,
}

impl std::fmt::Debug for Trained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trained")
    }
}

impl Kernel for Trained {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let shape = inputs[1].layout().shape().to_vec();
        let x = contiguous(inputs.into_iter().next().expect("an input"));
        let y = self.layer.forward(&x, Epilogue::NOTHING);
        let back = move |gradient, wanted: &[bool]| {
            let gradient = contiguous(gradient);
            let bias = || vector(self.layer.bias_gradient(self.level, &gradient));
            let own = || self.layer.gradient(Masked::all(numbers(&gradient)), x.layout().shape());
            let weights = || self.layer.weight_gradient(&x, &gradient, &shape);
            let mut gradients = vec![wanted[0].then(own), wanted[1].then(weights)];
            gradients.extend(wanted.get(2).map(|wanted| wanted.then(bias)));
            gradients
        };
        (y, tracked.then(|| Gradient::new(back)))
    }
}

/// LayerNorm over the last axis: its input, the scale and the shift.
#[derive(Debug)]
struct TrainedNorm {
    level: Level,
    epsilon: f32,
}

impl Kernel for TrainedNorm {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let [x, scale, shift] = three(inputs);
        let norm = LayerNorm { scale: numbers(&scale), shift: numbers(&shift), epsilon: self.epsilon };
        let kept = tracked.then(|| x.clone());
        let y = change(x, |x| norm.apply(self.level, x));
        let back = kept.map(|x| {
            Gradient::new(move |gradient, wanted| {
                let gradient = contiguous(gradient);
                let norm =
                    LayerNorm { scale: numbers(&scale), shift: numbers(&shift), epsilon: self.epsilon };
                let [scales, shifts] = norm.parameter_gradients(self.level, numbers(&x), numbers(&gradient));
                let own = wanted[0]
                    .then(|| change(gradient, |gradient| norm.gradient(self.level, numbers(&x), gradient)));
                vec![own, wanted[1].then(|| vector(scales)), wanted[2].then(|| vector(shifts))]
            })
        });
        (y, back)
    }
}

/// BatchNorm on the statistics of blocked maps, or on stored ones: the maps, the scale and the shift.
#[derive(Debug)]
struct Norm2d {
    level: Level,
    channels: usize,
    moments: Moments,
    stored: bool,
    epsilon: f32,
}

impl Norm2d {
    fn norm<'a>(&'a self, x: &FlexTensor, scale: &'a FlexTensor) -> BatchNorm<'a> {
        let size: [usize; 5] = x.layout().shape().dims();
        let maps = Maps { channels: self.channels, size: [size[2], size[3]] };
        BatchNorm { maps, moments: &self.moments, scale: numbers(scale), epsilon: self.epsilon }
    }
}

impl Kernel for Norm2d {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let [x, scale, shift] = three(inputs);
        let kept = tracked.then(|| x.clone());
        let norm = self.norm(&x, &scale);
        let y = change(x, |x| norm.apply(self.level, x, numbers(&shift)));
        let back = kept.map(|x| {
            let own = Arc::clone(&self);
            Gradient::new(move |gradient, wanted| {
                let (gradient, norm) = (contiguous(gradient), own.norm(&x, &scale));
                let of = norm.parameter_gradients(own.level, numbers(&x), numbers(&gradient));
                let maps = wanted[0].then(|| {
                    change(gradient, |gradient| {
                        if own.stored {
                            norm.gradient_of_stored(own.level, gradient)
                        } else {
                            norm.gradient(own.level, numbers(&x), gradient, &of)
                        }
                    })
                });
                let (scale, shift) = (of.scale, of.shift);
                vec![maps, wanted[1].then(|| vector(scale)), wanted[2].then(|| vector(shift))]
            })
        });
        (y, back)
    }
}

fn three(inputs: Vec<FlexTensor>) -> [FlexTensor; 3] {
    let inputs: Vec<FlexTensor> = inputs.into_iter().map(contiguous).collect();
    inputs.try_into().expect("three inputs")
}

/// A tensor of one axis.
fn vector(numbers: Vec<f32>) -> FlexTensor {
    let count = numbers.len();
    FlexTensor::from_data(burn::tensor::TensorData::new(numbers, [count]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device, initialise::initialise, zoo};
    use burn::tensor::Gradients;

    /// Numbers between -1 and 1.
    fn numbers(count: usize, seed: usize) -> Tensor<1> {
        let number = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0;
        Tensor::from_data((0..count).map(number).collect::<Vec<_>>().as_slice(), &device::cpu().device)
    }

    fn gradient<const D: usize>(param: &Param<Tensor<D>>, gradients: &Gradients) -> Option<Vec<f32>> {
        param.val().grad(gradients).map(|gradient| gradient.into_data().try_into_vec().unwrap())
    }

    /// The gradients of all weights of a sum of scores, each score by a weight of its own.
    fn gradients(network: &Network, images: Tensor<4>) -> Vec<Option<Vec<f32>>> {
        let logits = network.logits(images.autodiff());
        let [n, classes] = logits.dims();
        let weights: Vec<f32> = (0..n * classes).map(|i| (i * 7 % 11) as f32 / 5.0 - 1.0).collect();
        let weights = Tensor::<1>::from_data(weights.as_slice(), &device::cpu().device);
        let gradients = (logits.reshape([n * classes]) * weights.autodiff()).sum().backward();
        let of = |weight: &Weight| match weight {
            Weight::Vector(param) => gradient(param, &gradients),
            Weight::Matrix(param) => gradient(param, &gradients),
            Weight::Kernel(param) => gradient(param, &gradients),
        };
        network.weights().iter().map(of).collect()
    }

    /// Dense, depthwise and grouped convolutions with and without bias, BatchNorm, LayerNorm, attention, functions, pools.
    #[test]
    fn weights_have_the_gradients_of_burn_s_own_operations() {
        for (name, size) in
            [("mobilenet-v2", 32), ("cifar-vit-conv", 32), ("convnext-tiny", 64), ("squeezenet1.1", 64)]
        {
            let architecture = zoo::architecture(name).unwrap();
            let device = device::cpu().device;
            // Biases that are not zero: at the bound of a ReLU6, where a channel is dead, burn has a slope and PyTorch has none.
            let uneven = |weight: &Weight| match weight {
                Weight::Vector(_) => weight.map(|x| x.clone() + numbers(x.dims()[0], 5) * 0.1 + 0.11),
                other => other.clone(),
            };
            let network = initialise((architecture.build)(5), 0, &device);
            let network = network.with_weights(network.weights().iter().map(uneven).collect());
            let images = numbers(3 * 3 * size * size, 3).reshape([3, 3, size, size]);
            // BatchNorm on stored statistics.
            let learns = |id: ParameterId| !network.graph().parameters[id].name.contains(".running_");
            let (ours, mut stock) = (network.tracked_where(learns), network.tracked_where(learns));
            stock.packed = None;
            let (ours, stock) = (gradients(&ours, images.clone()), gradients(&stock, images));
            for (i, (ours, stock)) in ours.iter().zip(&stock).enumerate() {
                let name = format!("{name}, {}", network.graph().parameters[i].name);
                let (Some(ours), Some(stock)) = (ours, stock) else {
                    assert_eq!(ours.is_some(), stock.is_some(), "{name}");
                    continue;
                };
                let largest = stock.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
                let apart = ours.iter().zip(stock).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(apart <= 2e-5 * largest, "{name}: {apart:e} of {largest:e}");
            }
        }
    }
}
