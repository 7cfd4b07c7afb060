//! Tables as files: what is accepted, what is carried, what is said about a damaged one.

use std::fs;
use std::path::PathBuf;

use pipe::{
    Class, Column, Correlation, Direction, Explained, Extra, Image, OutputArgs, Overall, Rank, Response, Row,
    Rows, Score, Tables, Versus, Writer,
};

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
}

fn read<R: Row>(text: impl AsRef<[u8]>) -> anyhow::Result<Vec<R>> {
    let folder = Folder::new();
    Rows::open(&[folder.table("table.csv", text)])?.collect()
}

/// The message about a table, from its file name on.
fn error<R: Row + std::fmt::Debug>(text: impl AsRef<[u8]>) -> String {
    let message = format!("{:#}", read::<R>(text).unwrap_err());
    message[message.find("table.csv").unwrap()..].to_owned()
}

fn written<R: Row>(rows: &[R], extra: &[&str]) -> String {
    let mut bytes = Vec::new();
    let mut out = Writer::new(&mut bytes, extra).unwrap();
    for row in rows {
        out.write(row).unwrap();
    }
    out.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The rows of a table with what is wrong with them, after its file name.
fn with_flaws<R: Row>(text: impl AsRef<[u8]>) -> anyhow::Result<Vec<(R, Option<String>)>> {
    let folder = Folder::new();
    let rows = Rows::open(&[folder.table("table.csv", text)])?.with_flaws();
    let shorter = |message: String| message[message.find("table.csv").unwrap()..].to_owned();
    rows.map(|read| read.map(|(row, flaw)| (row, flaw.map(|flaw| shorter(flaw.to_string()))))).collect()
}

/// Reads a table and writes it again.
fn copied<R: Row>(text: &str) -> String {
    let folder = Folder::new();
    let rows = Rows::<R>::open(&[folder.table("table.csv", text)]).unwrap();
    let extra: Vec<String> = rows.extra_names().to_vec();
    let rows: Vec<R> = rows.collect::<Result<_, _>>().unwrap();
    written(&rows, &extra.iter().map(String::as_str).collect::<Vec<_>>())
}

const SCORES: &str = "image,target,model,method,metric,direction,value,reason\n\
    a.png,3,resnet50,gradcam,pos,lower,1e-11,\n\
    \"b, c.png\",4,resnet50,\"rise:masks=4000,p=0.5\",neg,higher,NaN,flat\n\
    \"d \"\"e\"\".png\",5,,ig,neg,higher,-inf,\n";

#[test]
fn a_table_written_is_the_table_read() {
    assert_eq!(copied::<Score>(SCORES), SCORES);
    let table = "image,target,model,method,map,map_index,reason,label,boxes\na,1,m,ig,m.npy,7,,2,1 2 3 4\na,,m,ig,,,gone,,\n";
    assert_eq!(copied::<Explained>(table), table);
    let table = "image,target,model,method,test,fraction,probability,predicted,point,points,map,map_index,reason,logit,mass,\
                 information,area,distance,fold\na,1,m,ig,pos,0.1,0.30000001192092896,5,1,10,m.npy,2,,-1.5,0.25,,0.9,,9\n";
    assert_eq!(copied::<Response>(table), table);
    let table = "image,label,target,boxes,mask,note\na,1,,0 0 1.5 1;2 2 3 3,a-mask.png,x\n";
    assert_eq!(copied::<Image>(table), table);
    let table = "model,method,metric_a,metric_b,coefficient,correlation,ci_low,ci_high,p_value,n,p_holm,p_bh\n\
                 m,ig,pos,neg,spearman,-0.5,-0.7,-0.2,,10,0.5,0.25\n";
    assert_eq!(copied::<Correlation>(table), table);
    let table = "model,metric,direction,method,n,mean,ci_low,ci_high,rank,median,rank_low,rank_high,p_best,win_rate\nm,pos,lower,ig,10,0.5,,,1.5,0.4,1,2,0.5,\n";
    assert_eq!(copied::<Rank>(table), table);
    let table = "model,metric,direction,method_a,method_b,n,difference,ci_low,ci_high,p_better,win_rate,win_low,win_high\nm,pos,lower,ig,rise,10,0.5,0.25,0.75,0,0.125,,\n";
    assert_eq!(copied::<Versus>(table), table);
    let table = "model,method,metrics,mean_rank,ci_low,ci_high,rank,p_best\nm,ig,3,1.5,,,1,0.5\n";
    assert_eq!(copied::<Overall>(table), table);
}

#[test]
fn columns_are_found_by_name() {
    let rows = read::<Score>("value,fold,direction,metric,target,method,image\n0.5,2,lower,del,7,ig,a.png\n")
        .unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&*row.image, row.target, &*row.model, &*row.method), ("a.png", Some(7), "", "ig"));
    assert_eq!((&*row.metric, row.direction, row.value), ("del", Direction::Lower, 0.5));
    assert_eq!(row.extra.iter().collect::<Vec<_>>(), [("fold", "2")]);
}

