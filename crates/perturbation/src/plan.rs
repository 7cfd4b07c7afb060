//! Joining the equal inputs of all tests of one map.

use std::collections::HashMap;

use maps::{Map, Ranked, Ranking};

use crate::catalogue::ParsedTest;
use crate::host_image::HostImage;
use crate::input::{Input, Scale};
use crate::painter::{Replacement, Reuse};
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

/// What tests share while they say which inputs they need.
#[derive(Debug)]
pub struct PlanBuilder<'a> {
    map: &'a Map,
    image: &'a HostImage,
    ranked: HashMap<Ranking, Ranked>,
    masks: HashMap<Scale, Vec<f32>>,
}

impl<'a> PlanBuilder<'a> {
    /// The map that is tested.
    pub fn map(&self) -> &'a Map {
        self.map
    }

    /// The image that it explains.
    pub fn image(&self) -> &'a HostImage {
        self.image
    }

    /// The map's pixels in an order, sorted once.
    ///
    /// # Errors
    /// If the map puts none of them first.
    pub fn ranked(&mut self, ranking: Ranking) -> Result<&Ranked, Undefined> {
        self.check()?;
        Ok(self
            .ranked
            .entry(ranking)
            .or_insert_with(|| ranking.rank(self.map, self.image.cells(ranking.units))))
    }

    /// The map on a scale, made once.
    ///
    /// # Errors
    /// If it is constant: it has no range, and lets everything through alike.
    pub fn mask(&mut self, scale: Scale) -> Result<&[f32], Undefined> {
        self.check()?;
        let values = || match scale {
            Scale::MinMax => self.map.normalised(),
            Scale::Raw => self.map.values().iter().map(|&value| value as f32).collect(),
        };
        Ok(self.masks.entry(scale).or_insert_with(values))
    }

    /// Whether the map says anything: for tests whose images do not depend on its order.
    ///
    /// # Errors
    /// If it is constant.
    pub fn check(&self) -> Result<(), Undefined> {
        if self.map.is_constant() { Err(Undefined::Constant) } else { Ok(()) }
    }

    /// A test's points, and what their inputs are composed from, also where the test did not look at it itself.
    fn points(&mut self, test: &ParsedTest) -> Result<Vec<Point>, Undefined> {
        let points = test.test().points(self)?;
        for input in points.iter().flat_map(|point| &point.inputs) {
            match input {
                Input::Mixed { ranking, .. } => _ = self.ranked(*ranking)?,
                Input::Faded { scale, .. } => _ = self.mask(*scale)?,
                Input::Clean | Input::Filled(_) | Input::Chosen { .. } | Input::Painted(_) => {}
            }
        }
        Ok(points)
    }
}

/// Where a point's answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The clean image, which all maps of it share: it is no input of the plan, or it would be computed for each map.
    Clean,
    /// An input of this plan.
    Input(usize),
}

/// A point and the inputs behind it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) fraction: f64,
    pub(crate) measures: Measures,
    pub(crate) sources: Vec<Source>,
}

/// All inputs that some tests need for one map, each of them once, and everything on the host that they are made from.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) size: [usize; 2],
    pub(crate) ranks: Vec<(Ranking, Vec<f32>)>,
    pub(crate) masks: Vec<(Scale, Vec<f32>)>,
    pub(crate) inputs: Vec<Input>,
    /// For each test its steps, or why it measures nothing on this map.
    pub(crate) curves: Vec<Result<Vec<Step>, Undefined>>,
}

impl Plan {
    /// Sorts the map and joins the inputs of all tests. This is the costly part of the host's work: do it beside the
    /// device's.
    pub fn new(map: &Map, image: &HostImage, tests: &[ParsedTest]) -> Self {
        let mut builder = PlanBuilder { map, image, ranked: HashMap::new(), masks: HashMap::new() };
        let mut joined = Joined::default();
        let mut step = |point: Point| Step {
            fraction: point.fraction,
            measures: point.measures,
            sources: point.inputs.into_iter().map(|input| joined.source(input)).collect(),
        };
        let mut curves: Vec<Result<Vec<Step>, Undefined>> =
            tests.iter().map(|test| Ok(builder.points(test)?.into_iter().map(&mut step).collect())).collect();
        let (inputs, places) = run_by_run(joined.inputs);
        for source in curves.iter_mut().flatten().flatten().flat_map(|step| &mut step.sources) {
            if let Source::Input(input) = source {
                *input = places[*input];
            }
        }
        let ranks = builder.ranked.into_iter().map(|(ranking, ranked)| (ranking, ranked.ranks)).collect();
        let masks = builder.masks.into_iter().collect();
        Self { size: map.size(), ranks, masks, inputs, curves }
    }

