//! What tests say that they cost is what the executor counts.

mod common;

use common::{jobs, maps, run, tests, tiny_basic};
use perturbation::Forwards;

/// The inputs that the executor computes for two maps, without the two clean images, and what the tests promised.
fn counted(label: &str, specs: &[&str]) -> (u64, Forwards) {
    let maps = maps(label);
    let promised = maps.iter().map(|map| Forwards::of(&tests(specs), map.pixels())).sum();
    let asked: Vec<_> = maps.into_iter().enumerate().map(|(i, map)| (i, map, Some(3))).collect();
    (run(&tiny_basic(), 16, jobs(&asked, specs)).1 - 2, promised)
}

#[test]
fn an_exact_number_is_the_one_that_is_computed() {
    let alone = [
        "pos",
        "neg:steps=7",
        "deletion:steps=12,fill=uniform,runs=2",
        "insertion:steps=5,order=lerf",
        "classic:fill=pil-blur,end=0.5",
    ];
    let all: Vec<&[&str]> =
        alone.chunks(1).chain([&alone[..], &["pos", "deletion:steps=20", "neg", "classic"]]).collect();
    for specs in all {
        for label in ["signed", "ties"] {
            let (found, promised) = counted(label, specs);
            assert_eq!(
                (found, true),
                (promised.count + promised.of_image, promised.exact),
                "{label} {specs:?}"
            );
        }
    }
}

#[test]
fn a_bound_is_not_exceeded() {
    for specs in [
        &["deletion:region=9,steps=30"][..],
        &["mask", "mask:percentile=75"],
        &["mask:fill=uniform,runs=3"],
        &["subset:size=0.2+30,draws=5,fill=uniform,runs=2", "subset:grid=4,draws=3"],
        &["single:blocks=3", "single:blocks=0,steps=6,fill=uniform,runs=2"],
        &["square:size=24", "square:size=100,fill=uniform,runs=2"],
        &["noise:draws=4", "single:blocks=0,segments=9"],
        &["crop", "mask"],
        &["information"],
        &["crop:threshold=0.9", "violation:fill=normal"],
    ] {
        let (found, promised) = counted("ties", specs);
        assert!(
            found > 0 && found <= promised.count + promised.of_image && !promised.exact,
            "{specs:?}: {found} {promised:?}"
        );
    }
}

/// BEE's eight metrics: POS and DEL, NEG and INS, ADP and PIC, AIC and SIC are four tests, and equal inputs are one.
#[test]
fn eight_metrics_cost_less_than_45_forwards_for_a_map() {
    let forwards = Forwards::of(&tests(&["pos", "neg", "mask", "information"]), 224 * 224);
    // Nine and nine, the masked image, nine thresholds; the blank image and the clean one are those of all maps.
    assert_eq!((forwards.count, forwards.of_image), (9 + 9 + 1 + 9, 1));
    let clean = 1;
    assert!((forwards.count + forwards.of_image + clean) <= 45);
    let (found, _) = counted("signed", &["pos", "neg", "mask", "information"]);
    assert!(found <= 2 * (28 + 1), "{found}");
}
