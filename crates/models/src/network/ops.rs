//! What each operation computes, on burn tensors.

use burn::tensor::Tensor;
use burn::tensor::activation;
use burn::tensor::module;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};

use super::Network;
use super::graph::NodeId;
use super::op::{Activation, Op, ParameterId, Pool, same_padding};
use super::value::{Binary, Value};

impl Network {
    /// Computes one node from its inputs, in the order of `Node::inputs`.
    ///
    /// # Panics
    /// If the inputs do not fit the operation; [`super::graph::Graph::shapes`] finds that out beforehand.
    pub fn apply(&self, node: NodeId, inputs: Vec<Value>) -> Value {
        let mut inputs = match self.apply_packed(node, inputs) {
            Ok(value) => return value,
            Err(inputs) => inputs.into_iter(),
        };
        let mut next = || inputs.next().expect("an operation has as many inputs as its node");
        match &self.graph.nodes[node].op {
            Op::Input => panic!("the input must be given"),
            Op::External(scores) => Value::new(scores.apply(next().tensor())),
            Op::Constant { parameter } => self.constant(*parameter),
            Op::Conv2d { weight, bias, stride, padding, dilation, groups } => {
                let options = ConvOptions::new(*stride, *padding, *dilation, *groups);
                let bias = bias.map(|id| self.vector(id));
                Value::new(module::conv2d(next().tensor(), self.kernel(*weight), bias, options))
            }
            Op::Linear { weight, bias } => self.linear(next(), *weight, *bias),
            Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
                let scale = self.vector(*weight) / (self.vector(*variance) + *epsilon).sqrt();
                let shift = self.vector(*bias) - self.vector(*mean) * scale.clone();
                Value::new(next().tensor::<4>() * channels(scale) + channels(shift))
            }
            Op::LayerNorm { weight, bias, epsilon } => {
                next().layer_norm(self.vector(*weight), self.vector(*bias), *epsilon)
            }
            Op::Relu => next().map(activation::relu),
            Op::Activation(function) => next().map(|x| activate(*function, x)),
            Op::Affine { scale, shift } => next().map(|x| x * *scale + *shift),
            Op::MaxPool2d(pool) => Value::new(module::max_pool2d(next().tensor(), max_options(*pool))),
            Op::AvgPool2d { pool, count_padding } => {
                Value::new(module::avg_pool2d(next().tensor(), avg_options(*pool, *count_padding)))
            }
            Op::AdaptiveAvgPool2d { output } => {
                let x = next().tensor::<4>();
                let [_, _, h, w] = x.dims();
                Value::new(if [h, w] == *output { x } else { module::adaptive_avg_pool2d(x, *output) })
            }
            Op::Mean { axes, keep } => next().mean(axes, *keep),
            Op::Softmax { axis } => next().softmax(*axis),
            Op::Add => next().binary(next(), Binary::Add),
            Op::Subtract => next().binary(next(), Binary::Subtract),
            Op::Multiply => next().binary(next(), Binary::Multiply),
            Op::Divide => next().binary(next(), Binary::Divide),
            Op::MatMul => next().binary(next(), Binary::MatMul),
            Op::Concat { axis } => Value::concat(inputs.collect(), *axis),
            Op::Flatten => {
                let x = next();
                let shape = x.shape();
                x.reshape(&[shape[0], shape[1..].iter().product()])
            }
            Op::Reshape { shape } => {
                let x = next();
                let fixed: usize = shape.iter().flatten().product();
                let free = x.shape().iter().product::<usize>() / fixed;
                x.reshape(&shape.iter().map(|length| length.unwrap_or(free)).collect::<Vec<_>>())
            }
            Op::Permute { axes } => next().permute(axes),
            Op::Slice { axis, start, end, step } => next().slice(*axis, *start..*end, *step),
            Op::Pad { sides, value } => next().pad(sides, *value),
            Op::PadSame { kernel, stride } => {
                let x = next();
                let shape = x.shape();
                let side = |axis: usize| same_padding(shape[axis + 2], kernel[axis], stride[axis]);
                x.pad(&[(0, 0), side(0), side(1)], 0.0)
            }
        }
    }

    /// A stored tensor in its declared shape.
    fn constant(&self, id: ParameterId) -> Value {
        let flat = match &self.weights[id] {
            super::Weight::Vector(param) => Value::new(param.val()),
            super::Weight::Matrix(param) => Value::new(param.val()),
            super::Weight::Kernel(param) => Value::new(param.val()),
        };
        let shape = &self.graph.parameters[id].shape;
        if shape.is_empty() { flat } else { flat.reshape(shape) }
    }

    fn linear(&self, x: Value, weight: ParameterId, bias: Option<ParameterId>) -> Value {
        let w = self.matrix(weight).transpose();
        let [inner, outer] = w.dims();
        let mut shape = x.shape();
        *shape.last_mut().expect("a linear layer works on an axis") = outer;
        let images = shape[0];
        let y = if w.device().is_autodiff() {
            // In training scores may depend on the batch, and the gradient of one product is one product as well.
            let all = shape.iter().product::<usize>() / outer;
            Value::new(x.reshape(&[all, inner]).tensor::<2>().matmul(w))
        } else if shape.len() == 2 {
            Value::new(rows(x.tensor(), w))
        } else {
            let positions = shape[1..shape.len() - 1].iter().product();
            Value::new(x.reshape(&[images, positions, inner]).tensor::<3>().matmul(w.unsqueeze()))
        };
        let y = y.reshape(&shape);
        match bias {
            Some(id) => y.binary(Value::new(self.vector(id)), Binary::Add),
            None => y,
        }
    }
}

