//! The answers of a study, sorted and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use pipe::{Answer, Rows};

/// The name of the row that stands for all groups.
pub const ALL: &str = "all";

/// All answers.
#[derive(Debug, Default)]
pub struct Answers {
    /// By group, then by image.
    pub groups: BTreeMap<String, BTreeMap<String, Question>>,
    /// Rows without an answer.
    pub unanswered: usize,
    /// The group of each image.
    homes: BTreeMap<String, String>,
}

/// What is asked about an image, and who answered what.
#[derive(Debug)]
pub struct Question {
    methods: [String; 2],
    asked: BTreeSet<String>,
    /// Whether each participant who answered chose the first method.
    pub chosen: BTreeMap<String, bool>,
}

impl Answers {
    /// Reads tables of answers, in any order of their rows.
    ///
    /// # Errors
    ///
    /// If a table is damaged, or if its rows contradict each other.
    pub fn read(files: &[PathBuf]) -> Result<Self> {
        let mut answers = Self::default();
        for row in Rows::<Answer>::open(files)? {
            answers.add(row?)?;
        }
        Ok(answers)
    }

    fn add(&mut self, row: Answer) -> Result<()> {
        check(&row)?;
        let Answer { participant, group, image, method_a, method_b, chosen } = row;
        let home = self.homes.entry(image.clone()).or_insert_with(|| group.clone());
        if *home != group {
            bail!(
                "{image} is in two groups, `{home}` and `{group}`: an image that is asked about twice needs two names"
            );
        }
        let is_first = (!chosen.is_empty()).then(|| chosen == method_a);
        let methods = [method_a, method_b];
        let questions = self.groups.entry(group).or_default();
        let question = questions.entry(image.clone()).or_insert_with(|| Question::new(methods.clone()));
        question.add(participant, is_first, &methods).with_context(|| image)?;
        self.unanswered += usize::from(is_first.is_none());
        Ok(())
    }
}

impl Question {
    fn new(methods: [String; 2]) -> Self {
        Self { methods, asked: BTreeSet::new(), chosen: BTreeMap::new() }
    }

    fn add(&mut self, participant: String, is_first: Option<bool>, methods: &[String; 2]) -> Result<()> {
        if self.methods != *methods {
            let ([a, b], [c, d]) = (&self.methods, methods);
            bail!("{participant} is asked about `{c}` and `{d}`, others about `{a}` and `{b}`");
        }
        if !self.asked.insert(participant.clone()) {
            bail!("{participant} has two rows");
        }
        if let Some(is_first) = is_first {
            self.chosen.insert(participant, is_first);
        }
        Ok(())
    }

    /// How many participants chose the first and the second method.
    pub fn counts(&self) -> [usize; 2] {
        let first = self.chosen.values().filter(|is_first| **is_first).count();
        [first, self.chosen.len() - first]
    }
}

/// Checks a row by itself.
fn check(Answer { participant, group, image, method_a, method_b, chosen }: &Answer) -> Result<()> {
    if participant.is_empty() || image.is_empty() {
        bail!(
            "a row without a participant or an image: participant `{participant}`, group `{group}`, image `{image}`"
        );
    }
    if group == ALL {
        bail!("{image}, {participant}: a group cannot be called `{ALL}`, which is the row of all groups");
    }
    if method_a == method_b {
        bail!("{image}, {participant}: both methods are `{method_a}`");
    }
    if !chosen.is_empty() && chosen != method_a && chosen != method_b {
        bail!("{image}, {participant}: `{chosen}` is neither `{method_a}` nor `{method_b}`");
    }
    Ok(())
}
