//! The register tile: `MR` outputs at `NR` neighbouring positions, over the whole sum.

use std::sync::OnceLock;

/// The most positions a tile has.
pub(crate) const MOST_POSITIONS: usize = 48;
/// The most outputs a tile has.
pub(crate) const MOST_OUTPUTS: usize = 8;

/// Results of a tile: output by output, `positions` apart.
pub(crate) type Results = [f32; MOST_OUTPUTS * MOST_POSITIONS];

/// Computes `results[m][p] = sum_k panel[k][m] * source[offsets[k] + p]` for `p < count`, or adds it to what is there.
///
/// # Safety
/// The processor has the kernel's instructions; `panel` holds `offsets.len() * outputs` numbers; `source` is
/// readable at every offset for `count` positions.
type Kernel = unsafe fn(
    panel: *const f32,
    source: *const f32,
    offsets: &[u32],
    count: usize,
    add: bool,
    results: &mut Results,
);

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
unsafe fn portable(
    panel: *const f32,
    source: *const f32,
    offsets: &[u32],
    count: usize,
    add: bool,
    results: &mut Results,
) {
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
        for (result, sum) in row.iter_mut().zip(sums) {
            *result = if add { *result + sum } else { *sum };
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Results;
    use std::arch::x86_64::*;

    /// Writes out a kernel of `rows` outputs x 3 vectors. The sums must live in registers, and they do so only if
    /// every index is a constant, hence the list of rows.
    macro_rules! kernel {
        (
            $(#[$attribute:meta])* $name:ident, lanes $lanes:literal, rows [$($row:literal)*],
            $zero:ident, $load:ident, $masked:expr, $masks:expr, $splat:ident, $fma:ident, $plus:ident, $store:ident
        ) => {
            $(#[$attribute])*
            pub(super) unsafe fn $name(
                panel: *const f32,
                source: *const f32,
                offsets: &[u32],
                count: usize,
                add: bool,
                results: &mut Results,
            ) {
                const ROWS: usize = [$($row),*].len();
                let mut sums = [[$zero(); 3]; ROWS];
                let mut weights = panel;
                if count >= 3 * $lanes {
                    for &offset in offsets {
                        // SAFETY: the caller says that `count` positions are readable at every offset and that the
                        // panel holds a row of weights for every offset.
                        unsafe {
                            let row = source.add(offset as usize);
                            let (a, b, c) = ($load(row), $load(row.add($lanes)), $load(row.add(2 * $lanes)));
                            $(
                                let weight = $splat(*weights.add($row));
                                sums[$row][0] = $fma(weight, a, sums[$row][0]);
                                sums[$row][1] = $fma(weight, b, sums[$row][1]);
                                sums[$row][2] = $fma(weight, c, sums[$row][2]);
                            )*
                            weights = weights.add(ROWS);
                        }
                    }
                } else {
                    let [first, second, third] = $masks(count);
                    for &offset in offsets {
                        // SAFETY: as above; masked lanes are not read.
                        unsafe {
                            let row = source.add(offset as usize);
                            let a = $masked(row, first);
                            let b = $masked(row.wrapping_add($lanes), second);
                            let c = $masked(row.wrapping_add(2 * $lanes), third);
                            $(
                                let weight = $splat(*weights.add($row));
                                sums[$row][0] = $fma(weight, a, sums[$row][0]);
                                sums[$row][1] = $fma(weight, b, sums[$row][1]);
                                sums[$row][2] = $fma(weight, c, sums[$row][2]);
                            )*
                            weights = weights.add(ROWS);
                        }
                    }
                }
                let out = results.as_mut_ptr();
                // SAFETY: the results have room for ROWS x 3 vectors.
                unsafe {
                    if add {
                        $(
                            sums[$row][0] = $plus($load(out.add((3 * $row) * $lanes)), sums[$row][0]);
                            sums[$row][1] = $plus($load(out.add((3 * $row + 1) * $lanes)), sums[$row][1]);
                            sums[$row][2] = $plus($load(out.add((3 * $row + 2) * $lanes)), sums[$row][2]);
                        )*
                    }
                    $(
                        $store(out.add((3 * $row) * $lanes), sums[$row][0]);
                        $store(out.add((3 * $row + 1) * $lanes), sums[$row][1]);
                        $store(out.add((3 * $row + 2) * $lanes), sums[$row][2]);
                    )*
                }
            }
        };
    }

    kernel! {
        /// 8 outputs x 48 positions in 24 registers.
        #[target_feature(enable = "avx512f")]
        avx512, lanes 16, rows [0 1 2 3 4 5 6 7],
        _mm512_setzero_ps, _mm512_loadu_ps, |row, mask| _mm512_maskz_loadu_ps(mask, row), masks512,
        _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps
    }

    kernel! {
        /// 4 outputs x 24 positions in 12 registers.
        #[target_feature(enable = "avx2,fma")]
        avx2, lanes 8, rows [0 1 2 3],
        _mm256_setzero_ps, _mm256_loadu_ps, |row, mask| _mm256_maskload_ps(row, mask), masks256,
        _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps
    }

    fn masks512(count: usize) -> [__mmask16; 3] {
        std::array::from_fn(|v| ((1_u32 << count.saturating_sub(v * 16).min(16)) - 1) as __mmask16)
    }

    #[target_feature(enable = "avx2")]
    fn masks256(count: usize) -> [__m256i; 3] {
        std::array::from_fn(|v| {
            let lane = |i: usize| if v * 8 + i < count { -1 } else { 0 };
            _mm256_setr_epi32(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7))
        })
    }

    #[cfg(test)]
    pub(super) const AVX2: super::Tile =
        super::Tile { outputs: 4, positions: 24, kernel: avx2, name: "avx2" };
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
                unsafe {
                    let (first, rest) = panel.split_at(2 * tile.outputs);
                    (tile.kernel)(first.as_ptr(), source.as_ptr(), &offsets[..2], count, false, &mut results);
                    (tile.kernel)(rest.as_ptr(), source.as_ptr(), &offsets[2..], count, true, &mut results);
                }
                for m in 0..tile.outputs {
                    for p in 0..count {
                        let term =
                            |(k, &o): (usize, &u32)| panel[k * tile.outputs + m] * source[o as usize + p];
                        let sum: f32 = offsets.iter().enumerate().map(term).sum();
                        let result = results[m * tile.positions + p];
                        assert!((sum - result).abs() < 1e-5, "{} {m} {p}: {result} {sum}", tile.name);
                    }
                }
            }
        }
    }
}
