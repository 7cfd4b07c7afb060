//! `report` as a shell sees it, and what can be said of its page without a browser.

mod run;

use std::collections::BTreeSet;
use std::fs;

use run::{TABLES, folder, page, report};
use serde_json::Value;
use testing::WorkDir;

/// What stands between two texts, each time.
fn between<'a>(page: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    page.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

fn data(page: &str) -> Value {
    let texts = between(page, "<script type=\"application/json\" id=\"data\">", "</script>");
    assert_eq!(texts.len(), 1);
    serde_json::from_str(texts[0]).unwrap()
}

/// Replaces a text in a table of the folder.
fn edit(work: &WorkDir, table: &str, from: &str, to: &str) {
    let text = work.read(table);
    assert!(text.contains(from), "{table} has no {from}");
    work.write(table, text.replace(from, to));
}

#[test]
fn all_tables_make_all_sections() {
    let work = folder();
    let page = page(&work, "--title 'Four methods'");
    for section in [
        "summary",
        "ranking",
        "significance",
        "agreement",
        "curves",
        "spread",
        "gallery",
        "failures",
        "record",
    ] {
        assert!(page.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    assert!(page.contains("<title>Four methods</title>"));
    // Only what no table of this run is of.
    assert_eq!(between(&page, "There is no table of ", ":"), ["tries"]);
    let data = data(&page);
    assert_eq!(data["images"].as_array().unwrap().len(), 10);
    assert_eq!(data["series"].as_array().unwrap().len(), 4);
    assert!(page.contains("The classifier is right on 9 of the 10 images"), "the summary");
    assert!(page.contains("Nothing failed."));
}

#[test]
fn one_table_is_enough_and_the_page_says_what_others_would_show() {
    let work = folder();
    for table in TABLES.split(' ') {
        report(&work, &format!("{table} -o one.html")).success();
        let page = work.read("one.html");
        assert!(page.contains("There is no table of "), "{table}");
        let maker = "rank --significance scores.csv";
        assert_eq!(page.contains(maker), table != "significance.csv", "{table}");
    }
}

#[test]
fn the_page_keeps_its_rules() {
    let page = page(&folder(), "");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: 'self'; style-src \
                  'unsafe-inline'; script-src 'unsafe-inline'\">";
    assert!(page.contains(policy));
    for address in ["http:", "https:", "src=\"//", "href=\"//", "url(//", "@import", "xlink"] {
        assert!(!page.contains(address), "{address}");
    }
    let ids = between(&page, " id=\"", "\"");
    let unique: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "ids are unique");
    for local in between(&page, "href=\"#", "\"") {
        assert!(ids.contains(&local), "#{local} leads nowhere");
    }
    let body = page.split("<body>").nth(1).unwrap();
    let mut last = 0;
    for level in between(body, "<h", ">").iter().filter_map(|rest| rest[..1].parse::<u32>().ok()) {
        assert!(level <= last + 1, "a heading of level {level} follows one of {last}");
        last = level;
    }
    for svg in between(&page, "<svg viewBox", "</title>") {
        assert!(svg.contains("role=\"img\"") && !svg.ends_with("<title>"), "a figure without a name");
    }
    for cell in between(&page, "<th", ">") {
        assert!(cell.is_empty() || cell.contains("scope=") || cell.starts_with("ead"), "<th{cell}>");
    }
    assert!(page.contains("<main>") && page.contains("<nav aria-label") && page.contains("<noscript>"));
}

#[test]
fn numbers_of_an_image_are_those_of_its_rows() {
    let work = folder();
    let page = page(&work, "");
    let data = data(&page);
    let bytes =
        base64::Engine::decode(&base64::prelude::BASE64_STANDARD, data["values"].as_str().unwrap()).unwrap();
    let values: Vec<f32> = bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let names = |what: &str| -> Vec<String> {
        data[what]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| of[usize::from(what == "series")].as_str().unwrap().into())
            .collect()
    };
    let (images, series, metrics) = (names("images"), names("series"), names("metrics"));
    assert_eq!(values.len(), images.len() * series.len() * metrics.len());
    let place = |list: &[String], name: &str| list.iter().position(|other| other == name).unwrap();
    for line in work.read("scores.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let at = (place(&images, cells[0]) * metrics.len() + place(&metrics, cells[4])) * series.len()
            + place(&series, cells[3]);
        assert_eq!(values[at], cells[6].parse::<f64>().unwrap() as f32, "{line}");
    }
}

