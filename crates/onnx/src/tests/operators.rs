//! What each operator becomes.

use models::graph::{Activation, Pool};
use models::{Link, Op};

use super::*;

/// The operations from the input's first reader to the last before the final Flatten, with what the nodes are called.
fn ops(nodes: Vec<NodeProto>, stored: Vec<TensorProto>) -> Vec<Op> {
    let import = scores(nodes, stored).unwrap_or_else(|error| panic!("{error}"));
    let nodes = &import.graph.nodes;
    let last = nodes.len() - usize::from(nodes.last().unwrap().op == Op::Flatten);
    nodes[1..last].iter().map(|node| node.op.clone()).collect()
}

fn one(op: &str, attributes: &[AttributeProto]) -> Vec<Op> {
    ops(vec![node(op, &["x"], &["out"], attributes)], vec![])
}

fn with(op: &str, stored: TensorProto, attributes: &[AttributeProto]) -> Vec<Op> {
    let name = stored.name.clone();
    ops(vec![node(op, &["x", &name], &["out"], attributes)], vec![stored])
}

fn scalar(name: &str, number: f32) -> TensorProto {
    TensorProto { float_data: vec![number], ..weight(name, &[]) }
}

#[test]
fn one_number_becomes_part_of_the_operation() {
    let affine = |scale, shift| vec![Op::Affine { scale, shift }];
    assert_eq!(with("Add", scalar("c", 0.1), &[]), affine(1.0, 0.1));
    assert_eq!(with("Sub", scalar("c", 2.0), &[]), affine(1.0, -2.0));
    assert_eq!(with("Mul", scalar("c", 3.0), &[]), affine(3.0, 0.0));
    assert_eq!(with("Div", scalar("c", 4.0), &[]), affine(0.25, 0.0));
    assert_eq!(ops(vec![node("Sub", &["c", "x"], &["out"], &[])], vec![scalar("c", 2.0)]), affine(-1.0, 2.0));
    assert_eq!(with("Mul", scalar("c", 1.0), &[]), []);
    assert_eq!(one("Neg", &[]), affine(-1.0, 0.0));
    assert_eq!(with("Pow", scalar("c", 2.0), &[]), [Op::Multiply]);
    assert_eq!(with("Max", scalar("c", 0.0), &[]), [Op::Relu]);
    assert_eq!(
        with("Min", scalar("c", 6.0), &[]),
        [Op::Activation(Activation::Clip(f64::NEG_INFINITY, 6.0))]
    );
}

#[test]
fn bounds_come_from_attributes_or_inputs() {
    let relu6 = [Op::Activation(Activation::Clip(0.0, 6.0))];
    assert_eq!(one("Clip", &[float("min", 0.0), float("max", 6.0)]), relu6);
    let nodes = vec![node("Clip", &["x", "low", "high"], &["out"], &[])];
    assert_eq!(ops(nodes, vec![scalar("low", 0.0), scalar("high", 6.0)]), relu6);
    let nodes = vec![node("Clip", &["x", "low"], &["out"], &[])];
    assert_eq!(ops(nodes, vec![scalar("low", 0.0)]), [Op::Relu]);
    assert_eq!(one("Clip", &[]), []);
}

#[test]
fn uneven_padding_is_an_operation_of_its_own() {
    let kernel = || vec![weight("w", &[2, 3, 3, 3])];
    let conv =
        |attributes: &[AttributeProto]| ops(vec![node("Conv", &["x", "w"], &["out"], attributes)], kernel());
    let found = conv(&[text("auto_pad", "SAME_UPPER"), ints("strides", &[2, 2])]);
    assert_eq!(found[0], Op::Pad { sides: vec![(0, 0), (0, 1), (0, 1)], value: 0.0 });
    assert!(matches!(found[1], Op::Conv2d { padding: [0, 0], stride: [2, 2], .. }));
    let found = conv(&[text("auto_pad", "SAME_LOWER"), ints("strides", &[2, 2])]);
    assert_eq!(found[0], Op::Pad { sides: vec![(0, 0), (1, 0), (1, 0)], value: 0.0 });
    let even = conv(&[ints("pads", &[1, 2, 1, 2])]);
    assert!(matches!(even.as_slice(), [Op::Conv2d { padding: [1, 2], .. }]));
    let pool =
        one("MaxPool", &[ints("kernel_shape", &[3, 3]), ints("pads", &[0, 1, 1, 1]), int("ceil_mode", 1)]);
    assert_eq!(pool[0], Op::Pad { sides: vec![(0, 0), (0, 1), (1, 1)], value: f32::MIN });
    let expected = Pool { ceil: true, ..Pool::square(3, 1, 0) };
    assert_eq!(pool[1], Op::MaxPool2d(expected));
}

