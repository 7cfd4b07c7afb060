//! Spec strings of any kind are read or refused.

use attribution::Entry;
use explainers::LISTS;
use metrics::Selection;
use perturbation::{ParsedTest, TESTS};
use testing::fuzz;

fn spec(entry: &Entry) -> Vec<u8> {
    format!("{}:{}", entry.name, entry.parameters()).into_bytes()
}

#[test]
fn fuzz_specs() {
    let mut specs: Vec<Vec<u8>> = LISTS.iter().copied().flatten().map(spec).collect();
    specs
        .extend(TESTS.iter().map(|test| format!("{}:steps=20,fill=blur,order=lerf", test.name).into_bytes()));
    specs
        .extend(metrics::all().map(|metric| format!("{}:{}", metric.name, metric.parameters()).into_bytes()));
    specs.push(b"gradcam+noise-tunnel:samples=8+positive+minmax".to_vec());
    fuzz::survives("specs", &specs, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = attribution::parse(&text, LISTS);
        let _ = ParsedTest::parse(&text, &[TESTS]);
        let _ = Selection::new(&[text.into_owned()], str::to_owned);
    });
}
