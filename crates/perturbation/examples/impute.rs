//! Linear imputation alone, to be timed and compared by `pipelines/bench`.
//!
//! `cargo run --release -p perturbation --example impute -- PLANES.npy MASKS.npy OUT.npy ACCURACY ROUNDS`: planes (n, C, H, W)
//! and masks (n, m, H, W), which are 1 where a pixel is missing. It writes (n, m, C, H, W) and prints the least seconds for
//! each image, all masks together; `RAYON_NUM_THREADS` sets the threads.

use std::path::Path;
use std::time::Instant;

use perturbation::imputation::impute;
use rayon::prelude::*;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [planes, masks, out, accuracy, rounds] = &arguments[..] else { panic!("five arguments") };
    let read = |path: &str| pipe::npy::read_file(Path::new(path)).expect("an array");
    let (planes, masks) = (read(planes), read(masks));
    let (accuracy, rounds) =
        (accuracy.parse::<f32>().expect("a number"), rounds.parse::<usize>().expect("a number"));
    let [images, channels, height, width] = planes.shape[..] else { panic!("{:?}", planes.shape) };
    let area = height * width;
    let mut imputed = Vec::new();
    for (planes, masks) in
        planes.data.chunks(channels * area).zip(masks.data.chunks(masks.data.len() / images))
    {
        let mut least = f64::INFINITY;
        let mut all = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            let of_mask = |mask: &[f32]| {
                let missing: Vec<bool> = mask.iter().map(|&share| share > 0.0).collect();
                impute(planes, [height, width], &missing, accuracy).expect("an imputed image")
            };
            all = masks.par_chunks(area).map(of_mask).collect();
            least = least.min(start.elapsed().as_secs_f64());
        }
        println!("{least}");
        imputed.extend(all.concat());
    }
    let shape = [images, masks.shape[1], channels, height, width];
    pipe::npy::write_file(Path::new(out), &shape, &imputed).expect("a file");
}
