//! Small files with the names that examples use, and small numbers for their large ones.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use pipe::npy;
use testing::{Output, WorkDir, root, testdata};

use super::EXPLAIN;

/// What examples say, and what is run instead: the same flags on less. In this order.
const INSTEAD: [(&str, &str); 18] = [
    (" testbed >", " testbed/000 testbed/001 >"),
    (" testbed |", " testbed/000 testbed/001 |"),
    (" testbed\n", " testbed/000 testbed/001\n"),
    ("train testbed --out", "train testbed --images 16 --epochs 1 --heldout 16 --out"),
    ("--network testbed-vit --out", "--network testbed-vit --images 16 --epochs 1 --heldout 16 --out"),
    ("--images testbed --count 2000", "--images testbed --count 16 --epochs 1"),
    ("--images classes ", "--images classes --epochs 1 "),
    ("--images 2000 --epochs 1", "--images 16 --epochs 1 --heldout 16"),
    ("--model resnet50 ", "--model testbed "),
    (".pth", ".safetensors"),
    ("--model classifier.onnx", "--model classifier.onnx --preprocess small.json"),
    ("--model \"$model\"", "--model \"$model\" --preprocess small.json"),
    ("--target 281", "--target 3"),
    ("seq 0 999", "seq 0 9"),
    ("-m rise ", "-m rise:masks=5 "),
    ("masks=400", "masks=5"),
    ("masks=500", "masks=5"),
    ("masks=1000", "masks=5"),
];

/// An example as it is run.
pub fn stand_in(text: &str) -> String {
    INSTEAD.iter().fold(text.to_owned(), |text, (said, run)| text.replace(said, run))
}

/// Makes the images and tables.
const TABLES: &str = r#"
images='testbed/000 testbed/001 testbed/002 testbed/003'
set -- $images
explain -q -m gradcam -m random "$@" > maps.csv
mkdir -p photos train maps responses scores
render -q maps.csv -o png --alpha 0 > /dev/null
for i in 000 001; do cp png/gradcam/$i-*.png photos/$i.jpg; cp png/gradcam/$i-*.png train/$i.jpg; done
mkdir -p classes/cat classes/dog; cp photos/000.jpg classes/cat; cp photos/001.jpg classes/dog
cp photos/000.jpg a.jpg; cp photos/001.jpg b.jpg; cp a.jpg photo.jpg
{ echo image,label; for i in "$@"; do echo $i,0; done } > val.csv
head -3 maps.csv > maps/1.csv; { head -1 maps.csv; tail -2 maps.csv; } > maps/2.csv
cp maps.csv trained.csv; cp maps.csv randomised.csv
tests='-t deletion:steps=3 -t insertion:steps=3 -t pos'
perturb -q -t deletion:steps=3 -t insertion:steps=3 -t pos maps.csv > responses.csv
cp responses.csv responses/1.csv
score responses.csv > scores.csv; cp scores.csv scores/1.csv; cp scores.csv resnet50.csv
{ head -1 scores.csv; grep ,gradcam, scores.csv; } > shard-1.csv
{ head -1 scores.csv; grep ,random, scores.csv; } > shard-2.csv
explain -q --model testbed-vit -m gradcam -m random -o vit "$@" |
  perturb -q --model testbed-vit -t deletion:steps=3 -t insertion:steps=3 -t pos | score > vit.csv
"#;

/// Stands for `python my_explainer.py`, for `python3 paint.py`, a program of docs/generators.md that paints nothing, and for
/// `python3 serve.py`: one of docs/exec.md with three constant scores. The programs of `pipelines/examples` that need only NumPy are
/// run as they are.
const PYTHON: &str = r#"#!/bin/sh
case $1 in
my_explainer.py) shift; exec explain -q --npy --model testbed "$@" ;;
paint*)
  echo 'plumbline generator prompts=yes'
  while IFS="$(printf '\t')" read -r images masks prompts results; do cp "$images" "$results"; echo ok; done
  exit ;;
*/serve_torch.py) ;;
pipelines/examples/*) PATH=${PATH#*:}; exec python3 -B "$@" ;;
esac
echo 'plumbline classes=3 scores=logits'
while IFS="$(printf '\t')" read -r images scores; do
  n=$(head -c 100 "$images" | LC_ALL=C sed -n "s/.*'shape': (\([0-9]*\),.*/\1/p")
  printf "\223NUMPY\001\000\166\000%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': ($n, 3), }" > "$scores"
  while [ "$n" -gt 0 ]; do n=$((n - 1)); printf '\000\000\200\077\000\000\000\000\000\000\000\000'; done >> "$scores"
  echo ok
done
"#;

/// What timm's files say, for images as small as the stand-in for an ONNX file takes.
const PREPROCESS: &str = r#"{"input_size": [3, 16, 16], "interpolation": "bilinear", "crop_pct": 1.0,
"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}"#;

/// Dark images of 16 x 16 pixels with a bright square of one colour each, for `serve_colours.py`.
pub fn coloured(count: usize) -> Vec<f32> {
    let value = |at: usize| {
        let (image, row, column, channel) = (at / 768, at / 48 % 16, at / 3 % 16, at % 3);
        let is_bright = channel == image % 3 && (3..9).contains(&row) && (image..image + 6).contains(&column);
        if is_bright { 1.0 } else { (at * 7 % 51) as f32 / 255.0 }
    };
    (0..count * 768).map(value).collect()
}

/// A folder with everything that examples name.
pub struct Folder(WorkDir);

impl Folder {
    /// Makes the stand-ins.
    pub fn new() -> Self {
        let folder = Self(WorkDir::new());
        let work = &folder.0;
        for program in ["python", "python3"] {
            work.write(Path::new("bin").join(program), PYTHON);
        }
        work.write("small.json", PREPROCESS);
        for weights in ["resnet50", "resnet50-0676ba61", "model"] {
            let file = work.join(weights).with_extension("safetensors");
            fs::copy(testdata("testbed/resnet8.safetensors"), file).unwrap();
        }
        fs::copy(testdata("stats/answers.csv"), work.join("answers.csv")).unwrap();
        symlink(root().join("pipelines"), work.join("pipelines")).unwrap();
        npy::write_file(&work.join("images.npy"), &[4, 16, 16, 3], &coloured(4)).unwrap();
        fs::copy(testdata("onnx/tiny_resnet.17.free.onnx"), work.join("classifier.onnx")).unwrap();
        work.shell(EXPLAIN, &format!("chmod +x bin/*\n{TABLES}")).success();
        folder
    }

    /// The same in another folder.
    pub fn copy(&self) -> Self {
        let copy = WorkDir::new();
        let line = format!("cp -r '{}'/. .", self.0.path().display());
        copy.shell(EXPLAIN, &line).success();
        Self(copy)
    }

    /// Runs lines by a shell that ends at the first that fails. Only the lines themselves ask for `pipefail`.
    pub fn run(&self, shell: &str, lines: &str) -> Output {
        self.0.write("lines", lines);
        let options = if shell == "zsh" { "-f -e" } else { "-e" };
        self.0.shell(EXPLAIN, &format!("PATH=\"$PWD/bin:$PATH\" exec {shell} {options} lines"))
    }
}