/// `x w` in blocks of a fixed number of rows: a matrix product may choose another order of summation for
/// another number of rows, and then an image's scores would depend on the batch that it is in. Where a
/// image has many rows, each has a product of its own instead.
fn rows(x: Tensor<2>, w: Tensor<2>) -> Tensor<2> {
    const ROWS: usize = 8;
    let [n, k] = x.dims();
    let [_, out] = w.dims();
    let blocks = n.div_ceil(ROWS);
    let missing = blocks * ROWS - n;
    let x = if missing == 0 {
        x
    } else {
        Tensor::cat(vec![x.clone(), Tensor::zeros([missing, k], &x.device())], 0)
    };
    let y = x.reshape([blocks, ROWS, k]).matmul(w.unsqueeze());
    y.reshape([blocks * ROWS, out]).narrow(0, 0, n)
}

fn activate(function: Activation, x: Tensor<1>) -> Tensor<1> {
    match function {
        Activation::Clip(low, high) => x.clamp(low, high),
        Activation::LeakyRelu(slope) => activation::leaky_relu(x, slope),
        Activation::Gelu => activation::gelu(x),
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::HardSigmoid(slope, offset) => (x * slope + offset).clamp(0.0, 1.0),
        Activation::Silu => activation::silu(x),
        Activation::HardSwish => x.clone() * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Elu(alpha) => activation::elu(x, alpha),
        Activation::Softplus => activation::softplus(x, 1.0),
        Activation::Tanh => x.tanh(),
        Activation::Erf => x.erf(),
        Activation::Exp => x.exp(),
        Activation::Log => x.log(),
        Activation::Sqrt => x.sqrt(),
        Activation::Abs => x.abs(),
    }
}

fn max_options(pool: Pool) -> MaxPoolOptions<2> {
    MaxPoolOptions {
        kernel_size: pool.kernel,
        stride: pool.stride,
        padding: pool.padding.map(|side| (side, side)),
        dilation: [1, 1],
        ceil_mode: pool.ceil,
    }
}

fn avg_options(pool: Pool, count_padding: bool) -> AvgPoolOptions<2> {
    AvgPoolOptions {
        kernel_size: pool.kernel,
        stride: pool.stride,
        padding: pool.padding.map(|side| (side, side)),
        count_include_pad: count_padding,
        ceil_mode: pool.ceil,
    }
}

/// One number per channel, ready to broadcast over `(n, c, h, w)`.
fn channels(x: Tensor<1>) -> Tensor<4> {
    let c = x.dims()[0];
    x.reshape([1, c, 1, 1])
}
