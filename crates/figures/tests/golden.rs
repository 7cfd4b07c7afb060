//! The figures of small tables: SVG, PNG and numbers are those of `testdata/figures`, byte by byte. `BLESS=1` writes them anew, to be
//! looked at.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use figures::{Curves, Figure, Line, Of, Picture, Resampling, Sheet, Theme, Tile};
use pipe::{Row, Rows};
use stats::resample::Bootstrap;
use testing::{golden, testdata};

const RESAMPLING: Resampling = Resampling { bootstrap: Bootstrap { resamples: 200, level: 0.95 }, seed: 0 };

fn rows<R: Row + Debug>(name: &str) -> Vec<R> {
    let path: PathBuf = testdata(format!("figures/{name}.csv"));
    Rows::open(&[path]).unwrap().collect::<Result<_, _>>().unwrap()
}

fn check(name: &str, figure: &Figure) {
    let file = |suffix: &str| format!("figures/{name}.{suffix}");
    golden::text(file("svg"), &figure.svg(Theme::Paper));
    golden::text(file("svg.csv"), &String::from_utf8(figure.numbers().csv()).unwrap());
    let (png, path) = (figure.png(1.0).unwrap(), testdata(file("png")));
    if golden::bless() {
        fs::write(&path, &png).unwrap();
    }
    assert!(fs::read(&path).unwrap() == png, "{} differs: BLESS=1 writes it anew", path.display());
    assert!(figure.lacks().is_empty());
}

#[test]
fn ranking() {
    check("ranking", &figures::ranking(&rows("ranks")));
}

#[test]
fn critical_differences() {
    check("critical-differences", &figures::critical_differences(&rows("significance")));
}

#[test]
fn wins() {
    check("wins", &figures::wins(&rows("pairs")));
}

#[test]
fn agreement() {
    check("agreement", &figures::agreement(&rows("correlations")));
}

#[test]
fn boxes() {
    check("boxes", &figures::boxes(&rows("scores"), Of::Methods));
}

#[test]
fn curves() {
    let mut curves = Curves::default();
    for row in &rows("answers") {
        curves.add(row);
    }
    check("curves", &figures::curves(&curves, RESAMPLING));
}

#[test]
fn densities() {
    check("densities", &figures::densities(&rows("densities")));
}

#[test]
fn convergence() {
    check("convergence", &figures::convergence(&rows("trace"), RESAMPLING));
}

#[test]
fn sheet() {
    let picture = |size| Some(Picture { png: fs::read(testdata("figures/picture.png")).unwrap(), size });
    let tile = |value: &str, size| Tile {
        picture: picture(size),
        caption: vec![
            ["insertion:fill=blur".to_owned(), value.to_owned()],
            ["hit".to_owned(), String::new()],
        ],
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let sheet = Sheet {
        columns: texts(&["gradcam", "rise:masks=400,p=0.1"]),
        lines: vec![
            Line {
                label: texts(&["great grey owl", "0.91"]),
                tiles: vec![tile("0.63", [64.0; 2]), tile("0.48", [64.0; 2])],
            },
            Line {
                label: texts(&["крот — Maulwurf"]),
                tiles: vec![tile("0.10", [64.0, 32.0]), Tile::default()],
            },
        ],
        notes: vec![
            (picture([64.0, 8.0]), "low to high".to_owned()),
            (None, "Each map has a scale of its own.".to_owned()),
        ],
        side: 64.0,
    };
    check("sheet", &figures::sheet(&sheet));
}
