//! `--again`: the images that `perturb --keep` has kept, each explained by its row's own method.
//!
//! Every row of the table is printed, in its order. One without a kept image, which is one of the clean image, keeps the map that it
//! has: so a test's rows hold the map of the image and the maps of what was made of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use attribution::ParsedMethod;
use pipe::{
    Image as Row, Item, KEPT_COLUMNS, Kept, KeptImage, KeptReader, OutputArgs, Response, Rows, Usage, Writer,
};

use crate::args::Args;
use crate::finish::Finish;
use crate::list::{List, Listed};

/// The column that says which class a new map explains, where that is not the row's target.
const EXPLAINED: &str = "explained";

thread_local! {
    /// Keeps the last pack open.
    static READER: RefCell<KeptReader> = RefCell::default();
}

/// Opens a kept image, or says why it cannot.
pub fn open(kept: &Kept) -> Result<KeptImage, String> {
    READER.with_borrow_mut(|reader| reader.read(kept)).map_err(|error| format!("{error:#}"))
}

/// Which methods explain which images of a list.
#[derive(Default)]
pub struct Wanted {
    /// In order.
    pub methods: Vec<ParsedMethod>,
    /// The steps on the maps of each.
    pub finishes: Vec<Finish>,
    /// For each image the only method that explains it, by its place.
    pub of_images: Vec<Option<usize>>,
}

/// A table of images to explain again.
pub struct Again {
    /// Its rows, and the place of each one's image in the list.
    rows: Vec<(Response, Option<usize>)>,
    extra: Vec<String>,
    images: Vec<Listed>,
    /// The methods of the rows.
    pub wanted: Wanted,
}

/// What tells images that are explained apart: method, image and class.
type Key = (usize, Kept, String);

impl Again {
    /// Reads the tables that the command line names.
    ///
    /// # Errors
    /// If one is damaged, has no kept images, or names a method that is none of this program.
    pub fn read(args: &Args) -> Result<Self> {
        let rows = Rows::<Response>::open(&args.images)?;
        let extra = rows.extra_names().to_vec();
        if !extra.iter().any(|name| name == KEPT_COLUMNS[0]) {
            bail!(Usage("the table has no kept images (column kept): perturb --keep DIR writes one".into()));
        }
        let mut again = Self { rows: Vec::new(), extra, images: Vec::new(), wanted: Wanted::default() };
        let (mut known, mut methods) = (HashMap::new(), HashMap::new());
        again.extra.extend(args.target_column.is_some().then(|| EXPLAINED.to_owned()));
        for read in rows.with_flaws() {
            let (row, flaw) = read?;
            again.add(
                row,
                flaw.map(|flaw| flaw.to_string()),
                args.target_column.as_deref(),
                (&mut known, &mut methods),
            )?;
        }
        Ok(again)
    }

    fn add(
        &mut self,
        mut row: Response,
        flaw: Option<String>,
        column: Option<&str>,
        (known, methods): (&mut HashMap<Key, usize>, &mut HashMap<String, usize>),
    ) -> Result<()> {
        let kept = Kept::of(&row.extra);
        let flaw = flaw.or_else(|| kept.as_ref().err().map(|error| format!("{error:#}")));
        if flaw.is_none() && matches!(kept, Ok(None)) {
            self.rows.push((row, None));
            return Ok(());
        }
        let class = target(&row, column);
        let nameless = || format!("column {}: there is no class", column.unwrap_or("target"));
        let flaw = flaw.or_else(|| class.is_none().then(nameless));
        let kept = if flaw.is_none() { kept? } else { None };
        let asked = class.unwrap_or_default();
        if column.is_some() {
            row.extra.set(EXPLAINED, asked.clone());
        }
        let method = self.method(&row.method, methods)?;
        // A row with a flaw is an image of its own, which cannot be explained.
        let key = kept.clone().map(|kept| (method, kept, asked.clone()));
        let place = key.as_ref().and_then(|key| known.get(key)).copied().unwrap_or(self.images.len());
        if place == self.images.len() {
            let name = kept.as_ref().map_or_else(|| row.image.clone(), Kept::name);
            self.images.push(Listed { row: listed(name), asked, flaw, kept });
            self.wanted.of_images.push(Some(method));
            known.extend(key.map(|key| (key, place)));
        }
        self.rows.push((row, Some(place)));
        Ok(())
    }

