//! What the processor can do at most.

use std::time::Instant;

use rayon::prelude::*;

use super::{Level, Simd, Work};

/// Chains of sums, enough for two units of four cycles' latency.
const CHAINS: usize = 12;
const STEPS: usize = 200_000;

impl Level {
    /// Multiplications and additions of all threads in registers, the most of several rounds, in 10^9 operations per second.
    pub fn peak_gflops(self) -> f64 {
        let threads = rayon::current_num_threads();
        let round = |_| {
            let start = Instant::now();
            let sums: f32 = (0..threads).into_par_iter().map(|_| self.run(Chains)).sum();
            std::hint::black_box(sums);
            start.elapsed().as_secs_f64()
        };
        let seconds = (0..100).map(round).fold(f64::INFINITY, f64::min);
        2e-9 * (threads * CHAINS * STEPS * self.lanes()) as f64 / seconds
    }
}

struct Chains;

impl Work for Chains {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (x, y) = (simd.splat(std::hint::black_box(0.5)), simd.splat(std::hint::black_box(0.25)));
        // Equal chains would be computed once.
        let mut sums = [simd.splat(0.0); CHAINS];
        for i in 0..CHAINS {
            sums[i] = simd.splat(std::hint::black_box(i as f32));
        }
        for _ in 0..STEPS {
            for i in 0..CHAINS {
                sums[i] = simd.fma(x, sums[i], y);
            }
        }
        let mut lanes = [0.0; 16];
        for i in 0..CHAINS {
            // SAFETY: no vector is longer.
            unsafe { simd.store(lanes.as_mut_ptr(), simd.add(sums[0], sums[i])) };
        }
        lanes[0]
    }
}
