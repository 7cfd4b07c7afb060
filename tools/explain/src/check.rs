//! What can be known to be wrong before any image is opened.

use anyhow::{Result, bail};
use attribution::ParsedMethod;
use models::Classifier;
use pipe::Usage;
use setup::Target;

use crate::args::Args;
use crate::baselines;
use crate::list::Listed;

/// The command line by itself.
pub fn arguments(args: &Args, methods: &[ParsedMethod]) -> Result<()> {
    baselines::check(args, methods)?;
    if let Some(model) = args.model.black_box() {
        methods.iter().try_for_each(|named| named.check_black_box(model)).map_err(usage)?;
    }
    Ok(())
}

/// The methods and the target, once the classifier and the list are there.
pub fn fits(args: &Args, methods: &[ParsedMethod], classifier: &Classifier, images: &[Listed]) -> Result<()> {
    methods.iter().try_for_each(|named| named.check(classifier)).map_err(usage)?;
    let classes = classifier.network.classes();
    let chosen = |item: &Listed| item.asked != "label";
    match args.target {
        Target::Class(class) if class >= classes => {
            bail!(Usage(format!("--target {class}, but the model has {classes} classes, counted from 0")))
        }
        Target::Label if !images.is_empty() && !images.iter().any(chosen) => {
            bail!(Usage("--target label, but no image has a label".into()))
        }
        _ => Ok(()),
    }
}

/// A method that does not fit the classifier was named on the command line.
fn usage(error: attribution::Error) -> Usage {
    let hint = if matches!(error, attribution::Error::Unfit { .. }) { " (see --list-layers)" } else { "" };
    Usage(format!("{error}{hint}"))
}