#[test]
fn the_same_tables_are_the_same_bytes() {
    let work = folder();
    let first = page(&work, "");
    assert!(first == page(&work, ""), "another run");
    let backwards: Vec<&str> = TABLES.split(' ').rev().collect();
    report(&work, &format!("{} -o other.html", backwards.join(" "))).success();
    assert!(first == work.read("other.html"), "in another order");
    let one = work.shell(run::REPORT, &format!("RAYON_NUM_THREADS=1 report -q {TABLES} -o one.html"));
    one.success();
    assert!(first == work.read("one.html"), "on one thread");
}

#[test]
fn hostile_names_stay_names() {
    let work = folder();
    let hostile = "a</script><img src=x onerror=alert(1)>&'{{7*7}}";
    for table in TABLES.split(' ') {
        let text = work.read(table).replace("gradcam", hostile);
        work.write(table, text.replace("class 3", "</script><!--<script>"));
    }
    let page = page(&work, "--title '</title><script>alert(2)</script>'");
    assert!(
        !page.contains("<img src=x") && !page.contains("<script>alert(2)") && !page.contains("<!--<script>")
    );
    assert!(page.contains("{{7*7}}") && !page.contains("a49"), "a name is no template");
    let data = data(&page);
    assert!(data["series"].to_string().contains(hostile));
    assert!(data["images"].to_string().contains("</script><!--<script>"));
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
}

#[test]
fn the_budget_is_kept_and_the_rule_is_said() {
    let work = folder();
    let whole = page(&work, "").len();
    let budget = whole - 20_000;
    let small = page(&work, &format!("--budget {budget}"));
    assert!(small.len() <= budget, "{} bytes", small.len());
    let shown = data(&small)["images"].as_array().unwrap().len();
    assert!((1..10).contains(&shown), "{shown} images");
    let rule = format!("{shown} of 10 images, as many as");
    assert!(
        small.contains(&rule)
            && small.contains("a quarter where the methods disagree most by deletion:steps=10"),
        "{rule}"
    );
    assert!(small.contains("drawn at random (seed 0)"));
    let said = report(&work, &format!("{TABLES} -o none.html --budget 10kB")).failure(1);
    assert!(said.contains("--budget 10000: the page takes ") && said.contains("without any image"), "{said}");
    assert!(!work.join("none.html").exists());
    assert!(report(&work, "maps.csv -o x.html --budget lots").failure(2).contains("25MB"));
}

