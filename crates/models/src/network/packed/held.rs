//! Results of kernels as memory of tensors, where they lie.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};
use kernels::Buffer;

/// Memory that a tensor holds.
struct Held(Buffer);

/// The numbers without a copy: burn's own memory starts at multiples of 16 bytes, and these at cache lines.
pub(super) fn bytes(numbers: Buffer) -> Bytes {
    let len = size_of_val(&*numbers);
    // SAFETY: the memory holds so many bytes, all of which are initialised.
    unsafe { Bytes::from_controller(Box::new(Held(numbers)), len) }
}

impl AllocationController for Held {
    /// What burn asks of memory that it copies; the memory has more.
    fn alloc_align(&self) -> usize {
        align_of::<u128>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Native
    }

    unsafe fn memory_mut(&mut self, _: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let len = size_of_val(&*self.0);
        // SAFETY: the numbers are that many bytes, borrowed as long as the result; the caller writes nothing that is not initialised,
        // and any bytes are numbers.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), len) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        // SAFETY: likewise.
        Ok(unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), size_of_val(&*self.0)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};
    use burn_flex::FlexTensor;
    use kernels::{Level, Maps};

    #[test]
    fn a_tensor_reads_changes_and_copies_them() {
        let x: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let maps = Maps { channels: 3, size: [2, 2] };
        let numbers = maps.unpack(Level::best(), &maps.pack(Level::best(), &x));
        let data = TensorData::from_bytes(bytes(numbers), [24], burn::tensor::DType::F32);
        let mut tensor = FlexTensor::from_data(data);
        let copy = tensor.clone();
        assert!(tensor.try_storage_mut::<f32>().is_none());
        tensor.storage_mut::<f32>()[3] = -1.0;
        assert_eq!(copy.into_data().try_into_vec::<f32>().unwrap(), x);
        assert_eq!(tensor.storage::<f32>()[2..5], [2.0, -1.0, 4.0]);
        let plain = Tensor::<1>::from_data(tensor.into_data(), &Device::flex());
        assert_eq!((plain * 2.0).into_data().try_into_vec::<f32>().unwrap()[23], 46.0);
    }
}