#[test]
fn matrices_are_turned_once() {
    let flat = || node("Flatten", &["x"], &["f"], &[]);
    let nodes =
        vec![flat(), node("MatMul", &["f", "w"], &["m"], &[]), node("Add", &["b", "m"], &["out"], &[])];
    let import = scores(nodes, vec![weight("w", &[48, 2]), weight("b", &[2])]).unwrap();
    let last = import.graph.nodes.last().unwrap();
    assert_eq!((last.name.as_str(), &last.op), ("out", &Op::Linear { weight: 0, bias: Some(1) }));
    assert_eq!(import.graph.parameters[0].shape, [2, 48]);
    assert_eq!(import.weights[0][..2], [1.0 / 96.0, 3.0 / 96.0]);
    let gemm =
        vec![flat(), node("Gemm", &["f", "w", "b"], &["out"], &[float("alpha", 0.5), float("beta", 2.0)])];
    let import = scores(gemm, vec![weight("w", &[48, 2]), weight("b", &[2])]).unwrap();
    assert_eq!((import.weights[0][0], import.weights[1][1]), (0.5 / 96.0, 2.0));
}

#[test]
fn layer_norm_spelled_out_is_one_node() {
    let mean = |input: &str, output: &str| node("ReduceMean", &[input], &[output], &[ints("axes", &[-1])]);
    let nodes = vec![
        mean("x", "m"),
        node("Sub", &["x", "m"], &["d"], &[]),
        node("Pow", &["d", "two"], &["s"], &[]),
        mean("s", "v"),
        node("Add", &["v", "e"], &["ve"], &[]),
        node("Sqrt", &["ve"], &["r"], &[]),
        node("Div", &["d", "r"], &["n"], &[]),
        node("Mul", &["n", "w"], &["nw"], &[]),
        node("Add", &["nw", "b"], &["out"], &[]),
    ];
    let constants = || vec![scalar("two", 2.0), scalar("e", 1e-6)];
    let stored = [constants(), vec![weight("w", &[4]), weight("b", &[4])]].concat();
    let import = scores(nodes.clone(), stored).unwrap();
    let norm = &import.graph.nodes[1];
    assert_eq!((norm.name.as_str(), &norm.op), ("out", &Op::LayerNorm { weight: 0, bias: 1, epsilon: 1e-6 }));
    assert_eq!(import.graph.parameters[1].name, "b");
    let mut plain = nodes[..7].to_vec();
    plain[6].output = vec!["out".into()];
    let import = scores(plain, constants()).unwrap();
    assert!(matches!(import.graph.nodes[1].op, Op::LayerNorm { .. }));
    assert_eq!(import.weights, [vec![1.0; 4], vec![0.0; 4]]);
    // Over another axis it is something else.
    let mut other = nodes;
    other[0].attribute = vec![ints("axes", &[1])];
    let stored = [constants(), vec![weight("w", &[4]), weight("b", &[4])]].concat();
    assert!(scores(other, stored).unwrap().graph.nodes.len() > 5);
}

#[test]
fn gelu_spelled_out_is_one_node() {
    let spelled = |last: [&str; 2], half: &str| {
        let mut nodes = vec![
            node("Div", &["x", "root"], &["a"], &[]),
            node("Erf", &["a"], &["b"], &[]),
            node("Add", &["b", "one"], &["c"], &[]),
        ];
        let [first, second] = last;
        nodes.push(node("Mul", &[first, second], &["d"], &[]));
        nodes.push(node(
            "Mul",
            &[if half == "x" { "c" } else { half }, if half == "x" { "d" } else { "half" }],
            &["out"],
            &[],
        ));
        ops(nodes, vec![scalar("root", std::f32::consts::SQRT_2), scalar("one", 1.0), scalar("half", 0.5)])
    };
    let gelu = [Op::Activation(Activation::Gelu)];
    assert_eq!(spelled(["x", "c"], "d"), gelu);
    assert_eq!(spelled(["x", "half"], "x"), gelu);
    // Without the half it is twice that, which is another function.
    assert_ne!(spelled(["x", "one"], "x"), gelu);
}

