//! `render` as a shell sees it. The expected colours are worked out by hand beside each test.

use std::path::Path;

use image::imageops::crop_imm;
use image::{Rgb, RgbImage};
use pipe::npy::{PackWriter, write_file};
use testing::{Output, WorkDir};

const RENDER: &str = env!("CARGO_BIN_EXE_render");
const HEADER: &str = "image,target,model,method,map,map_index\n";

/// A folder with an image of one colour, 3 x 2 pixels.
fn work() -> WorkDir {
    let work = WorkDir::new();
    image(&work, "cat.png", [100, 150, 200], (3, 2));
    work
}

fn image(work: &WorkDir, name: &str, color: [u8; 3], (width, height): (u32, u32)) {
    RgbImage::from_pixel(width, height, Rgb(color)).save(work.join(name)).unwrap();
}

fn map(work: &WorkDir, name: &str, shape: &[usize], data: &[f32]) {
    write_file(&work.join(name), shape, data).unwrap();
}

/// Renders a table of these lines, given on standard input.
fn render(work: &WorkDir, arguments: &str, lines: &[&str]) -> Output {
    let table = format!("{HEADER}{}\n", lines.join("\n"));
    work.run(RENDER, arguments.split_whitespace(), table)
}

fn open(work: &WorkDir, name: impl AsRef<Path>) -> RgbImage {
    image::open(work.join(name)).unwrap().into_rgb8()
}

/// Red, green and blue of all pixels, row by row.
fn pixels(image: &RgbImage) -> Vec<[u8; 3]> {
    image.pixels().map(|pixel| pixel.0).collect()
}

/// Renders one map of the image and reads the PNG.
fn draw(arguments: &str, shape: &[usize], data: &[f32]) -> Vec<[u8; 3]> {
    let work = work();
    map(&work, "a.npy", shape, data);
    render(&work, &format!("-o out {arguments}"), &["cat.png,5,net,ig,a.npy,"]).success();
    let image = open(&work, "out/ig/cat-1.png");
    assert_eq!(
        (image.height() as usize, image.width() as usize),
        (shape[shape.len() - 2], shape[shape.len() - 1])
    );
    pixels(&image)
}

/// The brightness of all pixels of a heat map.
fn grey(arguments: &str, shape: &[usize], data: &[f32]) -> Vec<u8> {
    let pixels = draw(&format!("--mode heatmap --colors gray {arguments}"), shape, data);
    pixels.iter().map(|pixel| pixel[0]).collect()
}

#[test]
fn an_overlay_is_the_mean_of_image_and_map() {
    // Grey is 255 v / 4: 0, 64, 128, 191, 255, rounded. Half of it and half of (100, 150, 200).
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 0.0];
    let [zero, one, two] = [[50, 75, 100], [82, 107, 132], [114, 139, 164]];
    let [three, four] = [[146, 171, 196], [178, 203, 228]];
    assert_eq!(draw("--colors gray --clip 100", &[2, 3], &data), [zero, one, two, three, four, zero]);
    let image = [[100, 150, 200]; 6];
    assert_eq!(draw("--alpha 0", &[2, 3], &data), image);
    let heat = draw("--alpha 1 --colors jet", &[2, 3], &data);
    assert_eq!(heat, draw("--mode heatmap --colors jet", &[2, 3], &data));
}

#[test]
fn a_signed_map_is_centred_at_zero() {
    let data = [-1.0, 0.0, 2.0, 1.0, -2.0, 0.0];
    assert_eq!(grey("--clip 100", &[2, 3], &data), [64, 128, 255, 191, 0, 128]);
    // The ends of the default are those of coolwarm; its middle is between its stops 25 and 26.
    let usual = draw("--mode heatmap --clip 100", &[2, 3], &data);
    assert_eq!((usual[4], usual[2]), ([0x3b, 0x4c, 0xc0], [0xb4, 0x04, 0x26]));
    assert_eq!(usual[1], [0xdd, 0xdc, 0xdd]);
}