    /// The number of inputs to compute, the clean image included.
    pub fn forwards(&self) -> usize {
        self.inputs.len() + 1
    }

    /// Which inputs some of the tests need, given by whether each test counts.
    pub fn inputs_of(&self, tests: &[bool]) -> Vec<bool> {
        let mut needed = vec![false; self.inputs.len()];
        for source in self.steps_of(tests).flat_map(|step| &step.sources) {
            if let Source::Input(input) = source {
                needed[*input] = true;
            }
        }
        needed
    }

    /// Whether a point of some test that counts is the mean over several inputs, those of a random fill.
    pub fn has_means(&self, tests: &[bool]) -> bool {
        self.steps_of(tests).any(|step| step.sources.len() > 1)
    }

    fn steps_of(&self, tests: &[bool]) -> impl Iterator<Item = &Step> {
        let counting = self.curves.iter().zip(tests).filter(|(_, counts)| **counts);
        counting.flat_map(|(curve, _)| curve.iter().flatten())
    }

    /// Whether any test measures something, so that the clean image is needed.
    pub(crate) fn is_defined(&self) -> bool {
        self.curves.iter().any(Result::is_ok)
    }

    /// The inputs without the clean image, in the order in which they are computed.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

/// Inputs, each of them once, in the order in which tests first ask for them.
#[derive(Default)]
struct Joined {
    inputs: Vec<Input>,
    known: HashMap<Input, usize>,
}

impl Joined {
    fn source(&mut self, input: Input) -> Source {
        if input == Input::Clean {
            return Source::Clean;
        }
        let next = self.inputs.len();
        let place = *self.known.entry(input).or_insert_with_key(|input| {
            self.inputs.push(input.clone());
            next
        });
        Source::Input(place)
    }
}

/// The inputs so ordered that those of one run of a random fill follow one another, and where each of them went.
///
/// A curve asks point by point for all its runs. Computed in that order, a thousand runs would have to be painted and
/// held at once; run by run only one is. The order changes no answer, since an input in a batch never influences another.
fn run_by_run(inputs: Vec<Input>) -> (Vec<Input>, Vec<usize>) {
    let mut runs: HashMap<&Replacement, usize> = HashMap::new();
    let run = |input| match Input::fill(input) {
        Some(fill) if fill.reuse() == Reuse::Run => {
            let next = runs.len() + 1;
            *runs.entry(fill).or_insert(next)
        }
        // All others come first: their fills are kept with the image, or are painted for each input anyway.
        _ => 0,
    };
    let runs: Vec<usize> = inputs.iter().map(run).collect();
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|&input| runs[input]);
    let mut places = vec![0; inputs.len()];
    for (place, &input) in order.iter().enumerate() {
        places[input] = place;
    }
    (order.into_iter().map(|input| inputs[input].clone()).collect(), places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use images::{Image, Preprocess};

    use super::*;
    use crate::catalogue::TESTS;

    fn tests(specs: &[&str]) -> Vec<ParsedTest> {
        specs.iter().map(|spec| ParsedTest::parse(spec, &[TESTS]).unwrap()).collect()
    }

    /// A ramp of 10 x 10 pixels, so that tenths are whole numbers of pixels.
    fn plan(specs: &[&str]) -> Plan {
        plan_of(&Map::from_plane([10, 10], (0..100_u8).map(f32::from).collect()).unwrap(), specs)
    }

    fn plan_of(map: &Map, specs: &[&str]) -> Plan {
        let preprocess = Arc::new(Preprocess::preset("none").unwrap());
        let image = Image::prepare("", &image::RgbImage::new(10, 10), &preprocess).unwrap();
        let tests = tests(specs);
        Plan::new(map, &HostImage::new(&image, &preprocess, &tests, 0).unwrap(), &tests)
    }

    fn forwards(specs: &[&str]) -> usize {
        plan(specs).forwards()
    }

    #[test]
    fn pos_is_a_part_of_deletion_with_the_same_fill() {
        assert_eq!(forwards(&["pos"]), 10);
        assert_eq!(forwards(&["deletion"]), 101);
        assert_eq!(forwards(&["pos", "deletion"]), 101);
        assert_eq!(forwards(&["pos:fill=zero", "deletion"]), 110);
        // The classic curve goes to the end, where everything is black.
        assert_eq!([forwards(&["classic"]), forwards(&["pos", "classic"])], [11, 11]);
        assert_eq!(forwards(&["pos", "classic:end=0.5"]), 10);
    }

    #[test]
    fn all_tests_together_share_what_is_equal() {
        // Deletion needs the image, 99 mixtures and black; insertion 99 other mixtures and the blur; POS nothing
        // new; NEG 9 mixtures; the mask 1.
        assert_eq!(forwards(&["deletion", "insertion", "pos", "neg", "mask"]), 101 + 100 + 9 + 1);
        assert_eq!(forwards(&["deletion", "deletion"]), 101);
    }

    #[test]
    fn a_binary_mask_is_an_insertion() {
        assert_eq!(forwards(&["insertion:fill=zero,steps=4", "mask:fill=zero,percentile=75"]), 5);
        let plan = plan(&["mask:percentile=75"]);
        assert_eq!((curve(&plan)[1].fraction, plan.inputs.len()), (0.75, 1));
    }

    /// Nine pixels of a hundred are positive, and the percentile of all is zero.
    #[test]
    fn ties_at_the_percentile_let_no_more_through_than_the_share() {
        let mut values = vec![0.0; 100];
        values[91..].fill(1.0);
        let sparse = Map::from_plane([10, 10], values).unwrap();
        let removed = |spec: &str| curve(&plan_of(&sparse, &[spec]))[1].fraction;
        assert_eq!([removed("mask:percentile=50"), removed("mask:percentile=90")], [0.5, 0.9]);
        assert_eq!(removed("mask:percentile=90,ties=all"), 0.0);
        // The first of the zeros by index comes after all that is positive.
        let plan = plan_of(&sparse, &["mask:percentile=90"]);
        let ranks = &plan.ranks[0].1;
        let kept: Vec<usize> = (0..100).filter(|&pixel| ranks[pixel] < 10.0).collect();
        assert_eq!(kept, [vec![0], (91..100).collect()].concat());
    }

    #[test]
    fn a_constant_map_has_no_order_no_share_and_no_range() {
        for values in [vec![0.0; 100], vec![-0.0; 100], vec![0.3; 100]] {
            let flat = Map::from_plane([10, 10], values).unwrap();
            let specs = ["deletion:steps=1", "insertion:region=9", "pos", "neg", "mask", "mask:percentile=0"];
            let specs =
                [&specs[..], &["information", "crop", "crop:threshold=0.5", "classic", "violation"]].concat();
            let plan = plan_of(&flat, &specs);
            assert!(
                plan.curves.iter().all(|curve| curve.as_ref().is_err_and(|why| *why == Undefined::Constant))
            );
            assert!(plan.inputs.is_empty() && plan.ranks.is_empty() && !plan.is_defined());
        }
        let pixel = Map::from_plane([1, 1], vec![3.0]).unwrap();
        assert!(plan_of(&pixel, &["deletion"]).curves[0].is_err());
    }

    fn curve(plan: &Plan) -> &[Step] {
        plan.curves[0].as_ref().unwrap()
    }

    #[test]
    fn random_fills_have_an_input_for_each_run() {
        assert_eq!(forwards(&["deletion:fill=uniform,runs=3,steps=10"]), 1 + 3 * 10);
        let plan = plan(&["deletion:fill=uniform,runs=3,steps=10"]);
        assert_eq!(curve(&plan)[0].sources, [Source::Clean; 3]);
    }

    #[test]
    fn the_inputs_of_a_run_follow_one_another() {
        let plan = plan(&["deletion:fill=uniform,runs=3,steps=4", "pos:steps=2"]);
        let fills: Vec<String> = plan.inputs.iter().map(|input| input.fill().unwrap().key()).collect();
        let run = |draw: usize| vec![format!("uniform:draw={draw}"); 4];
        assert_eq!(fills, [vec!["black".to_owned()], run(0), run(1), run(2)].concat());
        for (step, count) in [(1, 25), (2, 50), (3, 75)] {
            for (draw, source) in curve(&plan)[step].sources.iter().enumerate() {
                let Source::Input(place) = source else { panic!("{source:?}") };
                let Input::Mixed { count: found, fill, .. } = &plan.inputs[*place] else { panic!("{place}") };
                assert_eq!((*found, fill.key()), (count, format!("uniform:draw={draw}")));
            }
        }
    }

    #[test]
    fn fractions_are_those_of_the_papers() {
        let fractions =
            |spec: &str| -> Vec<f64> { curve(&plan(&[spec])).iter().map(|step| step.fraction).collect() };
        assert_eq!(fractions("pos"), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        assert_eq!(fractions("deletion:steps=4"), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(fractions("classic:end=0.3"), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(fractions("classic:order=lerf").len(), 11);
        assert_eq!(fractions("crop:steps=2"), [0.0, 0.5, 1.0]);
        assert_eq!(fractions("mask")[0], 0.0);
        assert!((fractions("mask")[1] - 0.5).abs() < 1e-6);
    }
}
