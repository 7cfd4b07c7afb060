//! Stored tensors as constants.

use std::path::Path;

use half::{bf16, f16};
use prost::bytes::Bytes;

use crate::constant::{Constant, Data, entries};
use crate::external;
use crate::proto::TensorProto;
use crate::size::Size;

/// The types of numbers that are read, by their codes in the format.
pub mod element {
    pub const FLOAT: i32 = 1;
    pub const INT32: i32 = 6;
    pub const INT64: i32 = 7;
    pub const BOOL: i32 = 9;
    pub const FLOAT16: i32 = 10;
    pub const DOUBLE: i32 = 11;
    pub const BFLOAT16: i32 = 16;
}

/// Reads a tensor; `folder` is where external data lie.
pub fn read(tensor: &TensorProto, folder: &Path) -> Result<Constant, String> {
    let name = &tensor.name;
    let failed = |reason: String| format!("tensor `{name}`: {reason}");
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&length| usize::try_from(length).ok()).collect();
    let shape = shape.ok_or_else(|| failed(format!("its shape is {:?}", tensor.dims)))?;
    // Eight bytes each must be addressable; whether they are there is checked against what is stored.
    let count = entries(&shape, isize::MAX as usize / 8).map_err(failed)?;
    let data = numbers(tensor, folder, count).map_err(failed)?;
    let constant = Constant { name: name.clone(), ..Constant::new(shape, data) };
    if constant.len() == count {
        return Ok(constant);
    }
    Err(failed(format!("{} numbers for the shape {:?}", constant.len(), constant.shape)))
}

fn numbers(tensor: &TensorProto, folder: &Path, count: usize) -> Result<Data, String> {
    let typed = || tensor.int32_data.iter();
    let raw = |width: usize| bytes(tensor, folder, count * width);
    Ok(match tensor.data_type {
        element::FLOAT => Data::Floats(match raw(4)? {
            Some(bytes) => each(&bytes, f32::from_le_bytes),
            None => tensor.float_data.clone(),
        }),
        element::DOUBLE => Data::Floats(match raw(8)? {
            Some(bytes) => each(&bytes, |b| f64::from_le_bytes(b) as f32),
            None => tensor.double_data.iter().map(|&number| number as f32).collect(),
        }),
        element::FLOAT16 => Data::Floats(match raw(2)? {
            Some(bytes) => each(&bytes, |b| f16::from_le_bytes(b).to_f32()),
            None => typed().map(|&bits| f16::from_bits(bits as u16).to_f32()).collect(),
        }),
        element::BFLOAT16 => Data::Floats(match raw(2)? {
            Some(bytes) => each(&bytes, |b| bf16::from_le_bytes(b).to_f32()),
            None => typed().map(|&bits| bf16::from_bits(bits as u16).to_f32()).collect(),
        }),
        element::INT64 => Data::Integers(match raw(8)? {
            Some(bytes) => each(&bytes, |b| Size::from(i64::from_le_bytes(b))),
            None => tensor.int64_data.iter().map(|&number| Size::from(number)).collect(),
        }),
        element::INT32 => Data::Integers(match raw(4)? {
            Some(bytes) => each(&bytes, |b| Size::from(i64::from(i32::from_le_bytes(b)))),
            None => typed().map(|&number| Size::from(i64::from(number))).collect(),
        }),
        element::BOOL => Data::Integers(match raw(1)? {
            Some(bytes) => each(&bytes, |[b]| Size::from(b != 0)),
            None => typed().map(|&number| Size::from(number != 0)).collect(),
        }),
        other => {
            return Err(format!("numbers of type {other} cannot be read (floats, i32, i64 and bool can)"));
        }
    })
}

/// The bytes of a tensor that is not stored as typed numbers; there must be exactly this many.
fn bytes(tensor: &TensorProto, folder: &Path, expected: usize) -> Result<Option<Bytes>, String> {
    if tensor.data_location == 1 {
        return external::read(folder, &tensor.external_data, expected).map(|bytes| Some(bytes.into()));
    }
    match tensor.raw_data.as_ref().filter(|raw| !raw.is_empty()) {
        Some(raw) if raw.len() != expected => Err(format!("{} bytes where {expected} are needed", raw.len())),
        raw => Ok(raw.cloned()),
    }
}

fn each<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| read(chunk)).collect()
}
