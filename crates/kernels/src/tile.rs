//! The register tile: `MR` outputs at `NR` neighbouring positions, over the whole sum.

use std::sync::OnceLock;

/// The most positions a tile has.
pub(crate) const MOST_POSITIONS: usize = 48;
/// The most outputs a tile has.
pub(crate) const MOST_OUTPUTS: usize = 8;

/// Results of a tile: output by output, `positions` apart.
pub(crate) type Results = [f32; MOST_OUTPUTS * MOST_POSITIONS];

/// Computes `results[m][p] = sum_k panel[k][m] * source[offsets[k] + p]` for `p < count`.
///
/// # Safety
/// The processor has the kernel's instructions; `panel` holds `offsets.len() * outputs` numbers; `source` is
/// readable at every offset for `count` positions.
type Kernel = unsafe fn(panel: *const f32, source: *const f32, offsets: &[u32], count: usize, results: &mut Results);

/// A kernel and its size.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) outputs: usize,
    pub(crate) positions: usize,
    pub(crate) kernel: Kernel,
    name: &'static str,
}

/// The best tile for this processor.
pub(crate) fn tile() -> Tile {
    static TILE: OnceLock<Tile> = OnceLock::new();
    *TILE.get_or_init(detect)
}

/// The name of the instructions in use: `avx512`, `avx2` or `portable`.
pub fn instructions() -> &'static str {
    tile().name
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Tile {
    if is_x86_feature_detected!("avx512f") {
        return Tile { outputs: 8, positions: 48, kernel: x86::avx512, name: "avx512" };
    }
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        return Tile { outputs: 4, positions: 24, kernel: x86::avx2, name: "avx2" };
    }
    PORTABLE
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Tile {
    PORTABLE
}

pub(crate) const PORTABLE: Tile = Tile { outputs: 4, positions: 16, kernel: portable, name: "portable" };

