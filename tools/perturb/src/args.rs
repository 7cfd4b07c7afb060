//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use perturbation::{ParsedTest, TESTS};
use setup::{Shard, Target};

const EXAMPLES: &str = "\
Examples:
  set -o pipefail
  explain -m gradcam -m rise testbed | perturb | score | rank
  model=(--model resnet50 --weights resnet50.pth)
  perturb \"${model[@]}\" -t pos -t neg -t mask maps.csv > responses.csv
  perturb -t deletion:fill=zero,region=9 -t insertion:fill=zero maps/*.csv
  explain --npy testbed/000 | perturb --image testbed/000
  python my_explainer.py a.jpg b.jpg |
    perturb \"${model[@]}\" --image a.jpg b.jpg --method mine --target 281

A table has the columns image,target,method,map and, if its maps lie in packs, map_index: what explain writes, or one \
line for a file of np.save; doubles are ordered as doubles. A constant map has no order: its rows are NaN with a \
reason. The classifier must be the one that was explained. On standard output stands a row for each perturbed image: \
image,target,model,method,test,fraction,probability,predicted and all other columns. `logit` is the target's score before \
the softmax, `mass` the sum of the map over the pixels that a point perturbs and the one before it did not; what a test \
measures besides stands in `information`, `area` or `distance`.";

/// Perturb images where their saliency maps point, and write down how the classifier responds.
#[derive(Parser, Debug)]
#[command(version, before_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // Flags.
pub struct Args {
    /// Tables of maps, one after another; `-` or nothing is standard input
    pub files: Vec<PathBuf>,
    /// Perturbation test with parameters, such as deletion:fill=blur,steps=20 (repeatable; see --list-tests)
    #[arg(
        short, long = "test", value_name = "SPEC", default_values = ["deletion", "insertion"],
        value_parser = pipe::Suggested(test_names), hide_possible_values = true
    )]
    pub tests: Vec<String>,
    /// Standard input holds the maps themselves, one .npy array after another, of these images
    #[arg(long, value_name = "IMAGE", num_args = 1.., conflicts_with = "files")]
    pub image: Vec<OsString>,
    /// With --image: class whose probability is asked for, predicted or a class index
    #[arg(long, value_name = "CLASS", default_value = "predicted", requires = "image", value_parser = unlabelled)]
    pub target: Target,
    /// With --image: what to call the method in the table
    #[arg(long, value_name = "NAME", default_value = "stdin", requires = "image")]
    pub method: String,
    /// Keep what the classifier is shown in this folder, for `explain --again`: packs of the network's input, named by what
    /// they hold. The rows then say where each image is (kept, kept_index) and how far from the clean one (relative,
    /// logit_distance, feature_distance)
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// With --keep: only the images of tests of this name, such as mask (repeatable)
    #[arg(long, value_name = "TEST", requires = "keep")]
    pub keep_test: Vec<String>,
    /// Who paints for the test inpaint:generator=NAME: a program (docs/generators.md; repeatable). With --keep its images are kept too,
    /// and equal ones are made once
    #[arg(long = "generator", value_name = "NAME=exec:COMMAND")]
    pub generators: Vec<String>,
    /// What generated images are to look like: the table of `explain --target second`, whose column class has the words
    #[arg(long, value_name = "FILE")]
    pub second: Option<PathBuf>,
    /// Seed of all random numbers
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Do part K of N: the maps of every N-th image from the K-th on
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub shard: Shard,
    /// Go on with the file of -O where a run that was killed has left off; nothing to do if it is complete
    #[arg(long, requires = "output", conflicts_with = "image")]
    pub resume: bool,
    /// Say what would be done and what it would cost, and do nothing; with --protocol and no FILE, print its flags
    #[arg(long, conflicts_with = "image")]
    pub dry_run: bool,
    /// Where the table goes.
    #[command(flatten)]
    pub output: pipe::OutputArgs,
    /// Write a record of the run as JSON
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// What to do with failures.
    #[command(flatten)]
    pub errors: pipe::ErrorArgs,
    /// No progress on standard error; warnings and notes stay
    #[arg(short, long)]
    pub quiet: bool,
    /// List the tests
    #[arg(long)]
    pub list_tests: bool,
    /// What is done as somewhere else.
    #[command(flatten)]
    pub protocol: protocols::ProtocolArgs,
    /// The classifier.
    #[command(flatten)]
    pub model: setup::ModelArgs,
}

/// A map on standard input has no row that could tell its image's label.
fn unlabelled(text: &str) -> Result<Target, &'static str> {
    match text.parse() {
        Ok(target @ (Target::Rank(1) | Target::Class(_))) => Ok(target),
        _ => Err("predicted or a class index is needed"),
    }
}

/// The names of all tests, for shells to complete.
fn test_names() -> Vec<String> {
    TESTS.iter().map(|test| test.name.to_owned()).collect()
}

impl Args {
    /// The tests, in the order given.
    ///
    /// # Errors
    ///
    /// If one is wrong or given twice.
    pub fn parse_tests(&self) -> Result<Vec<ParsedTest>> {
        let mut all: Vec<ParsedTest> = Vec::new();
        for spec in &self.tests {
            let test = ParsedTest::parse(spec, &[TESTS]).map_err(|error| pipe::Usage(error.to_string()))?;
            if all.contains(&test) {
                return Err(pipe::Usage(format!("test {} is given twice", test.spec())).into());
            }
            all.push(test);
        }
        Ok(all)
    }

    /// For each test whether `--keep` keeps its images.
    ///
    /// # Errors
    ///
    /// If a name of `--keep-test` is that of no test.
    pub fn keeps(&self, tests: &[ParsedTest]) -> Result<Vec<bool>> {
        let name = |test: &ParsedTest| test.spec().split(':').next().unwrap_or_default().to_owned();
        if let Some(unknown) =
            self.keep_test.iter().find(|wanted| tests.iter().all(|test| name(test) != **wanted))
        {
            let names: Vec<String> = tests.iter().map(name).collect();
            let names = names.join(", ");
            return Err(pipe::Usage(format!("--keep-test {unknown}: the tests are {names}")).into());
        }
        Ok(tests
            .iter()
            .map(|test| self.keep_test.is_empty() || self.keep_test.contains(&name(test)))
            .collect())
    }
}
