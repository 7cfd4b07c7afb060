//! Tables in any order, and what is made of them.

mod damaged;

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use scores::{CompareArgs, Foreign, Incomplete, Scores};

const HEADER: &str = "image,target,model,method,metric,direction,value\n";
const ROWS: [&str; 6] = [
    "y,7,m,b,ins,higher,1",
    "x,7,m,a,del,lower,2",
    "z,7,m,a,del,lower,NaN",
    "x,7,m,b,ins,higher,4",
    "x,7,m,a,ins,higher,5",
    "y,7,m,a,ins,higher,0",
];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn table(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Reads tables, each with its name.
    fn read(&self, tables: &[(&str, &str)], args: CompareArgs) -> Result<Scores> {
        let files: Vec<PathBuf> = tables.iter().map(|(name, text)| self.table(name, text)).collect();
        Scores::read(&files, args, Foreign::SameItems)
    }

    /// What is wrong with tables, without the path of the folder.
    fn error(&self, tables: &[(&str, &str)], args: CompareArgs) -> String {
        let message = format!("{:#}", self.read(tables, args).unwrap_err());
        message.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn table<'a>(rows: impl IntoIterator<Item = &'a str>) -> String {
    rows.into_iter().fold(HEADER.to_owned(), |table, row| table + row + "\n")
}

fn read(text: &str) -> Scores {
    Folder::new().read(&[("a.csv", text)], CompareArgs::default()).unwrap()
}

fn debug(scores: &Scores) -> String {
    format!("{scores:?}")
}

#[test]
fn scores_are_sorted_and_aligned() {
    let scores = read(&table(ROWS));
    let images: Vec<&str> = scores.items.iter().map(|item| &*item.image).collect();
    assert_eq!(images, ["x", "y", "z"]);
    let [del, ins] = &scores.boards[..] else { panic!("{:?}", scores.boards) };
    assert_eq!((del.to_string(), ins.to_string()), ("m, del".to_owned(), "m, ins".to_owned()));
    let [a, b] = &ins.methods[..] else { panic!("{ins:?}") };
    assert_eq!((&a.items[..], &a.values[..]), (&[0, 1][..], &[5.0, 0.0][..]));
    assert_eq!((&b.items[..], &b.values[..]), (&[0, 1][..], &[4.0, 1.0][..]));
    assert!(a.is_aligned_with(b) && !a.is_aligned_with(&del.methods[0]));
}

#[test]
fn absent_is_not_undefined() {
    let scores = read(&table(ROWS));
    let a = &scores.boards[0].methods[0];
    assert_eq!(a.items[..], [0, 2], "y is absent, z is NaN");
    let (board, costs) = scores.boards[0].defined().unwrap();
    assert_eq!((&board.methods[0].items[..], &board.methods[0].values[..]), (&[0][..], &[2.0][..]));
    assert_eq!(costs, ["m, del, a: 1 of 2 values are NaN or infinite: left out for all methods"]);
}

#[test]
fn groups_hold_the_metrics_of_a_method_and_more_is_better() {
    let groups = read(&table(ROWS)).into_groups();
    let names: Vec<(&str, Vec<&str>)> = groups
        .iter()
        .map(|group| (&*group.method, group.metrics.iter().map(|metric| &*metric.name).collect()))
        .collect();
    assert_eq!(names, [("a", vec!["del", "ins"]), ("b", vec!["ins"])]);
    let [del, ins] = &groups[0].metrics[..] else { panic!("{groups:?}") };
    assert_eq!((del.sample.values[0], ins.sample.values[0]), (-2.0, 5.0));
    assert!(del.binary && !ins.binary);
}

/// Rows of 40 images, 5 methods and 3 metrics, some of them absent and some NaN.
fn many() -> Vec<String> {
    let mut rows = Vec::new();
    for (image, method, metric) in
        (0..600).map(|at| (at / 15, at / 3 % 5, at % 3)).filter(|(image, _, _)| image % 7 > 0)
    {
        let value =
            if image % 5 == 0 { "NaN".to_owned() } else { (image * 31 + method * 7 + metric).to_string() };
        let way = ["lower", "higher", "lower"][metric];
        rows.push(format!(
            "{}.png,{},m,method-{method},metric-{metric},{way},{value}",
            image * 17 % 40,
            image % 3
        ));
    }
    rows.retain(|row| !row.starts_with("17.png") || row.contains("method-1"));
    rows
}

#[test]
fn neither_the_order_of_rows_and_files_nor_the_threads_matter() {
    let rows = many();
    let drop = CompareArgs { incomplete: Some(Incomplete::Drop), ..CompareArgs::default() };
    let folder = Folder::new();
    let whole = debug(&folder.read(&[("whole.csv", &table(rows.iter().map(String::as_str)))], drop).unwrap());
    assert!(whole.contains("NaN") && whole.contains("compared on the"), "{whole}");
    for stride in [1, 7, 101, 509] {
        let shuffled: Vec<&str> = (0..rows.len()).map(|at| &*rows[at * stride % rows.len()]).collect();
        for size in [rows.len(), 100, 23] {
            let mut files: Vec<PathBuf> = (shuffled.chunks(size).zip(0..))
                .map(|(rows, at)| folder.table(&format!("{at}.csv"), table(rows.iter().copied())))
                .collect();
            for threads in [1, 2, 5] {
                files.reverse();
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let scores = pool.install(|| Scores::read(&files, drop, Foreign::SameItems)).unwrap();
                assert_eq!(debug(&scores), whole, "{stride} {size} {threads}");
            }
        }
    }
}

#[test]
fn columns_are_found_by_name_in_each_file() {
    let folder = Folder::new();
    let other = "value,note,direction,metric,method,target,image,model\n\
                 4,,higher,ins,b,7,x,m\n5,é,higher,ins,a,7,x,m\n0,,higher,ins,a,7,y,m\n";
    let files = [("a.csv", &*table(ROWS[..3].iter().copied())), ("b.csv", other)];
    let joined = folder.read(&files, CompareArgs::default()).unwrap();
    assert_eq!(debug(&joined), debug(&read(&table(ROWS))));
    // A foreign table may lack the model.
    let bare = "image,target,method,metric,direction,value\nx,,a,del,lower,1\n";
    let scores = read(bare);
    assert_eq!((&*scores.boards[0].model, scores.items[0].target), ("", None));
    let lone = folder.error(&[("c.csv", bare), ("b.csv", other)], CompareArgs::default());
    assert!(lone.starts_with("the scores are of 2 models, such as `` and `m`"), "{lone}");
}

#[test]
fn names_may_hold_commas_quotes_and_line_ends() {
    let rows = "\"a, b\n\"\"c\"\".png\",7,m,\"rise:masks=4,p=0.5\",del,lower,1\n\
                \"a, b\r\n\"\"c\"\".png\",7,m,\"rise:masks=4,p=0.5\",del,lower,2\n5\" tall,7,m,\"rise:masks=4,p=0.5\",del,lower,3\n";
    let scores = read(&format!("{HEADER}{rows}"));
    let images: Vec<&str> = scores.items.iter().map(|item| &*item.image).collect();
    assert_eq!(images, ["5\" tall", "a, b\n\"c\".png", "a, b\r\n\"c\".png"]);
    assert_eq!(scores.boards[0].methods[0].method, "rise:masks=4,p=0.5");
    assert_eq!(scores.boards[0].methods[0].values, [3.0, 1.0, 2.0]);
}

#[test]
fn line_ends_blank_lines_and_a_byte_order_mark_make_no_difference() {
    let plain = table(ROWS);
    let whole = debug(&read(&plain));
    for other in [plain.replace('\n', "\r\n"), plain.replace('\n', "\n\n"), format!("\u{feff}{plain}\n \n")] {
        assert_eq!(debug(&read(&other)), whole);
    }
}

#[test]
fn one_spelling_of_a_class_is_as_good_as_another() {
    let rows = ["x,7,m,a,del,lower,1", "x,7.0,m,b,del,lower,2", "x, 7,m,c,del,lower,3"];
    let scores = read(&table(rows));
    assert_eq!((scores.items.len(), scores.boards[0].methods.len()), (1, 3));
    let twice = table(["x,7,m,a,del,lower,1", "x,7.0,m,a,del,lower,1"]);
    let message = Folder::new().error(&[("a.csv", &twice)], CompareArgs::default());
    assert_eq!(message, "a.csv: m, del, a: x (target 7) has more than one value");
}

#[test]
fn thousands_of_shards_are_read() {
    let folder = Folder::new();
    let shard =
        |at: usize| folder.table(&format!("{at}.csv"), table([&*format!("{at},7,m,a,del,lower,{at}")]));
    let files: Vec<PathBuf> = (0..3000).map(shard).collect();
    let scores = Scores::read(&files, CompareArgs::default(), Foreign::SameItems).unwrap();
    assert_eq!(scores.boards[0].methods[0].values.iter().sum::<f64>(), 2999.0 * 1500.0);
}
