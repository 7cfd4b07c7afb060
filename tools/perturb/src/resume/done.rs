//! Which maps of a table that was begun are complete.

use anyhow::{Context, Result, bail};
use pipe::Explained;

use crate::source::Task;

/// A map whose rows are complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Image, method, map and map_index.
    key: [String; 4],
    /// Why there is no curve.
    pub reason: String,
}

impl Done {
    /// Whether it is the map of a row.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn check(&self, row: &Explained) -> Result<()> {
        let key = key(row);
        if self.key == key {
            return Ok(());
        }
        bail!(
            "--resume: the table was begun with other maps: {} where now {} stands",
            self.key.join(", "),
            key.join(", ")
        )
    }
}

/// The digest of the rows up to this one, after that of the rows before it.
pub fn digest(before: &str, row: &Explained) -> String {
    pipe::sha256(format!("{before} {:?} {:?} {:?}", key(row), row.target, row.reason).as_bytes())
}

fn key(row: &Explained) -> [String; 4] {
    let index = row.map_index.map(|index| index.to_string()).unwrap_or_default();
    [row.image.clone(), row.method.clone(), row.map.clone(), index]
}

/// Whether a complete table is of these maps.
pub fn check_complete(maps: &str, mut tasks: impl Iterator<Item = Result<Task>>) -> Result<()> {
    let of_now = tasks.try_fold(String::new(), |before, task| anyhow::Ok(digest(&before, &task?.row)))?;
    if of_now != maps {
        bail!("--resume: the table is complete, but of other maps");
    }
    pipe::note("the table is complete");
    Ok(())
}

/// Where the columns stand that tell whether a row goes on with the one before.
struct Places {
    key: [usize; 4],
    test: usize,
    point: usize,
    points: usize,
    reason: usize,
}

impl Places {
    fn of(header: &[String]) -> Result<Self> {
        let place = |name: &str| {
            header.iter().position(|other| other == name).with_context(|| format!("no column `{name}`"))
        };
        Ok(Self {
            key: [place("image")?, place("method")?, place("map")?, place("map_index")?],
            test: place("test")?,
            point: place("point")?,
            points: place("points")?,
            reason: place("reason")?,
        })
    }
}

/// The maps at the start of a table whose rows are complete, and how many bytes they and the header take. Reading stops at the
/// first row that does not go on as it should: a killed run leaves such a row at the end only.
pub fn complete(bytes: &[u8], tests: &[&str], header: &[String]) -> Result<(Vec<Done>, usize)> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    if names != *header {
        bail!("its columns are {}, and not {}", names.join(","), header.join(","));
    }
    let places = Places::of(header)?;
    let (mut done, mut end) = (Vec::new(), reader.position().byte() as usize);
    let (mut curves, mut next, mut first) = (0, 0, None);
    let mut record = csv::StringRecord::new();
    while matches!(reader.read_record(&mut record), Ok(true)) {
        let behind = reader.position().byte() as usize;
        let key = places.key.map(|place| record[place].to_owned());
        let reason = || record[places.reason].to_owned();
        let map: &Done = first.get_or_insert_with(|| Done { key: key.clone(), reason: reason() });
        let is_torn = bytes[behind - 1] != b'\n';
        if is_torn
            || map.key != key
            || record[places.test] != *tests[curves]
            || !follows(&record[places.point], next)
        {
            break;
        }
        let points = &record[places.points];
        let is_last = points.is_empty() || points == (next + 1).to_string();
        (curves, next) = if is_last { (curves + 1, 0) } else { (curves, next + 1) };
        if curves == tests.len() {
            done.extend(first.take());
            (curves, end) = (0, behind);
        }
    }
    Ok((done, end))
}

/// A failed map has one row without a point.
fn follows(point: &str, next: usize) -> bool {
    if point.is_empty() { next == 0 } else { point == next.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "image,method,map,map_index,test,point,points,reason";
    const ROWS: [&str; 6] = [
        "a,ig,m.npy,0,pos,0,2,\n",
        "a,ig,m.npy,0,pos,1,2,\n",
        "a,ig,m.npy,0,mask,0,1,\n",
        "\"b\nc\",ig,,,pos,,,gone\n",
        "\"b\nc\",ig,,,mask,,,gone\n",
        "d,ig,m.npy,1,pos,0,2,\n",
    ];

    #[test]
    fn only_complete_maps_are_kept_wherever_the_table_ends() {
        let header: Vec<String> = HEADER.split(',').map(str::to_owned).collect();
        let whole = format!("{HEADER}\n{}", ROWS.concat());
        let ends = [3, 5].map(|rows| HEADER.len() + 1 + ROWS[..rows].concat().len());
        for cut in HEADER.len() + 1..=whole.len() {
            let (done, end) = complete(&whole.as_bytes()[..cut], &["pos", "mask"], &header).unwrap();
            let expected = ends.iter().filter(|&&end| end <= cut).count();
            assert_eq!(done.len(), expected, "cut at {cut}");
            assert_eq!(end, if expected == 0 { HEADER.len() + 1 } else { ends[expected - 1] });
        }
        let (done, _) = complete(whole.as_bytes(), &["pos", "mask"], &header).unwrap();
        assert_eq!((done[0].reason.as_str(), done[1].reason.as_str()), ("", "gone"));
        assert_eq!(done[1].key, ["b\nc", "ig", "", ""]);
        let error = complete(whole.as_bytes(), &["pos"], &header[1..]).unwrap_err().to_string();
        assert!(error.starts_with("its columns are image,"), "{error}");
        assert_eq!(complete(whole.as_bytes(), &["neg", "mask"], &header).unwrap().0, []);
    }
}
