//! What every scene promises.

use std::sync::LazyLock;

use testbed::{CLASSES, Object, SIZE, Scene, Split, scene};

const COUNT: u64 = 1000;

static SCENES: LazyLock<Vec<Scene>> =
    LazyLock::new(|| (0..COUNT).map(|index| scene(3, Split::Train, index)).collect());

/// The tight box by the slow way: the first and the last column and row that hold a pixel of the mask.
fn tight_box(mask: &[bool]) -> Option<[u32; 4]> {
    let column = |&x: &usize| (0..SIZE).any(|y| mask[y * SIZE + x]);
    let row = |&y: &usize| mask[y * SIZE..(y + 1) * SIZE].contains(&true);
    let (left, right) = ((0..SIZE).find(column)?, (0..SIZE).rfind(column)? + 1);
    let (top, bottom) = ((0..SIZE).find(row)?, (0..SIZE).rfind(row)? + 1);
    Some([left, top, right, bottom].map(|side| side as u32))
}

fn area(object: &Object) -> usize {
    object.mask.iter().filter(|&&inside| inside).count()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[test]
fn equal_arguments_give_equal_scenes() {
    for index in 0..20 {
        let (first, again) = (scene(5, Split::Heldout, index), scene(5, Split::Heldout, index));
        assert_eq!((first.image, first.label, first.objects), (again.image, again.label, again.objects));
    }
}

#[test]
fn seeds_splits_and_indices_differ() {
    let image = |seed, split, index| scene(seed, split, index).image;
    let base = image(0, Split::Train, 0);
    let others = [
        image(1, Split::Train, 0),
        image(0, Split::Heldout, 0),
        image(0, Split::Demo, 0),
        image(0, Split::Train, 1),
        image(0, Split::Train, CLASSES.len() as u64),
    ];
    assert!(others.iter().all(|other| *other != base));
}

#[test]
fn labels_are_balanced() {
    for (label, scene) in (0..CLASSES.len()).cycle().zip(&*SCENES) {
        assert_eq!(scene.label, label);
    }
}

#[test]
fn masks_are_filled_and_boxes_tight() {
    for scene in &*SCENES {
        assert!((1..=3).contains(&scene.objects.len()));
        for object in &scene.objects {
            assert_eq!(Some(object.bounds), tight_box(&object.mask));
            assert!(area(object) >= 50, "{}: {} pixels", CLASSES[scene.label], area(object));
        }
        assert_eq!(scene.boxes().len(), scene.objects.len());
    }
}

#[test]
fn objects_lie_inside_and_apart() {
    for scene in &*SCENES {
        for object in &scene.objects {
            let [left, top, right, bottom] = object.bounds;
            assert!(left > 0 && top > 0 && right < SIZE as u32 && bottom < SIZE as u32);
            assert!((8..=34).contains(&(right - left)) && (8..=34).contains(&(bottom - top)));
        }
        let together = scene.mask().iter().filter(|&&inside| inside).count();
        assert_eq!(together, scene.objects.iter().map(area).sum::<usize>());
    }
}

#[test]
fn some_images_have_several_objects_and_some_objects_are_occluded() {
    let scenes = &*SCENES;
    let several = scenes.iter().filter(|scene| scene.objects.len() > 1).count();
    assert!((200..400).contains(&several), "{several} of {COUNT}");
    // A disc fills pi / 4 of its box unless a part of it is hidden.
    let discs = scenes.iter().filter(|scene| scene.label == 0).flat_map(|scene| &scene.objects);
    let hidden = |object: &&Object| {
        let [left, top, right, bottom] = object.bounds;
        let side = f64::from((right - left).max(bottom - top));
        (area(object) as f64) < 0.72 * side * side
    };
    assert!(discs.filter(hidden).count() > 5);
}

/// Each class has the same mean colour, place and size, so none of them tells the class.
#[test]
fn trivial_cues_do_not_tell_the_class() {
    let scenes = &*SCENES;
    for (label, class) in CLASSES.iter().enumerate() {
        let of_class = || scenes.iter().filter(move |scene| scene.label == label);
        let objects = || of_class().flat_map(|scene| &scene.objects);
        for channel in 0..3 {
            let value = |scene: &Scene| {
                let inside = scene.mask().into_iter().zip(scene.image.pixels()).filter(|(inside, _)| *inside);
                mean(inside.map(|(_, pixel)| f64::from(pixel[channel]) / 255.0))
            };
            let colour = mean(of_class().map(value));
            assert!((colour - 0.5).abs() < 0.1, "{class}: {colour}");
        }
        let middle = mean(objects().map(|object| f64::from(object.bounds[0] + object.bounds[2]) / 2.0));
        assert!((middle - SIZE as f64 / 2.0).abs() < 4.0, "{class}: {middle}");
        let side = mean(objects().map(|object| f64::from(object.bounds[2] - object.bounds[0])));
        assert!((side - 19.5).abs() < 2.5, "{class}: {side}");
    }
}
