//! The values of one method by one metric, as they come.

/// Values, each of a unit. Units mostly come in the order of their numbers, so only the starts of such runs are kept.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    values: Vec<f64>,
    runs: Vec<Run>,
    /// The unit that would go on with the run.
    next: u32,
}

/// Values of units that follow one another, up to the next run.
#[derive(Clone, Copy, Debug)]
struct Run {
    unit: u32,
    start: u32,
}

impl Cells {
    pub(crate) fn push(&mut self, unit: u32, value: f64) {
        if unit != self.next || self.runs.is_empty() {
            self.runs.push(Run { unit, start: self.values.len() as u32 });
        }
        self.next = unit + 1;
        self.values.push(value);
    }

    /// Units and values, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, f64)> {
        let ends = self.runs.iter().skip(1).map(|run| run.start as usize).chain([self.values.len()]);
        self.runs
            .iter()
            .zip(ends)
            .flat_map(|(run, end)| (run.unit..).zip(self.values[run.start as usize..end].iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;

    #[test]
    fn cells_come_out_as_they_came_in() {
        let units = [0, 1, 2, 9, 3, 4, 4, 0];
        let mut cells = Cells::default();
        for (unit, value) in units.into_iter().zip(0..) {
            cells.push(unit, f64::from(value));
        }
        assert_eq!(cells.runs.len(), 5);
        assert!(cells.iter().eq(units.into_iter().zip((0..).map(f64::from))));
        assert_eq!(Cells::default().iter().count(), 0);
    }
}
