//! The figures of small tables: SVG, PNG and numbers are those of `testdata/figures`, byte by byte. `BLESS=1` writes them anew, to be
//! looked at.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use figures::{Curves, Figure, Of, Resampling, Theme, Tile};
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
    let picture = fs::read_to_string(testdata("figures/picture.txt")).unwrap();
    let tile = |caption: &str| Tile { picture: picture.trim().to_owned(), caption: vec![caption.to_owned()] };
    let rows = [
        (vec!["great grey owl".to_owned(), "0.91".to_owned()], vec![tile("0.63"), tile("0.48")]),
        (vec!["крот — Maulwurf".to_owned()], vec![tile("0.10"), Tile::default()]),
    ];
    check("sheet", &figures::sheet(&["gradcam".to_owned(), "rise:masks=400,p=0.1".to_owned()], &rows, 64.0));
}
