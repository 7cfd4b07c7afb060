//! `--device auto|cpu|cuda[:n]` to a burn device. The only place that names a backend.

#[cfg(feature = "cuda")]
#[path = "cuda_enabled.rs"]
mod cuda;
#[cfg(not(feature = "cuda"))]
#[path = "cuda_disabled.rs"]
mod cuda;

use burn::tensor::Device;

/// A device that cannot be had.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The name is not one of the forms.
    #[error("unknown device `{0}`: expected auto, cpu, cuda or cuda:N")]
    Unknown(String),
    /// CUDA was asked for and is not there.
    #[error("no CUDA device {index}: {reason}")]
    NoCuda {
        /// The device asked for.
        index: usize,
        /// What is missing.
        reason: String,
    },
}

/// A device and what to call it in messages and run records.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The device.
    pub device: Device,
    /// `cpu` or `cuda:N`.
    pub name: String,
}

/// Picks a device by name. `auto` takes the first CUDA device if one is there and the CPU otherwise;
/// asking for CUDA where there is none is an error, never a silent change to the CPU.
///
/// # Errors
/// If the name is unknown or the CUDA device is not there.
pub fn choose(name: &str) -> Result<Chosen, DeviceError> {
    match name.split_once(':').map_or((name, None), |(kind, index)| (kind, Some(index))) {
        ("auto", None) => Ok(choose("cuda").unwrap_or_else(|_| cpu())),
        ("cpu", None) => Ok(cpu()),
        ("cuda", index) => {
            let index = index.map_or(Ok(0), str::parse).map_err(|_| DeviceError::Unknown(name.into()))?;
            let device = cuda::device(index).map_err(|reason| DeviceError::NoCuda { index, reason })?;
            Ok(Chosen { device, name: format!("cuda:{index}") })
        }
        _ => Err(DeviceError::Unknown(name.into())),
    }
}

/// The CPU.
pub fn cpu() -> Chosen {
    Chosen { device: Device::flex(), name: "cpu".into() }
}

/// Limits the CPU backend to `threads` threads. Call once, before any computation.
pub fn set_threads(threads: usize) {
    // A pool that exists already keeps its size: results do not depend on it.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(choose("cpu").unwrap().name, "cpu");
        for name in ["gpu", "cuda:x", "cpu:1", "cuda:-1", ""] {
            assert_eq!(choose(name).unwrap_err(), DeviceError::Unknown(name.into()));
        }
    }

    #[test]
    fn cuda_that_is_not_there_is_an_error() {
        let error = choose("cuda:77").unwrap_err().to_string();
        assert!(error.contains("no CUDA device 77"), "{error}");
    }
}
