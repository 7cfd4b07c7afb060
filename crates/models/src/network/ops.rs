//! What each operation computes, on burn tensors.

use burn::tensor::Tensor;
use burn::tensor::module;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions, PadMode};

use super::Network;
use super::graph::{NodeId, Op, ParameterId};
use super::value::Value;

impl Network {
    /// Computes one node from its inputs, in the order of `Node::inputs`.
    ///
    /// # Panics
    /// If the inputs do not fit the operation.
    pub fn apply(&self, node: NodeId, inputs: Vec<Value>) -> Value {
        let mut inputs = inputs.into_iter();
        let mut next = || inputs.next().expect("an operation has as many inputs as its node");
        match &self.graph.nodes[node].op {
            Op::Input => panic!("the input must be given"),
            Op::Conv2d { weight, bias, stride, padding, dilation, groups } => {
                let x = next().tensor();
                Value::new(self.packed_conv(node, &x).unwrap_or_else(|| {
                    let options = ConvOptions::new(*stride, *padding, *dilation, *groups);
                    module::conv2d(x, self.kernel(*weight), bias.map(|id| self.vector(id)), options)
                }))
            }
            Op::Linear { weight, bias } => Value::new(self.linear(next().tensor(), *weight, *bias)),
            Op::BatchNorm2d { weight, bias, mean, variance, epsilon } => {
                let scale = self.vector(*weight) / (self.vector(*variance) + *epsilon).sqrt();
                let shift = self.vector(*bias) - self.vector(*mean) * scale.clone();
                Value::new(next().tensor::<4>() * channels(scale) + channels(shift))
            }
            Op::Relu => Value::new(burn::tensor::activation::relu(next().tensor::<4>())),
            Op::MaxPool2d { kernel, stride, padding } => {
                let options = MaxPoolOptions {
                    kernel_size: *kernel,
                    stride: *stride,
                    padding: [(padding[0], padding[0]), (padding[1], padding[1])],
                    dilation: [1, 1],
                    ceil_mode: false,
                };
                Value::new(module::max_pool2d(next().tensor(), options))
            }
            Op::GlobalAvgPool => Value::new(next().tensor::<4>().mean_dim(3).mean_dim(2)),
            Op::Flatten => {
                let x = next().tensor::<4>();
                let [n, c, h, w] = x.dims();
                Value::new(x.reshape([n, c * h * w]))
            }
            Op::Add => {
                let x = next();
                x.add(next())
            }
            Op::Subsample { step } => {
                let step = *step as isize;
                Value::new(next().tensor::<4>().slice(burn::tensor::s![.., .., ..;step, ..;step]))
            }
            Op::PadChannels { before, after } => {
                let pad = [(0, 0), (*before, *after), (0, 0), (0, 0)];
                Value::new(next().tensor::<4>().pad(pad, PadMode::Constant(0.0)))
            }
        }
    }

    fn linear(&self, x: Tensor<2>, weight: ParameterId, bias: Option<ParameterId>) -> Tensor<2> {
        let y = product(x, self.matrix(weight).transpose());
        match bias {
            Some(id) => y + self.vector(id).unsqueeze(),
            None => y,
        }
    }
}

/// `x w` in blocks of a fixed number of rows: a matrix product may choose another order of summation for
/// another number of rows, and then a picture's scores would depend on the batch that it is in.
fn product(x: Tensor<2>, w: Tensor<2>) -> Tensor<2> {
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

/// One number per channel, ready to broadcast over `(n, c, h, w)`.
fn channels(x: Tensor<1>) -> Tensor<4> {
    let c = x.dims()[0];
    x.reshape([1, c, 1, 1])
}
