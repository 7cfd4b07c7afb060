//! A build with the `cuda` feature: whether a device is there is only known at run time.

use burn::tensor::{Device, DeviceType};

pub(super) fn device(index: usize) -> Result<Device, String> {
    let found = Device::enumerate(DeviceType::Cuda).into_vec().len();
    if index < found {
        return Ok(Device::cuda(index));
    }
    Err(match found {
        0 => "no NVIDIA driver or no device was found".into(),
        1 => "only device 0 was found".into(),
        n => format!("only devices 0 to {} were found", n - 1),
    })
}
