//! Joining the equal inputs of all tests of one map.

use std::collections::HashMap;

use crate::catalogue::Test;
use images::Fill;
use maps::Map;
use maps::{Ranked, Ranking};

/// A perturbed image, by what it is: equal values are equal images, whichever test asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The image itself.
    Clean,
    /// Nothing but the fill.
    Filled(Fill),
    /// Some pixels from the image and some from the fill.
    Mixed {
        /// The order of the pixels.
        ranking: Ranking,
        /// How many of the first pixels are meant.
        count: usize,
        /// Where the others are from, or these.
        fill: Fill,
        /// These are the image's and the others the fill's, not the other way round.
        reveal: bool,
    },
    /// x m + fill (1 - m) with the map m moved to 0..1.
    Faded(Fill),
}

impl Input {
    /// The first `count` of `pixels` pixels are reveal, or replaced. No pixel and all pixels need no order.
    pub(crate) fn mixed(ranking: Ranking, count: usize, pixels: usize, fill: Fill, reveal: bool) -> Self {
        let whole = (count == 0 && !reveal) || (count == pixels && reveal);
        let none = (count == 0 && reveal) || (count == pixels && !reveal);
        match (whole, none) {
            (true, _) => Self::Clean,
            (_, true) => Self::Filled(fill),
            _ => Self::Mixed { ranking, count, fill, reveal },
        }
    }
}

/// A point of a test's curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How much of the image is perturbed, from 0 to 1.
    pub fraction: f64,
    /// The images whose mean probability is asked for: one, or one for each run of a random fill.
    pub inputs: Vec<Input>,
}

/// What tests share while they say which inputs they need.
#[derive(Debug)]
pub(crate) struct PlanBuilder<'a> {
    map: &'a Map,
    ranked: HashMap<Ranking, Ranked>,
    mask: Option<Vec<f32>>,
}

impl<'a> PlanBuilder<'a> {
    pub(crate) fn map(&self) -> &'a Map {
        self.map
    }

    /// The map's pixels in an order, sorted once.
    pub(crate) fn ranked(&mut self, ranking: Ranking) -> &Ranked {
        self.ranked.entry(ranking).or_insert_with(|| ranking.rank(self.map))
    }

    /// The map moved to 0..1, made once.
    pub(crate) fn mask(&mut self) -> &[f32] {
        self.mask.get_or_insert_with(|| self.map.normalised())
    }
}

/// Where a point's answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The clean image, which all maps of it share.
    Clean,
    /// An input of this plan.
    Input(usize),
}

/// A fraction and the inputs behind it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) fraction: f64,
    pub(crate) sources: Vec<Source>,
}

/// All inputs that some tests need for one map, each of them once, and everything on the host that they are made from.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) size: [usize; 2],
    pub(crate) ranks: Vec<(Ranking, Vec<f32>)>,
    pub(crate) mask: Option<Vec<f32>>,
    pub(crate) inputs: Vec<Input>,
    /// For each test its steps.
    pub(crate) curves: Vec<Vec<Step>>,
}

impl Plan {
    /// Sorts the map and joins the inputs of all tests. This is the costly part of the host's work: do it beside the
    /// device's.
    pub fn new(map: &Map, tests: &[Test]) -> Self {
        let mut builder = PlanBuilder { map, ranked: HashMap::new(), mask: None };
        let (mut inputs, mut known) = (Vec::new(), HashMap::new());
        let mut source = |input: Input| match input {
            Input::Clean => Source::Clean,
            input => Source::Input(*known.entry(input).or_insert_with(|| {
                inputs.push(input);
                inputs.len() - 1
            })),
        };
        let mut step = |point: Point| Step {
            fraction: point.fraction,
            sources: point.inputs.into_iter().map(&mut source).collect(),
        };
        let curves =
            tests.iter().map(|test| test.points(&mut builder).into_iter().map(&mut step).collect()).collect();
        let ranks = builder.ranked.into_iter().map(|(ranking, ranked)| (ranking, ranked.ranks)).collect();
        Self { size: map.size(), ranks, mask: builder.mask, inputs, curves }
    }

    /// The number of inputs to compute, the clean image included.
    pub fn forwards(&self) -> usize {
        self.inputs.len() + 1
    }

    /// The inputs without the clean image, in the order in which tests first ask for them.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp of 10 x 10 pixels, so that tenths are whole numbers of pixels.
    fn plan(specs: &[&str]) -> Plan {
        let map = Map::from_plane([10, 10], (0..100_u8).map(f32::from).collect()).unwrap();
        let tests: Vec<Test> = specs.iter().map(|spec| Test::parse(spec).unwrap()).collect();
        Plan::new(&map, &tests)
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
        assert_eq!((plan.curves[0][1].fraction, plan.inputs.len()), (0.75, 1));
    }

    #[test]
    fn random_fills_have_an_input_for_each_run() {
        assert_eq!(forwards(&["deletion:fill=uniform,runs=3,steps=10"]), 1 + 3 * 10);
        let plan = plan(&["deletion:fill=uniform,runs=3,steps=10"]);
        assert_eq!(plan.curves[0][0].sources, [Source::Clean; 3]);
    }

    #[test]
    fn nothing_and_everything_need_no_order() {
        let ranking = |region| Ranking { order: maps::Order::MostRelevantFirst, region };
        let mixed = |region, count, reveal| Input::mixed(ranking(region), count, 100, Fill::Zero, reveal);
        assert_eq!((mixed(1, 0, false), mixed(1, 100, true)), (Input::Clean, Input::Clean));
        assert_eq!(
            (mixed(1, 100, false), mixed(9, 0, true)),
            (Input::Filled(Fill::Zero), Input::Filled(Fill::Zero))
        );
        assert_ne!(mixed(1, 5, false), mixed(9, 5, false));
        assert_ne!(mixed(1, 5, false), mixed(1, 5, true));
    }

    #[test]
    fn fractions_are_those_of_the_papers() {
        let fractions =
            |spec: &str| -> Vec<f64> { plan(&[spec]).curves[0].iter().map(|step| step.fraction).collect() };
        assert_eq!(fractions("pos"), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        assert_eq!(fractions("deletion:steps=4"), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(fractions("mask")[0], 0.0);
        assert!((fractions("mask")[1] - 0.5).abs() < 1e-6);
    }
}