#[test]
fn a_map_without_negative_values_is_spread_from_its_least() {
    let data = [0.5, 0.75, 1.0, 1.0, 0.5, 0.5];
    assert_eq!(grey("--clip 100", &[2, 3], &data), [0, 128, 255, 255, 0, 0]);
    let usual = draw("--mode heatmap", &[2, 3], &data);
    assert_eq!((usual[0], usual[2]), ([0, 0, 4], [0xfc, 0xff, 0xa4]));
    // A diverging colour map keeps its middle for zero: 0.5 is half way up.
    let diverging = draw("--mode heatmap --colors coolwarm --clip 100", &[2, 3], &data);
    assert_eq!(diverging[2], [0xb4, 0x04, 0x26]);
    assert_ne!(diverging[0], [0x3b, 0x4c, 0xc0]);
}

#[test]
fn magnitudes_above_the_percentile_are_clipped() {
    // The median of the magnitudes is 2.5, so v becomes 255 (v + 2.5) / 5: 229.5 for 2, 76.5 for -1.
    let data = [-5.0, 0.0, 2.0, 3.0, 4.0, -1.0];
    assert_eq!(grey("--clip 50", &[2, 3], &data), [0, 128, 230, 255, 255, 77]);
}

#[test]
fn channels_are_summed() {
    let first = [1.0, 0.0, 3.0, 0.0, 0.0, 0.0];
    let second = [-1.0, 0.0, -1.0, 1.0, 0.0, 0.0];
    let channels = [first, second, [0.0; 6]].concat();
    assert_eq!(grey("--clip 100", &[3, 2, 3], &channels), [0, 0, 255, 128, 0, 0]);
}

#[test]
fn a_constant_map_is_flat() {
    for value in [0.0, 0.7, -0.7] {
        let tile = draw("", &[2, 3], &[value; 6]);
        assert!(tile.iter().all(|pixel| *pixel == tile[0]), "{value}");
    }
}

#[test]
fn rows_carry_the_name_of_their_image() {
    let work = work();
    let mut pack = PackWriter::create(&work.join("maps/ig/0.npy"), &[2, 3]).unwrap();
    pack.push(&[0.0; 6]).unwrap();
    pack.push(&[1.0; 6]).unwrap();
    pack.finish().unwrap();
    let table = "method,image,target,map,map_index,label\n\
                 ig,cat.png,5,maps/ig/0.npy,1,tabby\n../../up,./cat.png,5,maps/ig/0.npy,0,\n";
    let expected = "image,target,model,method,map,map_index,reason,label,png\n\
                    cat.png,5,,ig,maps/ig/0.npy,1,,tabby,out/ig/cat-1.png\n\
                    ./cat.png,5,,../../up,maps/ig/0.npy,0,,,out/_._.._up/cat-2.png\n";
    assert_eq!(work.run(RENDER, ["-o", "out"], table).success(), expected);
    work.write("rows.csv", table);
    assert_eq!(work.run(RENDER, ["rows.csv", "-o", "out"], "").success(), expected);
    for name in ["out/ig/cat-1.png", "out/_._.._up/cat-2.png"] {
        assert_eq!(open(&work, name).dimensions(), (3, 2));
    }
}

#[test]
fn embedded_images_are_taken_as_they_are() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[64, 64], &[0.0; 4096]);
    render(&work, "-o out --alpha 0", &["testbed/000,0,testbed,ig,a.npy,"]).success();
    assert_eq!(open(&work, "out/ig/000-1.png").dimensions(), (64, 64));
}

