//! Weights as people have them (`testdata/models/generate_checkpoints.py`): one network's, in every dress.

use std::fs;
use std::path::{Path, PathBuf};

use models::checkpoint::CheckpointError;
use models::graph::Parameter;
use models::{Checkpoint, Graph};
use safetensors::tensor::{Dtype, TensorView};
use testing::{WorkDir, testdata};

/// What the generator's network needs.
fn parameters() -> Vec<Parameter> {
    let mut graph = Graph::new([3, 8, 8]);
    graph.parameter("features.0.weight", &[2, 3, 1, 1]);
    graph.parameter("features.0.bias", &[2]);
    for name in ["weight", "bias", "running_mean", "running_var"] {
        graph.parameter(format!("features.1.{name}"), &[2]);
    }
    graph.parameter("fc.weight", &[3, 2]);
    graph.parameter("fc.bias", &[3]);
    graph.parameters
}

fn fixture(name: &str) -> PathBuf {
    testdata(format!("models/checkpoints/{name}"))
}

/// The numbers of a file's weights, and what is told about them.
fn read(path: &Path, key: Option<&str>) -> Result<(Vec<Vec<f32>>, Vec<String>), CheckpointError> {
    let chosen = Checkpoint::open(path)?.choose(&parameters(), None, key)?;
    let weights = chosen.weights(&parameters())?;
    let numbers = weights.into_iter().map(|data| data.try_into_vec().unwrap()).collect();
    Ok((numbers, chosen.notes().to_vec()))
}

fn plain() -> Vec<Vec<f32>> {
    read(&fixture("plain.safetensors"), None).unwrap().0
}

/// The message of a file that is refused; it is one line that begins with the file.
fn refused(path: &Path, key: Option<&str>) -> String {
    let error = read(path, key).expect_err("it was taken").to_string();
    assert!(error.starts_with(&path.display().to_string()) && error.lines().count() == 1, "{error}");
    assert!(error.len() < 500, "{error}");
    error
}

