//! Boxes of PASCAL VOC, in whose format ImageNet has them too: an XML file for each image.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use pipe::BoundingBox;
use roxmltree::{Document, Node, ParsingOptions};

use super::{Annotation, Found};

/// The most bytes of a file: those of the data sets have a few thousand.
const LONGEST: u64 = 1 << 20;

/// The most elements and texts of a file.
const NODES: u32 = 1 << 16;

/// Reads the boxes of a file. Corners are taken as they stand, right and bottom not included, as in ImageNet's CSV of the same
/// boxes; PASCAL itself counts pixels from 1.
///
/// # Errors
/// If it is no such file, or a box is none, or reaches beyond the image whose size the file gives.
pub fn read(path: &Path) -> Result<Found> {
    let named = || path.display().to_string();
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text)).with_context(named)?;
    if text.len() as u64 > LONGEST {
        bail!("{}: the file is longer than {LONGEST} bytes", named());
    }
    parse(&text).with_context(named)
}

fn parse(text: &str) -> Result<Found> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text.trim_start_matches('\u{feff}'), options)?;
    let root = document.root_element();
    if !root.has_tag_name("annotation") {
        bail!("the root is `{}`, where PASCAL VOC has `annotation`", root.tag_name().name());
    }
    let size = child(root, "size").map(size).transpose()?.flatten();
    let objects = root.children().filter(|node| node.has_tag_name("object"));
    let boxes = objects
        .enumerate()
        .map(|(at, object)| annotation(object, size).with_context(|| format!("object {}", at + 1)));
    Ok(Found { boxes: boxes.collect::<Result<_>>()?, size })
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|node| node.has_tag_name(name))
}

/// A number of an element's child.
fn number(node: Node<'_, '_>, name: &str) -> Result<f64> {
    let text = child(node, name).and_then(|node| node.text()).unwrap_or_default().trim();
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| anyhow!("{name} is `{text}`, which is no number"))
}

/// Width and height; files that do not know them say 0.
fn size(node: Node<'_, '_>) -> Result<Option<[f64; 2]>> {
    let size = [number(node, "width")?, number(node, "height")?];
    Ok((size[0] > 0.0 && size[1] > 0.0).then_some(size))
}

fn annotation(object: Node<'_, '_>, size: Option<[f64; 2]>) -> Result<Annotation> {
    let bounds = child(object, "bndbox").context("it has no bndbox")?;
    let corner = |name| number(bounds, name);
    let (x0, y0, x1, y1) = (corner("xmin")?, corner("ymin")?, corner("xmax")?, corner("ymax")?);
    if x0 >= x1 || y0 >= y1 {
        bail!("the box {x0} {y0} {x1} {y1} is empty or reversed");
    }
    let [width, height] = size.unwrap_or([f64::INFINITY; 2]);
    if x0 < 0.0 || y0 < 0.0 || x1 > width || y1 > height {
        bail!(
            "the box {x0} {y0} {x1} {y1} reaches beyond the image, which is {width} wide and {height} high"
        );
    }
    let class = child(object, "name").and_then(|node| node.text()).unwrap_or_default().trim().to_owned();
    Ok(Annotation { class, area: BoundingBox { x0, y0, x1, y1 } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(objects: &str) -> String {
        format!(
            "<annotation><size><width>50</width><height>40</height><depth>3</depth></size>{objects}</annotation>"
        )
    }

    fn object(name: &str, corners: [&str; 4]) -> String {
        let [x0, y0, x1, y1] = corners;
        format!(
            "<object><name>{name}</name><part><bndbox><xmin>1</xmin></bndbox></part>\n <bndbox> <xmin>{x0}</xmin>\
             <ymin>{y0}</ymin><xmax>{x1}</xmax><ymax> {y1} </ymax></bndbox></object>"
        )
    }

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn objects_have_a_name_and_a_box() {
        let two = object("n01440764", ["1", "2", "50", "40"]) + &object(" cat ", ["0", "0", "9.5", "1e1"]);
        let found = parse(&("\u{feff}".to_owned() + &file(&two))).unwrap();
        let shown: Vec<_> =
            found.boxes.iter().map(|a| (a.class.as_str(), a.area.x0, a.area.x1, a.area.y1)).collect();
        assert_eq!(shown, [("n01440764", 1.0, 50.0, 40.0), ("cat", 0.0, 9.5, 10.0)]);
        assert_eq!(found.size, Some([50.0, 40.0]));
        assert_eq!(parse("<annotation/>").unwrap().boxes, []);
        let unknown = file(&two).replace("50</width>", "0</width>").replace("xmax>50", "xmax>70");
        let unknown = parse(&unknown).unwrap();
        assert_eq!((unknown.boxes[0].area.x1, unknown.size), (70.0, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (corners, reason) in [
            (["9", "2", "5", "8"], "object 1: the box 9 2 5 8 is empty or reversed"),
            (["1", "8", "5", "8"], "object 1: the box 1 8 5 8 is empty or reversed"),
            (["x", "2", "5", "8"], "object 1: xmin is `x`, which is no number"),
            (["1", "nan", "5", "8"], "object 1: ymin is `nan`, which is no number"),
            (["1", "2", "", "8"], "object 1: xmax is ``, which is no number"),
            (
                ["1", "2", "51", "8"],
                "object 1: the box 1 2 51 8 reaches beyond the image, which is 50 wide and 40 high",
            ),
            (
                ["-1", "2", "5", "8"],
                "object 1: the box -1 2 5 8 reaches beyond the image, which is 50 wide and 40 high",
            ),
        ] {
            assert_eq!(error(&file(&object("cat", corners))), reason);
        }
        let second = file(&(object("cat", ["1", "2", "3", "4"]) + "<object><name>dog</name></object>"));
        assert_eq!(error(&second), "object 2: it has no bndbox");
        assert_eq!(error("<html/>"), "the root is `html`, where PASCAL VOC has `annotation`");
        assert_eq!(error("<annotation><size/></annotation>"), "width is ``, which is no number");
    }

    #[test]
    fn fuzz_voc() {
        let whole = file(&(object("cat", ["1", "2", "30", "40"]) + &object("dog", ["0", "0", "5.5", "8"])));
        testing::fuzz::survives("voc", &[whole.into_bytes()], |bytes| {
            let _ = parse(&String::from_utf8_lossy(bytes));
        });
    }

    /// Entities that grow, elements within elements, elements without end.
    #[test]
    fn hostile_files_are_refused() {
        let entities =
            "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><annotation>&c;</annotation>";
        assert!(error(entities).contains("DTD"), "{}", error(entities));
        let wide = format!("<annotation>{}</annotation>", "<object/>".repeat(70_000));
        assert!(error(&wide).contains("nodes"), "{}", error(&wide));
        let deep = format!("{}{}", "<a>".repeat(70_000), "</a>".repeat(70_000));
        assert!(parse(&deep).is_err());
        for cut in ["", "<annotation>", "<annotation><object></annotation>", "\0\0"] {
            assert!(parse(cut).is_err(), "{cut}");
        }
    }
}
