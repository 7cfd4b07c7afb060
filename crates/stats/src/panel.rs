//! Measurements of the same units (images, say) under several names, in an order that does not depend on the order
//! in which they came: sums over it have the same last digit for shuffled input.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Measurements that are being collected, in any order.
#[derive(Debug, Clone)]
pub struct Panel<N, U> {
    ids: HashMap<U, usize>,
    samples: BTreeMap<N, Vec<(usize, f64)>>,
}

/// One sample: positions of units in [`Aligned::units`], rising, and what was measured there.
pub type Sample = [(usize, f64)];

/// Measurements in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned<N, U> {
    /// All units, sorted.
    pub units: Vec<U>,
    /// The samples by name; a unit that a sample lacks is not in it.
    pub samples: BTreeMap<N, Vec<(usize, f64)>>,
}

/// A unit that was measured twice under one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate<N, U> {
    /// The name.
    pub name: N,
    /// The unit.
    pub unit: U,
}

impl<N: Ord, U: Ord + Hash> Default for Panel<N, U> {
    fn default() -> Self {
        Self { ids: HashMap::new(), samples: BTreeMap::new() }
    }
}

impl<N: Ord, U: Ord + Hash> Panel<N, U> {
    /// Adds a measurement.
    pub fn add(&mut self, name: N, unit: U, value: f64) {
        let next = self.ids.len();
        let id = *self.ids.entry(unit).or_insert(next);
        self.samples.entry(name).or_default().push((id, value));
    }

    /// Sorts everything.
    ///
    /// # Errors
    ///
    /// The first name, and its first unit, that was measured twice, whatever the values.
    pub fn align(self) -> Result<Aligned<N, U>, Duplicate<N, U>> {
        let mut units: Vec<(U, usize)> = self.ids.into_iter().collect();
        units.sort_unstable();
        let mut places = vec![0; units.len()];
        for (place, (_, id)) in units.iter().enumerate() {
            places[*id] = place;
        }
        let mut units: Vec<U> = units.into_iter().map(|(unit, _)| unit).collect();
        let mut samples = BTreeMap::new();
        for (name, mut sample) in self.samples {
            for (unit, _) in &mut sample {
                *unit = places[*unit];
            }
            sample.sort_unstable_by_key(|&(unit, _)| unit);
            if let Some(pair) = sample.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(Duplicate { name, unit: units.swap_remove(pair[0].0) });
            }
            samples.insert(name, sample);
        }
        Ok(Aligned { units, samples })
    }
}

/// The values of two samples on the units that both have, in the order of the units.
pub fn paired(a: &Sample, b: &Sample) -> (Vec<f64>, Vec<f64>) {
    let mut others = b.iter().peekable();
    a.iter()
        .filter_map(|&(unit, value)| {
            while others.next_if(|other| other.0 < unit).is_some() {}
            others.next_if(|other| other.0 == unit).map(|other| (value, other.1))
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::{Duplicate, Panel, paired};

    #[test]
    fn order_of_arrival_does_not_matter() {
        let cells = [("b", "y", 1.0), ("a", "z", 2.0), ("a", "x", 3.0), ("b", "x", 4.0)];
        let mut forward = Panel::default();
        let mut backward = Panel::default();
        for (at, &(name, unit, value)) in cells.iter().enumerate() {
            forward.add(name, unit, value);
            let (name, unit, value) = cells[cells.len() - 1 - at];
            backward.add(name, unit, value);
        }
        let aligned = forward.align().unwrap();
        assert_eq!(aligned, backward.align().unwrap());
        assert_eq!(aligned.units, ["x", "y", "z"]);
        assert_eq!(aligned.samples["a"], [(0, 3.0), (2, 2.0)]);
        assert_eq!(aligned.samples["b"], [(0, 4.0), (1, 1.0)]);
    }

    #[test]
    fn a_unit_counts_once() {
        let mut panel = Panel::default();
        for (name, unit) in [("a", 5), ("b", 9), ("b", 7), ("b", 9)] {
            panel.add(name, unit, 0.5);
        }
        assert_eq!(panel.align(), Err(Duplicate { name: "b", unit: 9 }));
    }

    #[test]
    fn pairs_are_the_units_in_both() {
        let a = [(0, 1.0), (2, 3.0), (3, 4.0), (7, 8.0)];
        let b = [(1, 10.0), (2, 30.0), (7, 80.0), (9, 0.0)];
        assert_eq!(paired(&a, &b), (vec![3.0, 8.0], vec![30.0, 80.0]));
        assert_eq!(paired(&b, &a), (vec![30.0, 80.0], vec![3.0, 8.0]));
        assert_eq!(paired(&a, &[]), (vec![], vec![]));
    }
}