/// The sidecar of a pack of one map of `wide.png`.
fn sidecar(work: &WorkDir, pack: &str, preprocess: serde_json::Value) {
    let image = pipe::sha256(&std::fs::read(work.join("wide.png")).unwrap());
    let identity = pipe::Identity {
        version: String::new(),
        model: "net@12345678".into(),
        method: "ig".into(),
        seed: 0,
        engine: String::new(),
        files: std::collections::BTreeMap::new(),
        asked: vec![pipe::Asked { image, class: "5".into() }],
    };
    let items = vec![pipe::Item { target: Some(5), map: Some((0, 0)), ..pipe::Item::default() }];
    let mut sidecar = pipe::Sidecar { identity, preprocess, packs: Vec::new(), items };
    sidecar.add_pack(&work.join(pack)).unwrap();
    sidecar.write(&work.join(pack).with_extension("json")).unwrap();
}

#[test]
fn the_sidecar_says_how_an_image_was_prepared_and_which_one_it_is() {
    let work = WorkDir::new();
    image(&work, "wide.png", [9, 9, 9], (400, 300));
    map(&work, "maps/ig/0.npy", &[1, 224, 224], &vec![0.0; 224 * 224]);
    let line = ["wide.png,5,net@12345678,ig,maps/ig/0.npy,0"];
    let message = render(&work, "-o out", &line).failure(1);
    for part in ["300 x 400", "224 x 224", "--preprocess", "imagenet, squash, inception,"] {
        assert!(message.contains(part), "{message}");
    }
    let imagenet = serde_json::to_value(images::Preprocess::preset("imagenet").unwrap()).unwrap();
    sidecar(&work, "maps/ig/0.npy", imagenet.clone());
    render(&work, "-o out", &line).success();
    assert_eq!(open(&work, "out/ig/wide-1.png").dimensions(), (224, 224));
    let message = render(&work, "-o out --preprocess none", &line).failure(1);
    assert!(message.contains("300 x 400 (--preprocess none)"), "{message}");
    for (wrong, part) in [
        ("wide.png,6,net@12345678,ig,maps/ig/0.npy,0", "the map explains class 5, but the row says 6"),
        ("wide.png,5,net@0,ig,maps/ig/0.npy,0", "the map explains net@12345678, but the row says net@0"),
        ("wide.png,5,net@12345678,rise,maps/ig/0.npy,0", "the map is one of ig, but the row says rise"),
        ("wide.png,5,net@12345678,ig,maps/ig/0.npy,", "the row has no map_index"),
    ] {
        let message = render(&work, "-o out", &[wrong]).failure(1);
        assert!(message.contains(part), "{message}");
    }
    image(&work, "wide.png", [8, 8, 8], (400, 300));
    assert!(render(&work, "-o out", &line).failure(1).contains("the map explains another image"));
    for broken in ["{", r#"{"identity": 3}"#] {
        work.write("maps/ig/0.json", broken);
        let message = render(&work, "-o out", &line).failure(1);
        assert!(message.contains("maps/ig/0.json is damaged"), "{message}");
    }
}