#[test]
fn other_line_ends_marks_and_spaces_are_accepted() {
    let plain = read::<Score>(SCORES).unwrap();
    let same = |text: &str| assert_eq!(format!("{:?}", read::<Score>(text).unwrap()), format!("{plain:?}"));
    same(&SCORES.replace('\n', "\r\n"));
    same(&format!("\u{feff}{SCORES}"));
    same(&SCORES.replace('\n', "\n\n"));
    same(&SCORES.replacen("image,target,model", "image, target, model", 1));
}

#[test]
fn a_header_alone_is_an_error_and_can_be_written() {
    let header = SCORES.lines().next().unwrap();
    for blank in ["\n", "\n\n\r\n"] {
        assert_eq!(error::<Score>(format!("{header}{blank}")), "table.csv: a header and no rows");
    }
    let header =
        "model,method,metric_a,metric_b,coefficient,correlation,ci_low,ci_high,p_value,n,p_holm,p_bh\n";
    assert_eq!(written::<Correlation>(&[], &[]), header);
}

#[test]
fn a_damaged_table_is_named_with_its_line_and_column() {
    for empty in ["", "\n", "\r\n\n", "\u{feff}"] {
        assert_eq!(
            error::<Score>(empty),
            "table.csv: empty input, where a header line was expected",
            "{empty:?}"
        );
    }
    assert_eq!(error::<Image>("photo\na\n"), "table.csv: no column `image` in the header `photo`");
    assert_eq!(error::<Image>("image,x,x\na,1,2\n"), "table.csv: column `x` appears twice in the header");
    let table = SCORES.replace("4,resnet50", "four,resnet50");
    assert_eq!(
        error::<Score>(table),
        "table.csv, line 3, column `target`: \"four\" is not a whole number or nothing"
    );
    let table = SCORES.replace("1e-11", "0,5");
    assert_eq!(error::<Score>(table), "table.csv, line 2: 9 fields, where the header has 8");
    let table = SCORES.replace("higher,-inf", "up,-inf");
    assert_eq!(
        error::<Score>(table),
        "table.csv, line 4, column `direction`: \"up\" is not `higher` or `lower`"
    );
    assert_eq!(error::<Image>(b"image\na\n\xff\n"), "table.csv, line 3: not valid UTF-8");
    assert_eq!(
        error::<Image>("image,boxes\n\"a\nb\",\nc,1 2\n").split(" is not").next(),
        Some("table.csv, line 4, column `boxes`: \"1 2\"")
    );
    let long = format!("image,target,method,map\na,{},m,a.npy\n", "x".repeat(1 << 20));
    assert!(error::<Explained>(long).len() < 400);
}

#[test]
fn a_table_cut_anywhere_is_an_error_or_ends_with_a_whole_row() {
    let whole = read::<Score>(SCORES).unwrap();
    for length in 1..SCORES.len() {
        match read::<Score>(&SCORES[..length]) {
            Ok(rows) => {
                assert!(SCORES[..length].ends_with('\n'), "{length}");
                assert_eq!(format!("{rows:?}"), format!("{:?}", &whole[..rows.len()]), "{length}");
            }
            Err(error) => {
                let header = SCORES.lines().next().unwrap().len() + 1;
                let told = if length == header { "a header and no rows" } else { "cut off" };
                assert!(format!("{error:#}").contains(told), "{length}: {error:#}");
            }
        }
    }
    assert_eq!(
        error::<Image>("image,value\na,0.019822478\nb,0.0198"),
        "table.csv, line 3: the last line has no line end, so the table may have been cut off there; if it is whole, \
         end it with a newline"
    );
    assert_eq!(
        error::<Image>("value,image\n1,a\n2,\"b\n"),
        "table.csv, line 3: a quote is opened and never closed; the table may have been cut off"
    );
}

