//! `perturb` with classifiers that run in a process of their own, and with those that fail.

use models::TensorData;
use models::network::Weight;
use pipe::npy;
use testing::{Output, WorkDir};

const PERTURB: &str = env!("CARGO_BIN_EXE_perturb");

/// Gives every image the probabilities 0.5, 0.25 and 0.25, for as many batches as its first argument says.
const CONSTANT: &str = r#"
left=$1
echo 'plumbline classes=3 scores=probabilities'
while [ "$left" -gt 0 ] && IFS="$(printf '\t')" read -r images scores; do
  left=$((left - 1))
  n=$(head -c 100 "$images" | LC_ALL=C sed -n "s/.*'shape': (\([0-9]*\),.*/\1/p")
  printf "\223NUMPY\001\000\166\000%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': ($n, 3), }" > "$scores"
  while [ "$n" -gt 0 ]; do n=$((n - 1)); printf '\000\000\000\077\000\000\200\076\000\000\200\076'; done >> "$scores"
  echo ok
done
"#;

/// A folder with a map and a table of two images.
fn work() -> WorkDir {
    let work = WorkDir::new();
    let map: Vec<f32> = (0..64 * 64).map(|i| (i * 2654 % 4099) as f32).collect();
    npy::write_file(&work.join("map.npy"), &[64, 64], &map).unwrap();
    work.write("serve.sh", CONSTANT);
    work.write("maps.csv", "image,target,method,map\ntestbed/003,1,m,map.npy\ntestbed/004,1,m,map.npy\n");
    work
}

fn run(work: &WorkDir, arguments: &[&str]) -> Output {
    let common = ["-q", "--device", "cpu", "--preprocess", "imagenet-keep", "-t", "pos", "maps.csv"];
    work.run(PERTURB, common.iter().chain(arguments), "")
}

#[test]
fn probabilities_of_a_program_are_taken_as_they_are() {
    let work = work();
    let table = run(&work, &["--model", "exec:sh serve.sh 99"]).success();
    assert_eq!(table.lines().count(), 21);
    for line in table.lines().skip(1) {
        assert!(line.contains(",exec:sh serve.sh 99@") && line.contains(",m,pos,"), "{line}");
        assert!(line.contains(",0.25,0,") && line.contains(",10,map.npy,,,"), "{line}");
    }
}

/// One logit of 0.5 for every image: P(1) = 0.62245933. One probability of 0.25: P(1) = 0.25.
#[test]
fn one_score_of_a_program_is_completed_to_two_classes() {
    let work = work();
    let three = r"\000\000\000\077\000\000\200\076\000\000\200\076";
    for (kind, number, expected) in [
        ("logits", r"\000\000\000\077", [0.377_540_67, 0.622_459_33]),
        ("probabilities", r"\000\000\200\076", [0.75, 0.25]),
    ] {
        let hello = format!("classes=1 scores={kind}");
        let script = CONSTANT.replace("classes=3 scores=probabilities", &hello).replace("$n, 3", "$n, 1");
        work.write("one.sh", script.replace(three, number));
        for (target, expected) in expected.into_iter().enumerate() {
            let line = ["--model", "exec:sh one.sh 99"];
            let found = probabilities(&work, &line, target);
            assert!(found.iter().all(|p| (p - expected).abs() < 1e-6), "{kind}, {target}: {found:?}");
        }
    }
}

/// What `pos` finds for a class of the first image.
fn probabilities(work: &WorkDir, model: &[&str], target: usize) -> Vec<f64> {
    let table = format!("image,target,method,map\ntestbed/003,{target},m,map.npy\n");
    let line = ["-q", "--device", "cpu", "--preprocess", "imagenet-keep", "-t", "pos"];
    let output = work.run(PERTURB, line.iter().chain(model), table);
    assert!(output.stderr.contains(": its one score is that of class 1 of two\n"), "{}", output.stderr);
    let output = output.success();
    let cell = |row: &str| row.split(',').nth(6).unwrap().parse().unwrap();
    let found: Vec<f64> = output.lines().skip(1).map(cell).collect();
    assert_eq!(found.len(), 10);
    found
}

/// A head of one row: before, its softmax was 1 for every image.
#[test]
fn a_checkpoint_with_one_logit_has_two_classes() {
    let work = work();
    let graph = (models::zoo::architecture("cifar-resnet20").unwrap().build)(1);
    let network = learning::initialise(graph, 0, &models::device::cpu().device);
    work.write("one.safetensors", learning::to_safetensors(&network).unwrap());
    let model = ["--model", "cifar-resnet20", "--weights", "one.safetensors"];
    let [other, one] = [0, 1].map(|target| probabilities(&work, &model, target));
    assert!(one.iter().zip(&other).all(|(p, q)| (p + q - 1.0).abs() < 1e-6), "{one:?} {other:?}");
    assert!(one.iter().any(|p| (p - one[0]).abs() > 1e-6), "{one:?}");
}

#[test]
fn what_came_before_a_failure_is_kept() {
    let work = work();
    let output = run(&work, &["--model", "exec:sh serve.sh 3", "--batch-size", "5"]);
    let message = output.failure(1);
    assert_eq!(message, "perturb: exec:sh serve.sh 3: ended before its answer to a batch (exit status 0)");
    // Three batches are fifteen inputs: ten of the first image and five of the second one.
    assert_eq!(output.text().lines().count(), 11);
    let message = run(&work, &["--model", "exec:echo hello"]).failure(1);
    assert!(message.starts_with("perturb: exec:echo hello: said `hello`, where `plumbline"), "{message}");
}

/// A variance below zero: every number behind it is NaN.
#[test]
fn answers_that_are_no_numbers_are_failures() {
    let work = work();
    let graph = (models::zoo::architecture("cifar-resnet20").unwrap().build)(3);
    let device = models::device::cpu().device;
    let network = learning::initialise(graph, 0, &device);
    let mut weights = network.weights().to_vec();
    let variance = network.graph().parameters.iter().position(|p| p.name == "bn1.running_var").unwrap();
    weights[variance] = Weight::new(TensorData::new(vec![-1.0_f32; 16], [16]), &device);
    work.write("nan.safetensors", learning::to_safetensors(&network.with_weights(weights)).unwrap());
    let output = run(&work, &["--model", "cifar-resnet20", "--weights", "nan.safetensors"]);
    let message = output.failure(1);
    let line = "perturb: testbed/003, m, answer: the classifier's scores are not finite\n";
    assert!(message.starts_with(line) && message.ends_with("perturb: 2 of 2 failed"), "{message}");
    let rows: Vec<String> = output.text().lines().skip(1).map(str::to_owned).collect();
    assert!(
        rows.len() == 2
            && rows.iter().all(
                |row| row.contains(",NaN,NaN,,,,map.npy,,answer: the classifier's scores are not finite")
            ),
        "{rows:?}"
    );
}
