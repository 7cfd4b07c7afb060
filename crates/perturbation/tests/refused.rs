//! Jobs that cannot be done say why and disturb no other.

mod common;

use common::{jobs, maps, tiny_basic};
use maps::Map;
use perturbation::{Executor, PushError};

#[test]
fn a_map_of_another_size_and_an_unknown_class_are_refused() {
    let (classifier, good) = (tiny_basic(), maps("signed").remove(0));
    let small = Map::from_plane([2, 3], vec![0.0; 6]).unwrap();
    let asked =
        [(0, good.clone(), Some(3)), (0, small, Some(3)), (1, good.clone(), Some(10)), (1, good, Some(9))];
    let mut executor = Executor::new(&classifier, |_| 8);
    let refused: Vec<Option<PushError>> =
        jobs(&asked, &["pos"]).into_iter().map(|job| executor.push(job).err()).collect();
    let messages: Vec<String> = refused.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["the map is 2 x 3, the image 64 x 64", "class 10 is asked for, the model has classes 0 to 9"]
    );
    executor.flush();
    let done: Vec<usize> = std::iter::from_fn(|| executor.pop()).map(|outcome| outcome.tag).collect();
    assert_eq!((done, executor.forwards()), (vec![0, 3], 20));
}
