//! Speed of typical layers, and of what comes between them, by processor time: `cargo run --release -p kernels --example speed [LEVEL]` (Linux).

use std::sync::Arc;

use kernels::{Attention, Conv2d, Depthwise, Epilogue, Geometry, Level, Linear, Maps, Masked, Windows};

fn main() {
    kernels::keep_freed_memory();
    let level =
        std::env::args().nth(1).map(|name| Level::named(&name).expect("instructions of this processor"));
    let level = level.unwrap_or(Level::best());
    println!("{} instructions, {} threads", level.name(), rayon::current_num_threads());
    convolutions(level);
    linear_layers(level);
    depthwise(level);
    pools(level);
    conversions(level);
}

fn convolutions(level: Level) {
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
        (2048, 512, 1, 1, 7),
        (512, 128, 1, 1, 28),
        (256, 1024, 1, 1, 14),
        (256, 512, 1, 2, 56),
        (128, 128, 3, 2, 56),
        (512, 512, 3, 2, 14),
        (16, 96, 1, 1, 112),
        (24, 144, 1, 1, 56),
        (144, 24, 1, 1, 56),
        (960, 160, 1, 1, 7),
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
        let lanes = |channels: usize| if channels < 8 { channels } else { channels.next_multiple_of(16) };
        let x = vec![0.5; n * lanes(inputs) * size * size];
        let out = geometry.output([size; 2]);
        let work = (n * outputs * out[0] * out[1] * inputs * kernel * kernel) as f64;
        let dy = vec![0.5; n * outputs.next_multiple_of(16) * out[0] * out[1]];
        let forward = best(&|| conv.forward(&x, [size; 2], Epilogue::NOTHING));
        let backward = best(&|| conv.input_gradient(Masked::all(&dy), [size; 2]));
        println!(
            "{inputs:>4} -> {outputs:>4}, {kernel}x{kernel}/{stride}, {size:>3}: {:>6.1} GFLOP/s forward, {:>6.1} backward",
            2e-9 * work / forward,
            2e-9 * work / backward
        );
    }
}

fn linear_layers(level: Level) {
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

/// Those of MobileNetV2: bound by memory.
fn depthwise(level: Level) {
    let layers =
        [(32, 112, 1), (96, 112, 2), (144, 56, 1), (192, 28, 1), (384, 14, 1), (576, 14, 2), (960, 7, 1)];
    for (channels, size, stride) in layers {
        let [inputs, outputs, groups] = [channels; 3];
        let [kernel, stride, padding, dilation] = [3, stride, 1, 1].map(|x| [x; 2]);
        let geometry = Geometry { inputs, outputs, groups, kernel, stride, padding, dilation };
        let conv = Depthwise::new(level, geometry, &vec![0.1; channels * 9], Some(&vec![0.1; channels]));
        let size = [size; 2];
        let x = vec![0.5; 8 * Maps { channels, size }.image()];
        let dy = vec![0.5; 8 * Maps { channels, size: geometry.output(size) }.image()];
        let clipped = Masked { numbers: &dy, mask: Some((&dy, [0.0, 6.0])) };
        let [forward, backward, masked] = [
            best(&|| conv.forward(&x, size, Epilogue { clip: [0.0, 6.0], ..Epilogue::NOTHING })),
            best(&|| conv.input_gradient(Masked::all(&dy), size)),
            best(&|| conv.input_gradient(clipped, size)),
        ]
        .map(|time| 4e-9 * (x.len() + dy.len()) as f64 / time);
        println!(
            "depthwise {channels:>4}, 3x3/{}, {:>3}: {forward:>5.1} GB/s forward, {backward:>5.1} backward, {masked:>5.1} masked",
            stride[0], size[0]
        );
    }
}

/// Windows as in ResNet-50 and DenseNet, and means over whole maps.
fn pools(level: Level) {
    for (channels, kernel, padding, size) in [(64, 3, 1, 112), (128, 2, 0, 56)] {
        let count = [size / 2; 2];
        let [kernel, stride, padding, size] = [kernel, 2, padding, size].map(|x| [x; 2]);
        let windows = Windows { kernel, stride, padding, size, count };
        let x = vec![0.5; 8 * Maps { channels, size }.image()];
        let y = windows.blocked_max(level, &x);
        let [max, max_back, mean, mean_back] = [
            best(&|| windows.blocked_max(level, &x)),
            best(&|| windows.blocked_max_gradient(level, &x, &y, &y)),
            best(&|| windows.blocked_mean(level, true, &x)),
            best(&|| windows.blocked_mean_gradient(level, true, &y)),
        ]
        .map(|time| 1e3 * time);
        println!(
            "pool {channels:>4}, {}x{}/2, {:>3}: {max:>5.2} ms maximum, {max_back:>5.2} back, {mean:>5.2} mean, {mean_back:>5.2} back",
            kernel[0], kernel[0], size[0]
        );
    }
    let maps = Maps { channels: 2048, size: [7; 2] };
    let x = vec![0.5; 8 * maps.image()];
    let [mean, back] = [best(&|| maps.mean(level, &x)), best(&|| maps.mean_gradient(level, &x[..8 * 2048]))];
    println!(
        "mean {:>4}, {:>3}: {:>5.2} ms, {:>5.2} back",
        maps.channels,
        maps.size[0],
        1e3 * mean,
        1e3 * back
    );
}

/// Between channels one after the other and sixteen together, beside a plain copy.
fn conversions(level: Level) {
    for (channels, size) in [(64, 112), (256, 56), (512, 28), (960, 7)] {
        let maps = Maps { channels, size: [size; 2] };
        let x = vec![0.5; 8 * maps.image()];
        let [pack, unpack, copy] =
            [best(&|| maps.pack(level, &x)), best(&|| maps.unpack(level, &x)), best(&|| x.clone())]
                .map(|time| 8e-9 * x.len() as f64 / time);
        println!(
            "convert {channels:>4}, {size:>3}: {pack:>5.1} GB/s there, {unpack:>5.1} back, {copy:>5.1} copy"
        );
    }
}

/// The least processor time of several calls.
fn best<T>(f: &dyn Fn() -> T) -> f64 {
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
