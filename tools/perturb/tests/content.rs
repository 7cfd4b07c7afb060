//! Random fills belong to what an image is, not to how its path is spelled.

use pipe::npy;
use testing::WorkDir;

const PERTURB: &str = env!("CARGO_BIN_EXE_perturb");
const TEST: &str = "deletion:fill=uniform,runs=2,steps=4";

/// For each image its rows, without the image's name.
fn rows(work: &WorkDir, images: &[&str]) -> Vec<Vec<String>> {
    let lines: Vec<String> = images.iter().map(|image| format!("{image},3,a,map.npy")).collect();
    let table = format!("image,target,method,map\n{}\n", lines.join("\n"));
    let out = work.run(PERTURB, ["-t", TEST, "-q", "--device", "cpu", "--model", "testbed"], table).success();
    let rows: Vec<(String, String)> = out
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').map(|(image, rest)| (image.to_owned(), rest.to_owned())).unwrap())
        .collect();
    let of = |image: &&str| rows.iter().filter(|row| row.0 == *image).map(|row| row.1.clone()).collect();
    images.iter().map(of).collect()
}

#[test]
fn one_image_has_one_noise_however_it_is_called() {
    let work = WorkDir::new();
    std::fs::create_dir(work.join("p")).unwrap();
    let image = testbed::image("testbed/003").unwrap().image;
    image.save(work.join("p/0.png")).unwrap();
    std::fs::copy(work.join("p/0.png"), work.join("copy.png")).unwrap();
    // The same pixels in other bytes are another file, and another key.
    image.save(work.join("0.bmp")).unwrap();
    let values: Vec<f32> = (0..4096).map(|i| (i * 31 % 4099) as f32).collect();
    npy::write_file(&work.join("map.npy"), &[64, 64], &values).unwrap();
    let absolute = work.join("p/0.png").display().to_string();
    let found = rows(&work, &["p/0.png", "./p/0.png", &absolute, "copy.png", "0.bmp"]);
    assert_eq!(found[0].len(), 5);
    assert!(found[1..4].iter().all(|rows| *rows == found[0]), "{found:?}");
    assert_ne!(found[4], found[0]);
}
