//! Sets of weights among the tensors of a file: those that have a network's names behind one prefix.
//!
//! Training scripts put a prefix before every name (`module.`, `_orig_mod.`, `backbone.`), wrap modules inside
//! (`features.module.0.weight`), and put weights, their moving average, the optimizer's moments and whatever else into one
//! dictionary. The names that a network needs tell the weights from the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::zoo::Rename;

/// Modules that wrap another one and add nothing to a name but themselves, anywhere in it.
const WRAPPERS: [&str; 4] = ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// Attributes under which a network, or a part of it, is held.
const HOLDERS: [&str; 7] = ["model", "backbone", "encoder", "net", "network", "head", "classifier"];

/// Words in the names of weights that are not those of the last step but an average.
const AVERAGES: [&str; 8] = ["ema", "avg", "averaged", "average", "swa", "teacher", "shadow", "polyak"];

/// The tensors of a file by the sets that they belong to.
pub(super) struct Sets<'a> {
    names: &'a [&'a str],
    found: Vec<Set<'a>>,
    wanted: usize,
}

/// Tensors that have names of a network.
#[derive(Clone, Debug, Default)]
pub(super) struct Set<'a> {
    /// What stands before the network's names in the file; several, where parts of the network are held apart.
    prefixes: BTreeSet<String>,
    /// By the name that the network calls it: the name without the prefix, and the file's.
    members: BTreeMap<String, (String, &'a str)>,
    /// Two tensors for one name.
    twice: bool,
}

impl<'a> Sets<'a> {
    /// Finds the sets. A name of the file without prefix and wrappers is the network's after `rename`.
    pub(super) fn new(names: &'a [&'a str], wanted: &BTreeSet<&str>, rename: Option<&Rename>) -> Self {
        let found: Vec<Found<'a>> = names.iter().filter_map(|name| find(name, wanted, rename)).collect();
        let mut sets = grouped(&found, String::clone);
        if !sets.iter().any(|set| set.is_complete(wanted.len())) {
            let together = grouped(&found, |prefix| without(prefix, &[&WRAPPERS[..], &HOLDERS].concat()));
            sets.extend(together.into_iter().filter(|set| set.is_complete(wanted.len())));
        }
        Self { names, found: sets, wanted: wanted.len() }
    }

    /// The set to take, and what should be told about it: the one with all names, or the one with most. `key` is a part
    /// of its prefix, between dots.
    pub(super) fn best(&self, key: Option<&str>) -> Result<(Set<'a>, Option<String>), String> {
        let key = key.map(|key| key.trim_matches('.'));
        let has = |name: &str| key.is_none_or(|key| format!(".{name}").contains(&format!(".{key}.")));
        let under = |set: &&Set<'a>| set.prefixes.iter().all(|prefix| has(prefix));
        let complete: Vec<&Set<'a>> = self.complete().filter(under).collect();
        match complete[..] {
            [only] => return Ok((only.clone(), None)),
            [] => {}
            _ => return preferred(&complete),
        }
        if let Some(key) = key.filter(|_| !self.names.iter().any(|name| has(name))) {
            let there: Vec<String> = self.complete().map(|set| quoted(&set.prefix())).collect();
            let there = if there.is_empty() {
                "no weights that fit".into()
            } else {
                format!("weights under {}", there.join(", "))
            };
            return Err(format!("nothing in it is under `{key}`; it holds {there}"));
        }
        let most =
            |set: &&Set<'a>| (set.members.len(), !set.is_average(), std::cmp::Reverse(set.prefix().len()));
        let best = self.found.iter().filter(under).max_by_key(most).cloned();
        // Nothing fits: all that the file holds is unexpected.
        Ok((best.unwrap_or_else(|| Set { prefixes: [String::new()].into(), ..Set::default() }), None))
    }

    fn complete(&self) -> impl Iterator<Item = &Set<'a>> {
        self.found.iter().filter(|set| set.is_complete(self.wanted))
    }

    /// Tensors that have the prefix of a set and no name of the network: without the prefix, and the file's names. What belongs
    /// to another set or to an optimizer is left out.
    pub(super) fn beside(&self, set: &Set<'a>) -> impl Iterator<Item = (String, &'a str)> {
        let (others, prefixes) = (self.members_but_for(set), set.innermost());
        self.names.iter().filter_map(move |&name| {
            let prefix = prefixes.iter().rev().find(|prefix| name.starts_with(prefix.as_str()))?;
            let own = without(&name[prefix.len()..], &WRAPPERS);
            (!others.contains(name) && !is_optimizer(name) && !own.is_empty()).then_some((own, name))
        })
    }

    /// Tensors that lie in the dictionary of a set's modules and have another prefix: further heads, a loss, a queue.
    pub(super) fn unused(&self, set: &Set<'a>) -> impl Iterator<Item = &'a str> {
        let (others, prefixes) = (self.members_but_for(set), set.innermost());
        let all = [&WRAPPERS[..], &HOLDERS].concat();
        let parents: BTreeSet<String> = set.prefixes.iter().map(|prefix| parent(prefix, &all)).collect();
        self.names.iter().copied().filter(move |name| {
            let inside =
                |prefixes: &BTreeSet<String>| prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
            !inside(&prefixes) && inside(&parents) && !others.contains(name) && !is_optimizer(name)
        })
    }

    /// The members of this set and of all other complete ones.
    fn members_but_for(&self, set: &Set<'a>) -> BTreeSet<&'a str> {
        self.complete().chain([set]).flat_map(|set| set.members.values().map(|(_, name)| *name)).collect()
    }
}

impl<'a> Set<'a> {
    /// What stands before the names in the file, as far as that is one prefix.
    pub(super) fn prefix(&self) -> String {
        let mut prefixes = self.prefixes.iter();
        match (prefixes.next(), prefixes.next()) {
            (Some(only), None) => only.clone(),
            _ => String::new(),
        }
    }

    /// All that stands before the names in the file.
    pub(super) fn places(&self) -> String {
        self.prefixes.iter().map(|prefix| quoted(prefix)).collect::<Vec<_>>().join(", ")
    }

    /// The prefixes without those that others begin with: what has one of them is part of the network.
    fn innermost(&self) -> BTreeSet<String> {
        let inner = |prefix: &&String| {
            !self.prefixes.iter().any(|other| other != *prefix && other.starts_with(prefix.as_str()))
        };
        self.prefixes.iter().filter(inner).cloned().collect()
    }

    /// The names without the prefix, and the file's.
    pub(super) fn members(&self) -> impl Iterator<Item = (String, &'a str)> {
        self.members.values().cloned()
    }

    fn is_complete(&self, wanted: usize) -> bool {
        self.members.len() == wanted && !self.twice
    }

    fn is_average(&self) -> bool {
        let prefix = self.prefix().to_lowercase();
        let mut words = prefix.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| AVERAGES.contains(&word) || word.ends_with("ema"))
    }
}