/// Whatever the order of the network's channels, and whoever wrote the file that says so.
#[test]
fn images_keep_their_colours_however_they_were_prepared() {
    let work = WorkDir::new();
    image(&work, "wide.png", [200, 100, 50], (400, 300));
    map(&work, "maps/ig/0.npy", &[224, 224], &vec![0.0; 224 * 224]);
    map(&work, "small/ig/0.npy", &[20, 20], &[0.0; 400]);
    let drawn = |arguments: &str, row: &str| {
        render(&work, &format!("-o out --alpha 0 {arguments}"), &[row]).success();
        assert!(open(&work, "out/ig/wide-1.png").pixels().all(|pixel| pixel.0 == [200, 100, 50]));
        open(&work, "out/ig/wide-1.png").width()
    };
    assert_eq!(drawn("--preprocess caffe", "wide.png,5,net,ig,maps/ig/0.npy,"), 224);
    let keys = r#""interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]"#;
    work.write("p.json", format!(r#"{{"input_size": [3, 20, 20], {keys}}}"#));
    assert_eq!(drawn("--preprocess p.json", "wide.png,5,net,ig,small/ig/0.npy,"), 20);
    // What the sidecar says of such a file is enough; the file itself may be gone.
    let recorded = serde_json::json!({"name": "gone.json", "resize": {"ShortSide": 22}, "bicubic": true, "crop": [20, 20],
        "channels": "bgr", "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]});
    map(&work, "small/ig/1.npy", &[1, 20, 20], &[0.0; 400]);
    sidecar(&work, "small/ig/1.npy", recorded);
    assert_eq!(drawn("", "wide.png,5,net@12345678,ig,small/ig/1.npy,0"), 20);
    let message = render(&work, "-o out --preprocess gone.json", &["wide.png,5,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("gone.json: No such file"), "{message}");
}

#[test]
fn one_bad_map_leaves_the_others() {
    let work = work();
    map(&work, "good.npy", &[2, 3], &[0.0; 6]);
    map(&work, "bad.npy", &[2, 3], &[0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0]);
    let lines = [
        "cat.png,5,net,ig,bad.npy,",
        "dog.png,5,net,ig,good.npy,",
        "cat.png,5,net,ig,none.npy,",
        "cat.png,5,net,ig,good.npy,",
    ];
    let output = render(&work, "-o out --sheet sheet.png --errors errors.csv", &lines);
    let message = output.failure(1);
    assert!(message.ends_with("render: 3 of 4 failed; see errors.csv"), "{message}");
    let table = output.text();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows[3], "cat.png,5,net,ig,good.npy,,,out/ig/cat-4.png", "{table}");
    assert_eq!(rows[0], "cat.png,5,net,ig,bad.npy,,\"draw: the map is NaN at row 0, column 1\",");
    assert!(rows[1].starts_with("dog.png,5,net,ig,good.npy,,draw: No such file"), "{table}");
    assert_eq!(rows.len(), 4);
    let errors = work.read("errors.csv");
    let errors: Vec<&str> = errors.lines().skip(1).collect();
    for (error, part) in
        errors.iter().zip(["the map is NaN at row 0, column 1", "dog.png,ig,draw,No such file", "none.npy: "])
    {
        assert!(error.contains(part), "{error}");
    }
    assert!(work.join("sheet.png").is_file());
    render(&work, "-o out --max-errors 3", &lines).success();
}

#[test]
fn a_cell_that_cannot_be_read_is_a_failure_of_its_row() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let lines =
        ["cat.png,x,net,ig,a.npy,", "cat.png,5,net,ig,a.npy,-1", "cat.png,5,net", "cat.png,5,net,ig,a.npy,"];
    let output = render(&work, "-o out --errors errors.csv", &lines);
    assert!(output.failure(1).ends_with("render: 3 of 4 failed; see errors.csv"), "{}", output.stderr);
    let table = output.text();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert!(rows[0].contains("table: standard input, line 2, column `target`"), "{table}");
    assert_eq!(rows[3], "cat.png,5,net,ig,a.npy,,,out/ig/cat-4.png");
    assert_eq!(work.read("errors.csv").lines().count(), 4);
}

#[test]
fn a_row_without_a_map_is_told_and_passed_on() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let table = "image,target,model,method,map,map_index,reason\n\
                 cat.png,5,net,lrp,,,no rule for Erf\ncat.png,5,net,ig,a.npy,,\n";
    let output = work.run(RENDER, ["-o", "out", "--sheet", "sheet.png"], table);
    assert_eq!(output.success().lines().nth(1), Some("cat.png,5,net,lrp,,,no rule for Erf,"));
    assert!(output.stderr.contains("cat.png, lrp: no map to draw: no rule for Erf"), "{}", output.stderr);
    // Its column is there, with nothing in it.
    assert_eq!(open(&work, "sheet.png").width(), 4 + 3 * (128 + 4));
}

#[test]
fn a_pack_whose_index_is_lost_is_no_map() {
    let work = work();
    map(&work, "pack.npy", &[5, 2, 6], &[0.0; 60]);
    let message = render(&work, "-o out", &["cat.png,5,net,ig,pack.npy,"]).failure(1);
    assert!(message.contains("shape (5, 2, 6) looks like a pack whose map_index is lost"), "{message}");
}

#[test]
fn a_heatmap_needs_no_image() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[4, 5], &[1.0; 20]);
    render(&work, "-o out --mode heatmap", &["gone.png,5,net,ig,a.npy,"]).success();
    assert_eq!(open(&work, "out/ig/gone-1.png").dimensions(), (5, 4));
}

#[test]
fn boxes_are_outlines() {
    let work = WorkDir::new();
    map(&work, "a.npy", &[8, 8], &[1.0; 64]);
    let table = |boxes: &str| format!("image,target,method,map,boxes\ncat.png,5,ig,a.npy,{boxes}\n");
    let arguments = ["-o", "out", "--mode", "heatmap", "--boxes"];
    work.run(RENDER, arguments, table("1 2 7 8;-5 -5 1 1")).success();
    let image = open(&work, "out/ig/cat-1.png");
    let at = |x, y| image.get_pixel(x, y).0;
    assert_eq!([at(1, 2), at(6, 7), at(0, 0), at(2, 3)], [[255; 3], [255; 3], [255; 3], [0; 3]]);
    assert_eq!([at(3, 4), at(0, 2), at(7, 7)], [[0, 0, 4]; 3]);
    let message = work.run(RENDER, arguments, table("1 2 3")).failure(1);
    assert!(message.contains(r#"boxes "1 2 3""#), "{message}");
    work.run(RENDER, arguments, table("")).success();
}

/// Two images and two methods, of which one map is missing.
fn sheet(work: &WorkDir, arguments: &str) -> Output {
    image(work, "dog.png", [10, 20, 30], (2, 3));
    map(work, "low.npy", &[2, 3], &[0.0; 6]);
    map(work, "tall.npy", &[3, 2], &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let lines = ["cat.png,5,net,a,low.npy,", "dog.png,7,net,a,tall.npy,", "dog.png,7,net,b,tall.npy,"];
    render(work, &format!("--sheet sheet.png --tile 60 --mode heatmap --clip 100 {arguments}"), &lines)
}

#[test]
fn a_sheet_has_a_line_for_each_image_and_a_column_for_each_method() {
    let work = work();
    let output = sheet(&work, "");
    assert_eq!((output.success().as_str(), output.stderr.as_str()), ("", ""));
    let image = open(&work, "sheet.png");
    // Three columns of 60 with gaps of 4. Headings 4 + 12 + 4; two lines of 14 + 60 + 4; one colour map of 12; the
    // note, whose 32 characters of 6 take two lines of 12; and a gap.
    assert_eq!(image.dimensions(), (4 + 3 * 64, 20 + 2 * 78 + 12 + 24 + 4));
    let at = |x, y| image.get_pixel(x, y).0;
    let first = 20 + 14;
    // A tile of 3 x 2 pixels is 40 pixels high and has 10 above it.
    assert_eq!([at(4, first + 9), at(4, first + 10)], [[255; 3], [100, 150, 200]]);
    assert_eq!([at(63, first + 49), at(64, first + 49)], [[100, 150, 200], [255; 3]]);
    assert_eq!(at(68 + 30, first + 30), [0, 0, 4]);
    assert_eq!(at(132 + 30, first + 30), [235; 3]);
    // A tile of 2 x 3 pixels is 40 pixels wide and has 10 beside it; its last pixel is dark.
    let second = first + 78;
    assert_eq!([at(4 + 9, second), at(4 + 10, second)], [[255; 3], [10, 20, 30]]);
    for left in [68, 132] {
        assert_eq!(at(left + 29, second + 59), [0xfc, 0xff, 0xa4]);
        assert_eq!(at(left + 30, second + 40), [0, 0, 4]);
    }
    // Something is written over each column of maps, and nothing over the images.
    let ink = |left: u32| (0..60).any(|x| (4..16).any(|y| at(left + x, y) == [0; 3]));
    assert_eq!([4, 68, 132].map(ink), [false, true, true]);
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
    assert_eq!(open(&work, "sheet.png").width(), 4 + 2 * 64);
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
fn wrong_use_is_status_2() {
    let work = work();
    for arguments in [
        "",
        "-o out --alpha 1.5",
        "-o out --alpha nan",
        "-o out --clip 0",
        "-o out --colors rainbow",
        "-o out --preprocess imagenette",
        "--sheet s.png --tile 8",
        "--sheet s.png --limit 0",
        "-o out --boxes",
    ] {
        render(&work, arguments, &["cat.png,5,net,ig,a.npy,"]).failure(2);
    }
}

#[test]
fn a_damaged_table_or_output_is_told() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let message = work.run(RENDER, ["-o", "out"], "image,target,map\n").failure(1);
    assert!(message.contains("no column `method`"), "{message}");
    let message = render(&work, "-o out", &["cat.png,five,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("line 2, column `target`"), "{message}");
    let message = render(&work, "-o cat.png", &["cat.png,5,net,ig,a.npy,"]).failure(1);
    assert!(message.contains("cannot write cat.png/ig/cat-1.png"), "{message}");
    assert!(work.run(RENDER, ["gone.csv", "-o", "out"], "").failure(1).contains("gone.csv"));
}

#[test]
fn a_reader_may_leave_early_and_the_images_are_made_all_the_same() {
    let work = work();
    map(&work, "a.npy", &[2, 3], &[0.0; 6]);
    let rows = "cat.png,5,net,ig,a.npy,\n".repeat(200);
    work.write("rows.csv", format!("{HEADER}{rows}"));
    work.write("bad.csv", format!("{HEADER}{rows}cat.png,5,net,ig,none.npy,\n"));
    for (line, images) in [
        ("render rows.csv -o a --sheet a.png | head -1", 200),
        ("render rows.csv -o b --sheet b.png | (exec 0<&-; sleep 0.1)", 200),
        // What failed is told by the exit status, as it is without `head`.
        ("(render bad.csv -o c --sheet c.png || test $? = 1) | head -1", 200),
    ] {
        let output = work.shell(RENDER, line);
        let header = output.success();
        assert!(header.is_empty() || header == HEADER.replace('\n', ",reason,png\n"), "{header}");
        let folder = if line.contains("-o a") {
            "a"
        } else if line.contains("-o b") {
            "b"
        } else {
            "c"
        };
        let made = std::fs::read_dir(work.join(folder).join("ig")).unwrap().count();
        assert_eq!((made, work.join(format!("{folder}.png")).is_file()), (images, true), "{line}");
    }
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
        let arguments = format!("--sheet sheet.png --tile 90 {arguments}");
        work.run(RENDER, arguments.split_whitespace(), table(class)).success();
        open(&work, "sheet.png")
    };
    // Headings 4 + 12 + 4; a caption of 14 and a tile of 90.
    let (plain, named) = (draw("", ""), draw("", "tabby cat"));
    let part = |image: &RgbImage, y, height| pixels(&crop_imm(image, 0, y, 200, height).to_image());
    assert_ne!(part(&plain, 20, 14), part(&named, 20, 14));
    assert_eq!(part(&plain, 34, 90), part(&named, 34, 90));
    // Two metrics are two lines of 12 below each tile; what the table does not have stays empty.
    let scores = "image,target,model,method,metric,direction,value\n\
                  cat.png,5,net,ig,deletion,lower,0.25\ncat.png,5,net,ig,insertion:fill=blur,higher,0.75\n";
    work.write("scores.csv", scores);
    let scored = draw("--scores scores.csv", "tabby cat");
    assert_eq!(scored.height(), named.height() + 24);
    let ink = |left: u32| {
        let below = |x: u32, y: u32| scored.get_pixel(left + x, 124 + y).0 == [0; 3];
        [0, 12].map(|line| (0..90).any(|x| (0..12).any(|y| below(x, line + y))))
    };
    assert_eq!([4, 98, 192].map(ink), [[false; 2], [true; 2], [false; 2]]);
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
