//! `perturb --keep`, `explain --again` and the measures of both maps: images travel through files like maps do.

use std::fs;

use pipe::npy;
use testing::{Output, WorkDir, columns, sibling};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const MAPS: &str = "explain -m gradient -m gradcam testbed/000 testbed/001";
const NOISE: &str = "perturb -t noise:distribution=uniform,draws=2 -t mask:fill=zero --keep kept";

fn tool(work: &WorkDir, line: &str, stdin: &str) -> Output {
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let program = if name == "explain" { EXPLAIN.into() } else { sibling(EXPLAIN, name) };
    let quiet: &[&str] = if matches!(name, "explain" | "perturb") {
        &["-q", "--device", "cpu", "--model", "testbed"]
    } else {
        &[]
    };
    work.run(program, quiet.iter().copied().chain(arguments.split_whitespace()), stdin)
}

/// A table of kept images.
fn kept(work: &WorkDir) -> String {
    let maps = tool(work, MAPS, "").success();
    tool(work, NOISE, &maps).success()
}

/// The cells of a column.
fn column(table: &str, name: &str) -> Vec<String> {
    columns(table, &[name]).concat()
}

/// The numbers of each row's map.
fn maps(work: &WorkDir, table: &str) -> Vec<Vec<f32>> {
    let places = column(table, "map").into_iter().zip(column(table, "map_index"));
    places.map(|(path, index)| npy::read_map(&work.join(path), index.parse().ok()).unwrap().data).collect()
}

#[test]
fn a_kept_image_has_the_map_of_the_image_itself() {
    let work = WorkDir::new();
    image::RgbImage::new(64, 64).save(work.join("black.png")).unwrap();
    for method in ["integrated-gradients:steps=4", "gradcam", "occlusion:window=16,stride=16", "gradient"] {
        let first = tool(&work, &format!("explain -m {method} testbed/003"), "").success();
        let curve = tool(&work, "perturb -t deletion:steps=1,fill=black --keep kept", &first).success();
        let target = &column(&curve, "target")[1];
        let again = tool(&work, "explain --again", &curve).success();
        let direct = tool(&work, &format!("explain -m {method} -t {target} black.png"), "").success();
        assert_eq!(maps(&work, &again)[1], maps(&work, &direct)[0], "{method}");
        // The clean image keeps the map that it has.
        assert_eq!(column(&again, "map")[0], column(&curve, "map")[0]);
    }
}

#[test]
fn rows_keep_their_order_and_maps_depend_on_nothing_else() {
    let work = WorkDir::new();
    let table = kept(&work);
    let again = tool(&work, "explain --again -o again", &table).success();
    for name in ["image", "test", "probability", "kept", "kept_index", "list", "method"] {
        assert_eq!(column(&again, name), column(&table, name));
    }
    let found = maps(&work, &again);
    // Image by image, then backwards; other batches, threads, folders.
    let mut lines: Vec<&str> = table.lines().collect();
    let header = lines.remove(0);
    lines.sort_unstable();
    for (lines, flags) in
        [(lines.clone(), "--batch-size 1"), (lines.into_iter().rev().collect(), "--threads 1 --chunk 3")]
    {
        let shuffled = format!("{header}\n{}\n", lines.join("\n"));
        let other = tool(&work, &format!("explain --again -o other {flags}"), &shuffled).success();
        let (keys, other_maps) = (keys(&other), maps(&work, &other));
        for (key, map) in self::keys(&again).iter().zip(&found) {
            let place = keys.iter().position(|other| other == key).unwrap();
            assert_eq!(&other_maps[place], map, "{key:?}");
        }
    }
    // Packs are known by all that they depend on.
    let resumed = tool(&work, "explain --again -o again --resume", &table).success();
    assert_eq!(resumed, again);
}

fn keys(table: &str) -> Vec<[String; 4]> {
    let names = ["image", "method", "test", "point"].map(|name| column(table, name));
    (0..names[0].len()).map(|row| [0, 1, 2, 3].map(|name| names[name][row].clone())).collect()
}

#[test]
fn steps_on_maps_are_part_of_the_method() {
    let work = WorkDir::new();
    let first = tool(
        &work,
        "explain -m gradient --sign positive --smooth=gaussian:kernel=5,sigma=1 --normalize=max testbed/002",
        "",
    );
    let table = tool(&work, "perturb -t mask --keep kept", &first.success()).success();
    let again = tool(&work, "explain --again", &table).success();
    let map = &maps(&work, &again)[1];
    assert!(map.iter().all(|value| (0.0..=1.0).contains(value)) && map.contains(&1.0));
    for (wrong, why) in [("+positivity", "positivity"), ("+smooth:sigmas=2", "sigmas"), ("+reduce=no", "no")]
    {
        let error = tool(&work, "explain --again", &table.replace("+positive", wrong)).failure(1);
        assert!(error.contains("cannot explain again by the method") && error.contains(why), "{error}");
    }
    // Plus signs of the method's own.
    let first = tool(&work, "explain -m gradcam++ --sign positive testbed/002", "").success();
    let table_of_two = tool(&work, "perturb -t mask --keep kept", &first).success();
    assert_eq!(
        column(&tool(&work, "explain --again", &table_of_two).success(), "method"),
        ["gradcam+++positive"; 2]
    );
    let foreign = table.replace("gradient+positive", "mine+positive");
    let error = tool(&work, "explain --again", &foreign).failure(1);
    assert!(error.contains("unknown method `mine`"), "{error}");
}