#[test]
fn gelu_by_tanh_is_one_node() {
    let nodes = vec![
        node("Pow", &["x", "three"], &["a"], &[]),
        node("Mul", &["a", "cubic"], &["b"], &[]),
        node("Add", &["x", "b"], &["c"], &[]),
        node("Mul", &["c", "root"], &["d"], &[]),
        node("Tanh", &["d"], &["e"], &[]),
        node("Add", &["e", "one"], &["f"], &[]),
        node("Mul", &["x", "half"], &["g"], &[]),
        node("Mul", &["g", "f"], &["out"], &[]),
    ];
    let stored = vec![
        scalar("three", 3.0),
        scalar("cubic", 0.044_715),
        scalar("root", 0.797_884_6),
        scalar("one", 1.0),
        scalar("half", 0.5),
    ];
    assert_eq!(ops(nodes, stored), [Op::Activation(Activation::GeluTanh)]);
    assert_eq!(one("Gelu", &[text("approximate", "tanh")]), [Op::Activation(Activation::GeluTanh)]);
}

#[test]
fn gates_spelled_out_are_one_node() {
    let gated = |gate: Vec<NodeProto>, stored: Vec<TensorProto>| {
        ops([gate, vec![node("Mul", &["x", "g"], &["out"], &[])]].concat(), stored)
    };
    let sigmoid = vec![node("Sigmoid", &["x"], &["g"], &[])];
    assert_eq!(gated(sigmoid, vec![]), [Op::Activation(Activation::Silu)]);
    let hard = vec![node("HardSigmoid", &["x"], &["g"], &[float("alpha", 1.0 / 6.0)])];
    assert_eq!(gated(hard, vec![]), [Op::Activation(Activation::HardSwish)]);
    let clip = |output: &str| {
        vec![
            node("Add", &["x", "three"], &["a"], &[]),
            node("Clip", &["a"], &["b"], &[float("min", 0.0), float("max", 6.0)]),
            node("Div", &["b", "six"], &[output], &[]),
        ]
    };
    let stored = || vec![scalar("three", 3.0), scalar("six", 6.0)];
    assert_eq!(gated(clip("g"), stored()), [Op::Activation(Activation::HardSwish)]);
    assert_eq!(ops(clip("out"), stored()), [Op::Activation(Activation::HardSigmoid(1.0 / 6.0, 0.5))]);
}

#[test]
fn a_softmax_at_the_end_is_left_out() {
    let flat = node("Flatten", &["x"], &["f"], &[]);
    let ends = |nodes: Vec<NodeProto>| {
        let import = import(&model([vec![flat.clone()], nodes].concat(), vec![])).unwrap();
        import.graph.nodes.last().unwrap().op.clone()
    };
    assert_eq!(ends(vec![node("Softmax", &["f"], &["y"], &[])]), Op::Flatten);
    assert_eq!(ends(vec![node("LogSoftmax", &["f"], &["y"], &[])]), Op::Flatten);
    assert_eq!(
        ends(vec![node("Softmax", &["f"], &["s"], &[]), node("Log", &["s"], &["y"], &[])]),
        Op::Flatten
    );
    // On maps of one pixel, as Caffe's networks end; a softmax over pixels stays.
    let pooled = |axis: i64| {
        let nodes = vec![
            node("GlobalAveragePool", &["x"], &["p"], &[]),
            node("Softmax", &["p"], &["y"], &[int("axis", axis)]),
        ];
        let import = import(&model(nodes, vec![])).unwrap();
        import.graph.nodes.iter().map(|node| node.op.kind()).collect::<Vec<_>>()
    };
    assert_eq!(pooled(1), ["input", "mean", "flatten"]);
    assert_eq!(pooled(2), ["input", "mean", "softmax", "flatten"]);
}

