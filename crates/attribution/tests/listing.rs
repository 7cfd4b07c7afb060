//! `docs/methods.md` holds the table of all methods; `BLESS=1` rewrites it.

use attribution::{Entry, METHODS};

/// Whose maps each method is compared with, in `testdata/attribution` or in `make parity`.
const CHECKED: [(&str, &[&str]); 10] = [
    (
        "Captum",
        &[
            "gradient",
            "input-x-gradient",
            "smoothgrad",
            "squaregrad",
            "vargrad",
            "integrated-gradients",
            "gradient-shap",
            "expected-gradients",
            "guided-backprop",
            "deconvnet",
            "gradcam",
            "occlusion",
        ],
    ),
    ("pytorch-grad-cam", &["gradcam", "gradcam++", "layercam", "hirescam", "xgradcam", "eigencam"]),
    ("zennit", &["lrp"]),
    ("PAIR's saliency", &["guided-ig", "blur-ig", "xrai"]),
    ("torchray", &["excitation-backprop"]),
    ("shap", &["deeplift-shap", "kernel-shap"]),
    ("lime", &["lime"]),
    ("SciPy", &["edge", "center", "input-magnitude"]),
    (
        "formulas in PyTorch",
        &[
            "deeplift",
            "deeplift-shap",
            "lrp",
            "fullgrad",
            "scorecam",
            "ablation-cam",
            "lift-cam",
            "act-ig",
            "iia",
            "rise",
            "sise",
            "ada-sise",
            "hsic",
            "sobol",
            "attention",
            "rollout",
            "gradient-rollout",
            "attention-gradcam",
            "partial-lrp",
            "t-attr",
            "gae",
            "attn-lrp",
        ],
    ),
    ("its range", &["random"]),
];

fn checked(name: &str) -> String {
    let by: Vec<&str> =
        CHECKED.iter().filter(|(_, methods)| methods.contains(&name)).map(|(by, _)| *by).collect();
    assert!(!by.is_empty(), "nothing checks `{name}`");
    by.join(", ")
}

fn row(entry: &Entry) -> String {
    let needs = if entry.is_black_box() { "scores" } else { "the network" };
    let parameters = entry.parameters().replace("it has none", "");
    let parameters: Vec<String> =
        parameters.split(',').filter(|part| !part.is_empty()).map(|part| format!("`{part}`")).collect();
    let Entry { name, summary, paper, cost, .. } = entry;
    let (parameters, checked) = (parameters.join(" "), checked(name));
    format!("| `{name}` | {summary} | {paper} | {needs} | {cost} | {parameters} | {checked} |\n")
}

#[test]
fn the_table_of_methods_is_that_of_the_code() {
    let head = "| method | what it gives | paper | asks for | cost | parameters and defaults | checked by |\n|---|---|---|---|---|---|---|\n";
    let table = head.to_string() + &METHODS.iter().map(row).collect::<String>();
    testing::golden::section("methods.md", "table", &table);
}