/// Every edit of one table that makes it another run's, and what is said about it.
#[test]
fn tables_of_two_runs_are_refused_by_name() {
    let cases = [
        ("scores.csv", "testbed@5c696930", "testbed@00000000", ["scores.csv", "testbed@00000000"]),
        ("ranks.csv", "testbed@5c696930", "testbed@00000000", ["ranks.csv", "testbed@00000000"]),
        (
            "correlations.csv",
            "testbed@5c696930",
            "vit@5c696930",
            ["correlations.csv", "vit@5c696930: they do not"],
        ),
        (
            "significance.csv",
            "testbed@5c696930",
            "vit@5c696930",
            ["significance.csv", "do not belong together"],
        ),
        ("pairs.csv", "testbed@5c696930", "vit@5c696930", ["pairs.csv", "do not belong together"]),
        ("densities.csv", "testbed@5c696930", "vit@5c696930", ["densities.csv", "do not belong together"]),
        ("maps.csv", "testbed@5c696930", "vit@5c696930", ["maps.csv", "vit@5c696930"]),
        ("answers.csv", "testbed@5c696930", "vit@5c696930", ["answers.csv", "vit@5c696930"]),
        ("scores.csv", "testbed/004,", "testbed/034,", ["scores.csv: testbed/034", "maps.csv"]),
        ("scores.csv", "testbed/004,4", "testbed/004,5", ["scores.csv: testbed/004 (target 5)", "maps.csv"]),
        ("answers.csv", "testbed/004,", "testbed/034,", ["answers.csv: testbed/034 (target 4)", "maps.csv"]),
        (
            "ranks.csv",
            ",10,0.12120936813468461,",
            ",10,0.2,",
            ["ranks.csv: deletion:steps=10, input-x-gradient", "scores.csv"],
        ),
        (
            "ranks.csv",
            ",10,0.12120936813468461,",
            ",500,0.12120936813468461,",
            ["of 500 images", "scores.csv of 10"],
        ),
    ];
    for (table, from, to, said) in cases {
        let work = folder();
        edit(&work, table, from, to);
        let message = report(&work, &format!("{TABLES} -o report.html")).failure(1);
        for words in said {
            assert!(message.contains(words), "{table}, {from} -> {to}: {message}");
        }
        assert!(!work.join("report.html").exists(), "{table}, {from} -> {to}: a page was written");
    }
}

#[test]
fn lists_of_images_are_compared() {
    let work = folder();
    for (table, list) in [("maps.csv", "l1111/10"), ("scores.csv", "l2222/10")] {
        let with_list =
            |(at, line): (usize, &str)| format!("{line},{}\n", if at == 0 { "list" } else { list });
        let text: String = work.read(table).lines().enumerate().map(with_list).collect();
        work.write(table, text);
    }
    let said = report(&work, "maps.csv scores.csv -o r.html").failure(1);
    assert!(said.contains("maps.csv is of list of images l1111/10, but scores.csv of l2222/10"), "{said}");
}

#[test]
fn failures_are_counted_and_listed() {
    let work = folder();
    let mut maps = work.read("maps.csv");
    maps += "testbed/020,0,testbed@5c696930,gradcam,,,open: it is <gone>,,\n";
    work.write("maps.csv", maps);
    let mut answers = work.read("answers.csv");
    answers += "testbed/020,0,testbed@5c696930,gradcam,deletion:steps=10,NaN,NaN,\n";
    work.write("answers.csv", answers);
    edit(
        &work,
        "scores.csv",
        "gradcam,deletion:steps=10,lower,0.19020565652000002",
        "gradcam,deletion:steps=10,lower,NaN",
    );
    report(&work, "maps.csv answers.csv scores.csv -o r.html").success();
    let page = work.read("r.html");
    assert!(page.contains(
        "1 rows of maps, 1 rows of responses, 1 rows of scores have a reason instead of a result."
    ));
    assert!(page.contains("open: it is &lt;gone&gt;") && page.contains("<td>testbed&#x2f;020</td>"));
    assert_eq!(page.matches("no reason is given").count(), 2);
    assert_eq!(data(&page)["images"].as_array().unwrap().len(), 10, "an image without any map is no picture");
}

#[test]
fn a_map_that_is_not_there_is_a_failure_of_the_page() {
    let work = folder();
    fs::remove_file(work.join("pack-1.npy")).unwrap();
    let output = report(&work, &format!("{TABLES} -o r.html"));
    assert!(output.failure(1).contains("pack-1.npy"));
    let page = work.read("r.html");
    assert!(page.contains("Maps that could not be drawn") && page.matches("pack-1.npy").count() == 10);
    let images = data(&page)["images"].clone();
    assert_eq!(images.as_array().unwrap().len(), 10, "the other methods' maps are shown");
    assert_eq!(images[0][7], serde_json::json!([1]), "and the page knows which one is not");
    report(&work, &format!("{TABLES} -o r.html --max-errors 10")).success();
    // A map that is another method's, as its sidecar says, is none either.
    let sidecar = serde_json::json!({
        "identity": {"version": "0", "model": "testbed@5c696930", "method": "other", "seed": 0, "engine": "cpu", "files": {},
            "asked": (0..10).map(|_| serde_json::json!({"image": "feed", "class": "1"})).collect::<Vec<_>>()},
        "preprocess": null,
        "packs": [{"name": "pack-0.npy", "sha256": ""}],
        "items": (0..10).map(|at| serde_json::json!({"target": at, "map": [0, at]})).collect::<Vec<_>>(),
    });
    work.write("pack-0.json", sidecar.to_string());
    let said = report(&work, &format!("{TABLES} -o r.html")).failure(1);
    assert!(said.contains("the map is one of other, but the row says"), "{said}");
}

