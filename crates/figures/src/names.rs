//! The names in a figure: in which order they come, what each is drawn in, and what all of them have alike.

use std::collections::BTreeMap;

use crate::canvas::{Anchor, Canvas};
use crate::font;
use crate::paint::Paint;
use crate::panel::{LEADING, SMALL};

/// Names of series, each with its number among all of the figure in the order of the names.
#[derive(Debug)]
pub struct Names<'a> {
    numbers: BTreeMap<&'a str, usize>,
    /// Steps that stand at the end of every name, such as `+positive+minmax`; said once for all.
    steps: &'a str,
}

impl<'a> Names<'a> {
    /// Numbers the names.
    pub fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut numbers: BTreeMap<&str, usize> = names.into_iter().map(|name| (name, 0)).collect();
        numbers.values_mut().enumerate().for_each(|(at, number)| *number = at);
        let steps = shared_steps(&numbers.keys().copied().collect::<Vec<_>>());
        Self { numbers, steps }
    }

    /// The number of a name.
    pub fn number(&self, name: &str) -> usize {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    /// A name without what all have alike.
    pub fn shown<'b>(&self, name: &'b str) -> &'b str {
        name.strip_suffix(self.steps).unwrap_or(name)
    }

    /// All names in order, without what they have alike.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + '_ {
        self.numbers.keys().map(|name| self.shown(name))
    }

    /// All names in order, whole.
    pub fn whole(&self) -> Vec<&'a str> {
        self.numbers.keys().copied().collect()
    }

    /// A line that says what all have alike.
    pub fn caption(&self) -> Option<Canvas> {
        let text = format!("all methods: {}", self.steps);
        (!self.steps.is_empty()).then(|| {
            let mut canvas = Canvas::new(font::width(&text, SMALL), SMALL * LEADING);
            canvas.text([0.0, SMALL * LEADING / 2.0], text, SMALL, Anchor::Start, Paint::Muted);
            canvas
        })
    }
}

/// The steps, from a `+` on, that end all of several names, such as `+positive+minmax`: what a figure says once for all. What
/// parentheses hold belongs to a parameter.
pub fn shared_steps<'a>(names: &[&'a str]) -> &'a str {
    let Some((first, others)) = names.split_first().filter(|(_, others)| !others.is_empty()) else {
        return "";
    };
    let ends = first.match_indices('+').map(|(at, _)| first.split_at(at));
    let shared = |(name, steps): &(&str, &str)| {
        !name.is_empty()
            && !steps.contains(['(', ')'])
            && others.iter().all(|other| other.len() > steps.len() && other.ends_with(steps))
    };
    ends.into_iter().find(shared).map_or("", |(_, steps)| steps)
}

/// Rows by a key, groups in the order in which they begin.
pub fn groups<T, K: Ord + Clone>(
    rows: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<(K, Vec<T>)> {
    let (mut places, mut groups) = (BTreeMap::new(), Vec::<(K, Vec<T>)>::new());
    for row in rows {
        let key = key(&row);
        let at = *places.entry(key.clone()).or_insert(groups.len());
        if at == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[at].1.push(row);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_all_are_said_once() {
        let of = |names: &[&str]| Names::new(names.to_vec()).iter().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(of(&["a+x+positive", "b+positive"]), ["a+x", "b"]);
        assert_eq!(of(&["a+positive", "b"]), ["a+positive", "b"]);
        assert_eq!(of(&["a+positive"]), ["a+positive"]);
        assert_eq!(of(&["a+positive", "positive", "+positive"]), ["+positive", "a+positive", "positive"]);
        assert_eq!(of(&["a:m=(p+q)", "b:m=(r+q)"]), ["a:m=(p+q)", "b:m=(r+q)"]);
    }

    #[test]
    fn groups_stand_where_they_begin() {
        let found = groups([3, 1, 3, 2, 1], |row| *row);
        assert_eq!(found, [(3, vec![3, 3]), (1, vec![1, 1]), (2, vec![2])]);
    }
}