#[test]
fn another_column_may_say_which_class_is_explained() {
    let work = WorkDir::new();
    let first = tool(&work, "explain -m gradient --target second testbed/002", "").success();
    let table = tool(&work, "perturb -t noise:draws=2 --keep kept", &first).success();
    let again = tool(&work, "explain --again --target-column predicted", &table).success();
    assert_eq!(column(&again, "explained")[1..], column(&table, "predicted")[1..]);
    assert_ne!(column(&again, "explained")[1], column(&table, "target")[1]);
    assert_eq!(column(&again, "target"), column(&table, "target"));
    let own = tool(&work, "explain --again", &table).success();
    assert_ne!(maps(&work, &again)[1], maps(&work, &own)[1]);
    let error = tool(&work, "explain --again --target-column nothing", &table);
    assert_eq!(error.status, Some(1));
    assert!(error.stderr.contains("list: column nothing: there is no class"), "{}", error.stderr);
}

#[test]
fn the_measures_of_both_maps_come_with_the_table() {
    let work = WorkDir::new();
    let table = kept(&work);
    let again = tool(&work, "explain --again", &table).success();
    let scores = tool(&work, "score", &again).success();
    let metrics = column(&scores, "metric");
    for metric in ["max-sensitivity", "mean-sensitivity", "local-lipschitz", "self-coherence", "adcc"] {
        assert_eq!(metrics.iter().filter(|name| name.starts_with(metric)).count(), 4, "{metric}");
    }
    assert!(!column(&scores, "value").contains(&"NaN".to_owned()));
    assert!(!scores.contains("kept"), "columns of points say nothing about a score");
    // By hand, of the first map.
    let maps = maps(&work, &again);
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let change =
        |draw: usize| norm(&mut maps[0].iter().zip(&maps[draw]).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let expected = change(1).max(change(2)) / norm(&mut maps[0].iter().map(|value| f64::from(*value)));
    let place = metrics.iter().position(|name| name.contains("max-sensitivity")).unwrap();
    let found: f64 = column(&scores, "value")[place].parse().unwrap();
    assert!((found - expected).abs() < 1e-12 * expected, "{found} instead of {expected}");
    // The images may be gone by then.
    fs::remove_dir_all(work.join("kept")).unwrap();
    assert_eq!(tool(&work, "score", &again).success(), scores);
}

#[test]
fn a_metric_of_two_tests_needs_the_images_of_one_only() {
    let work = WorkDir::new();
    let maps = tool(&work, MAPS, "").success();
    let road = "-t road:percent=20+40+60+80 -t road:order=lerf,percent=20+40+60+80";
    let table = tool(&work, &format!("perturb {road} -t mask --keep kept --keep-test mask"), &maps).success();
    for (test, kept) in column(&table, "test").iter().zip(column(&table, "kept")) {
        assert!(test == "mask" || kept.is_empty(), "{test}: {kept}");
    }
    let plain = tool(&work, &format!("perturb {road} -t mask"), &maps).success();
    assert_eq!(column(&plain, "probability"), column(&table, "probability"));
    let again = tool(&work, "explain --again", &table).success();
    let metrics = ["arcc", "self-coherence", "road-combined"].map(|name| format!("-m {name}")).join(" ");
    let scores = tool(&work, &format!("score {metrics}"), &again).success();
    let values =
        column(&scores, "value").iter().map(|value| value.parse::<f64>().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        column(&scores, "metric")[..3],
        ["self-coherence", "road-combined:percent=20+40+60+80", "arcc:percent=20+40+60+80"]
    );
    let simple = tool(&work, "score -m mean-saliency", &maps).success();
    let parts = values.chunks(3).zip(column(&simple, "value"));
    for (scores, mean) in parts {
        let [coherence, road, arcc] = *scores else { panic!() };
        let road = (2.0 * road).clamp(0.0, 1.0);
        let expected = 3.0 / (1.0 / coherence + 1.0 / (1.0 - mean.parse::<f64>().unwrap()) + 1.0 / road);
        assert!((arcc - expected).abs() < 1e-6, "{arcc} instead of {expected}");
    }
    assert!(values.chunks(3).any(|scores| scores[2] > 0.0));
    // An image that both show is kept for the one alone.
    let both = "-t deletion:fill=black,steps=2 -t insertion:fill=black,steps=2";
    let table = tool(&work, &format!("perturb {both} --keep kept --keep-test deletion"), &maps).success();
    let kept: Vec<bool> = column(&table, "kept").iter().map(|kept| !kept.is_empty()).collect();
    assert_eq!(kept[..6], [false, true, true, false, false, false]);
    // Asked for where half of it is missing.
    let mask = tool(&work, "explain --again", &tool(&work, "perturb -t mask --keep kept", &maps).success());
    let scores = tool(&work, "score -m arcc", &mask.success()).success();
    assert!(
        column(&scores, "reason")[0].contains("the test road:percent=20+40+60+80 in both orders is missing")
    );
    let error = tool(&work, "perturb -t mask --keep kept --keep-test road", &maps).failure(2);
    assert!(error.contains("--keep-test road: the tests are mask"), "{error}");
}

#[test]
fn maps_that_were_not_made_again_are_no_measure() {
    let work = WorkDir::new();
    let table = kept(&work);
    let scores = tool(&work, "score -m max-sensitivity", &table).success();
    assert!(column(&scores, "value").iter().all(|value| *value == "NaN"));
    assert!(column(&scores, "reason")[0].contains("explain them (explain --again)"));
    // Without images nobody expects such measures.
    let plain = tool(&work, "perturb -t noise:draws=2", &tool(&work, MAPS, "").success()).success();
    assert!(!tool(&work, "score", &plain).success().contains("sensitivity"));
}

#[test]
fn what_does_not_belong_together_is_found_out() {
    let work = WorkDir::new();
    let table = kept(&work);
    let again = tool(&work, "explain --again", &table).success();
    let packs: Vec<String> = column(&table, "kept").into_iter().filter(|pack| !pack.is_empty()).collect();
    let refused = |line: &str, table: &str, why: &str| {
        let output = tool(&work, line, table);
        assert!(matches!(output.status, Some(1 | 2)), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(why), "{line}: {}", output.stderr);
        output
    };
    // Another classifier, a table without images, maps of images for a tool that wants those of the files.
    refused("explain --again --preprocess imagenet", &table, "but the classifier here is testbed@");
    refused(
        "explain --again",
        &tool(&work, "perturb -t mask", &tool(&work, MAPS, "").success()).success(),
        "no kept images",
    );
    refused("perturb", &again, "perturb needs those of the images themselves");
    // The maps of two draws change places.
    let [first, second] = [1, 2].map(|row| column(&again, "map")[row].clone());
    assert_ne!(first, second);
    let swapped =
        again.replacen(&*first, "HERE", 1).replacen(&*second, &first, 1).replacen("HERE", &second, 1);
    refused("score -m max-sensitivity", &swapped, "the map explains another image");
    // A pack with other images, one that is gone, a place that it has not: that image fails, the others go on.
    let bytes = fs::read(work.join(&packs[0])).unwrap();
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(work.join(&packs[0]), &changed).unwrap();
    let output = refused("explain --again -o b", &table, "the file was changed or renamed");
    assert_eq!(output.text().lines().count(), table.lines().count());
    assert_eq!(column(&output.text(), "reason").iter().filter(|reason| !reason.is_empty()).count(), 3);
    fs::write(work.join(&packs[0]), &bytes[..bytes.len() / 2]).unwrap();
    refused("explain --again -o b", &table, "truncated");
    fs::remove_file(work.join(&packs[0])).unwrap();
    refused("explain --again -o b", &table, "cannot read kept/");
    fs::write(work.join(&packs[0]), &bytes).unwrap();
    let place = format!("{},1,", packs[0]);
    refused("explain --again -o b", &table.replacen(&place, &format!("{},9,", packs[0]), 1), "9");
    refused(
        "explain --again -o b",
        &table.replacen(&place, &format!("{},x,", packs[0]), 1),
        "\"x\" is no place in a pack",
    );
}

#[test]
fn what_cannot_be_kept_is_told() {
    let work = WorkDir::new();
    let maps = tool(&work, MAPS, "").success();
    let runs = tool(&work, "perturb -t deletion:fill=uniform,runs=2,steps=1 --keep kept", &maps);
    assert_eq!(runs.status, Some(1));
    assert!(runs.stderr.contains("means over several images"), "{}", runs.stderr);
    work.write("file", "");
    let error = tool(&work, "perturb -t mask --keep file", &maps).failure(1);
    assert!(error.contains("file/images.npy"), "{error}");
}

#[test]
fn two_runs_keep_into_one_folder_at_once() {
    let work = WorkDir::new();
    let maps = tool(&work, MAPS, "").success();
    let both = std::thread::scope(|scope| {
        let run = || tool(&work, NOISE, &maps).success();
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().unwrap())
    });
    assert_eq!(both[0], both[1]);
    // Every file is whole, and none is left half written.
    let names: Vec<String> = fs::read_dir(work.join("kept"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
    tool(&work, "explain --again", &both[0]).success();
}
