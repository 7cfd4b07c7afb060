//! Painters that the crate does not have: they see which pixels are replaced, bring pixels of their own, or fail.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use common::{CLASSES, SIDE, curves, images, jobs_of, keep, maps, probabilities, run, tiny_basic};
use maps::{Map, Order, Ranking};
use models::{Classifier, Tensor, TensorData};
use perturbation::{
    CurvePoint, Demand, Entry, Executor, Fill, FillError, HostImage, Input, Measures, Painter, ParsedTest,
    PlanBuilder, Point, Replacement, Reuse, Test, Undefined,
};

const PIXELS: usize = SIDE * SIDE;
const RANKING: Ranking = Ranking { order: Order::MostRelevantFirst, units: maps::Units::Pixels };
/// Painted by `Counted` so far.
static PAINTED: AtomicUsize = AtomicUsize::new(0);

fn faded_by(fill: &Replacement) -> Input {
    Input::Faded { fill: fill.clone(), scale: perturbation::Scale::MinMax, invert: false }
}

/// The share of the image that is replaced, as a colour.
#[derive(Debug)]
struct Share {
    whole: bool,
}

impl Painter for Share {
    fn key(&self) -> String {
        format!("share:whole={}", self.whole)
    }

    fn reuse(&self) -> Reuse {
        Reuse::Mask
    }

    fn is_whole(&self) -> bool {
        self.whole
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        Ok(vec![share(replaced); image.pixels().len()])
    }
}

fn share(replaced: &[f32]) -> f32 {
    replaced.iter().sum::<f32>() / replaced.len() as f32
}

/// An imputation that cannot do without most of the image.
#[derive(Debug)]
struct Fragile;

impl Painter for Fragile {
    fn key(&self) -> String {
        "fragile".into()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Mask
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        if share(replaced) > 0.5 {
            return Err(FillError::Failed("the generator has left".into()));
        }
        Ok(image.pixels().to_vec())
    }
}

/// Uniform noise that is painted ahead and kept with the image.
#[derive(Debug)]
struct Eager(u64);

impl Painter for Eager {
    fn key(&self) -> String {
        format!("eager:draw={}", self.0)
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        Painter::paint(&Fill::Uniform { draw: self.0 }, image, replaced)
    }
}

/// Uniform noise that says how often it was painted.
#[derive(Debug)]
struct Counted(u64);

impl Painter for Counted {
    fn key(&self) -> String {
        format!("counted:draw={}", self.0)
    }

    fn reuse(&self) -> Reuse {
        Reuse::Run
    }

    fn paint(&self, image: &HostImage, replaced: &[f32]) -> Result<Vec<f32>, FillError> {
        PAINTED.fetch_add(1, SeqCst);
        Painter::paint(&Fill::Uniform { draw: self.0 }, image, replaced)
    }
}

/// Deletion at quarters, then the faded image.
#[derive(Debug)]
struct Quarters(Vec<Replacement>);

impl Quarters {
    fn inputs(&self, quarter: usize) -> Vec<Input> {
        self.0.iter().map(|fill| Input::mixed(RANKING, quarter * PIXELS / 4, PIXELS, fill, false)).collect()
    }
}

impl Test for Quarters {
    fn fills(&self) -> &[Replacement] {
        &self.0
    }

    fn points(&self, _: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let area = |quarter| Measures { area: Some(1.0 - quarter as f64 / 4.0), ..Measures::default() };
        let quarter = |quarter| Point {
            measures: area(quarter),
            ..Point::new(quarter as f64 / 4.0, self.inputs(quarter))
        };
        let faded = Point::new(2.0, self.0.iter().map(faded_by).collect());
        Ok((0..=4).map(quarter).chain([faded]).collect())
    }

    fn demand(&self, _: usize) -> Demand {
        let faded = self.0.iter().map(faded_by);
        Demand::Inputs((0..=4).flat_map(|quarter| self.inputs(quarter)).chain(faded).collect())
    }
}

type Build = fn(&mut spec::Reader) -> Result<Arc<dyn Test>, spec::Error>;

const fn entry(name: &'static str, build: Build) -> Entry {
    Entry { name, summary: "", source: "", build }
}

fn quarters(fills: impl IntoIterator<Item = Replacement>) -> Arc<dyn Test> {
    Arc::new(Quarters(fills.into_iter().collect()))
}

const OTHERS: &[Entry] = &[
    entry("share", |_| Ok(quarters([Replacement::new(Share { whole: false })]))),
    entry("whole", |_| Ok(quarters([Replacement::new(Share { whole: true })]))),
    entry("fragile", |_| Ok(quarters([Replacement::new(Fragile)]))),
    entry("eager", |_| Ok(quarters((0..5).map(|draw| Replacement::new(Eager(draw)))))),
    entry("counted", |_| Ok(quarters((0..20).map(|draw| Replacement::new(Counted(draw)))))),
];

fn other(name: &str) -> Vec<ParsedTest> {
    vec![ParsedTest::parse(name, &[OTHERS]).unwrap()]
}

