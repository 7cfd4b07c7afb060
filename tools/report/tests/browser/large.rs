//! How large a page of 1,000 images and 20 methods is, and how fast: `cargo test --release -p report --test browser -- --ignored large
//! --nocapture`.

use std::fmt::Write;
use std::time::Instant;

use image::{Rgb, RgbImage};
use serde_json::json;
use testing::WorkDir;

use crate::chromium::{self, Browser};
use crate::run::report;

const IMAGES: usize = 1000;
const METHODS: usize = 20;
const SIDE: usize = 224;
/// Different maps of a method: images share them.
const MAPS: usize = 100;

#[test]
#[ignore = "make check-report runs it: it takes minutes"]
fn large() {
    let Some(name) = chromium::find() else { return };
    let work = WorkDir::new();
    make(&work);
    let start = Instant::now();
    report(&work, "maps.csv scores.csv answers.csv -o report.html --budget 64MB").success();
    let seconds = start.elapsed().as_secs_f64();
    let size = std::fs::metadata(work.join("report.html")).unwrap().len();
    println!("report: {seconds:.0} s, {size} bytes");
    let mut browser = Browser::start(name);
    browser.look([1440, 900], "light");
    browser.open(&work.join("report.html"), "");
    let ready = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd";
    println!("DOM ready: {} ms", browser.eval(ready));
    println!("images: {}", browser.eval("document.querySelectorAll('.card').length"));
    browser.open(&work.join("report.html"), "#gallery");
    let first = "new Promise((done) => { const look = () => {
        const image = document.querySelector('.card img'); image.src && image.complete && image.naturalWidth ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 5); };
        document.documentElement.style.scrollBehavior = 'auto'; document.getElementById('grid').scrollIntoView(); look(); })";
    println!("first image: {} ms after the page was asked for", browser.eval(first));
    for (what, id, value) in [
        ("sort", "sort", "worst"),
        ("sort", "sort", "spread"),
        ("metric", "metric", "1"),
        ("method", "method-a", "7"),
        ("class", "class", "class 7"),
    ] {
        let change = format!(
            "(() => {{ const control = document.getElementById('{id}'); const start = performance.now(); control.value = '{value}';
              control.dispatchEvent(new Event('change')); document.body.offsetHeight; return performance.now() - start; }})()"
        );
        println!("{what} {value}: {} ms", browser.eval(&change));
        browser.settle();
    }
    let heap = browser.call("Runtime.getHeapUsage", json!({}));
    println!("heap: {} MB", heap["usedSize"].as_f64().unwrap_or_default() / 1e6);
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// Synthetic photographs; methods of four kinds: smooth blobs, fine grain, squares, and blurred grain.
fn make(work: &WorkDir) {
    let mut maps = "image,target,model,method,map,map_index,reason,label\n".to_owned();
    let mut scores = "image,target,model,method,metric,direction,value\n".to_owned();
    let mut answers = "image,target,model,method,test,fraction,probability,predicted\n".to_owned();
    let mut noise = Noise(1);
    for at in 0..IMAGES {
        photo(at, &mut noise).save(work.join(format!("{at}.png"))).unwrap();
    }
    for method in 0..METHODS {
        let pack: Vec<f32> = (0..MAPS).flat_map(|at| map(at, method, &mut noise)).collect();
        pipe::npy::write_file(&work.join(format!("m{method}.npy")), &[MAPS, SIDE, SIDE], &pack).unwrap();
    }
    for at in 0..IMAGES {
        for method in 0..METHODS {
            let key = format!("{at}.png,{},m@1,method-{method}", at % 50);
            writeln!(maps, "{key},m{method}.npy,{},,{}", at % MAPS, at % 50).unwrap();
            for metric in ["insertion", "deletion"] {
                let direction = if metric == "insertion" { "higher" } else { "lower" };
                writeln!(scores, "{key},{metric},{direction},{:.4}", noise.next()).unwrap();
                for point in 0..21 {
                    let fraction = f64::from(point) / 20.0;
                    writeln!(answers, "{key},{metric},{fraction},{:.4},{}", noise.next(), at % 50).unwrap();
                }
            }
        }
    }
    work.write("maps.csv", maps);
    work.write("scores.csv", scores);
    work.write("answers.csv", answers);
}

fn photo(at: usize, noise: &mut Noise) -> RgbImage {
    let [a, b, c] = [0, 1, 2].map(|shift| 0.02 + 0.05 * ((at * 7 + shift * 13) % 17) as f32 / 17.0);
    RgbImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
        let wave = |f: f32, g: f32| {
            127.0 + 90.0 * (f * x as f32 + g * y as f32).sin() + 24.0 * (noise_at(x, y, at) - 0.5)
        };
        let grain = 10.0 * (noise.next() as f32 - 0.5);
        Rgb([wave(a, b) + grain, wave(b, c) + grain, wave(c, a) + grain]
            .map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// The same for four by four pixels: what is between waves and grain.
fn noise_at(x: u32, y: u32, at: usize) -> f32 {
    let seed = (u64::from(x / 4) << 40) ^ (u64::from(y / 4) << 20) ^ at as u64;
    Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).next() as f32
}

fn map(at: usize, method: usize, noise: &mut Noise) -> Vec<f32> {
    let (x, y) = ((at * 37 + method * 11) % SIDE, (at * 53 + method * 29) % SIDE);
    let blob = |px: usize, py: usize| {
        (-((px as f32 - x as f32).powi(2) + (py as f32 - y as f32).powi(2)) / 3600.0).exp()
    };
    let step = match method % 20 {
        0..6 => return (0..SIDE * SIDE).map(|p| blob(p % SIDE, p / SIDE)).collect(),
        6..12 => 1,
        12..16 => 16,
        _ => 6,
    };
    let cells = SIDE.div_ceil(step);
    let grain: Vec<f32> = (0..cells * cells).map(|_| noise.next() as f32).collect();
    let sign = if method % 20 == 6 { 0.5 } else { 0.0 };
    (0..SIDE * SIDE)
        .map(|p| (grain[p / SIDE / step * cells + p % SIDE / step] - sign) * (0.2 + blob(p % SIDE, p / SIDE)))
        .collect()
}

struct Noise(u64);

impl Noise {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