#[test]
fn weights_are_found_beside_whatever_training_leaves() {
    for name in ["training.pth.tar", "legacy.pth", "params_ema.pth", "nested.pth", "inside.pth", "apart.pth"]
    {
        let (found, notes) = read(&fixture(name), None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((found, notes), (plain(), vec![]), "{name}");
    }
}

#[test]
fn of_weights_and_their_average_the_weights_are_taken_and_told() {
    let (found, notes) = read(&fixture("ema.pth"), None).unwrap();
    assert_eq!(found, plain());
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert!(
        note.ends_with("the weights are those under `model`, not `model_ema.module` (--weights-key)"),
        "{note}"
    );
    for key in ["model_ema", "model_ema.module", "model_ema."] {
        let (average, notes) = read(&fixture("ema.pth"), Some(key)).unwrap();
        let shifted: Vec<Vec<f32>> = found.iter().map(|row| row.iter().map(|x| x + 0.25).collect()).collect();
        assert_eq!((average, notes), (shifted, vec![]), "{key}");
    }
}

#[test]
fn where_none_is_to_be_preferred_all_are_named() {
    for (name, sets) in [("two.pth", "`net_a`, `net_b`"), ("averages.pth", "`ema`, `swa_state_dict`")] {
        let error = refused(&fixture(name), None);
        assert!(
            error.ends_with(&format!("several sets of weights, under {sets}: choose one with --weights-key")),
            "{error}"
        );
    }
    assert_eq!(read(&fixture("two.pth"), Some("net_a")).unwrap().0, plain());
    assert_eq!(read(&fixture("nested.pth"), Some("model")).unwrap().0, plain());
    let error = refused(&fixture("ema.pth"), Some("ema"));
    assert!(
        error.ends_with("nothing in it is under `ema`; it holds weights under `model`, `model_ema.module`"),
        "{error}"
    );
}

#[test]
fn what_lies_beside_the_modules_is_told() {
    let (found, notes) = read(&fixture("lightning.ckpt"), None).unwrap();
    assert_eq!(found, plain());
    let [note] = &notes[..] else { panic!("{notes:?}") };
    assert!(note.ends_with("under `state_dict.model`; not used: state_dict.criterion.weight"), "{note}");
}

/// An encoder beside its head.
#[test]
fn parts_that_are_held_apart_are_joined() {
    let work = WorkDir::new();
    let apart =
        |name: &str| Some(if name.starts_with("fc.") { name.into() } else { format!("encoder.{name}") });
    work.write("w", renamed(apart));
    assert_eq!(read(&work.join("w"), None).unwrap(), (plain(), vec![]));
    let queue = |name: &str| if name == "fc.bias" { Some("queue".into()) } else { apart(name) };
    work.write("w", renamed(queue));
    assert!(refused(&work.join("w"), None).contains("missing: fc.weight, fc.bias"));
}

#[test]
fn what_does_not_fit_is_a_short_line() {
    let error = refused(&fixture("missing.pth"), None);
    assert!(
        error.ends_with(", `state_dict.module`: the weights do not fit the network: missing: fc.bias"),
        "{error}"
    );
    let error = refused(&fixture("other.pth"), None);
    assert!(
        error.contains(
            "missing: features.0.weight, features.0.bias, features.1.weight and 5 more; unexpected: model."
        ),
        "{error}"
    );
    assert!(error.ends_with("(--list-models)? Any network can be given as ONNX (docs/onnx.md)"), "{error}");
}

#[test]
fn formats_are_known_by_their_content_and_not_by_their_suffix() {
    let work = WorkDir::new();
    let [safe, torch] =
        ["plain.safetensors", "training.pth.tar"].map(|name| fs::read(fixture(name)).unwrap());
    for (name, bytes) in [
        ("a.pth", &safe),
        ("A.SAFETENSORS", &safe),
        ("none", &safe),
        ("b.safetensors", &torch),
        ("bare", &torch),
    ] {
        work.write(name, bytes);
        assert_eq!(read(&work.join(name), None).unwrap().0, plain(), "{name}");
    }
    for (name, bytes, reason) in [
        (
            "pointer.pth",
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 15\n"[..],
            "a Git LFS pointer",
        ),
        ("keras.h5", b"\x89HDF\r\n\x1a\n\0\0\0", "an HDF5 file"),
        ("page.pth", b"<!DOCTYPE html><html>", "a web page"),
        ("net.onnx", b"\x08\x08\x12\x07pytorch\x1a\x062.15.0", "an ONNX file, which is a whole network"),
        ("empty.pth", b"", "the file is empty"),
        ("config.json", b"{\"num_classes\": 3}", "no index of weights"),
        ("cut.safetensors", &safe[..200], "not a safetensors file"),
        ("cut.pth", &torch[..4000], "not a PyTorch file"),
    ] {
        work.write(name, bytes);
        let error = refused(&work.join(name), None);
        assert!(error.contains(reason), "{error}");
    }
}

/// Safetensors with the plain weights under other names, as far as they are wanted.
fn renamed(rename: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let (parameters, numbers) = (parameters(), plain());
    let bytes: Vec<Vec<u8>> =
        numbers.iter().map(|row| row.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let views = parameters.iter().zip(&bytes).filter_map(|(parameter, bytes)| {
        let view = TensorView::new(Dtype::F32, parameter.shape.clone(), bytes).unwrap();
        rename(&parameter.name).map(|name| (name, view))
    });
    safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap()
}

#[test]
fn prefixes_are_taken_off_in_safetensors_too() {
    let work = WorkDir::new();
    for prefix in ["module.", "_orig_mod.", "model.", "backbone.", "encoder.net.", "module.model._orig_mod."]
    {
        work.write("w", renamed(|name| Some(format!("{prefix}{name}"))));
        assert_eq!(read(&work.join("w"), None).unwrap(), (plain(), vec![]), "{prefix}");
    }
    // Two copies of one tensor are no set.
    let twice =
        |name: &str| Some(if name == "fc.bias" { "module.fc.weight".into() } else { name.to_string() });
    work.write("w", renamed(twice));
    assert!(refused(&work.join("w"), None).contains("fc.weight"));
}

#[test]
fn shards_are_joined_by_their_index() {
    let work = WorkDir::new();
    let first = |name: &str| name.starts_with("features");
    work.write("model-00001-of-00002.safetensors", renamed(|name| first(name).then(|| name.to_string())));
    work.write("model-00002-of-00002.safetensors", renamed(|name| (!first(name)).then(|| name.to_string())));
    let index = |last: &str| {
        let file = |name: &str| if first(name) { "model-00001-of-00002.safetensors" } else { last };
        let entries: Vec<String> =
            parameters().iter().map(|p| format!("\"{}\": \"{}\"", p.name, file(&p.name))).collect();
        format!("{{\"metadata\": {{\"total_size\": 1}}, \"weight_map\": {{{}}}}}", entries.join(", "))
    };
    let path = work.join("model.safetensors.index.json");
    work.write("model.safetensors.index.json", index("model-00002-of-00002.safetensors"));
    assert_eq!(read(&path, None).unwrap(), (plain(), vec![]));
    assert_eq!(read(work.path(), None).unwrap(), (plain(), vec![]));
    for (last, reason) in [
        ("gone.safetensors", "gone.safetensors: No such file"),
        ("model-00001-of-00002.safetensors", "model-00001-of-00002.safetensors does not hold fc."),
        ("../x.safetensors", "../x.safetensors is no file beside the index"),
        ("model.safetensors.index.json", "an index within an index"),
    ] {
        work.write("model.safetensors.index.json", index(last));
        let error = refused(&path, None);
        assert!(error.contains(reason), "{error}");
    }
    let shard = refused(&work.join("model-00002-of-00002.safetensors"), None);
    let few = "missing: features.0.weight, features.0.bias, features.1.weight and 3 more; is it one of several shards?";
    assert!(shard.contains(few), "{shard}");
    assert!(refused(&work.join("."), None).contains("an index within an index"));
}