/// Arrays that the compiler turns into whatever vectors the target has.
unsafe fn portable(panel: *const f32, source: *const f32, offsets: &[u32], count: usize, results: &mut Results) {
    const MR: usize = 4;
    const NR: usize = 16;
    let mut sums = [[0.0_f32; NR]; MR];
    for (k, &offset) in offsets.iter().enumerate() {
        let mut samples = [0.0; NR];
        // SAFETY: the caller says that `count` positions are readable at every offset.
        let row = unsafe { std::slice::from_raw_parts(source.add(offset as usize), count) };
        samples[..count].copy_from_slice(row);
        // SAFETY: the panel holds MR numbers for every k.
        let weights = unsafe { &*panel.add(k * MR).cast::<[f32; MR]>() };
        for (sums, weight) in sums.iter_mut().zip(weights) {
            for (sum, sample) in sums.iter_mut().zip(&samples) {
                *sum += weight * sample;
            }
        }
    }
    for (row, sums) in results.chunks_mut(NR).zip(&sums) {
        row.copy_from_slice(sums);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Results;
    use std::arch::x86_64::*;

    const VECTORS: usize = 3;

    /// 8 outputs x 48 positions in 24 registers.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512(panel: *const f32, source: *const f32, offsets: &[u32], count: usize, results: &mut Results) {
        const MR: usize = 8;
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; MR];
        let full = count >= VECTORS * 16;
        let masks: [__mmask16; VECTORS] = std::array::from_fn(|v| {
            let left = count.saturating_sub(v * 16).min(16);
            ((1_u32 << left) - 1) as __mmask16
        });
        let mut weights = panel;
        for &offset in offsets {
            // SAFETY: the caller says that `count` positions are readable at every offset; masked lanes are not
            // read. The panel holds MR numbers for every offset.
            unsafe {
                let row = source.add(offset as usize);
                let samples: [__m512; VECTORS] = if full {
                    std::array::from_fn(|v| _mm512_loadu_ps(row.add(v * 16)))
                } else {
                    std::array::from_fn(|v| _mm512_maskz_loadu_ps(masks[v], row.wrapping_add(v * 16)))
                };
                for (m, sums) in sums.iter_mut().enumerate() {
                    let weight = _mm512_set1_ps(*weights.add(m));
                    for (sum, sample) in sums.iter_mut().zip(samples) {
                        *sum = _mm512_fmadd_ps(weight, sample, *sum);
                    }
                }
                weights = weights.add(MR);
            }
        }
        for (row, sums) in results.chunks_mut(VECTORS * 16).zip(sums) {
            for (out, sum) in row.chunks_mut(16).zip(sums) {
                // SAFETY: a chunk of 16 numbers is one vector.
                unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
            }
        }
    }

    /// 4 outputs x 24 positions in 12 registers.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(panel: *const f32, source: *const f32, offsets: &[u32], count: usize, results: &mut Results) {
        const MR: usize = 4;
        let mut sums = [[_mm256_setzero_ps(); VECTORS]; MR];
        let full = count >= VECTORS * 8;
        let masks: [__m256i; VECTORS] = std::array::from_fn(|v| {
            let lane = |i: usize| if v * 8 + i < count { -1 } else { 0 };
            _mm256_setr_epi32(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7))
        });
        let mut weights = panel;
        for &offset in offsets {
            // SAFETY: as above.
            unsafe {
                let row = source.add(offset as usize);
                let samples: [__m256; VECTORS] = if full {
                    std::array::from_fn(|v| _mm256_loadu_ps(row.add(v * 8)))
                } else {
                    std::array::from_fn(|v| _mm256_maskload_ps(row.wrapping_add(v * 8), masks[v]))
                };
                for (m, sums) in sums.iter_mut().enumerate() {
                    let weight = _mm256_set1_ps(*weights.add(m));
                    for (sum, sample) in sums.iter_mut().zip(samples) {
                        *sum = _mm256_fmadd_ps(weight, sample, *sum);
                    }
                }
                weights = weights.add(MR);
            }
        }
        for (row, sums) in results.chunks_mut(VECTORS * 8).zip(sums) {
            for (out, sum) in row.chunks_mut(8).zip(sums) {
                // SAFETY: a chunk of 8 numbers is one vector.
                unsafe { _mm256_storeu_ps(out.as_mut_ptr(), sum) };
            }
        }
    }

    #[cfg(test)]
    pub(super) const AVX2: super::Tile = super::Tile { outputs: 4, positions: 24, kernel: avx2, name: "avx2" };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles() -> Vec<Tile> {
        let mut all = vec![PORTABLE, tile()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            all.push(x86::AVX2);
        }
        all
    }

    #[test]
    fn every_tile_equals_the_plain_sum_and_reads_no_further() {
        let source: Vec<f32> = (0..200).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let offsets = [0, 3, 90, 41, 152];
        for tile in tiles() {
            let panel: Vec<f32> = (0..offsets.len() * tile.outputs).map(|i| (i % 7) as f32 - 3.0).collect();
            for count in [1, 2, 15, 16, tile.positions - 1, tile.positions] {
                let mut results = [0.0; MOST_OUTPUTS * MOST_POSITIONS];
                let source = &source[..152 + count];
                // SAFETY: the tile was detected, the panel is whole, the source ends where the last read does.
                unsafe { (tile.kernel)(panel.as_ptr(), source.as_ptr(), &offsets, count, &mut results) };
                for m in 0..tile.outputs {
                    for p in 0..count {
                        let term = |(k, &o): (usize, &u32)| panel[k * tile.outputs + m] * source[o as usize + p];
                        let sum: f32 = offsets.iter().enumerate().map(term).sum();
                        let result = results[m * tile.positions + p];
                        assert!((sum - result).abs() < 1e-5, "{} {m} {p}: {result} {sum}", tile.name);
                    }
                }
            }
        }
    }
}
