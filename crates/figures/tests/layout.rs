//! Nothing overlaps and nothing is cut, whatever the names and numbers are: measured on what the renderer makes of the texts, not by
//! the widths that figures are laid out with.

use figures::{Curves, Figure, Line, Of, Resampling, Sheet, Theme, Tile};
use pipe::{Correlation, Density, Direction, Extra, Rank, Response, Score, Significance, Tried, Versus};
use resvg::usvg::{Group, Node, Rect, TextChunk};
use stats::resample::Bootstrap;

const RESAMPLING: Resampling = Resampling { bootstrap: Bootstrap { resamples: 50, level: 0.95 }, seed: 0 };

/// Names of sixty characters, some of them the widest that there are.
fn name(at: usize) -> String {
    let wide = if at.is_multiple_of(3) { "W" } else { "m" };
    format!("method-{at:02}:{}", wide.repeat(50))
}

fn number(at: usize) -> f64 {
    match at % 7 {
        0 => f64::NAN,
        1 => 0.0,
        2 => -1234.5678,
        _ => (at as f64 * 0.7).sin(),
    }
}

fn ranks(methods: usize, metrics: usize, value: impl Fn(usize) -> f64) -> Vec<Rank> {
    let all = (0..metrics).flat_map(|metric| (0..methods).map(move |method| (metric, method)));
    let row = |(metric, method): (usize, usize)| Rank {
        model: "resnet50@12345678".into(),
        metric: format!("metric-{metric}"),
        direction: Direction::Lower,
        method: name(method),
        n: 1,
        mean: value(method),
        ci_low: (method % 2 == 0).then(|| value(method) - 0.1),
        ci_high: (method % 2 == 0).then(|| value(method) + 0.1),
        rank: method as f64 + 1.0,
        median: None,
        rank_low: None,
        rank_high: None,
        p_best: None,
        win_rate: None,
    };
    all.map(row).collect()
}

fn significance(methods: usize) -> Vec<Significance> {
    let pairs = (0..methods).flat_map(|a| (a + 1..methods).map(move |b| (a, b)));
    // Mean ranks that lie close together, and two that are equal.
    let rank = |method: usize| 1.0 + (method.max(1) as f64 / 3.0).floor();
    let row = |(a, b): (usize, usize)| Significance {
        model: String::new(),
        metric: "deletion".into(),
        direction: Direction::Lower,
        method_a: name(a),
        method_b: name(b),
        n: 10,
        mean_rank_a: rank(a),
        mean_rank_b: rank(b),
        chi_square: 1.0,
        p_friedman: 1e-9,
        f_statistic: 1.0,
        p_iman_davenport: 0.5,
        critical_difference: 3.0,
        cliques: if b - a < 5 { (a / 5).to_string() } else { String::new() },
        p_nemenyi: 0.5,
        p_conover: 0.5,
        p_wilcoxon: 0.5,
        p_sign: 0.5,
        rank_biserial: 0.0,
        cohen_d: 0.0,
        win_rate: 0.5,
        significant: false,
    };
    pairs.map(row).collect()
}

fn versus(methods: usize) -> Vec<Versus> {
    let pairs = (0..methods).flat_map(|a| (a + 1..methods).map(move |b| (a, b)));
    let row = |(a, b): (usize, usize)| Versus {
        model: "m".into(),
        metric: "road".into(),
        direction: Direction::Lower,
        method_a: name(a),
        method_b: name(b),
        n: 3,
        difference: 0.0,
        ci_low: None,
        ci_high: None,
        p_better: None,
        win_rate: if (a + b) % 5 == 0 { f64::NAN } else { (a as f64 / 40.0).min(1.0) },
        win_low: None,
        win_high: None,
    };
    pairs.map(row).collect()
}

fn correlations(metrics: usize) -> Vec<Correlation> {
    let pairs = (0..metrics).flat_map(|a| (a + 1..metrics).map(move |b| (a, b)));
    let row = |(a, b): (usize, usize)| Correlation {
        model: "m".into(),
        method: "gradcam".into(),
        metric_a: name(a),
        metric_b: name(b),
        coefficient: "spearman".into(),
        correlation: if (a * b) % 7 == 1 { f64::NAN } else { (a as f64 - b as f64) / 30.0 },
        ci_low: None,
        ci_high: None,
        p_value: None,
        n: 3,
        p_holm: None,
        p_bh: None,
    };
    pairs.map(row).collect()
}

fn scores(methods: usize, images: usize, value: impl Fn(usize) -> f64) -> Vec<Score> {
    let all = (0..images).flat_map(|image| (0..methods).map(move |method| (image, method)));
    let row = |(image, method): (usize, usize)| Score {
        image: image.to_string(),
        target: Some(0),
        model: "m".into(),
        method: name(method),
        metric: "pos".into(),
        direction: Direction::Higher,
        value: value(image * 3 + method),
        reason: String::new(),
        extra: Extra::default(),
    };
    all.map(row).collect()
}

fn answers(methods: usize, images: usize, value: impl Fn(usize) -> f64) -> Curves {
    let mut curves = Curves::default();
    for (image, method, point) in (0..images).flat_map(|image| {
        (0..methods).flat_map(move |method| (0..5).map(move |point| (image, method, point)))
    }) {
        let row = Response {
            image: image.to_string(),
            target: Some(0),
            model: "m".into(),
            method: name(method),
            test: "deletion:fill=zero,steps=20".into(),
            fraction: point as f64 / 4.0,
            probability: value(image + method + point),
            predicted: None,
            point: None,
            points: None,
            map: String::new(),
            map_index: None,
            reason: String::new(),
            logit: None,
            mass: None,
            information: None,
            area: None,
            distance: None,
            extra: Extra::default(),
        };
        curves.add(&row);
    }
    curves
}

