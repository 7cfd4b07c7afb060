//! Which tool wrote a table: its columns say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use pipe::Tables;

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Maps,
    Answers,
    Scores,
    Ranking,
    Overall,
    Significance,
    Pairs,
    Agreement,
    Densities,
    Tries,
}

/// Columns that no table of a kind further down has all of; a table may carry columns of the user's own.
const SIGNS: [(Kind, &[&str]); 10] = [
    (Kind::Tries, &["draw", "arm", "best_draw"]),
    (Kind::Answers, &["test", "fraction", "probability"]),
    (Kind::Significance, &["method_a", "critical_difference", "cliques"]),
    (Kind::Pairs, &["method_a", "difference", "win_rate"]),
    (Kind::Agreement, &["metric_a", "metric_b", "correlation"]),
    (Kind::Overall, &["method", "mean_rank", "metrics"]),
    (Kind::Ranking, &["metric", "method", "mean", "rank"]),
    (Kind::Densities, &["method", "relevance", "density"]),
    (Kind::Scores, &["image", "metric", "direction", "value"]),
    (Kind::Maps, &["image", "target", "method", "map"]),
];

impl Kind {
    /// What the page and messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Maps => "maps",
            Self::Answers => "responses",
            Self::Scores => "scores",
            Self::Ranking => "ranking",
            Self::Overall => "mean ranks",
            Self::Significance => "significance",
            Self::Pairs => "pairs",
            Self::Agreement => "correlations",
            Self::Densities => "densities",
            Self::Tries => "tries",
        }
    }

    /// The command line that makes one.
    pub fn maker(self) -> &'static str {
        match self {
            Self::Maps => "explain -m gradcam -m rise images/ -O maps.csv",
            Self::Answers => "perturb -t deletion -t insertion maps.csv -O responses.csv",
            Self::Scores => "score responses.csv -O scores.csv",
            Self::Ranking => "rank scores.csv -O ranking.csv",
            Self::Overall => "rank --overall scores.csv -O overall.csv",
            Self::Significance => "rank --significance scores.csv -O significance.csv",
            Self::Pairs => "rank --pairs scores.csv -O pairs.csv",
            Self::Agreement => "correlate scores.csv -O agreement.csv",
            Self::Densities => "score --density maps.csv -O densities.csv",
            Self::Tries => {
                "explain -m 'best-of:methods=(gradcam)(rise),metric=(pos)' --trace tries.csv images/ -O maps.csv"
            }
        }
    }
}

/// The tables of the command line by what they hold.
#[derive(Debug)]
pub struct Inputs(BTreeMap<Kind, Vec<PathBuf>>);

impl Inputs {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// If a table cannot be opened, has two places, or is of no kind that a report shows.
    pub fn of(files: &[PathBuf]) -> Result<Self> {
        let mut kinds: BTreeMap<Kind, Vec<PathBuf>> = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            if files[..at].contains(file) {
                bail!("{}: named twice", file.display());
            }
            let header = Tables::open(std::slice::from_ref(file))?;
            let has_all = |(_, columns): &&(Kind, &[&str])| columns.iter().all(|column| header.have(column));
            let Some((kind, _)) = SIGNS.iter().find(has_all) else {
                let known = SIGNS.map(|(kind, columns)| format!("{} ({})", kind.name(), columns.join(", ")));
                bail!(
                    "{}: not a table that a report shows, by its columns; those are {}",
                    file.display(),
                    known.join("; ")
                );
            };
            kinds.entry(*kind).or_default().push(file.clone());
        }
        Ok(Self(kinds))
    }

    /// The tables of a kind.
    pub fn files(&self, kind: Kind) -> &[PathBuf] {
        self.0.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether there is any of a kind.
    pub fn have(&self, kind: Kind) -> bool {
        self.0.contains_key(&kind)
    }

    /// What to call the tables of a kind in a message.
    pub fn label(&self, kind: Kind) -> String {
        match self.files(kind) {
            [] => kind.name().to_owned(),
            [one] => one.display().to_string(),
            [first, others @ ..] => format!("{} and {} more", first.display(), others.len()),
        }
    }

    /// All tables with their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &PathBuf)> {
        self.0.iter().flat_map(|(kind, files)| files.iter().map(|file| (*kind, file)))
    }
}
