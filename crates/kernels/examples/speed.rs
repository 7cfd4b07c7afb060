//! Speed of typical layers by processor time: `cargo run --release -p kernels --example speed [LEVEL]` (Linux).

use std::sync::Arc;

use kernels::{Attention, Conv2d, Epilogue, Geometry, Level, Linear, Masked};

fn main() {
    kernels::keep_freed_memory();
    let level =
        std::env::args().nth(1).map(|name| Level::named(&name).expect("instructions of this processor"));
    let level = level.unwrap_or(Level::best());
    println!("{} instructions, {} threads", level.name(), rayon::current_num_threads());
    let layers = [
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
    ];
    for (inputs, outputs, kernel, stride, size) in layers {
        let geometry = Geometry {
            inputs,
            groups: 1,
            outputs,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [kernel / 2; 2],
            dilation: [1; 2],
        };
        let conv =
            Conv2d::new(level, geometry, Arc::new(vec![0.1; outputs * inputs * kernel * kernel]), None);
        let n = 8;
        let x = vec![0.5; n * inputs * size * size];
        let out = geometry.output([size; 2]);
        let work = (n * outputs * out[0] * out[1] * inputs * kernel * kernel) as f64;
        let dy = vec![0.5; n * outputs * out[0] * out[1]];
        let forward = best(&|| conv.forward(&x, [size; 2], Epilogue::NOTHING));
        let backward = best(&|| conv.input_gradient(Masked::all(&dy), [size; 2]));
        println!(
            "{inputs:>4} -> {outputs:>4}, {kernel}x{kernel}/{stride}, {size:>3}: {:>6.1} GFLOP/s forward, {:>6.1} backward",
            2e-9 * work / forward,
            2e-9 * work / backward
        );
    }
    for [rows, inputs, outputs] in [[1576, 768, 2304], [1576, 768, 768], [1576, 768, 3072], [1576, 3072, 768]]
    {
        let linear = Linear::new(level, [outputs, inputs], Arc::new(vec![0.1; outputs * inputs]), None);
        let (x, dy) = (vec![0.5; rows * inputs], vec![0.5; rows * outputs]);
        let work = 2e-9 * (rows * inputs * outputs) as f64;
        let forward = best(&|| linear.forward(&x, Epilogue::NOTHING));
        let backward = best(&|| linear.input_gradient(&dy));
        println!(
            "{rows} x {inputs} -> {outputs}: {:>6.1} GFLOP/s forward, {:>6.1} backward",
            work / forward,
            work / backward
        );
    }
    for [tokens, size, heads] in [[197, 64, 12], [197, 64, 3], [50, 64, 12], [65, 32, 4]] {
        let thirds = (0..heads).map(|head| [0, 1, 2].map(|part| (part * heads + head) * size)).collect();
        let attention = Attention::new(level, tokens, size, 0.125, thirds).expect("heads that fill a row");
        let rows = 8 * tokens;
        let (x, dy) = (vec![0.5; rows * 3 * heads * size], vec![0.5; rows * heads * size]);
        let (y, norms) = attention.forward(&x);
        let work = 2e-9 * (rows * tokens * heads * size) as f64;
        let forward = best(&|| attention.forward(&x).0);
        let backward = best(&|| attention.gradient(&x, &y, &norms, &dy));
        println!(
            "attention over {tokens} tokens, {heads} heads of {size}: {:>6.1} GFLOP/s forward, {:>6.1} backward",
            2.0 * work / forward,
            5.0 * work / backward
        );
    }
}

/// The least processor time of several calls.
fn best(f: &dyn Fn() -> Vec<f32>) -> f64 {
    let time = |_| {
        let start = processor_seconds();
        std::hint::black_box(f());
        processor_seconds() - start
    };
    (0..20).map(time).fold(f64::INFINITY, f64::min)
}

/// Of all threads of this process, so that other processes do not disturb it.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the place for the time is there.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
