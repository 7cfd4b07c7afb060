//! Maps from one layout to the other.

use std::sync::Arc;

use burn_flex::FlexTensor;
use kernels::{Level, Maps};

use super::kernel::{Gradient, Kernel, call_in_memory, contiguous, held, memory, numbers};
use crate::network::value::Value;

/// A change of layout; each is the gradient of the other.
#[derive(Clone, Copy, Debug)]
enum Convert {
    /// To blocks, of so many channels.
    Pack(usize),
    Unpack(usize),
}

/// Plain maps in blocks of channels.
pub(in crate::network) fn pack(x: Value) -> Value {
    let channels = x.shape()[1];
    call_in_memory(Arc::new(Convert::Pack(channels)), vec![x], Some(channels))
}

/// Blocked maps in the order of their shape.
pub(in crate::network) fn unpack(x: Value) -> Value {
    let channels = x.shape()[1];
    call_in_memory(Arc::new(Convert::Unpack(channels)), vec![x], None)
}

impl Convert {
    fn apply(self, x: FlexTensor) -> FlexTensor {
        let (x, level) = (contiguous(x), Level::best());
        let shape = x.layout().shape().to_vec();
        let maps = |channels| Maps { channels, size: [shape[2], shape[3]] };
        match self {
            Self::Pack(channels) => {
                let maps = maps(channels);
                held(maps.pack(level, numbers(&x)), &memory(shape[0], maps))
            }
            Self::Unpack(channels) => {
                let maps = maps(channels);
                held(maps.unpack(level, numbers(&x)), &[shape[0], channels, shape[2], shape[3]])
            }
        }
    }

    fn back(self) -> Self {
        match self {
            Self::Pack(channels) => Self::Unpack(channels),
            Self::Unpack(channels) => Self::Pack(channels),
        }
    }
}

impl Kernel for Convert {
    fn forward(self: Arc<Self>, inputs: Vec<FlexTensor>, tracked: bool) -> (FlexTensor, Option<Gradient>) {
        let x = inputs.into_iter().next().expect("one input");
        let back = self.back();
        let gradient = move |gradient, _: &[bool]| vec![Some(back.apply(gradient))];
        (self.apply(x), tracked.then(|| Gradient::new(gradient)))
    }
}
