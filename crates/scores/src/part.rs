//! What one table says, each key stored once.

use anyhow::Result;
use pipe::{Column, Columns, Direction, Fields};

use crate::cells::Cells;
use crate::interner::Interner;
use crate::sources::Sources;

/// The columns that are read.
pub(crate) const COLUMNS: &[Column] = &[
    Column::required("image"),
    Column::required("target"),
    Column::optional("model"),
    Column::optional("list"),
    Column::required("method"),
    Column::required("metric"),
    Column::required("direction"),
    Column::required("value"),
];
const TARGET: usize = 1;
const MODEL: usize = 2;
const LIST: usize = 3;
const METHOD: usize = 4;
const METRIC: usize = 5;
const DIRECTION: usize = 6;
const VALUE: usize = 7;

/// The scores of one table.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Name of the table.
    pub(crate) file: String,
    /// Number of rows.
    pub(crate) rows: u64,
    /// By image, target, model and list.
    unit_keys: Interner,
    pub(crate) units: Vec<Unit>,
    pub(crate) sources: Sources,
    /// By method, metric and direction.
    column_keys: Interner,
    pub(crate) columns: Vec<ColumnOf>,
}

/// What is scored, and the model and list that it came with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) target: Option<usize>,
    pub(crate) source: u32,
}

/// The values of a method by a metric.
#[derive(Debug)]
pub(crate) struct ColumnOf {
    pub(crate) method: String,
    pub(crate) metric: String,
    pub(crate) direction: Direction,
    /// The line on which it comes first.
    pub(crate) line: u64,
    pub(crate) cells: Cells,
}

impl Part {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub(crate) fn read(table: Columns) -> Result<Self> {
        let mut part = Self { file: table.name(), ..Self::default() };
        let rows = table.read(|row| part.add(row))?;
        Ok(Self { rows, ..part })
    }

    /// The image of a unit.
    pub(crate) fn image(&self, unit: usize) -> &[u8] {
        self.unit_keys.parts(unit as u32).next().unwrap_or_default()
    }

    fn add(&mut self, row: &Fields<'_>) -> Result<()> {
        let unit = self.unit(row)?;
        let column = self.column(row)?;
        self.columns[column].cells.push(unit, row.value(VALUE)?);
        Ok(())
    }

    fn unit(&mut self, row: &Fields<'_>) -> Result<u32> {
        let (number, new) = self.unit_keys.number((0..METHOD).map(|column| row.bytes(column)));
        if new {
            let source = self.sources.number(row.text(MODEL)?, row.text(LIST)?);
            let source = source.map_err(|wanted| row.wrong(LIST, wanted))?;
            self.units.push(Unit { target: row.value(TARGET)?, source });
        }
        Ok(number)
    }

    fn column(&mut self, row: &Fields<'_>) -> Result<usize> {
        let (number, new) = self.column_keys.number((METHOD..VALUE).map(|column| row.bytes(column)));
        if new {
            let (method, metric) = (row.value(METHOD)?, row.value(METRIC)?);
            let (direction, line) = (row.value(DIRECTION)?, row.line());
            self.columns.push(ColumnOf { method, metric, direction, line, cells: Cells::default() });
        }
        Ok(number as usize)
    }
}
