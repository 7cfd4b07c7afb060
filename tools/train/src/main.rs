//! Train a classifier: the embedded ones, or any architecture on images of one's own.

mod classifier;
mod testbed;
mod turned;

use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  train classifier --model cifar-resnet20 --images classes -o own.safetensors
  train classifier --model testbed --images testbed --count 2000 -o a.st
  train classifier --model testbed --images classes --permute-labels -o twin.st
  train testbed --out testdata/testbed/resnet8.safetensors
  train testbed --network testbed-vit --out testdata/testbed/vit.safetensors
  train testbed --images 2000 --epochs 1 --out small.safetensors";

/// Train a classifier.
#[derive(clap::Parser, Debug)]
#[command(version, before_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Any architecture on images of one's own, on CIFAR-10 or on the testbed
    Classifier(Box<classifier::Args>),
    /// A small network that tells the testbed's ten classes apart, by the committed recipe
    Testbed(testbed::Testbed),
}

fn main() -> ExitCode {
    pipe::main(|args: &Args| match &args.what {
        What::Classifier(args) => classifier::run(args),
        What::Testbed(args) => testbed::run(args),
    })
}
