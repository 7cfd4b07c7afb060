//! Baselines that are images.

use std::fs;

use testing::WorkDir;

use super::{map, maps, png, rows, run};

const DRAWN: &str = "-m expected-gradients:baseline=images,samples=3 -m gradient-shap:baseline=images \
                     -m integrated-gradients:baseline=images,steps=5 -m deeplift-shap:baseline=images,samples=2";

#[test]
fn draws_depend_on_the_seed_and_the_image_only() {
    let work = WorkDir::new();
    fs::create_dir(work.join("train")).unwrap();
    for (name, side) in [("a.png", 64), ("b.png", 64), ("c.png", 64)] {
        png(&work, &format!("train/{name}"), side, side);
    }
    let explain = |more: &str| {
        let images = "testbed/000 testbed/001";
        maps(
            &work,
            &run(&work, &format!("{DRAWN} --baselines testbed/005 --record record.json {more} {images}"), "")
                .success(),
        )
    };
    let one = explain("--baselines train");
    assert_eq!(explain("--baselines train/a.png --baselines train/b.png --baselines train/c.png"), one);
    assert_eq!(explain("--baselines train --batch-size 1 --threads 2"), one);
    let other = explain("--baselines train --seed 1");
    assert!(one.iter().filter(|(key, map)| other[*key] != **map).count() > 4);
    assert_eq!(super::record(&work)["files"]["baselines"].as_str().unwrap().len(), 64);
}

/// An image that is its own baseline has nothing to explain.
#[test]
fn the_image_itself_gives_a_zero_map() {
    let work = WorkDir::new();
    let table = run(&work, &format!("{DRAWN} --baselines testbed/000 testbed/000"), "").success();
    for row in rows(&table) {
        assert!(map(&work, &row).data.iter().all(|value| *value == 0.0), "{}", row.method);
    }
}

#[test]
fn baselines_that_cannot_be_used_are_errors() {
    let work = WorkDir::new();
    work.write("bad.png", "this is no image");
    png(&work, "small.png", 32, 48);
    fs::create_dir(work.join("empty")).unwrap();
    for (arguments, status, part) in [
        ("-m deeplift:baseline=images", 2, "deeplift:baseline=images needs images: --baselines"),
        ("-m rise --baselines testbed", 2, "--baselines, but no method has baseline=images"),
        ("-m deeplift:baseline=images --baselines gone.png", 1, "baseline gone.png: No such file"),
        (
            "-m deeplift:baseline=images --baselines bad.png",
            1,
            "baseline bad.png: The image format could not",
        ),
        ("-m deeplift:baseline=images --baselines empty", 1, "--baselines empty: the folder holds no images"),
        (
            "-m deeplift:baseline=images --baselines testbed/001 --baselines small.png",
            1,
            "baseline small.png is 48 x 32 as the network sees it, but those before it are 64 x 64",
        ),
        (
            "-m deeplift:baseline=images --baselines small.png",
            1,
            "testbed/000, open: it is 64 x 64 as the network sees it, but the baselines are 48 x 32",
        ),
    ] {
        let message = run(&work, &format!("{arguments} testbed/000"), "").failure(status);
        assert!(message.contains(part), "{arguments}: {message}");
    }
}