/// One tensor that has a name of the network.
struct Found<'a> {
    prefix: String,
    own: String,
    wanted: String,
    name: &'a str,
}

/// The longest end of a name that is a name of the network.
fn find<'a>(name: &'a str, wanted: &BTreeSet<&str>, rename: Option<&Rename>) -> Option<Found<'a>> {
    let starts = std::iter::once(0).chain(name.match_indices('.').map(|(dot, _)| dot + 1));
    starts.into_iter().find_map(|start| {
        let (prefix, end) = name.split_at(start);
        // A wrapper in front belongs to the prefix.
        if WRAPPERS.contains(&end.split('.').next().unwrap_or_default()) {
            return None;
        }
        let own = without(end, &WRAPPERS);
        let renamed = rename.map_or_else(|| own.clone(), |rename| rename(&own));
        let is_wanted = wanted.contains(renamed.as_str());
        is_wanted.then(|| Found { prefix: prefix.into(), own, wanted: renamed, name })
    })
}

fn grouped<'a>(found: &[Found<'a>], key: impl Fn(&String) -> String) -> Vec<Set<'a>> {
    let mut sets: BTreeMap<String, Set<'a>> = BTreeMap::new();
    for Found { prefix, own, wanted, name } in found {
        let set = sets.entry(key(prefix)).or_default();
        set.prefixes.insert(prefix.clone());
        set.twice |= set.members.insert(wanted.clone(), (own.clone(), name)).is_some();
    }
    sets.into_values().collect()
}

/// Of several sets with all names the only one that is no average.
fn preferred<'a>(complete: &[&Set<'a>]) -> Result<(Set<'a>, Option<String>), String> {
    let shown = |sets: &mut dyn Iterator<Item = &&Set<'a>>| {
        sets.map(|set| quoted(&set.prefix())).collect::<Vec<_>>().join(", ")
    };
    let plain: Vec<&&Set<'a>> = complete.iter().filter(|set| !set.is_average()).collect();
    let [only] = plain[..] else {
        let all = shown(&mut complete.iter());
        return Err(format!("it holds several sets of weights, under {all}: choose one with --weights-key"));
    };
    let others = shown(&mut complete.iter().filter(|set| set.is_average()));
    let taken = quoted(&only.prefix());
    Ok(((*only).clone(), Some(format!("the weights are those under {taken}, not {others} (--weights-key)"))))
}

/// A name without some of its parts.
fn without(name: &str, parts: &[&str]) -> String {
    name.split('.').filter(|part| !parts.contains(part)).collect::<Vec<_>>().join(".")
}

/// A prefix without the wrappers and holders at its end.
fn parent(prefix: &str, parts: &[&str]) -> String {
    let mut parent = prefix.trim_end_matches('.');
    while !parent.is_empty() {
        let (before, last) = parent.rsplit_once('.').unwrap_or(("", parent));
        if !parts.contains(&last) {
            return format!("{parent}.");
        }
        parent = before;
    }
    String::new()
}

/// Whether a tensor is part of an optimizer's state, as its place in the file says.
fn is_optimizer(name: &str) -> bool {
    name.split('.').next().is_some_and(|first| first.starts_with("opt"))
}

/// A prefix as the user may name it.
fn quoted(prefix: &str) -> String {
    match prefix.trim_end_matches('.') {
        "" => "no prefix".into(),
        prefix => format!("`{prefix}`"),
    }
}

/// A prefix behind the name of a file.
pub(super) fn shown(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!(", {}", quoted(prefix)) }
}
