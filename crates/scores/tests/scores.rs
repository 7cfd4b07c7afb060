//! Scores that come in any order, and what is made of them.

use pipe::{Direction, Extra, Score};
use scores::{Builder, CompareArgs, Foreign, Scores};

/// (image, method, metric, value); `del` is better if lower.
type Cell = (&'static str, &'static str, &'static str, f64);

const CELLS: [Cell; 6] = [
    ("y", "b", "ins", 1.0),
    ("x", "a", "del", 2.0),
    ("z", "a", "del", f64::NAN),
    ("x", "b", "ins", 4.0),
    ("x", "a", "ins", 5.0),
    ("y", "a", "ins", 0.0),
];

fn row(&(image, method, metric, value): &Cell) -> Score {
    Score {
        image: image.to_owned(),
        target: Some(7),
        model: "m".to_owned(),
        method: method.to_owned(),
        metric: metric.to_owned(),
        direction: if metric == "del" { Direction::Lower } else { Direction::Higher },
        value,
        reason: String::new(),
        extra: Extra::default(),
    }
}

fn scores<'a>(cells: impl Iterator<Item = &'a Cell>) -> Scores {
    let mut builder = Builder::default();
    cells.for_each(|cell| builder.add(row(cell)).unwrap());
    builder.finish(CompareArgs::default(), Foreign::SameItems).unwrap()
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let forward = scores(CELLS.iter());
    assert_eq!(format!("{forward:?}"), format!("{:?}", scores(CELLS.iter().rev())));
    let images: Vec<&str> = forward.items.iter().map(|item| &*item.image).collect();
    assert_eq!(images, ["x", "y", "z"]);
    let [del, ins] = &forward.boards[..] else { panic!("{:?}", forward.boards) };
    assert_eq!((del.to_string(), ins.to_string()), ("m, del".to_owned(), "m, ins".to_owned()));
    let [a, b] = &ins.methods[..] else { panic!("{ins:?}") };
    assert_eq!((&a.items[..], &a.values[..]), (&[0, 1][..], &[5.0, 0.0][..]));
    assert_eq!((&b.items[..], &b.values[..]), (&[0, 1][..], &[4.0, 1.0][..]));
}

#[test]
fn absent_is_not_undefined() {
    let scores = scores(CELLS.iter());
    let a = &scores.boards[0].methods[0];
    assert_eq!(a.items, [0, 2], "y is absent, z is NaN");
    let (board, costs) = scores.boards[0].defined().unwrap();
    assert_eq!((&board.methods[0].items[..], &board.methods[0].values[..]), (&[0][..], &[2.0][..]));
    assert_eq!(costs, ["m, del, a: 1 of 2 values are NaN or infinite: left out for all methods"]);
}

#[test]
fn groups_hold_the_metrics_of_a_method_and_more_is_better() {
    let groups = scores(CELLS.iter()).into_groups();
    let names: Vec<(&str, Vec<&str>)> = groups
        .iter()
        .map(|group| (&*group.method, group.metrics.iter().map(|metric| &*metric.name).collect()))
        .collect();
    assert_eq!(names, [("a", vec!["del", "ins"]), ("b", vec!["ins"])]);
    let [del, ins] = &groups[0].metrics[..] else { panic!("{groups:?}") };
    assert_eq!((del.sample.values[0], ins.sample.values[0]), (-2.0, 5.0));
    assert!(del.binary && !ins.binary);
}
