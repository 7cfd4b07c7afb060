//! What can be known before any image is explained, and what goes wrong later: by methods of this crate, and by one that another
//! crate might bring.

mod tiny;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use attribution::{
    Access, Context, Entry, Error, Explainer, METHODS, Method, Needs, Passes, Request, explainer, parse,
};
use models::{Classifier, Preprocess, Scores, Tensor, device};

/// Answers the first so many images.
struct Mortal {
    left: std::sync::atomic::AtomicUsize,
}

impl Scores for Mortal {
    fn classes(&self) -> usize {
        10
    }

    fn probabilities(&self) -> bool {
        false
    }

    fn scores(&self, _: Vec<f32>, [n, ..]: [usize; 4]) -> Result<Vec<f32>, String> {
        use std::sync::atomic::Ordering::SeqCst;
        let enough = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(n));
        enough.map(|_| vec![0.5; 10 * n]).map_err(|_| "ended before its answer".into())
    }
}

fn mortal(left: usize) -> Classifier {
    let scores = Arc::new(Mortal { left: left.into() });
    Classifier::external(
        "exec:mortal".into(),
        scores,
        Preprocess::preset("none").unwrap(),
        &device::cpu().device,
    )
}

#[test]
fn the_death_of_a_process_is_an_error_and_not_a_map() {
    let classifier = mortal(20);
    let method = parse("rise:masks=8,grid=2", &[METHODS]).unwrap();
    let context = Context::new(&classifier).unwrap();
    let mut explainer = method.prepare(&context).unwrap();
    assert!(explainer.explain(&tiny::request(4)).is_ok());
    let error = explainer.explain(&tiny::request(4)).unwrap_err();
    assert_eq!(error.to_string(), "exec:mortal: ended before its answer");
    assert!(matches!(explainer.explain(&tiny::request(4)), Err(Error::Scores { .. })));
}

#[test]
fn black_boxes_are_refused_by_methods_that_look_inside() {
    let classifier = mortal(0);
    let error = tiny::check("gradient", &classifier).unwrap_err().to_string();
    assert_eq!(error, "gradient needs the network's layers or gradients; exec:mortal only gives scores");
}

#[test]
fn needs_are_known_before_anything_is_loaded() {
    let needs = |spec: &str| parse(spec, &[METHODS]).unwrap().needs();
    assert_eq!(needs("rise"), Needs::scores());
    assert_eq!(needs("gradcam"), Needs::network());
    assert_eq!(needs("gradcam:layer=conv1").unfolded, ["conv1"]);
    assert_eq!(needs("lrp:preset=coherency").unfolded, [models::network::fold::ALL]);
    assert!(needs("deeplift:baseline=images").baselines && !needs("deeplift").baselines);
    assert!(needs("gradient").per_channel && needs("sobol").access == Access::Scores);
}

#[test]
fn baselines_that_are_missing_or_of_another_size_are_an_error() {
    let classifier = tiny::resnet("tiny_basic", &[]);
    let message = |baselines: Option<&Tensor<4>>| {
        let request = Request { baselines, ..tiny::request(4) };
        tiny::explain("deeplift:baseline=images", &classifier, &request).unwrap_err().to_string()
    };
    assert!(message(None).ends_with("baseline images of 64 x 64 are needed, there are none"));
    let small = tiny::image(8);
    assert!(message(Some(&small)).ends_with("baseline images of 64 x 64 are needed, there are 8 x 8"));
}

#[test]
fn a_class_that_is_not_there_is_an_error() {
    let classifier = tiny::linear(&[0.0; 384], [0.0; 2]);
    let error = tiny::explain("gradient", &classifier, &tiny::request(4)).unwrap_err().to_string();
    assert_eq!(error, "gradient does not fit linear: class 3 is asked for, and it has 2, counted from 0");
}

/// Maps of a number that a file holds.
struct Constant {
    file: String,
}

const CONSTANT: Entry = Entry {
    name: "constant",
    summary: "a number from a file",
    paper: "-",
    cost: "none",
    build: |reader| Ok(Box::new(Constant { file: reader.take("file", "number".to_string())? })),
};

impl Method for Constant {
    fn needs(&self) -> Needs {
        Needs { files: vec![self.file.clone()], ..Needs::scores() }
    }

    fn prepare<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn Explainer + 'a>, Error> {
        let path = context.file(&self.file).expect("a needed file is there");
        let unusable = |reason: String| Error::Unusable {
            method: "constant".into(),
            path: path.display().to_string(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
        let number: f32 = text.trim().parse().map_err(|_| unusable(format!("`{text}` is no number")))?;
        Ok(explainer(move |request| request.images.clone().mean_dim(1) * 0.0 + number))
    }

    fn passes(&self, _: &Context<'_>, _: [usize; 2]) -> Result<Passes, Error> {
        Ok(Passes::exact(0, 0))
    }
}

#[test]
fn another_crate_can_bring_methods_that_load_files() {
    let classifier = tiny::resnet("tiny_basic", &[]);
    let method = parse("constant:file=mine", &[METHODS, &[CONSTANT]]).unwrap();
    let context = Context::new(&classifier).unwrap();
    let missing = method.prepare(&context).err().unwrap().to_string();
    assert_eq!(missing, "constant:file=mine needs the file that it calls `mine`");
    let with = |path: PathBuf| {
        let files = BTreeMap::from([("mine".to_string(), path)]);
        Context::new(&classifier).unwrap().with_files(files)
    };
    let manifest = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let context = with(manifest.clone());
    let wrong = method.prepare(&context).err().unwrap().to_string();
    assert!(wrong.starts_with(&format!("constant: {}: ", manifest.display())), "{wrong}");
    let path = std::env::temp_dir().join(format!("plumbline-constant-{}", std::process::id()));
    std::fs::write(&path, "2.5\n").unwrap();
    let context = with(path.clone());
    let maps = method.prepare(&context).unwrap().explain(&tiny::request(4)).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(tiny::numbers(maps).iter().all(|&value| value == 2.5));
}
