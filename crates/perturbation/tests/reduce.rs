//! A map whose channels were kept is the same map once they are summed, wherever that is done.

use maps::{Map, Reduce};
use models::{Tensor, TensorData, device, relu};

const SIZE: [usize; 2] = [17, 23];

#[test]
fn channels_are_joined_to_the_same_bits_on_the_host_and_on_the_device() {
    let values: Vec<f32> = (0..3 * 17 * 23).map(|i| (0.37 * (i as f32 + 1.0).powi(2)).sin() * 1e-3).collect();
    let shape = [1, 3, SIZE[0], SIZE[1]];
    let x = Tensor::<4>::from_data(TensorData::new(values.clone(), shape), &device::cpu().device);
    for (reduce, expected) in [
        (Reduce::Sum, x.clone().sum_dim(1)),
        (Reduce::Abs, x.clone().abs().sum_dim(1)),
        (Reduce::Max, x.clone().abs().max_dim(1)),
        (Reduce::PositiveMean, relu(x).mean_dim(1)),
    ] {
        let map = Map::reduced(&shape[1..], values.clone(), 3, reduce).unwrap();
        let expected: Vec<f32> = expected.into_data().try_to_vec().unwrap();
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        assert!(map.values() == expected, "{reduce:?}");
    }
}
