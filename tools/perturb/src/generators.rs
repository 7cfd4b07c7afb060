//! `--generator` and `--second`: who paints, and what is to be seen.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use perturbation::{Generator, Generators, ParsedTest};
use pipe::{Explained, Rows, Usage, input_name};
use setup::{Painted, Program};

use crate::args::Args;

/// Starts the generators that the command line names. Their images lie in the folder of `--keep`, if there is one.
///
/// # Errors
///
/// If a test has no generator of its name or a generator no test, or one does not start.
pub fn open(args: &Args, tests: &[ParsedTest]) -> Result<Arc<Generators>> {
    let mut generators = Generators::new();
    for text in &args.generators {
        let usage = || Usage(format!("--generator {text}: NAME=exec:COMMAND is needed"));
        let (name, command) =
            text.split_once("=exec:").filter(|(name, _)| !name.is_empty()).ok_or_else(usage)?;
        let asking = || tests.iter().filter(move |test| test.generator() == Some(name));
        if asking().next().is_none() {
            bail!(Usage(format!("--generator {name}, but no test has generator={name}")));
        }
        let program = Program::start(command, args.model.exec_timeout)?;
        let (told, wants) = (asking().find(|test| tells_own_class(test)), program.needs_prompt());
        if wants && args.second.is_none() && asking().any(|test| !tells_own_class(test)) {
            bail!(Usage(format!("generator {name} wants to be told what is to be seen: --second")));
        }
        if let Some(test) = told.filter(|_| !wants) {
            bail!(Usage(format!("{} names a class, and generator {name} takes no words", test.spec())));
        }
        let generator: Arc<dyn Generator> = match &args.keep {
            Some(folder) => {
                Arc::new(Painted::new(program, &format!("{name}=exec:{command}"), &folder.join("painted")))
            }
            None => Arc::new(program),
        };
        if generators.insert(name.to_owned(), generator).is_some() {
            bail!(Usage(format!("generator {name} is given twice")));
        }
    }
    match tests.iter().filter_map(ParsedTest::generator).find(|name| !generators.contains_key(*name)) {
        Some(name) => {
            bail!(Usage(format!("generator={name}, but there is no --generator {name}=exec:COMMAND")))
        }
        None => Ok(Arc::new(generators)),
    }
}

/// Whether a test tells its generator the class that is explained, and not another one.
pub fn tells_own_class(test: &ParsedTest) -> bool {
    test.generator().is_some() && test.other_class().is_none()
}

/// What the class of a row is called: its column `class`, or the number.
pub fn words(row: &Explained) -> Option<Arc<str>> {
    let words = row.extra.get("class").filter(|words| !words.is_empty()).map(str::to_owned);
    Some(words.or_else(|| Some(format!("class {}", row.target?)))?.into())
}

/// The first generator that has failed, and why.
pub fn failed(generators: &Generators) -> Option<(&str, String)> {
    generators.iter().find_map(|(name, generator)| Some((&**name, generator.failure()?)))
}

/// For each image the class that its changed versions are to look like, and its words.
#[derive(Debug, Default)]
pub struct Seconds(HashMap<String, (usize, Arc<str>)>);

impl Seconds {
    /// Reads a table of `explain --target second`: its targets, and the words of its column `class`, or the numbers.
    ///
    /// # Errors
    ///
    /// If it cannot be read or names two classes for one image.
    pub fn read(path: &Path) -> Result<Self> {
        let mut classes: HashMap<String, (usize, Arc<str>)> = HashMap::new();
        for row in Rows::<Explained>::open(&[path])? {
            let row = row?;
            let Some(class) = row.target else { continue };
            let Some(words) = words(&row) else { continue };
            match classes.get(&row.image) {
                Some((other, _)) if *other != class => {
                    bail!("{}: {} has two classes, {other} and {class}", input_name(path), row.image)
                }
                Some(_) => {}
                None => _ = classes.insert(row.image, (class, words)),
            }
        }
        Ok(Self(classes))
    }

    /// The class of an image, and its words.
    pub fn of(&self, image: &str) -> Option<&(usize, Arc<str>)> {
        self.0.get(image)
    }
}
