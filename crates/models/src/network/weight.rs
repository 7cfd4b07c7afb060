//! The numbers of a network.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::value::Value;

/// One tensor of a checkpoint, by its rank.
#[derive(Module, Debug)]
pub enum Weight {
    /// Biases, scales, statistics, and tensors of any other rank, flat.
    Vector(Param<Tensor<1>>),
    /// The matrix of a linear layer, `(out, in)`.
    Matrix(Param<Tensor<2>>),
    /// The kernel of a convolution, `(out, in / groups, kh, kw)`.
    Kernel(Param<Tensor<4>>),
}

impl Weight {
    /// A weight from numbers in row-major order.
    pub fn new(data: TensorData, device: &Device) -> Self {
        match data.shape().len() {
            2 => Self::Matrix(Param::from_data(data, device)),
            4 => Self::Kernel(Param::from_data(data, device)),
            _ => {
                let flat: Vec<f32> = data.iter::<f32>().collect();
                let length = flat.len();
                Self::Vector(Param::from_data(TensorData::new(flat, [length]), device))
            }
        }
    }

    /// A weight whose numbers a function has changed, all alike.
    #[must_use]
    pub fn map(&self, f: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        match self {
            Self::Vector(param) => Self::Vector(Param::from_tensor(Value::new(param.val()).map(f).tensor())),
            Self::Matrix(param) => Self::Matrix(Param::from_tensor(Value::new(param.val()).map(f).tensor())),
            Self::Kernel(param) => Self::Kernel(Param::from_tensor(Value::new(param.val()).map(f).tensor())),
        }
    }

    /// Where the numbers lie.
    pub fn device(&self) -> Device {
        match self {
            Self::Vector(param) => param.val().device(),
            Self::Matrix(param) => param.val().device(),
            Self::Kernel(param) => param.val().device(),
        }
    }

    /// The numbers in row-major order.
    pub fn data(&self) -> TensorData {
        match self {
            Self::Vector(param) => param.val().into_data(),
            Self::Matrix(param) => param.val().into_data(),
            Self::Kernel(param) => param.val().into_data(),
        }
    }
}
