//! What failed, counted by why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kind::Kind;

/// Rows of the tables that have a reason instead of a number or a map.
#[derive(Debug, Default)]
pub struct Failures {
    /// By stage, method, test or metric, and reason: how many, and the first image.
    groups: BTreeMap<(Kind, String, String, String), (u64, String)>,
}

/// Equal failures.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The table.
    pub stage: &'static str,
    /// Spec string of the method.
    pub method: String,
    /// Test or metric; empty for a map.
    pub of: String,
    /// Why.
    pub reason: String,
    /// Rows.
    pub count: u64,
    /// One of the images.
    pub image: String,
}

/// Groups that the page lists; all are counted.
pub const LISTED: usize = 200;

impl Failures {
    /// Notes a row. One without a reason gets one.
    pub fn add(&mut self, kind: Kind, method: &str, of: &str, reason: &str, image: &str) {
        let reason = if reason.is_empty() { "no reason is given" } else { reason };
        let key = (kind, method.to_owned(), of.to_owned(), reason.to_owned());
        self.groups.entry(key).or_insert_with(|| (0, image.to_owned())).0 += 1;
    }

    /// How many rows of a kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.groups.iter().filter(|(key, _)| key.0 == kind).map(|(_, (count, _))| count).sum()
    }

    /// The groups, the largest first.
    pub fn groups(&self) -> Vec<Group> {
        let group = |((kind, method, of, reason), (count, image)): (
            &(Kind, String, String, String),
            &(u64, String),
        )| Group {
            stage: kind.name(),
            method: method.clone(),
            of: of.clone(),
            reason: reason.clone(),
            count: *count,
            image: image.clone(),
        };
        let mut groups: Vec<Group> = self.groups.iter().map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}
