//! What can be known to be wrong before any image is opened.

use anyhow::{Context as _, Result, bail};
use attribution::{Context, Explainer, ParsedMethod};
use models::Classifier;
use pipe::Usage;
use setup::{Loaded, Target};

use crate::args::Args;
use crate::files;
use crate::list::Listed;
use crate::trace;

/// The command line by itself.
pub fn arguments(args: &Args, methods: &[ParsedMethod]) -> Result<()> {
    baselines(args, methods)?;
    files::check(&args.files, methods)?;
    trace::check(args, methods)?;
    if let Some(model) = args.model.black_box() {
        methods.iter().try_for_each(|named| named.check_black_box(model)).map_err(usage)?;
    }
    Ok(())
}

/// Whether there are images where a method draws from some, and only there.
fn baselines(args: &Args, methods: &[ParsedMethod]) -> Result<()> {
    let drawing = methods.iter().find(|named| named.needs().baselines);
    match (drawing, args.baselines.is_empty()) {
        (Some(named), true) => bail!(Usage(format!("{} needs images: --baselines", named.spec))),
        (None, false) => bail!(Usage("--baselines, but no method has baseline=images".into())),
        _ => Ok(()),
    }
}

/// The methods, ready for the view of the classifier that each needs.
pub fn prepared<'a>(
    methods: &'a [ParsedMethod],
    loaded: &Loaded,
    contexts: &'a [Context<'a>],
) -> Result<Vec<Box<dyn Explainer + 'a>>> {
    let prepare = |named: &'a ParsedMethod| {
        let view = loaded.views.index(&named.needs().unfolded).context("each method has a view")?;
        Ok(named.prepare(&contexts[view]).map_err(usage)?)
    };
    methods.iter().map(prepare).collect()
}

/// The target, once the classifier and the list are there.
pub fn fits(args: &Args, classifier: &Classifier, images: &[Listed]) -> Result<()> {
    let classes = classifier.network.classes();
    let chosen = |item: &Listed| item.asked != "label";
    match args.target {
        Target::Class(class) if class >= classes => {
            bail!(Usage(format!("--target {class}, but the model has {classes} classes, counted from 0")))
        }
        Target::Rank(rank) if rank > classes => {
            bail!(Usage(format!("--target {}, but the model has {classes} classes", args.target)))
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
