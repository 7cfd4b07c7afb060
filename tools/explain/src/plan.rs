//! From the command line to the plan of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use attribution::{Context, ParsedMethod};
use pipe::Identity;
use setup::{Baselines, Loaded};

use crate::args::Args;
use crate::chunk::{self, Chosen, Plan};
use crate::files;
use crate::finish::Finish;
use crate::list::List;

/// Says which packs the run makes, and what they depend on. Each method has its steps, and each image of the list the only method that
/// explains it, or nothing if all do.
pub fn make<'a>(
    args: &Args,
    loaded: &Loaded,
    list: &'a List,
    methods: &'a [ParsedMethod],
    contexts: &[Context<'_>],
    finishes: &[Finish],
    (baselines, of_rows): (Option<&Baselines>, &[Option<usize>]),
) -> Result<Plan<'a>> {
    let chunk = args.chunk.map_or_else(|| chunk::chunk_size(list.images.len(), args.shard.n), usize::from);
    let size = loaded.classifier.usual_size();
    let hashes = files::hashes(&args.files)?;
    let choose = |(method, finish): (&'a ParsedMethod, &Finish)| -> Result<Chosen> {
        let (name, needs) = (finish.name(method), method.needs());
        let view = loaded.views.index(&needs.unfolded).context("each method has a view")?;
        let passes = method.passes(&contexts[view], size)?;
        // A pass back takes about as long as two.
        let part = chunk::part_size(passes.forwards.saturating_add(passes.backwards.saturating_mul(2)), size);
        let channels = if needs.per_channel { finish.channels(loaded.classifier.channels()) } else { 1 };
        let (part, folder, finish) = (part.min(chunk), folder(args, &name), finish.clone());
        let files = files::of(method, &hashes);
        Ok(Chosen { name, folder, part, passes, channels, finish, files })
    };
    let files = baselines.map(|baselines| ("baselines".to_owned(), baselines.sha256.clone()));
    let common = Identity {
        version: env!("CARGO_PKG_VERSION").into(),
        model: loaded.classifier.key(),
        method: String::new(),
        seed: args.seed,
        engine: loaded.engine.clone(),
        files: BTreeMap::from_iter(files),
        asked: Vec::new(),
    };
    Ok(Plan {
        list,
        chunk,
        cuts: chunk::cut(of_rows, chunk),
        shard: args.shard,
        methods: methods.iter().zip(finishes).map(choose).collect::<Result<_>>()?,
        size,
        common,
        preprocess: serde_json::to_value(&loaded.classifier.preprocess)?,
        resume: args.resume,
    })
}

/// Where the packs of a method lie. File systems take 255 bytes; what is cut is told apart by a hash.
fn folder(args: &Args, name: &str) -> PathBuf {
    const LONGEST: usize = 200;
    let plain = name.replace('/', "_");
    if plain.len() <= LONGEST {
        return args.out.join(plain);
    }
    let start: String = plain.chars().take(100).collect();
    args.out.join(format!("{start}...{}", &pipe::sha256(name.as_bytes())[..16]))
}
