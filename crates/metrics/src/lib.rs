//! What is measured on explanations: on a perturbation curve, on a map, on a map and where the object lies, on two maps.
//!
//! A metric is a function with a name, a direction and a summary. One file holds one family, and [`all`] lists them. A
//! metric that is not defined for its input says why; it never gives a number instead.
//!
//! ```
//! use metrics::{Curve, Measure, Point, Selection};
//!
//! let points = [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)];
//! let points = points.map(|(fraction, probability)| Point { fraction, probability, ..Point::default() });
//! let curve = Curve::new(points.to_vec())?;
//! let selection = Selection::new(&["deletion".to_owned()], str::to_owned).unwrap();
//! let [deletion] = &selection.of_test("deletion:fill=blur")[..] else { panic!() };
//! let Measure::Curve(measure) = &deletion.metric.measure else { panic!() };
//! assert_eq!((&*deletion.name, measure(&curve)), ("deletion:fill=blur", Ok(0.5)));
//! # Ok::<(), String>(())
//! ```

mod again;
mod agreement;
mod answer;
mod area;
mod at;
mod changes;
mod classic;
mod coherency;
mod confidence;
mod consistency;
mod crop;
mod curve;
mod distance;
mod draws;
mod enough;
#[cfg(test)]
mod fixtures;
mod infidelity;
mod information;
mod irof;
mod likeness;
#[cfg(test)]
mod linear;
mod metric;
mod pair;
mod place;
mod recognised;
mod region;
mod retrieval;
mod road;
mod segmentation;
mod selection;
mod shape;
mod single;
mod sparsity;
mod ssim;
mod stratified;
mod subset;
mod texture;
mod threshold;
mod truth;

pub use curve::{Curve, Point};
pub use metric::{Explanations, Input, Measure, Measured, Metric, all, known_tests};
pub use selection::{OfTest, ParsedMetric, Selection, name_of, without_order};
pub use truth::Truth;