/// How probabilities come from the scores, and how many nodes are left.
#[test]
fn the_end_says_how_probabilities_come_from_the_scores() {
    let flat = node("Flatten", &["x"], &["f"], &[]);
    let ends = |nodes: Vec<NodeProto>| {
        let import = import(&model([vec![flat.clone()], nodes].concat(), vec![])).unwrap();
        (import.graph.link, import.graph.nodes.len())
    };
    let to_y = |op: &str, from: &str| node(op, &[from], &["y"], &[]);
    let softmax = |to: &str| node("Softmax", &["f"], &[to], &[]);
    assert_eq!(ends(vec![to_y("Relu", "f")]), (Link::Softmax, 3));
    assert_eq!(ends(vec![softmax("y")]), (Link::Softmax, 2));
    assert_eq!(ends(vec![to_y("Sigmoid", "f")]), (Link::Sigmoid, 2));
    let sigmoid = node("Sigmoid", &["f"], &["s"], &[]);
    assert_eq!(ends(vec![sigmoid.clone(), to_y("Log", "s")]), (Link::Sigmoid, 2));
    assert_eq!(ends(vec![sigmoid.clone(), to_y("Flatten", "s")]).0, Link::Sigmoid);
    // A sigmoid in the middle is none of the end.
    assert_eq!(ends(vec![sigmoid.clone(), to_y("Tanh", "s")]).0, Link::Softmax);
    // What stays within 0..1 is a probability: a mean of two, a hard sigmoid, 1 - p beside p.
    let half = TensorProto { float_data: vec![0.5], ..weight("half", &[1]) };
    let one = TensorProto { float_data: vec![1.0], ..weight("one", &[1]) };
    let with = |nodes: Vec<NodeProto>, axis: i64| {
        let concat = node("Concat", &["a", "b"], &["y"], &[int("axis", axis)]);
        let nodes = [vec![flat.clone()], nodes, if axis > 0 { vec![concat] } else { vec![] }].concat();
        import(&model(nodes, vec![half.clone(), one.clone()])).unwrap().graph.link
    };
    let sum = node("Add", &["s", "t"], &["u"], &[]);
    let mean = node("Mul", &["u", "half"], &["y"], &[]);
    let several = vec![softmax("s"), node("Sigmoid", &["f"], &["t"], &[]), sum.clone()];
    assert_eq!(with([several.clone(), vec![mean]].concat(), 0), Link::Identity);
    assert_eq!(with([several, vec![to_y("Relu", "u")]].concat(), 0), Link::Softmax);
    assert_eq!(with(vec![to_y("HardSigmoid", "f")], 0), Link::Identity);
    // Spelled out: 1 / (1 + exp(-x)), and exp(x) over its sum, which without the sum is anything.
    let negative = [node("Neg", &["f"], &["m"], &[]), node("Exp", &["m"], &["e"], &[])];
    let above = node("Add", &["e", "one"], &["d"], &[]);
    let sigmoid = [&negative[..], &[above, node("Div", &["one", "d"], &["y"], &[])]].concat();
    assert_eq!(with(sigmoid, 0), Link::Identity);
    let exponential = node("Exp", &["f"], &["e"], &[]);
    let sum = numbers("axes", &[1]);
    let softmax = |of: &str| {
        let sum_node = node("ReduceSum", &[of, "axes"], &["d"], &[]);
        let nodes = vec![flat.clone(), exponential.clone(), sum_node, node("Div", &["e", "d"], &["y"], &[])];
        import(&model(nodes, vec![sum.clone()])).unwrap().graph.link
    };
    assert_eq!((softmax("e"), softmax("f")), (Link::Identity, Link::Softmax));
    let pair = vec![node("Sigmoid", &["f"], &["b"], &[]), node("Sub", &["one", "b"], &["a"], &[])];
    assert_eq!(with(pair, 1), Link::Identity);
}

#[test]
fn channels_may_come_last() {
    let mut file = model(
        vec![
            node("Transpose", &["x"], &["a"], &[ints("perm", &[0, 3, 1, 2])]),
            node("Relu", &["a"], &["b"], &[]),
            node("Flatten", &["b"], &["y"], &[]),
        ],
        vec![],
    );
    file.graph.as_mut().unwrap().input = vec![value("x", &[0, 4, 5, 3])];
    let import = import(&file).unwrap();
    assert_eq!(import.graph.input, [3, 4, 5]);
    let kinds: Vec<&str> = import.graph.nodes.iter().map(|node| node.op.kind()).collect();
    assert_eq!(kinds, ["input", "relu", "flatten"]);
}

