//! Protocols of toolkits: of the measures that each really has, those that are here.

use crate::protocol::{Differs, Protocol};

const QUANTUS_ROAD: &str = "--test=road:percent=1+3+5+7+9+11+13+15+17+19+21+23+25+27+29+31+33+35+37+39+41+43+45+47+49+51+53+55+57+\
                            59+61+63+65+67+69+71+73+75+77+79+81+83+85+87+89+91+93+95+97+99";

/// Each with the version whose code was read and run.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "quantus",
        summary: "faithfulness, localisation, complexity and randomisation with Quantus' defaults",
        source: "Quantus 0.6.0",
        images: "",
        explain: None,
        perturb: Some(&[
            "--test=subset:fill=min,size=224",
            "--test=single:fill=min,blocks=0,steps=224",
            "--test=deletion:fill=min,steps=224",
            "--test=patches:size=8,fill=min",
            "--test=patches:size=8,fill=min,steps=784",
            "--test=superpixels:fill=level",
            QUANTUS_ROAD,
        ]),
        score: Some(&[
            "--metric=faithfulness-correlation",
            "--metric=faithfulness-estimate",
            "--metric=deletion",
            "--metric=aopc:size=8,fill=min",
            "--metric=selectivity:size=8,fill=min,steps=784",
            "--metric=irof",
            "--metric=road:score=hit",
            "--metric=pointing-game",
            "--metric=top-k",
            "--metric=relevance-mass",
            "--metric=relevance-rank",
            "--metric=relevance-mass:sign=absolute",
            "--metric=roc-auc",
            "--metric=gini",
            "--metric=entropy",
            "--metric=relevant-pixels",
            "--metric=spearman-abs",
            "--metric=ssim",
        ]),
        differs: &[
            Differs {
                there: "features are entries of channels x height x width",
                here: "pixels, all channels of each: 224 of them where Quantus takes 224 entries",
            },
            Differs {
                there: "PixelFlipping and FaithfulnessEstimate go entry by entry: 150,528 passes for an image",
                here: "in 224 steps",
            },
            Differs {
                there: "areas with steps of 1, which grow with the number of steps, without the clean image",
                here: "areas over 0..1, from the clean image on",
            },
            Differs {
                there: "IROF counts segments from 1 for a model that never reacts; IROF and ROAD fail on colour images",
                here: "not reproduced: a share from 0; colour images work",
            },
            Differs {
                there: "RandomLogit draws a class from 1,000 and compares by SSIM in one dimension; MPRT gives equal weights to \
                        layers of one shape",
                here: "score --against maps of another --target (ssim); protocol quantus-randomisation",
            },
            Differs {
                there: "Monotonicity (true for every map), SensitivityN (across images), Infidelity (squares pile up), \
                        Completeness (equality of floats), Sufficiency, Consistency (the signs of five pixels)",
                here: "not reproduced: monotonicity, sensitivity-n, infidelity, completeness and consistency are what the papers define \
                       (docs/metrics.md)",
            },
            Differs {
                there: "MonotonicityCorrelation and NonSensitivity: 100 passes for each entry, one pass for each entry",
                here: "on request: -t single:fill=uniform,blocks=0,runs=100 -m monotonicity-correlation, -t single:fill=min -m \
                       non-sensitivity",
            },
            Differs {
                there: "maps over the largest magnitude of the call",
                here: "no number here depends on the map's scale",
            },
        ],
    },
    Protocol {
        name: "quantus-again",
        summary: "Quantus' robustness: the measures that explain twice, with its defaults",
        source: "Quantus 0.6.0",
        images: "",
        explain: None,
        perturb: Some(&[
            "--test=noise:distribution=uniform,radius=0.2,draws=200",
            "--test=noise:draws=200",
            "--test=shift",
        ]),
        score: Some(&[
            "--metric=max-sensitivity:class=any,distribution=uniform,radius=0.2,draws=200",
            "--metric=mean-sensitivity:class=any,distribution=uniform,radius=0.2,draws=200",
            "--metric=relative-input-stability:distribution=uniform,radius=0.2,draws=200",
            "--metric=relative-output-stability:distribution=uniform,radius=0.2,draws=200",
            "--metric=relative-representation-stability:distribution=uniform,radius=0.2,draws=200",
            "--metric=local-lipschitz:class=any,draws=200",
            "--metric=continuity:class=any",
        ]),
        differs: &[
            Differs {
                there: "Continuity moves the image by up to its whole width, and the blank image always counts",
                here: "by at most an eighth of the width",
            },
            Differs {
                there: "the relative stabilities have noise from U(0.02, 0.2), of one sign; zeros of a map count as 1e-6; one draw of \
                        another class makes all NaN",
                here: "noise of both signs; zeros and draws of another class do not count",
            },
            Differs {
                there: "LocalLipschitzEstimate and Continuity: maps over the largest value of the batch",
                here: "each over its own",
            },
            Differs {
                there: "RelativeRepresentationStability of all layers end to end",
                here: "of the features before the last linear layer",
            },
            Differs {
                there: "InputInvariance shifts the network itself, and fails gradients where a convolution has padding",
                here: "score --against maps of explain --shift-input, -m input-invariance",
            },
        ],
    },
    Protocol {
        name: "quantus-randomisation",
        summary: "Quantus' randomisation of weights (MPRT and its two successors), with its defaults",
        source: "Quantus 0.6.0",
        images: "",
        explain: None,
        perturb: None,
        score: Some(&["--metric=parameter-randomisation:sign=absolute", "--metric=complexity-rise"]),
        differs: &[
            Differs {
                there: "layers are PyTorch's modules with reset_parameters, a BatchNorm one of its own; class tokens and layer scales stay",
                here: "a convolution and its BatchNorm are one layer, and every tensor is part of one (docs/sanity.md)",
            },
            Differs {
                there: "every layer is drawn with one seed: equal shapes get equal weights",
                here: "each tensor by its name",
            },
            Differs {
                there: "PyTorch's defaults of reset_parameters: U(-a, a) with a = 1 / sqrt(fan in), biases too",
                here: "the normal distributions of training, biases 0 (docs/sanity.md)",
            },
            Differs {
                there: "order: top_down, bottom_up, independent; return_average_correlation, return_last_correlation",
                here: "explain --randomize cascading:K, bottom-up:K, independent:LAYER; means by rank, or by awk (docs/sanity.md)",
            },
            Differs {
                there: "SmoothMPRT explains by plain gradients, whatever explainer it is given, with noise of no seed",
                here: "explain -m METHOD+noise-tunnel on both sides",
            },
            Differs {
                there: "EfficientMPRT: the entropy of the histogram with numbers of bins chosen by a rule, if one is given",
                here: "100 bins, its default; -m complexity-rise:bins=N",
            },
            Differs {
                there: "maps over the largest magnitude of the call",
                here: "no number here depends on the map's scale",
            },
        ],
    },
    Protocol {
        name: "pytorch-grad-cam",
        summary: "drop and increase in confidence, ROAD, complexity of maps within 0..1",
        source: "pytorch-grad-cam 1.5.7",
        images: "",
        explain: Some(&["--target=predicted", "--sign=positive", "--normalize"]),
        perturb: Some(&[
            "--test=mask:fill=zero,scale=none",
            "--test=road:noise=0.00225",
            "--test=road:noise=0.00225,order=lerf",
        ]),
        score: Some(&[
            "--metric=confidence-drop",
            "--metric=pic",
            "--metric=road-change",
            "--metric=road-combined",
            "--metric=mean-saliency:scale=none",
        ]),
        differs: &[
            Differs {
                there: "logits by default; its README takes ClassifierOutputSoftmaxTarget for metrics",
                here: "probabilities; of ROAD also logits: -m road-combined:score=logit",
            },
            Differs {
                there: "ROAD removes what lies at or above a percentile: all of a map that is mostly 0; the least relevant pixels \
                        stop at the percentile of 1 - map",
                here: "not reproduced: the exact share of the pixels",
            },
            Differs {
                there: "ROAD's noise is 0.01 of the normalised input",
                here: "0.00225 of the pixel values: 0.01 x ImageNet's deviation",
            },
            Differs {
                there: "percentile=\"auto\" removes the least relevant pixels",
                here: "not reproduced",
            },
            Differs {
                there: "the map is moved to 0..1 before it is enlarged and after",
                here: "after; a method's own rectifier comes first",
            },
        ],
    },
    Protocol {
        name: "pytorch-grad-cam-again",
        summary: "pytorch-grad-cam's coherency and ARCC: does the masked image have the same map?",
        source: "pytorch-grad-cam 1.5.7",
        images: "",
        explain: Some(&["--target=predicted", "--sign=positive", "--normalize"]),
        perturb: Some(&[
            "--keep-test=mask",
            "--test=mask:fill=zero,scale=none",
            "--test=road:percent=20+40+60+80",
            "--test=road:order=lerf,percent=20+40+60+80",
        ]),
        score: Some(&["--metric=self-coherence", "--metric=arcc"]),
        differs: &[
            Differs { there: "a constant map has the coherency 1/2", here: "NaN with a reason" },
            Differs {
                there: "ARCC adds 1e-8 to each of its parts: 3e-8 where ROAD is not above 0",
                here: "0",
            },
        ],
    },
    Protocol {
        name: "torchcam",
        summary: "average drop, increase in confidence, deletion and insertion in 20 steps",
        source: "torch-cam 0.5",
        images: "",
        explain: Some(&["--target=predicted", "--sign=positive", "--normalize"]),
        perturb: Some(&[
            "--test=mask:fill=zero,scale=none",
            "--test=deletion:fill=zero,steps=20",
            "--test=insertion:fill=zero,steps=20",
        ]),
        score: Some(&["--metric=adp", "--metric=pic", "--metric=deletion", "--metric=insertion"]),
        differs: &[
            Differs {
                there: "logits, unless logits_fn is given; of them a drop may exceed the whole",
                here: "probabilities: logits_fn=partial(torch.softmax, dim=-1)",
            },
            Differs {
                there: "a step is ceil(pixels / 20), the last one shorter",
                here: "a step ends at an exact twentieth",
            },
            Differs { there: "shares from 0 to 1", here: "adp and pic in per cent" },
            Differs { there: "the average drop adds 1e-7 to the clean probability", here: "nothing" },
            Differs { there: "the map is moved to 0..1 before it is enlarged", here: "after" },
        ],
    },
    Protocol {
        name: "xplique",
        summary: "deletion and insertion in 10 steps, muFidelity, drop, increase and gain, complexity, sparseness",
        source: "Xplique 2.0.2",
        images: "",
        explain: None,
        perturb: Some(&[
            "--test=deletion:fill=zero,steps=10",
            "--test=insertion:fill=zero,steps=10",
            "--test=subset:fill=zero,draws=200,grid=9",
            "--test=mask:fill=zero",
        ]),
        score: Some(&[
            "--metric=deletion",
            "--metric=insertion",
            "--metric=mu-fidelity",
            "--metric=adp",
            "--metric=pic",
            "--metric=average-gain",
            "--metric=gini",
            "--metric=entropy",
            "--metric=spearman",
            "--metric=ssim:window=gaussian",
        ]),
        differs: &[
            Differs {
                there: "Deletion and Insertion: the area under the mean curve of the data set, of scores as the model gives them",
                here: "of each image, of probabilities; the mean over images is the same",
            },
            Differs {
                there: "MuFidelity draws each cell by itself, so that the sizes differ and a constant map has a number",
                here: "exactly 20 % of the cells; a constant map has none",
            },
            Differs {
                there: "AverageDrop, AverageIncrease and AverageGain move the magnitudes of the map to 0..1",
                here: "the map as it is signed; explain --sign=abs for the magnitudes",
            },
            Differs {
                there: "Complexity and Sparseness of a zero map are 0 and -1, the best",
                here: "not reproduced: NaN with a reason",
            },
            Differs {
                there: "RandomLogitMetric and ModelRandomizationMetric make the other maps themselves; in a small network nothing is \
                        randomised",
                here: "score --against maps of another --target (ssim) or of explain --randomize (spearman)",
            },
            Differs { there: "AverageStability, MeGe, ReCo", here: "not here (docs/metrics.md)" },
        ],
    },
    Protocol {
        name: "captum",
        summary: "infidelity and sensitivity under noise; explains twice",
        source: "Captum 0.9.0",
        images: "",
        explain: None,
        perturb: Some(&["--test=noise:sigma=0.003,draws=10", "--test=noise:distribution=uniform,draws=10"]),
        score: Some(&[
            "--metric=infidelity:sigma=0.003,draws=10",
            "--metric=max-sensitivity:class=any,distribution=uniform,draws=10",
        ]),
        differs: &[
            Differs {
                there: "infidelity's noise is the caller's; the documentation's example is N(0, 0.003)",
                here: "that; another one: -t noise:draws=10 -m infidelity has N(0, 0.1)",
            },
            Differs { there: "sensitivity's noise is U(-0.02, 0.02)", here: "that, the default of the test" },
            Differs { there: "normalize=True scales the map", here: "-m infidelity:scaled=true" },
            Differs { there: "sensitivity_max of a map of zeros is 0, the best", here: "NaN with a reason" },
        ],
    },
];
