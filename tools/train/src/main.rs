//! Train a classifier (the embedded ones, or any architecture on images of one's own) or what explains one.

mod bee;
mod checkpoint;
mod cifar10;
mod classifier;
mod data;
mod eea;
mod explained;
mod heldout;
mod numbers;
mod run;
mod source;
mod tame;
mod testbed;
mod turned;

use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  train bee -m pbee:metric=pos --images testbed --count 2000 \\
    --model testbed --baselines testbed -o pos.bandit
  train classifier --model cifar-resnet20 --images classes -o own.safetensors
  train classifier --model testbed --images testbed --count 2000 -o a.st
  train classifier --model testbed --images classes --permute-labels -o twin.st
  train eea --model testbed --images testbed --count 2000 -o eea.st
  train eea --model testbed --explainer testbed-vit \\
    --images testbed --count 2000 -o mixed.st
  train tame --model testbed --images testbed --count 2000 -o tame.st
  train testbed --out testdata/testbed/resnet8.safetensors
  train testbed --network testbed-vit --out testdata/testbed/vit.safetensors
  train testbed --images 2000 --epochs 1 --out small.safetensors";

/// Train a classifier, or what explains one.
#[derive(clap::Parser, Debug)]
#[command(version, before_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    #[command(about = "A bandit of BEE: which kinds of baselines give an image good maps")]
    Bee(Box<bee::Args>),
    #[command(about = "Any architecture on images of one's own, on CIFAR-10 or on the testbed")]
    Classifier(Box<classifier::Args>),
    #[command(about = "An explainer of EEA: a network that masks an image for another one")]
    Eea(Box<eea::Args>),
    #[command(about = "The attention of TAME on three feature maps of a network")]
    Tame(Box<tame::Args>),
    /// A small network that tells the testbed's ten classes apart, by the committed recipe
    Testbed(testbed::Testbed),
}

fn main() -> ExitCode {
    pipe::main(|args: &Args| match &args.what {
        What::Bee(args) => bee::run(args),
        What::Classifier(args) => classifier::run(args),
        What::Eea(args) => eea::run(args),
        What::Tame(args) => tame::run(args),
        What::Testbed(args) => testbed::run(args),
    })
}