#[test]
fn names_are_those_of_the_file_and_unique() {
    let mut first = node("Relu", &["x"], &["a"], &[]);
    first.name = "act".into();
    let mut second = node("Sigmoid", &["a"], &["b"], &[]);
    second.name = "act".into();
    let import = scores(vec![first, second, node("Tanh", &["b"], &["out"], &[])], vec![]).unwrap();
    let names: Vec<&str> = import.graph.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["input", "act", "act_1", "out", "y"]);
}

#[test]
fn a_size_that_the_file_leaves_open_is_open_if_nothing_depends_on_it() {
    let sized = |nodes: Vec<NodeProto>, lengths: &[i64]| {
        let mut file = model(
            [
                nodes,
                vec![node("GlobalAveragePool", &["out"], &["p"], &[]), node("Flatten", &["p"], &["y"], &[])],
            ]
            .concat(),
            vec![weight("w", &[2, 3, 3, 3])],
        );
        file.graph.as_mut().unwrap().input = vec![value("x", lengths)];
        import(&file).unwrap().graph
    };
    let conv = |auto_pad: &'static str| {
        vec![node("Conv", &["x", "w"], &["out"], &[text("auto_pad", auto_pad), ints("strides", &[2, 2])])]
    };
    let graph = sized(conv("VALID"), &[0, 3, 0, 0]);
    assert_eq!((graph.input, graph.fixed), ([3, 224, 224], false));
    assert!(sized(conv("VALID"), &[0, 3, 32, 32]).fixed);
    // The padding of TensorFlow is another one for odd sizes.
    assert!(sized(conv("SAME_UPPER"), &[0, 3, 0, 0]).fixed);
}

#[test]
fn the_output_called_logits_is_taken() {
    let mut file = model(
        vec![
            node("Relu", &["x"], &["a"], &[]),
            node("Flatten", &["a"], &["y"], &[]),
            node("Flatten", &["x"], &["logits"], &[]),
        ],
        vec![],
    );
    let outputs = |file: &mut ModelProto, names: &[&str]| {
        file.graph.as_mut().unwrap().output = names.iter().map(|name| value(name, &[])).collect();
        let found = import(file).unwrap();
        (found.output, found.unused)
    };
    assert_eq!(outputs(&mut file, &["y", "logits"]), ("logits".into(), vec!["y".into()]));
    assert_eq!(outputs(&mut file, &["a", "y"].map(|_| "y")[..1]), ("y".into(), vec![]));
}

/// Features, boxes and whole numbers are no class scores; of two that may be, none is taken in silence.
#[test]
fn the_wrong_output_is_never_taken_in_silence() {
    let mut file = model(
        vec![
            node("Relu", &["x"], &["features"], &[]),
            node("Flatten", &["features"], &["y"], &[]),
            node("Flatten", &["x"], &["aux_logits"], &[]),
        ],
        vec![],
    );
    let mut labels = value("label", &[1]);
    labels.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().elem_type = element::INT64;
    let mut with = |outputs: Vec<ValueInfoProto>, wanted: Option<&str>| {
        file.graph.as_mut().unwrap().output = outputs;
        let file = File::decode(file.encode_to_vec().into(), Path::new(".")).unwrap();
        imported(&file, None, wanted).map(|found| (found.output, found.unused.len()))
    };
    let [features, y, aux] =
        [value("features", &[1, 3, 4, 4]), value("y", &[0, 48]), value("aux_logits", &[1, 48])];
    let all = vec![features.clone(), labels.clone(), y.clone()];
    assert_eq!(with(all.clone(), None), Ok(("y".into(), 2)));
    assert_eq!(
        with(vec![features, y.clone(), aux.clone()], None).unwrap_err(),
        "3 outputs, and which of them are the class scores is not known: features (1 x 3 x 4 x 4), y (? x 48), \
         aux_logits (1 x 48); name it with --model-output"
    );
    assert_eq!(with(vec![aux, y], Some("aux_logits")), Ok(("aux_logits".into(), 1)));
    assert_eq!(
        with(all.clone(), Some("z")).unwrap_err(),
        "it has no output `z`: it has features (1 x 3 x 4 x 4), label (1), y (? x 48)"
    );
    assert!(with(all.clone(), Some("features")).unwrap_err().contains("output `features`: its shape"));
    assert!(with(vec![labels.clone(), all[0].clone()], None).unwrap_err().starts_with("2 outputs"));
}