    /// The place of a method, by what maps of it are called.
    fn method(&mut self, name: &str, known: &mut HashMap<String, usize>) -> Result<usize> {
        if let Some(&place) = known.get(name) {
            return Ok(place);
        }
        let parse = || -> Result<_> {
            let (spec, finish) = Finish::split(name)?;
            Ok((explainers::parse(spec)?, finish))
        };
        let (method, finish) =
            parse().with_context(|| format!("cannot explain again by the method \"{name}\""))?;
        let own = finish.name(&method);
        if own != name {
            bail!("the method \"{name}\" is called \"{own}\" here: its maps would not be those of the table");
        }
        self.wanted.methods.push(method);
        self.wanted.finishes.push(finish);
        known.insert(name.to_owned(), self.wanted.methods.len() - 1);
        Ok(self.wanted.methods.len() - 1)
    }

    /// The images, and a row for what comes of each.
    ///
    /// # Errors
    /// If a map explains another model than this one, given by its name and its key, or a file cannot be written.
    pub fn start(mut self, [bare, model]: [&str; 2], output: &OutputArgs) -> Result<(List, Printer)> {
        for (row, place) in &mut self.rows {
            if place.is_some() && (row.model.is_empty() || row.model == bare) {
                model.clone_into(&mut row.model);
            } else if place.is_some() && row.model != model {
                let (image, other) = (&row.image, &row.model);
                bail!(
                    "{image}: its map explains {other}, but the classifier here is {model} (see --model, --weights, --preprocess)"
                );
            }
        }
        let table = Writer::open(output, &self.extra)?;
        let found = vec![None; self.images.len()];
        Ok((List::of(self.images), Printer { table, rows: self.rows.into_iter().collect(), found }))
    }
}

/// The class to explain in a kept image, as the list has it.
fn target(row: &Response, column: Option<&str>) -> Option<String> {
    let class = match column {
        None => row.target.map(|target| target.to_string()),
        Some("predicted") => row.predicted.map(|class| class.to_string()),
        Some(name) => row.extra.get(name).map(str::to_owned),
    };
    class.filter(|class| class.parse::<usize>().is_ok())
}

fn listed(image: String) -> Row {
    Row { image, label: None, target: None, boxes: None, mask: String::new(), extra: pipe::Extra::default() }
}

/// Prints the rows in their order, as their maps come.
pub struct Printer {
    table: Writer<Response>,
    rows: std::collections::VecDeque<(Response, Option<usize>)>,
    found: Vec<Option<(Item, Option<PathBuf>)>>,
}

impl Printer {
    /// Notes what came of an image of the list.
    pub fn settle(&mut self, place: usize, item: &Item, map: Option<PathBuf>) {
        self.found[place] = Some((item.clone(), map));
    }

    /// Prints the rows up to the first one whose image is still to come.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn print(&mut self) -> Result<()> {
        while let Some((_, place)) = self.rows.front() {
            let found = match place {
                None => None,
                Some(place) => match &self.found[*place] {
                    None => break,
                    found => found.as_ref(),
                },
            };
            let Some((mut row, _)) = self.rows.pop_front() else { break };
            if let Some((item, map)) = found {
                row.map = map.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                row.map_index = item.map.map(|(_, index)| index);
                if let Some((stage, why)) = &item.failure {
                    row.reason = format!("{stage}: {why}");
                }
            }
            self.table.write(&row)?;
        }
        self.table.flush()
    }

    /// Prints the last rows.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.print()?;
        self.table.finish()
    }
}
