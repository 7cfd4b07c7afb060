//! Speed of typical layers: `cargo run --release -p kernels --example speed`.

use std::time::Instant;

use kernels::{Conv2d, Geometry};

fn main() {
    println!("{} instructions, {} threads", kernels::instructions(), rayon::current_num_threads());
    for (inputs, outputs, kernel, stride, size) in [
        (3, 64, 7, 2, 224),
        (64, 64, 3, 1, 56),
        (64, 256, 1, 1, 56),
        (256, 64, 1, 1, 56),
        (128, 128, 3, 1, 28),
        (256, 256, 3, 1, 14),
        (1024, 256, 1, 1, 14),
        (512, 512, 3, 1, 7),
        (512, 2048, 1, 1, 7),
        (16, 16, 3, 1, 32),
        (32, 32, 3, 1, 16),
        (64, 64, 3, 1, 8),
    ] {
        let geometry = Geometry {
            inputs,
            outputs,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [kernel / 2; 2],
            dilation: [1; 2],
        };
        let conv = Conv2d::new(geometry, &vec![0.1; outputs * inputs * kernel * kernel], None);
        let n = 8;
        let x = vec![0.5; n * inputs * size * size];
        let out = geometry.output([size; 2]);
        let work = (n * outputs * out[0] * out[1] * inputs * kernel * kernel) as f64;
        let dy = vec![0.5; n * outputs * out[0] * out[1]];
        let best = |f: &dyn Fn() -> Vec<f32>| {
            let time = |_| {
                let clock = Instant::now();
                std::hint::black_box(f());
                clock.elapsed().as_secs_f64()
            };
            (0..20).map(time).fold(f64::INFINITY, f64::min)
        };
        let forward = best(&|| conv.forward(&x, [size; 2]));
        let backward = best(&|| conv.input_gradient(&dy, [size; 2]));
        println!(
            "{inputs:>4} -> {outputs:>4}, {kernel}x{kernel}/{stride}, {size:>3}: {:>6.1} GFLOP/s forward, {:>6.1} backward",
            2e-9 * work / forward,
            2e-9 * work / backward
        );
    }
}
