//! Contact sheets.

use image::RgbImage;
use image::imageops::crop_imm;
use testing::{Output, WorkDir};

use crate::{HEADER, RENDER, image, map, open, pixels, render, work};

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