#[test]
fn two_maps_of_one_method_are_refused() {
    let work = folder();
    let maps = work.read("maps.csv");
    let twice = maps.lines().nth(1).unwrap();
    work.write("maps.csv", format!("{maps}{twice}\n"));
    let said = report(&work, "maps.csv -o r.html").failure(1);
    assert!(said.contains("testbed/000") && said.contains("more than one map"), "{said}");
}

#[test]
fn records_give_the_command_lines() {
    let work = folder();
    work.write(
        "scores.csv.run.json",
        r#"{"tool": "score", "argv": ["score", "it's <here>.csv"], "seconds": 1.5}"#,
    );
    work.write("mine.json", r#"{"argv": ["explain", "-m", "gradcam"]}"#);
    let page = page(&work, "--record mine.json");
    assert!(
        page.contains("<pre><code>score &#x27;it&#x27;\\&#x27;&#x27;s &lt;here&gt;.csv&#x27;</code></pre>"),
        "a command to copy"
    );
    assert!(page.contains("<pre><code>explain -m gradcam</code></pre>") && page.contains("<dd>1.5</dd>"));
    work.write("scores.csv.run.json", "{");
    let said = report(&work, &format!("{TABLES} -o r.html")).failure(1);
    assert!(said.contains("scores.csv.run.json is not a run record"), "{said}");
}

#[test]
fn wrong_uses_are_told() {
    let work = folder();
    work.write("other.csv", "a,b\n1,2\n");
    let said = report(&work, "other.csv -o r.html").failure(1);
    assert!(
        said.contains("other.csv: not a table that a report shows")
            && said.contains("ranking (metric, method"),
        "{said}"
    );
    assert!(report(&work, "scores.csv scores.csv -o r.html").failure(1).contains("scores.csv: named twice"));
    assert!(report(&work, "scores.csv -o scores.csv").failure(2).contains("is read, and would be replaced"));
    assert!(report(&work, "- -o r.html").failure(2).contains("not standard input"));
    assert!(report(&work, "nowhere.csv -o r.html").failure(1).contains("nowhere.csv"));
    assert!(report(&work, "scores.csv").failure(2).contains("--out"));
    let said = report(&work, "scores.csv -o /dev/full/r.html").failure(1);
    assert!(said.contains("cannot write /dev/full/r.html"), "{said}");
    work.write("torn.csv", work.read("scores.csv").trim_end());
    assert!(report(&work, "torn.csv -o r.html").failure(1).contains("torn.csv"));
}

#[test]
fn vanished_scores_are_an_error_unless_they_are_allowed() {
    let work = folder();
    let with_list =
        |(at, line): (usize, &str)| format!("{line},{}\n", if at == 0 { "list" } else { "l1111/10" });
    let scores: String = work
        .read("scores.csv")
        .lines()
        .filter(|line| !line.starts_with("testbed/007"))
        .enumerate()
        .map(with_list)
        .collect();
    work.write("scores.csv", scores);
    let said = report(&work, "scores.csv maps.csv -o r.html").failure(1);
    assert!(said.contains("1 of 10 images have no row"), "{said}");
    report(&work, "scores.csv maps.csv -o r.html --incomplete drop").success();
}
