//! Files with changed bytes.

use testing::testdata;

use super::read;

/// A generator of small wishes (Knuth's constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Files of PyTorch with a few bytes changed, cut off or left out. Whatever comes of it, nothing panics.
#[test]
fn changed_bytes_are_errors_or_other_networks() {
    let rounds = std::env::var("PLUMBLINE_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let mut chance = Chance(1);
    let (mut refused, mut accepted) = (0, 0);
    for entry in std::fs::read_dir(testdata("onnx")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "onnx") {
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        assert!(read(whole.clone()).is_ok(), "{}", path.display());
        for round in 0..rounds {
            let mut bytes = whole.clone();
            match round % 4 {
                0 => bytes.truncate(chance.below(whole.len())),
                1 => drop(bytes.remove(chance.below(whole.len()))),
                _ => (0..=chance.below(8))
                    .for_each(|_| bytes[chance.below(whole.len())] = chance.below(256) as u8),
            }
            match read(bytes) {
                Ok(_) => accepted += 1,
                Err(_) => refused += 1,
            }
        }
    }
    println!("{refused} refused, {accepted} accepted");
    assert!(refused > 0);
    assert!(read(vec![]).is_err() && read(vec![0xff; 4096]).is_err() && read(vec![0x0a; 4096]).is_err());
}
