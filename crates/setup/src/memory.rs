//! Whether an image is too large for the memory of this machine: told before the network runs, which would be killed.

use std::fs;

/// Passes that surely fit, so that nobody has to ask.
const SMALL: u64 = 1 << 28;

/// Bytes for each pair of pixels of a side: methods blur and resize maps by matrices, in double precision at first.
const MATRIX: u64 = 16;

/// Refuses an image of height and width `size` whose values in the network take `bytes`, which a pass back needs twice.
pub(crate) fn check([height, width]: [usize; 2], bytes: u64) -> Result<(), String> {
    let side = height.max(width) as u64;
    let needed = bytes.saturating_mul(2).saturating_add(side.saturating_mul(side).saturating_mul(MATRIX));
    if needed <= SMALL {
        return Ok(());
    }
    match available() {
        Some(free) if needed > free => Err(format!(
            "an image of {height} x {width} pixels takes about {:.1} GB here, and {:.1} GB of memory are free: \
             make it smaller (see --preprocess)",
            needed as f64 / 1e9,
            free as f64 / 1e9
        )),
        _ => Ok(()),
    }
}

/// Bytes that are free, here and within the limit of the container.
fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let free = line.split_whitespace().nth(1)?.parse::<u64>().ok()?.saturating_mul(1024);
    Some(within_container().map_or(free, |left| left.min(free)))
}

/// What is left of a limit of control groups, version 2; nothing if there is none.
fn within_container() -> Option<u64> {
    let number =
        |name: &str| fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_refused_and_what_every_machine_has_is_not() {
        assert_eq!(check([224, 224], 1 << 26), Ok(()));
        // 60,000 x 1 is small in a network, but not where its long side is blurred.
        if available().is_some_and(|free| free < MATRIX * 60_000 * 60_000) {
            let reason = check([1, 60_000], 1 << 20).unwrap_err();
            assert!(
                reason.starts_with("an image of 1 x 60000 pixels takes about 57.6 GB here, and "),
                "{reason}"
            );
        }
        if available().is_some() {
            let reason = check([100_000, 100_000], u64::MAX / 4).unwrap_err();
            assert!(reason.starts_with("an image of 100000 x 100000 pixels takes about "), "{reason}");
        }
    }
}
