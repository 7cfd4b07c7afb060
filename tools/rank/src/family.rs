//! Metrics that differ in one parameter.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use scores::Board;

/// The boards of one metric for one model, one for each value of a parameter, all of the same methods and images.
#[derive(Debug)]
pub struct Family {
    /// The metric without the parameter.
    pub metric: String,
    /// Each with its value, by the name of the metric; no value where the parameter has its default.
    pub members: Vec<(Option<String>, Board)>,
}

/// Boards with their values of a parameter.
type Members<'a> = Vec<(Option<String>, &'a Board)>;

/// Sorts boards into families; a metric without the parameter is one by itself. Of each the images are kept that have a
/// number from every method for every value, and what that costs is said on standard error.
///
/// # Errors
///
/// If no metric has the parameter, if a method lacks a value, or if no image is left.
pub fn families(boards: &[Board], parameter: &str) -> Result<Vec<Family>> {
    let mut families: BTreeMap<(&str, String), Members<'_>> = BTreeMap::new();
    for board in boards {
        let (metric, value) = split(&board.metric, parameter);
        families.entry((&board.model, metric)).or_default().push((value, board));
    }
    if families.values().flatten().all(|(value, _)| value.is_none()) {
        bail!("no metric has the parameter `{parameter}`");
    }
    families.into_iter().map(|((_, metric), members)| family(metric, members)).collect()
}

fn family(metric: String, members: Members<'_>) -> Result<Family> {
    let names = |board: &Board| board.methods.iter().map(|sample| sample.method.clone()).collect::<Vec<_>>();
    let first = members[0].1;
    if let Some((_, other)) = members.iter().find(|(_, board)| names(board) != names(first)) {
        bail!("{first} and {other} are not of the same methods");
    }
    let (mut defined, mut told) = (Vec::with_capacity(members.len()), None);
    for (value, board) in members {
        let (board, costs) = board.defined()?;
        // What is undefined for one value mostly is for all of them.
        if told.is_none() && !costs.is_empty() {
            costs.iter().for_each(pipe::note);
            told = Some(images(&board).len());
        }
        defined.push((value, board));
    }
    let common = |image: u32| defined.iter().all(|(_, board)| images(board).binary_search(&image).is_ok());
    let members: Vec<_> = defined.iter().map(|(value, board)| (value.clone(), board.on(common))).collect();
    let left = images(&members[0].1).len();
    if left == 0 {
        bail!("{metric}: no image has a number from every method for every value of the parameter");
    }
    if told.is_some_and(|told| told > left) {
        pipe::note(format_args!("{metric}: {left} images have a number for every value of the parameter"));
    }
    Ok(Family { metric, members })
}

/// The images of a board that is defined: those of all its methods.
fn images(board: &Board) -> &[u32] {
    &board.methods[0].items
}

/// A metric without a parameter, and the value that it has.
fn split(metric: &str, parameter: &str) -> (String, Option<String>) {
    let Some((name, list)) = metric.split_once(':') else { return (metric.to_owned(), None) };
    let value = |part: &str| {
        let (key, value) = part.split_once('=')?;
        (key == parameter).then(|| value.to_owned())
    };
    let others: Vec<&str> = list.split(',').filter(|part| value(part).is_none()).collect();
    let colon = if others.is_empty() { "" } else { ":" };
    (format!("{name}{colon}{}", others.join(",")), list.split(',').find_map(value))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_parameter_is_taken_out_of_a_name() {
        for (metric, without, value) in [
            ("box-accuracy:threshold=0.3", "box-accuracy", Some("0.3")),
            ("box-accuracy:threshold=0.3,iou=0.7", "box-accuracy:iou=0.7", Some("0.3")),
            ("box-accuracy:iou=0.7", "box-accuracy:iou=0.7", None),
            ("box-accuracy", "box-accuracy", None),
            ("box-accuracy:my-threshold=2", "box-accuracy:my-threshold=2", None),
        ] {
            assert_eq!(split(metric, "threshold"), (without.to_owned(), value.map(str::to_owned)));
        }
    }
}
