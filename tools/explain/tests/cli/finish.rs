//! Sign, smoothing and scaling of maps.

use maps::{Blur, Scale, Sign};
use testing::WorkDir;

use super::{map, rows, run};

/// The map of one image under some flags.
fn finished(work: &WorkDir, flags: &str) -> Vec<f32> {
    let table = run(work, &format!("-m gradient --record record.json {flags} testbed/000"), "").success();
    map(work, &rows(&table)[0]).data
}

#[test]
fn steps_are_done_in_their_order() {
    let work = WorkDir::new();
    let raw = finished(&work, "");
    let mut expected = raw.clone();
    Sign::Positive.apply(&mut expected);
    assert!(finished(&work, "--sign positive") == expected);
    Blur { kernel: 11, sigma: 5.0 }.apply(&mut expected, 64);
    assert!(finished(&work, "--smooth --sign positive") == expected);
    Scale::Range { low: 0.0, high: 99.0 }.apply(&mut expected);
    assert!(
        finished(&work, "--normalize=minmax:high=99 --smooth=gaussian:sigma=5 --sign positive") == expected
    );
    let largest = finished(&work, "--normalize=max");
    assert!(largest.iter().zip(&raw).all(|(a, b)| a * b >= 0.0 && a.abs() <= 1.0));
    assert!(largest.iter().any(|value| value.abs() == 1.0));
}

/// Each channel that is kept is blurred by itself; all are scaled together.
#[test]
fn kept_channels_stay_apart() {
    let work = WorkDir::new();
    let mut raw = finished(&work, "--reduce none");
    raw.chunks_mut(64 * 64).for_each(|plane| Blur { kernel: 3, sigma: 1.0 }.apply(plane, 64));
    Scale::Range { low: 0.0, high: 100.0 }.apply(&mut raw);
    assert!(finished(&work, "--reduce none --smooth=gaussian:kernel=3,sigma=1 --normalize") == raw);
}

/// Maps after other steps are other maps: equal strings mean equal computations.
#[test]
fn steps_are_a_part_of_the_method_s_name() {
    let work = WorkDir::new();
    for (flags, name) in [
        ("", "gradient"),
        ("--reduce sum --sign both", "gradient"),
        (
            "--sign abs --smooth=gaussian:kernel=11,sigma=2 --normalize=minmax:low=1",
            "gradient+abs+smooth:sigma=2+minmax:low=1",
        ),
        ("--normalize=max --reduce positive-mean", "gradient+reduce=positive-mean+max"),
        ("--sign positive --smooth", "gradient+positive+smooth"),
    ] {
        let table = run(&work, &format!("-m gradient {flags} --resume testbed/000"), "").success();
        let row = &rows(&table)[0];
        assert_eq!(row.method, name);
        assert!(row.map.starts_with(&format!("maps/{name}/")), "{}", row.map);
    }
}

#[test]
fn wrong_steps_are_told_before_any_work() {
    let work = WorkDir::new();
    for (flags, part) in [
        ("--smooth=median", "--smooth: unknown smoothing `median`: known are gaussian"),
        (
            "--smooth=gaussian:kernel=4",
            "--smooth: `gaussian`: kernel=4 is not an odd whole number below 1000",
        ),
        ("--smooth=gaussian:sigma=0", "sigma=0 is not a positive number"),
        ("--normalize=l2", "--normalize: unknown scaling `l2`: known are minmax, max"),
        ("--normalize=minmax:low=60,high=40", "high=40 is not a percentile above 60 and up to 100"),
        ("--normalize=max:high=0", "high=0 is not a percentile above 0 and up to 100"),
        ("--normalize=minmax:low=-1", "low=-1 is not a percentile from 0 to below 100"),
        ("--normalize=minmax:clip=1", "`minmax` has no parameter `clip`: low=0,high=100"),
        ("--sign some", "invalid value 'some'"),
    ] {
        let message = run(&work, &format!("{flags} testbed/000"), "").failure(2);
        assert!(message.contains(part), "{flags}: {message}");
        assert!(!work.join("maps").exists());
    }
}
