//! Columns: those that a row knows, and those that it only carries.

use std::sync::Arc;

/// A column of a [`Row`](crate::Row).
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    pub(crate) required: bool,
    pub(crate) filled: bool,
    pub(crate) carried: bool,
}

impl Column {
    /// A column that a table must have.
    pub const fn required(name: &'static str) -> Self {
        Self { name, required: true, filled: false, carried: false }
    }

    /// A column that a table must have, and of which no cell may be empty where rows are read with what is wrong with them.
    pub const fn filled(name: &'static str) -> Self {
        Self { filled: true, ..Self::required(name) }
    }

    /// A column that a table may lack; its cells then read as empty.
    pub const fn optional(name: &'static str) -> Self {
        Self { name, required: false, filled: false, carried: false }
    }

    /// An optional column that is carried through as well as read.
    pub const fn carried(name: &'static str) -> Self {
        Self { name, required: false, filled: false, carried: true }
    }
}

/// The cells of a row that are carried through, with the names of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Vec<String>,
}

impl Extra {
    /// The columns' names, in the order in which they first appeared.
    pub fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The cell in a column, if there is such a column.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    pub(crate) fn value(&self, place: usize) -> Option<&str> {
        self.values.get(place).map(String::as_str)
    }

    /// Names and cells.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(String::as_str).zip(self.values.iter().map(String::as_str))
    }

    /// Replaces a cell, or adds a column. An added column must also be named to the [`Writer`](crate::Writer).
    pub fn set(&mut self, name: &str, value: String) {
        if let Some(place) = self.names.iter().position(|other| other == name) {
            self.values[place] = value;
        } else {
            self.names = self.names.iter().cloned().chain([name.to_owned()]).collect();
            self.values.push(value);
        }
    }
}
