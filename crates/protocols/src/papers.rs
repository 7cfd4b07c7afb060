//! Protocols of papers.

use crate::protocol::{Differs, Protocol};

const SQUASHED: &str = "resized to 224 x 224 pixels without a crop (--preprocess squash, for weights that want ImageNet's mean and \
                        deviation)";

/// In the order of the papers that this project is made for, then others.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "coherency",
        summary: "do metrics agree: deletion, insertion, average drop, increase in confidence, ROAD, pointing game",
        source: "Vandersmissen and Oramas 2023; code of quantitative-evaluation at 06ae6bc",
        images: "",
        explain: Some(&["--target=label", "--reduce=positive-mean", "--sign=positive", "--normalize"]),
        perturb: Some(&[
            "--test=deletion:fill=zero",
            "--test=insertion:fill=zero",
            "--test=mask:fill=zero",
            "--test=road",
        ]),
        score: Some(&[
            "--metric=deletion",
            "--metric=insertion",
            "--metric=adp",
            "--metric=pic",
            "--metric=road",
            "--metric=pointing-game",
        ]),
        differs: &[
            Differs {
                there: "a step is ceil(50176 / 100) = 502 pixels, the last one shorter",
                here: "a step ends at an exact hundredth of the pixels",
            },
            Differs {
                there: "ROAD has no code and no percentages",
                here: "the mean over 10, 20 ... 90 %, most relevant pixels first, noise 0.01 in pixel values",
            },
            Differs { there: "a box reaches one column and one row further", here: "boxes are half-open" },
            Differs { there: "a drop that is not defined counts as 0", here: "it is NaN with a reason" },
            Differs {
                there: "other fills, regions of 9 x 9, masks cut at a percentile",
                here: "-t deletion:fill=blur, deletion:fill=uniform, deletion:fill=zero,region=9, \
                       mask:fill=zero,percentile=50,ties=all",
            },
            Differs {
                there: "ranks are compared by argsort where ranks are meant, so that the order of the methods counts",
                here: "not reproduced: correlate and rank use ranks",
            },
        ],
    },
    Protocol {
        name: "bee",
        summary: "the eight metrics of BEE: POS, NEG, INS, DEL, ADP, PIC, AIC, SIC",
        source: "BEE (AAAI 2025), text; code at af72216, which does not run as published",
        images: SQUASHED,
        explain: Some(&["--target=predicted"]),
        perturb: Some(&["--test=pos", "--test=neg", "--test=mask", "--test=information"]),
        score: Some(&[
            "--metric=pos",
            "--metric=neg",
            "--metric=ins",
            "--metric=del",
            "--metric=adp",
            "--metric=pic",
            "--metric=aic",
            "--metric=sic",
        ]),
        differs: &[
            Differs {
                there: "the text blacks pixels out; the code sets them to 0 after normalising, the mean colour",
                here: "black; the code's: -t pos:fill=zero -t neg:fill=zero -t mask:fill=zero -t information",
            },
            Differs {
                there: "both the label and the predicted class are reported; the code explains the predicted one",
                here: "predicted; --target=label",
            },
            Differs {
                there: "SIC reads a logit of an image that is not normalised, AIC's predictor fails and is skipped",
                here: "not reproduced: the softmax and whether the class is predicted, as in PAIR's program",
            },
            Differs {
                there: "maps are enlarged bicubically",
                here: "a method enlarges its maps as its own paper says",
            },
            Differs {
                there: "areas in per cent (AIC, SIC)",
                here: "from 0 to 1; sizes are those of another WebP encoder",
            },
        ],
    },
    Protocol {
        name: "eea",
        summary: "the metrics of EEA: POS, NEG, INS, DEL, ADP, PIC with black pixels",
        source: "EEA; code at 62eb00b",
        images: SQUASHED,
        explain: Some(&["--target=predicted"]),
        perturb: Some(&["--test=pos", "--test=neg", "--test=mask"]),
        score: Some(&[
            "--metric=pos",
            "--metric=neg",
            "--metric=ins",
            "--metric=del",
            "--metric=adp",
            "--metric=pic",
        ]),
        differs: &[
            Differs {
                there: "tables for the label and for the predicted class",
                here: "predicted; --target=label",
            },
            Differs {
                there: "k = int(50176 p) pixels of floats in descending order, ties as they come",
                here: "the same share; of equal values the first pixel goes first",
            },
            Differs {
                there: "an image whose map has a NaN is dropped",
                here: "it is a row with a reason, and left out for all methods by rank",
            },
        ],
    },
    Protocol {
        name: "chefer",
        summary: "positive and negative perturbation: does the class survive while pixels go black?",
        source: "Chefer et al. 2021; Transformer-Explainability at c3e578f",
        images: "resized to 224 x 224 pixels without a crop, with mean and deviation 0.5 (--preprocess FILE.json with \
                 crop_mode squash)",
        explain: Some(&["--target=predicted"]),
        perturb: Some(&["--test=pos", "--test=neg"]),
        score: Some(&["--metric=pos", "--metric=neg"]),
        differs: &[
            Differs {
                there: "the accuracy of all images at each step, then the area under it",
                here: "the area of each image; their mean is the same number",
            },
            Differs {
                there: "fractions 0.1 to 0.9 are saved; the published areas have the clean image besides",
                here: "0 to 0.9: at most 90",
            },
            Differs {
                there: "--neg False is true",
                here: "not reproduced: pos and neg are two metrics, most and least relevant pixels first",
            },
        ],
    },
    Protocol {
        name: "meaningful",
        summary: "the baselines of the inpainting study: delete, blur and mean in both orders, violation, saliency metric",
        source: "A Meaningful Perturbation Metric; code of its supplement at dee5f4b",
        images: "",
        explain: Some(&["--target=predicted", "--reduce=abs", "--sign=abs"]),
        perturb: Some(&[
            "--test=classic",
            "--test=classic:fill=pil-blur",
            "--test=classic:fill=mean",
            "--test=classic:order=lerf",
            "--test=classic:fill=pil-blur,order=lerf",
            "--test=classic:fill=mean,order=lerf",
            "--test=crop",
        ]),
        score: Some(&[
            "--metric=classic",
            "--metric=classic-violation",
            "--metric=saliency-metric",
            "--metric=crop-accuracy",
        ]),
        differs: &[
            Differs {
                there: "a CNN's map is moved to 0..1 column by column",
                here: "not reproduced, it changes the order of the pixels: the magnitudes as they are",
            },
            Differs { there: "the saliency metric is divided by 100 once too often", here: "not reproduced" },
            Differs {
                there: "the text's violation test (Liu et al.) removes one unit; the code looks at the steps of delete",
                here: "the code's, of each fill; the text's: -t violation, -m violation",
            },
            Differs {
                there: "\"input x gradient\" of ResNet and VGG is the sum of the gradient's magnitudes",
                here: "-m gradient; -m input-x-gradient is what its name says",
            },
            Differs { there: "numbers are rounded to two or three decimals", here: "they are not" },
            Differs {
                there: "stratified inpainting, the paper's own metric",
                here: "the protocol meaningful-again",
            },
        ],
    },
    Protocol {
        name: "meaningful-again",
        summary: "stratified inpainting, the inpainting study's own metric: does what is painted become the second class?",
        source: "A Meaningful Perturbation Metric, Algorithm 1; code of its supplement at dee5f4b",
        images: "",
        explain: Some(&["--target=predicted", "--reduce=abs", "--sign=abs"]),
        perturb: Some(&["--test=inpaint"]),
        score: Some(&["--metric=inpaint", "--metric=stratified"]),
        differs: &[
            Differs {
                there: "Stable Diffusion paints, told the words of the second class, three times",
                here: "imputation, once; a generator of yours: -t inpaint:generator=NAME --generator NAME=exec:COMMAND \
                       --second second.csv (docs/generators.md)",
            },
            Differs {
                there: "the code's first pixels are those of a smooth map, at 10 to 100 %; the text's are patches, at 10 to 50 %",
                here: "the text's; the code's: -t inpaint:generator=NAME,ranking=published,end=1",
            },
            Differs {
                there: "ablations: the class of rank 10, no weights, single pixels",
                here: "-t inpaint:rank=10, -m inpaint, -t inpaint:patch=1; of generators that are told nothing: class=other",
            },
            Differs {
                there: "images whose second class the generator cannot paint are left out",
                here: "-t recognised tells which (docs/generators.md)",
            },
            Differs { there: "numbers are rounded to two decimals", here: "they are not" },
        ],
    },
    Protocol {
        name: "rise",
        summary: "deletion and insertion, 224 pixels at a time",
        source: "Petsiuk et al. 2018; RISE at d91ea00",
        images: SQUASHED,
        explain: Some(&["--target=predicted"]),
        perturb: Some(&["--test=deletion:fill=zero,steps=224", "--test=insertion:fill=rise-blur,steps=224"]),
        score: Some(&["--metric=deletion", "--metric=insertion"]),
        differs: &[
            Differs { there: "of equal values the last pixel goes first", here: "the first" },
            Differs {
                there: "the run over 5,000 images has steps of 1,792 pixels",
                here: "-t deletion:fill=zero,steps=28 -t insertion:fill=rise-blur,steps=28",
            },
        ],
    },
    Protocol {
        name: "road",
        summary: "accuracy and probability while pixels are imputed, in both orders",
        source: "Rong et al. 2022; road_evaluation at e6b9987",
        images: "",
        explain: Some(&["--target=label"]),
        perturb: Some(&[
            "--test=road:percent=10+20+30+40+50+70+90",
            "--test=road:order=lerf,percent=10+20+30+40+50+70+90",
        ]),
        score: Some(&["--metric=road", "--metric=road:score=hit"]),
        differs: &[
            Differs {
                there: "a number for each percentage",
                here: "their mean; the rows of perturb have each",
            },
            Differs {
                there: "ties are broken by noise of 1e-4, drawn without a seed",
                here: "of equal values the first pixel goes first",
            },
            Differs {
                there: "a direct sparse solver; noise of 0.01 without a seed",
                here: "conjugate gradients to a relative residual; noise keyed by seed and image",
            },
        ],
    },
    Protocol {
        name: "pic",
        summary: "performance information curves: AIC and SIC",
        source: "Kapishnikov et al. 2019; PAIR saliency 0.2.1",
        images: "",
        explain: Some(&["--target=predicted", "--sign=abs"]),
        perturb: Some(&["--test=information:thresholds=pair"]),
        score: Some(&["--metric=aic", "--metric=sic:min-probability=0.8"]),
        differs: &[
            Differs {
                there: "the area under the median curve of all images",
                here: "the mean of each image's area; the median: score $(seq -f '-m sic:at=%g' 0 0.01 1), then rank \
                       --median-curve at",
            },
            Differs { there: "sizes by libwebp", here: "by another lossless WebP encoder (docs/metrics.md)" },
            Differs {
                there: "all pixels that tie with the last one are shown",
                here: "exactly the share, of equal values the first",
            },
            Differs {
                there: "the random hundredth of the pixels has no seed",
                here: "it is keyed by seed and image, one for all methods",
            },
            Differs { there: "the curve at 1,000 places", here: "its area on the exact knots" },
        ],
    },
    Protocol {
        name: "tame",
        summary: "average drop and increase in confidence of the whole map",
        source: "TAME; code at 939c2bc",
        images: "",
        explain: Some(&["--target=predicted"]),
        perturb: Some(&["--test=mask"]),
        score: Some(&["--metric=adp", "--metric=pic"]),
        differs: &[
            Differs {
                there: "AD and IC at 50 and 15 %: the map's highest values as they are, the others 0",
                here: "not here: mask:percentile=50 shows the pixels whole, another number",
            },
            Differs { there: "the map is moved to 0..1 before it is enlarged", here: "after" },
        ],
    },
];