/// The first image's curve under a test of this file, in batches of so many.
fn curve(name: &str, batch: usize) -> Vec<CurvePoint> {
    let asked = [(0, maps("signed").remove(0), Some(CLASSES[0]))];
    run(&tiny_basic(), batch, jobs_of(&asked, &other(name))).0.remove(0).remove(0)
}

/// The probability of an input that is composed by hand: `replaced(i)` of pixel i is the colour, the rest the image.
fn by_hand(classifier: &Classifier, colour: f32, replaced: impl Fn(usize) -> f32) -> f32 {
    let clean = keep().normalise(&images()[0]);
    let mix = |(i, x): (usize, &f32)| {
        let share = replaced(i % PIXELS);
        if share == 1.0 { colour } else { x * (1.0 - share) + colour * share }
    };
    let input: Vec<f32> = clean.iter().enumerate().map(mix).collect();
    let input = Tensor::from_data(TensorData::new(input, [1, 3, SIDE, SIDE]), &classifier.device);
    classifier.probabilities(input).into_data().try_to_vec::<f32>().unwrap()[CLASSES[0]]
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() < 1e-6
}

#[test]
fn a_painter_sees_which_pixels_are_replaced() {
    let (classifier, map) = (tiny_basic(), maps("signed").remove(0));
    let (found, ranks) = (curve("share", 4), RANKING.rank(&map, &[]).ranks);
    for quarter in 1..=4 {
        let first = |i: usize| f32::from(u8::from(ranks[i] < (quarter * PIXELS / 4) as f32));
        let expected = by_hand(&classifier, quarter as f32 / 4.0, first);
        assert!(close(found[quarter].probability, expected), "{quarter}: {found:?} {expected}");
    }
    let kept = map.normalised();
    let colour = kept.iter().map(|kept| 1.0 - kept).sum::<f32>() / PIXELS as f32;
    let expected = by_hand(&classifier, colour, |i| 1.0 - kept[i]);
    assert!(close(found[5].probability, expected), "{found:?} {expected}");
    assert_eq!(found, curve("share", 1));
}

#[test]
fn a_generator_brings_the_whole_image() {
    let (classifier, found) = (tiny_basic(), curve("whole", 4));
    for quarter in 1..=4 {
        let expected = by_hand(&classifier, quarter as f32 / 4.0, |_| 1.0);
        assert!(close(found[quarter].probability, expected), "{quarter}: {found:?} {expected}");
    }
}

#[test]
fn what_a_test_measures_stands_at_its_points() {
    let areas: Vec<Option<f64>> = curve("share", 8).iter().map(|point| point.measures.area).collect();
    assert_eq!(areas, [Some(1.0), Some(0.75), Some(0.5), Some(0.25), Some(0.0), None]);
}

#[test]
fn noise_painted_late_is_noise_painted_ahead() {
    let late = &curves(&tiny_basic(), &maps("signed"), &["deletion:fill=uniform,runs=5,steps=4"])[0][0];
    assert_eq!(probabilities(late), probabilities(&curve("eager", 32))[..5]);
}

#[test]
fn each_run_is_painted_once_for_a_map() {
    let before = PAINTED.load(SeqCst);
    curve("counted", 3);
    assert_eq!(PAINTED.load(SeqCst) - before, 20);
}

#[test]
fn runs_take_no_memory_on_the_host() {
    let fills = |test: &str| {
        let tests = vec![ParsedTest::parse(test, &[perturbation::TESTS]).unwrap()];
        HostImage::new(&images()[0], &keep(), &tests, 0).unwrap().bytes()
    };
    let pixels = 3 * PIXELS * size_of::<f32>();
    assert_eq!(fills("deletion:fill=uniform,runs=1000"), pixels);
    assert_eq!(fills("deletion:fill=blur"), 2 * pixels);
}

#[test]
fn a_painter_that_fails_costs_its_job_and_no_other() {
    let map: Map = maps("signed").remove(0);
    let job = |name| jobs_of(&[(0, map.clone(), Some(3))], &other(name)).remove(0);
    let classifier = tiny_basic();
    for batch in [1, 3, 100] {
        let mut executor = Executor::new(&classifier, |_| batch);
        let mut found = Vec::new();
        for name in ["share", "fragile", "share"] {
            executor.push(job(name)).unwrap();
            found.extend(std::iter::from_fn(|| executor.pop()));
        }
        executor.flush();
        found.extend(std::iter::from_fn(|| executor.pop()));
        let [first, failed, last] = found.try_into().unwrap();
        assert_eq!(failed.curves.unwrap_err().to_string(), "the generator has left");
        assert!(first.curves.unwrap() == last.curves.unwrap(), "batches of {batch}");
        // Two tests of four inputs that depend on the map, the image of nothing but the fill that both share, the two quarters
        // before the failure, and the clean image.
        assert_eq!(executor.forwards(), 4 + 4 + 1 + 2 + 1);
    }
}