fn density(methods: usize) -> Vec<Density> {
    let all = (0..methods).flat_map(|method| (0..9).map(move |at| (method, at)));
    let row = |(method, at): (usize, usize)| Density {
        model: "m".into(),
        method: name(method),
        relevance: at as f64 / 8.0,
        density: (method * at) as f64,
        maps: 1,
    };
    all.map(row).collect()
}

fn tried(methods: usize, images: usize) -> Vec<Tried> {
    let all = (0..images)
        .flat_map(|image| (0..methods).flat_map(move |method| (0..4).map(move |draw| (image, method, draw))));
    let row = |(image, method, draw): (usize, usize, usize)| Tried {
        image: image.to_string(),
        target: Some(1),
        model: "m".into(),
        method: name(method),
        draw,
        arm: "blur".into(),
        metric: "pos".into(),
        score: 0.5,
        best_draw: Some(draw),
        best: if image == 1 { f64::NAN } else { (draw + method) as f64 },
        chances: String::new(),
        reason: String::new(),
        extra: Extra::default(),
    };
    all.map(row).collect()
}

fn tiles(columns: usize, lines: usize) -> Figure {
    let caption = vec![[name(0), "0.63".to_owned()], ["insertion".to_owned(), "0.5".to_owned()]];
    let tile = Tile { caption, ..Tile::default() };
    let line = |line| Line {
        label: vec![name(line), "great grey owl, Strix nebulosa".into()],
        tiles: vec![tile.clone(); columns],
    };
    figures::sheet(&Sheet {
        columns: (0..columns).map(name).collect(),
        lines: (0..lines).map(line).collect(),
        notes: vec![(None, name(0)), (None, name(1))],
        side: 96.0,
    })
}

/// The boxes of all texts, with the texts.
fn texts(group: &Group, found: &mut Vec<(Rect, String)>) {
    for node in group.children() {
        match node {
            Node::Group(group) => texts(group, found),
            Node::Text(text) => {
                let words = text.chunks().iter().map(TextChunk::text).collect();
                found.push((text.abs_bounding_box(), words));
            }
            _ => {}
        }
    }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    // The boxes are as high as the font, higher than the letters: a pixel of both may be shared.
    let across = a.right().min(b.right()) - a.left().max(b.left());
    let down = a.bottom().min(b.bottom()) - a.top().max(b.top());
    across > 0.5 && down > 1.0
}

fn check(what: &str, figure: &Figure) {
    let tree = figures::tree(&figure.svg(Theme::Paper)).unwrap();
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    assert!(found.len() > 2, "{what}: {} texts", found.len());
    let size = tree.size();
    for (at, (a, text)) in found.iter().enumerate() {
        let inside = a.left() > -0.5
            && a.top() > -0.5
            && a.right() < size.width() + 0.5
            && a.bottom() < size.height() + 0.5;
        assert!(inside, "{what}: {text} is cut: {a:?} in {size:?}");
        for (b, other) in &found[at + 1..] {
            assert!(!overlap(a, b), "{what}: {text} {a:?} lies on {other} {b:?}");
        }
    }
    let svg = figure.svg(Theme::Paper);
    let shapes = svg.lines().filter(|line| !line.starts_with("<text") && !line.starts_with("<svg"));
    let flawed: Vec<&str> = shapes.filter(|line| line.contains("NaN") || line.contains("inf")).collect();
    assert!(flawed.is_empty(), "{what}: {flawed:?}");
}

#[test]
fn forty_long_names_have_their_places() {
    check("ranking", &figures::ranking(&ranks(40, 3, number)));
    check("critical differences", &figures::critical_differences(&significance(40)));
    check("wins", &figures::wins(&versus(40)));
    check("agreement", &figures::agreement(&correlations(30)));
    check("boxes", &figures::boxes(&scores(40, 5, number), Of::Methods));
    check("boxes", &figures::boxes(&scores(40, 5, number), Of::Models));
    check("curves", &figures::curves(&answers(40, 3, |at| at as f64 / 50.0), RESAMPLING));
    check("densities", &figures::densities(&density(40)));
    check("convergence", &figures::convergence(&tried(40, 3), RESAMPLING));
    check("sheet", &tiles(40, 3));
}

#[test]
fn one_image_one_method_and_constants_have_a_figure() {
    for value in [0.0, 0.5, -1e-300, 1e300, f64::MAX, f64::NAN, f64::INFINITY] {
        check("ranking", &figures::ranking(&ranks(1, 1, |_| value)));
        check("ranking", &figures::ranking(&ranks(3, 1, |_| value)));
        check("boxes", &figures::boxes(&scores(1, 1, |_| value), Of::Methods));
        check("boxes", &figures::boxes(&scores(2, 4, |_| value), Of::Methods));
    }
    check("curves", &figures::curves(&answers(1, 1, |_| 0.0), RESAMPLING));
    check("curves", &figures::curves(&answers(2, 1, |_| 1e-12), RESAMPLING));
    check("convergence", &figures::convergence(&tried(1, 1), RESAMPLING));
    check("critical differences", &figures::critical_differences(&significance(2)));
    check("wins", &figures::wins(&versus(2)));
    check("agreement", &figures::agreement(&correlations(2)));
    check("sheet", &tiles(1, 1));
}
