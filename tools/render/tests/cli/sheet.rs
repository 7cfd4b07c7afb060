//! Contact sheets.

use ::image::RgbImage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testing::{Output, WorkDir};

use crate::{HEADER, RENDER, image, map, open, render, work};

/// Two images and two methods, of which one map is missing.
fn sheet(work: &WorkDir, arguments: &str) -> Output {
    sheet_as(work, "sheet.svg", arguments)
}

fn sheet_as(work: &WorkDir, name: &str, arguments: &str) -> Output {
    image(work, "dog.png", [10, 20, 30], (2, 3));
    map(work, "low.npy", &[2, 3], &[0.0; 6]);
    map(work, "tall.npy", &[3, 2], &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let lines = ["cat.png,5,net,a,low.npy,", "dog.png,7,net,a,tall.npy,", "dog.png,7,net,b,tall.npy,"];
    render(work, &format!("--sheet {name} --tile 60 --mode heatmap --clip 100 {arguments}"), &lines)
}

#[test]
fn a_sheet_has_a_line_for_each_image_and_a_column_for_each_method() {
    let work = work();
    let output = sheet(&work, "");
    assert_eq!((output.success().as_str(), output.stderr.as_str()), ("", ""));
    let drawn = work.read("sheet.svg");
    let texts: Vec<&str> = drawn.lines().filter(|line| line.starts_with("<text")).map(inner).collect();
    assert_eq!(
        texts,
        [
            "image",
            "a",
            "b",
            "cat",
            "class 5",
            "dog",
            "class 7",
            "low to high",
            "Each map has a scale of its own."
        ]
    );
    // Two photographs, three maps and a bar; a place without a map is a grey square.
    let pictures = pictures(&drawn);
    let sizes: Vec<_> = pictures.iter().map(RgbImage::dimensions).collect();
    assert_eq!(sizes, [(60, 40), (60, 40), (40, 60), (40, 60), (40, 60), (60, 8)]);
    assert_eq!(drawn.matches("fill=\"#dddddd\"").count(), 1);
    let at = |picture: usize, x, y| pictures[picture].get_pixel(x, y).0;
    assert_eq!([at(0, 5, 5), at(2, 5, 5)], [[100, 150, 200], [10, 20, 30]]);
    assert_eq!([at(1, 30, 20), at(3, 39, 59), at(4, 20, 20)], [[0, 0, 4], [0, 0, 4], [0xfc, 0xff, 0xa4]]);
    // As a PNG of twice the size.
    sheet_as(&work, "sheet.png", "").success();
    let [width, height] = ["width", "height"].map(|name| number(&drawn, name));
    assert_eq!(open(&work, "sheet.png").dimensions(), (2 * width, 2 * height));
}

/// What stands between the tags of a line.
fn inner(line: &str) -> &str {
    let (_, text) = line.split_once('>').unwrap();
    text.split_once('<').unwrap().0
}

fn number(svg: &str, name: &str) -> u32 {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

/// The pictures of an SVG, decoded.
fn pictures(svg: &str) -> Vec<RgbImage> {
    let parts = svg.split("data:image/png;base64,").skip(1);
    let decode = |part: &str| {
        let bytes = STANDARD.decode(part.split_once('"').unwrap().0).unwrap();
        ::image::load_from_memory(&bytes).unwrap().to_rgb8()
    };
    parts.map(decode).collect()
}

#[test]
fn a_sheet_is_called_svg_or_png() {
    let work = work();
    let message = sheet_as(&work, "sheet.jpg", "").failure(2);
    assert!(message.contains("--sheet sheet.jpg: a sheet is called .svg or .png"), "{message}");
}

#[test]
fn the_sheet_takes_the_first_images() {
    let work = work();
    // What is left out changes how the sheet is read, so `-q` does not hide it.
    for quiet in ["", "-q"] {
        let output = sheet(&work, &format!("--limit 1 {quiet}"));
        output.success();
        assert!(output.stderr.contains("the first 1 images (--limit)"), "{}", output.stderr);
    }
    assert_eq!(pictures(&work.read("sheet.svg")).len(), 3);
    // With a folder all maps are drawn, whatever the sheet shows.
    let rows = sheet(&work, "--limit 1 -q -o out").success();
    assert_eq!(rows.lines().count(), 4);
}

#[test]
fn a_sheet_of_nothing_or_too_much_is_an_error() {
    let work = work();
    for arguments in [["--sheet", "sheet.png"], ["-o", "out"]] {
        let message = work.run(RENDER, arguments, HEADER).failure(1);
        assert_eq!(message, "render: standard input: a header and no rows");
    }
    let lines: Vec<String> = (0..400).map(|i| format!("cat.png,{i},net,m{i},a.npy,")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let message = render(&work, "--sheet s.png --tile 1024 --limit 400 --max-errors 400", &lines).failure(1);
    assert!(message.contains("too large: lower --tile or --limit"), "{message}");
}

#[test]
fn a_sheet_names_classes_and_scores() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let table = |class: &str| {
        format!(
            "image,target,model,method,map,class\ncat.png,5,net,ig,a.npy,{class}\ncat.png,5,net,lrp,a.npy,{class}\n"
        )
    };
    let draw = |arguments: &str, class: &str| {
        let arguments = format!("--sheet sheet.svg --tile 90 {arguments}");
        work.run(RENDER, arguments.split_whitespace(), table(class)).success();
        work.read("sheet.svg")
    };
    let (plain, named) = (draw("", ""), draw("", "tabby cat"));
    assert!(plain.contains(">class 5<") && named.contains(">tabby cat<") && !named.contains(">class 5<"));
    assert_eq!(pictures(&plain), pictures(&named));
    // Two metrics are two lines below each tile; what the table does not have stays empty.
    let scores = "image,target,model,method,metric,direction,value\n\
                  cat.png,5,net,ig,deletion,lower,0.25\ncat.png,5,net,ig,insertion:fill=blur,higher,0.75\n";
    work.write("scores.csv", scores);
    let scored = draw("--scores scores.csv", "tabby cat");
    assert_eq!(number(&scored, "height"), number(&named, "height") + 30);
    assert!(scored.contains(">deletion 0.250<") && scored.contains("… 0.750<"), "{scored}");
    assert_eq!(scored.matches("0.250").count(), 1);
}

#[test]
fn scores_of_other_maps_are_refused() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let header = "image,target,model,method,metric,direction,value\n";
    let row = "cat.png,5,net,ig,deletion,lower,0.25\n";
    for (scores, told) in [
        (row.replace('5', "6"), "scores.csv: no row is of a map of the sheet"),
        (row.replace("net", "net@1"), "scores.csv: no row is of a map of the sheet"),
        (row.repeat(2), "scores.csv: cat.png, ig, deletion: more than one value"),
        (String::new(), "scores.csv: a header and no rows"),
    ] {
        work.write("scores.csv", format!("{header}{scores}"));
        let message =
            render(&work, "--sheet s.png --scores scores.csv", &["cat.png,5,net,ig,a.npy,"]).failure(1);
        assert!(message.contains(told), "{message}");
    }
    render(&work, "-o out --scores scores.csv", &["cat.png,5,net,ig,a.npy,"]).failure(2);
}