#[test]
fn compressed_tables_are_read_whatever_their_name_and_not_if_they_are_cut() {
    let folder = Folder::new();
    for suffix in ["gz", "zst"] {
        let path = folder.0.path().join(format!("scores.csv.{suffix}"));
        let mut out = Writer::<Score>::open::<&str>(&OutputArgs { file: Some(path.clone()) }, &[]).unwrap();
        read::<Score>(SCORES).unwrap().iter().for_each(|row| out.write(row).unwrap());
        out.finish().unwrap();
        let bytes = fs::read(path).unwrap();
        assert_ne!(bytes, SCORES.as_bytes());
        assert_eq!(
            format!("{:?}", read::<Score>(&bytes).unwrap()),
            format!("{:?}", read::<Score>(SCORES).unwrap())
        );
        let message = format!("{:#}", read::<Score>(&bytes[..bytes.len() - 1]).unwrap_err());
        assert!(message.contains("data are damaged or cut off"), "{message}");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let folder = Folder::new();
    let message = |path: PathBuf| format!("{:#}", Rows::<Image>::open(&[path]).err().unwrap());
    assert!(message("no/such.csv".into()).starts_with("cannot open no/such.csv: "));
    assert!(message(folder.0.path().to_owned()).starts_with("cannot read "));
}

#[test]
fn rows_end_with_the_first_error() {
    let folder = Folder::new();
    let path = folder.table("a.csv", "image,boxes\na,\nb,x\nc,\n");
    let rows: Vec<_> = Rows::<Image>::open(&[path.clone(), path]).unwrap().collect();
    assert_eq!(rows.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
}

/// One bad item never stops a run: each tool makes a failure of the row.
#[test]
fn a_row_with_a_flaw_is_told_and_the_next_one_is_read() {
    let mut text = b"image,label,boxes,note\na,1,,x\nb,-1,9 9 9 9,y\n\xff,2,,z\nc,3\nd,4,,w,5\n   \n,5,,v\ne,nan,,u\nf,6,,\n".to_vec();
    let rows = with_flaws::<Image>(&text).unwrap();
    let expected = [
        ("a", None),
        ("b", Some("line 3, column `label`: \"-1\" is not a class")),
        ("\u{fffd}", Some("line 4: not valid UTF-8")),
        ("c", Some("line 5: 2 fields, where the header has 4")),
        ("d", Some("line 6: 5 fields, where the header has 4")),
        ("", Some("line 8, column `image`: \"\" is not the name of an image")),
        ("e", Some("line 9, column `label`: \"nan\" is not a class")),
        ("f", None),
    ];
    assert_eq!(rows.len(), expected.len());
    for ((row, flaw), (image, reason)) in rows.iter().zip(expected) {
        assert_eq!((row.image.as_str(), flaw.is_some()), (image, reason.is_some()));
        assert!(flaw.as_deref().unwrap_or_default().contains(reason.unwrap_or_default()), "{flaw:?}");
    }
    // What is not wrong with a row is kept, what is wrong is nothing.
    assert_eq!((&rows[1].0.label, &rows[1].0.boxes, rows[1].0.extra.get("note")), (&None, &None, Some("y")));
    assert_eq!((&rows[3].0.label, rows[3].0.extra.get("note")), (&Some(Class::Number(3)), Some("")));
    // A table that ends in the middle of a row is no table, however it is read.
    text.extend(b"g,7,,t");
    assert!(with_flaws::<Image>(text).unwrap_err().to_string().contains("cut off"));
    // Nothing stands for a direction that cannot be read.
    assert!(with_flaws::<Score>(SCORES.replace("higher,-inf", "up,-inf")).is_err());
}

/// What a later stage writes would take the place of a column of the user's own, or be taken for it.
#[test]
fn columns_of_later_stages_are_carried_under_another_name() {
    let names = |text: &str| {
        let folder = Folder::new();
        Rows::<Explained>::open(&[folder.table("a.csv", text)]).map(|rows| rows.extra_names().join(","))
    };
    let own = names("image,target,method,map,test,value,class,fold,predicted,metric\n").unwrap();
    assert_eq!(own, "user.test,user.value,class,fold,user.predicted,user.metric");
    let rows = read::<Explained>("image,target,method,map,test\na,1,m,a.npy,mine\n").unwrap();
    assert_eq!(rows[0].extra.get("user.test"), Some("mine"));
    let error = names("image,target,method,map,test,user.test\n").unwrap_err().to_string();
    assert!(error.ends_with("column `user.test` appears twice in the header"), "{error}");
}

#[test]
fn several_tables_are_one() {
    let folder = Folder::new();
    let a = folder.table("a.csv", "image,x,y\na,1,2\n");
    let b = folder.table("b.csv", "z,image,y\n5,b,4\n");
    let none = folder.table("none.csv", "image\n");
    let rows = Rows::<Image>::open(&[&a, &none, &b]).unwrap();
    assert_eq!(rows.extra_names(), ["x", "y", "z"]);
    let rows: Vec<Image> = rows.collect::<Result<_, _>>().unwrap();
    assert_eq!(
        written(&rows, &["x", "y", "z"]),
        "image,label,target,boxes,mask,x,y,z\na,,,,,1,2,\nb,,,,,,4,5\n"
    );
    let rows = Rows::<Image>::open(&[&none, &none, &none]).unwrap();
    let error = rows.last().unwrap().unwrap_err().to_string();
    assert!(error.ends_with("none.csv and 2 more: a header and no rows"), "{error}");
    let third = folder.table("c.csv", "x\n1\n");
    let error = Tables::open(&[&a, &third]).unwrap().rows::<Image>().err().unwrap().to_string();
    assert!(error.ends_with("c.csv: no column `image` in the header `x`"), "{error}");
}

#[test]
fn columns_are_read_as_bytes() {
    const COLUMNS: &[Column] =
        &[Column::required("value"), Column::optional("nowhere"), Column::required("image")];
    let folder = Folder::new();
    let other = "image,value\n\"a\nb\",1\n \nc,x\n";
    let files = [folder.table("a.csv", SCORES), folder.table("b.csv", other)];
    let tables = Tables::open(&files).unwrap();
    assert!(tables.name().ends_with("a.csv and 1 more"));
    let mut seen = Vec::new();
    let rows = tables.columns(COLUMNS).unwrap().into_iter().map(|table| {
        table.read(|row| {
            assert_eq!(row.bytes(1), b"");
            seen.push((row.line(), row.text(2)?.to_owned(), row.bytes(0).to_owned()));
            row.value::<f64>(0)?;
            Ok(())
        })
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows[0].as_ref().unwrap(), &3);
    let message = rows[1].as_ref().unwrap_err().to_string();
    assert!(message.ends_with("b.csv, line 5, column `value`: \"x\" is not a number"), "{message}");
    let seen: Vec<_> = seen.iter().map(|(line, image, value)| (*line, &**image, &**value)).collect();
    assert_eq!(
        seen[..3],
        [(2, "a.png", &b"1e-11"[..]), (3, "b, c.png", b"NaN"), (4, "d \"e\".png", b"-inf")]
    );
    assert_eq!(seen[3..], [(2, "a\nb", &b"1"[..]), (5, "c", b"x")]);
    let message = Tables::open(&[folder.table("c.csv", "image\na\n")]).unwrap().columns(COLUMNS).unwrap_err();
    assert!(message.to_string().ends_with("c.csv: no column `value` in the header `image`"));
}

#[test]
fn many_tables_do_not_need_many_descriptors() {
    let folder = Folder::new();
    let path = folder.table("a.csv", "image\na\n");
    assert_eq!(Rows::<Image>::open(&vec![path; 3000]).unwrap().count(), 3000);
}

#[test]
fn the_kind_of_table_shows_in_its_columns() {
    let folder = Folder::new();
    let tables = Tables::open(&[folder.table("a.csv", "image,test\n")]).unwrap();
    assert!(tables.have("test") && !tables.have("map"));
}

#[test]
fn an_open_input_is_a_table() {
    let open = |text: &'static str| Tables::from_input("-".as_ref(), Box::new(text.as_bytes()));
    let rows: Vec<Image> = open("image\na\n").unwrap().rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows[0].image, "a");
    let error = open("").unwrap_err().to_string();
    assert_eq!(error, "standard input: empty input, where a header line was expected");
}

#[test]
fn labels_and_boxes_reach_the_scores() {
    let images = read::<Image>("image,boxes,fold,label,method\na,0 0 2 2,7,3,old\n").unwrap();
    let image = &images[0];
    assert_eq!((&image.label, &image.target), (&Some(Class::Number(3)), &None));
    assert_eq!(image.boxes.as_ref().unwrap().0[0].x1, 2.0);
    let row = Explained {
        image: image.image.clone(),
        target: Some(3),
        model: "m".into(),
        method: "ig".into(),
        map: "a.npy".into(),
        map_index: None,
        reason: String::new(),
        extra: image.extra.clone(),
    };
    // The row's own `method` wins over the carried one.
    let table = written(&[row], &["boxes", "fold", "label", "method"]);
    assert_eq!(
        table,
        "image,target,model,method,map,map_index,reason,boxes,fold,label\na,3,m,ig,a.npy,,,0 0 2 2,7,3\n"
    );
}

#[test]
fn carried_cells_can_be_changed_and_added() {
    let mut rows = read::<Image>("image,x\na,1\nb,2\n").unwrap();
    rows[0].extra.set("x", "9".into());
    rows[1].extra.set("y", "8".into());
    assert_eq!(rows[1].extra.get("y"), Some("8"));
    assert_eq!(rows[1].extra.get("z"), None);
    assert_eq!(written(&rows, &["x", "y"]), "image,label,target,boxes,mask,x,y\na,,,,,9,\nb,,,,,2,8\n");
    assert_eq!(Extra::default().iter().count(), 0);
}
