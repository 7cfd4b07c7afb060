//! Hostile files: an error each, never a panic or a huge allocation.

use std::slice::from_ref;

use prost::Message;
use prost::bytes::Bytes;
use testing::WorkDir;

use super::*;
use crate::proto::StringStringEntryProto;

/// The error of nodes that lead from `x` to `out`.
fn refused(nodes: Vec<NodeProto>, stored: Vec<TensorProto>) -> String {
    scores(nodes, stored).expect_err("the file is broken")
}

#[test]
fn all_unknown_operators_are_named_in_one_line() {
    let mut strange = node("Magic", &["b"], &["out"], &[]);
    (strange.name, strange.domain) = ("wand".into(), "com.example".into());
    let nodes = vec![node("LSTM", &["x"], &["a"], &[]), node("Relu", &["a"], &["b"], &[]), strange];
    assert_eq!(refused(nodes, vec![]), "unsupported operators: a (LSTM), wand (com.example.Magic)");
}

#[test]
fn only_what_the_output_needs_must_be_known() {
    let nodes = vec![node("LSTM", &["x"], &["a"], &[]), node("Relu", &["x"], &["out"], &[])];
    assert!(scores(nodes, vec![]).is_ok());
}

#[test]
fn cycles_and_missing_values_are_found() {
    let cycle = vec![
        node("Add", &["x", "b"], &["a"], &[]),
        node("Add", &["a", "x"], &["b"], &[]),
        node("Relu", &["b"], &["out"], &[]),
    ];
    assert_eq!(refused(cycle, vec![]), "node a (Add): it reads `b`, which nothing before it gives");
    let missing = vec![node("Add", &["x", "w"], &["out"], &[])];
    assert!(refused(missing, vec![]).contains("it reads `w`"));
    let twice = vec![node("Relu", &["x"], &["out"], &[]), node("Abs", &["x"], &["out"], &[])];
    assert_eq!(refused(twice, vec![]), "`out` is computed twice");
    assert!(refused(vec![node("Relu", &[], &["out"], &[])], vec![]).contains("input 0 is missing"));
    assert!(refused(vec![], vec![]).contains("it reads `out`"));
}

#[test]
fn deep_chains_are_no_recursion() {
    let mut nodes: Vec<NodeProto> = Vec::new();
    for i in 0..20_000 {
        let from = if i == 0 { "x".to_string() } else { format!("v{}", i - 1) };
        let op = ["Mul", "Neg", "Relu", "Mul"][i % 4];
        let inputs = if op == "Mul" { vec![from.as_str(), "half"] } else { vec![from.as_str()] };
        nodes.push(node(op, &inputs, &[&format!("v{i}")], &[]));
    }
    nodes.push(node("Relu", &["v19999"], &["out"], &[]));
    assert!(scores(nodes, vec![weight("half", &[])]).is_ok());
}

#[test]
fn inputs_and_outputs_must_be_those_of_a_classifier() {
    let graph = |input: Vec<ValueInfoProto>, output: Vec<ValueInfoProto>| {
        let mut model = model(vec![node("Flatten", &["x"], &["y"], &[])], vec![]);
        let graph = model.graph.as_mut().unwrap();
        (graph.input, graph.output) = (input, output);
        import(&model)
    };
    let (x, y) = (value("x", &[1, 3, 4, 4]), value("y", &[]));
    let error = |input: &[ValueInfoProto], output: &[ValueInfoProto]| {
        graph(input.to_vec(), output.to_vec()).unwrap_err()
    };
    let (other, open) = (value("mask", &[1, 1, 4, 4]), value("x", &[]));
    assert_eq!(
        error(&[x.clone(), other], from_ref(&y)),
        "2 inputs (x, mask); a classifier of images has one"
    );
    assert_eq!(
        error(&[open], from_ref(&y)),
        "input `x`: its shape is ; images x channels x height x width is needed"
    );
    assert_eq!(
        error(&[value("x", &[1, 2, 4, 5])], from_ref(&y)),
        "input `x`: its shape is 1 x 2 x 4 x 5; 1, 3 or 4 channels are needed"
    );
    assert_eq!(error(&[], from_ref(&y)), "0 inputs (); a classifier of images has one");
    assert_eq!(error(from_ref(&x), &[]), "it has no output");
    assert_eq!(error(from_ref(&x), &[value("z", &[])]), "output `z` is not computed from the image");
    let mut bytes = x.clone();
    bytes.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().elem_type = 2;
    assert_eq!(error(&[bytes], from_ref(&y)), "input `x`: it holds numbers of type 2; floats are needed");
    assert_eq!(
        error(&[value("x", &[1, 3, 1 << 40, 4])], from_ref(&y)),
        "input `x`: its shape is 1 x 3 x 1099511627776 x 4"
    );
    let all = node("ReduceMean", &["x"], &["m"], &[ints("axes", &[1, 2, 3])]);
    let softmax = node("Softmax", &["m"], &["out"], &[int("axis", 1)]);
    assert_eq!(
        scores(vec![all, softmax], vec![]).unwrap_err(),
        "output `y`: it is the softmax of a single number, which is 1 for every image"
    );
    assert!(
        import(&model(vec![node("Relu", &["x"], &["y"], &[])], vec![]))
            .unwrap_err()
            .contains("1 x classes is needed")
    );
}

#[test]
fn operator_sets_are_checked() {
    let with = |sets: Vec<(&str, i64)>| {
        let mut model = model(vec![node("Flatten", &["x"], &["y"], &[])], vec![]);
        let set = |(domain, version): (&str, i64)| OperatorSetIdProto { domain: domain.into(), version };
        model.opset_import = sets.into_iter().map(set).collect();
        import(&model)
    };
    assert!(with(vec![("com.microsoft", 1), ("ai.onnx", 13)]).is_ok());
    assert!(with(vec![]).unwrap_err().contains("without the standard operator set"));
    assert_eq!(with(vec![("", 3)]).unwrap_err(), "operator set 3; 7 to 28 are supported");
    assert!(with(vec![("", i64::MAX)]).is_err());
}

#[test]
fn tensors_hold_what_their_shape_says() {
    let used = |tensor: TensorProto| refused(vec![node("Add", &["x", "w"], &["out"], &[])], vec![tensor]);
    let mut short = weight("w", &[1, 3, 4, 4]);
    short.float_data.pop();
    assert!(used(short).contains("tensor `w`: 47 numbers for the shape [1, 3, 4, 4]"));
    let raw = |dims: &[i64], bytes: usize| TensorProto {
        raw_data: Some(Bytes::from(vec![0; bytes])),
        float_data: vec![],
        dims: dims.to_vec(),
        ..weight("w", &[1])
    };
    assert!(used(raw(&[2], 7)).contains("7 bytes where 8 are needed"));
    assert!(used(raw(&[i64::MAX, i64::MAX], 8)).contains("larger than the file allows"));
    assert!(used(raw(&[1 << 40], 8)).contains("8 bytes where"));
    assert!(used(raw(&[-1], 4)).contains("its shape is [-1]"));
    assert!(used(raw(&[0, 1 << 62, 1 << 62], 0)).contains("larger than the file allows"));
    assert!(used(TensorProto { data_type: 8, ..weight("w", &[1]) }).contains("numbers of type 8"));
    assert!(used(numbers("w", &[1])).contains("whole numbers where floats are needed"));
}

#[test]
fn external_data_stay_in_the_folder_of_the_model() {
    let work = WorkDir::new();
    let bytes: Vec<u8> = (0..48).flat_map(|i| (i as f32).to_le_bytes()).collect();
    work.write("weights.bin", &bytes);
    work.write("model/.keep", "");
    let with = |folder: &str, entries: &[(&str, &str)]| {
        let entry = |(key, value): &(&str, &str)| StringStringEntryProto {
            key: (*key).into(),
            value: (*value).into(),
        };
        let tensor = TensorProto {
            data_location: 1,
            external_data: entries.iter().map(entry).collect(),
            float_data: vec![],
            ..weight("w", &[1, 3, 4, 4])
        };
        let nodes = vec![node("Add", &["x", "w"], &["a"], &[]), node("Flatten", &["a"], &["y"], &[])];
        let bytes = model(nodes, vec![tensor]).encode_to_vec();
        imported(&File::decode(bytes.into(), &work.join(folder))?, None, None)
    };
    let found = with("", &[("location", "weights.bin")]).unwrap();
    assert_eq!(found.weights[0][47], 47.0);
    assert!(with("", &[("location", "./weights.bin"), ("offset", "0"), ("length", "192")]).is_ok());
    let error = |folder: &str, entries: &[(&str, &str)]| with(folder, entries).unwrap_err();
    let absolute = work.join("weights.bin").display().to_string();
    for location in ["../weights.bin", &absolute, "sub/../../weights.bin"] {
        assert!(
            error("model", &[("location", location)]).contains("leaves the folder of the model"),
            "{location}"
        );
    }
    std::os::unix::fs::symlink(work.join("weights.bin"), work.join("model/link")).unwrap();
    assert!(error("model", &[("location", "link")]).contains("leaves the folder of the model"));
    assert!(error("", &[]).contains("without a location"));
    assert!(error("", &[("location", "gone.bin")]).contains("No such file"));
    assert!(
        error("", &[("location", "weights.bin"), ("offset", "4")])
            .contains("192 bytes from 4 are not in its 192")
    );
    assert!(
        error("", &[("location", "weights.bin"), ("offset", "18446744073709551615")]).contains("are not in")
    );
    assert!(error("", &[("location", "weights.bin"), ("offset", "-1")]).contains("no whole number"));
    assert!(error("", &[("location", "weights.bin"), ("length", "9")]).contains("9 bytes of weights.bin"));
}

#[test]
fn small_files_do_not_ask_for_a_huge_memory() {
    let huge = 1 << 40;
    let zeros = |name: &str, lengths: &[i64]| {
        vec![node("ConstantOfShape", &["shape"], &[name], &[]), node("Add", &["x", name], &["out"], &[])]
            .into_iter()
            .map(|node| (node, numbers("shape", lengths)))
            .unzip::<_, _, Vec<_>, Vec<_>>()
    };
    let (nodes, stored) = zeros("w", &[huge]);
    assert!(refused(nodes, stored[..1].to_vec()).contains("larger than the file allows"));
    let pad = vec![node("Pad", &["x", "pads"], &["out"], &[])];
    let most = (1 << 20) - 1;
    let pads = numbers("pads", &[0, most, most, most, 0, most, most, most]);
    assert!(refused(pad, vec![pads]).contains("too large"));
    let range = vec![
        node("Range", &["a", "b", "c"], &["r"], &[]),
        node("Gather", &["x", "r"], &["out"], &[int("axis", 1)]),
    ];
    let ends = |name: &str, number: i64| TensorProto { dims: vec![], ..numbers(name, &[number]) };
    let stored = vec![ends("a", i64::MIN), ends("b", i64::MAX), ends("c", 1)];
    assert!(refused(range, stored).contains("larger than the file allows"));
    let expand = vec![node("Expand", &["w", "shape"], &["v"], &[]), node("Add", &["x", "v"], &["out"], &[])];
    assert!(
        refused(expand, vec![weight("w", &[1]), numbers("shape", &[huge, huge])]).contains("larger than")
    );
    // Many large constants, each of which would be allowed.
    let mut nodes = Vec::new();
    for i in 0..40 {
        nodes.push(node("ConstantOfShape", &["shape"], &[&format!("w{i}")], &[]));
        let before = if i == 0 { "x".to_string() } else { format!("v{}", i - 1) };
        nodes.push(node("Mul", &[&before, &format!("w{i}")], &[&format!("v{i}")], &[]));
    }
    nodes.push(node("Relu", &["v39"], &["out"], &[]));
    assert!(
        refused(nodes, vec![numbers("shape", &[1 << 18, 1, 1, 1, 1])])
            .contains("larger than the file allows")
    );
}

#[test]
fn settings_are_checked() {
    let kernel = || vec![weight("w", &[2, 3, 3, 3]), weight("b", &[2])];
    let conv = |attributes: &[AttributeProto]| {
        refused(vec![node("Conv", &["x", "w", "b"], &["out"], attributes)], kernel())
    };
    assert!(conv(&[ints("strides", &[0, 1])]).contains("strides [0, 1]: 2 numbers from 1"));
    assert!(conv(&[ints("pads", &[-1, 0, 0, 0])]).contains("pads"));
    assert!(conv(&[ints("pads", &[1 << 60; 4])]).contains("pads"));
    assert!(conv(&[ints("dilations", &[1 << 19, 1])]).contains("larger than the map"));
    assert!(conv(&[int("group", 0)]).contains("2 outputs in 0 groups"));
    assert!(conv(&[int("group", -2)]).contains("groups"));
    assert!(conv(&[int("group", 2)]).contains("the kernel has 6 input channels"));
    assert!(conv(&[text("auto_pad", "SAME")]).contains("auto_pad = `SAME`"));
    assert!(conv(&[ints("strides", &[1, 1, 1])]).contains("strides"));
    let wrong =
        |tensors: Vec<TensorProto>| refused(vec![node("Conv", &["x", "w", "b"], &["out"], &[])], tensors);
    assert!(wrong(vec![weight("w", &[2, 3, 3]), weight("b", &[2])]).contains("only two-dimensional"));
    assert!(wrong(vec![weight("w", &[2, 3, 3, 3]), weight("b", &[3])]).contains("a bias of shape [3]"));
    assert!(wrong(vec![weight("w", &[2, 3, 0, 3]), weight("b", &[2])]).contains("a kernel of shape"));
    let computed = vec![node("Relu", &["x"], &["k"], &[]), node("Conv", &["x", "k"], &["out"], &[])];
    assert!(
        refused(computed, vec![]).contains("input 1, `k`, is computed from the image and must be a constant")
    );
    let pool =
        |attributes: &[AttributeProto]| refused(vec![node("MaxPool", &["x"], &["out"], attributes)], vec![]);
    assert!(pool(&[]).contains("kernel_shape is missing"));
    assert!(pool(&[ints("kernel_shape", &[0, 0])]).contains("kernel_shape"));
    assert!(
        pool(&[ints("kernel_shape", &[2, 2]), ints("pads", &[2, 2, 2, 2])])
            .contains("not smaller than the window")
    );
    assert!(pool(&[ints("kernel_shape", &[9, 9])]).contains("larger than the map"));
    assert!(pool(&[ints("kernel_shape", &[2, 2]), ints("dilations", &[2, 2])]).contains("dilations"));
}

#[test]
fn shapes_are_checked() {
    let reshape = |wanted: &[i64]| {
        refused(vec![node("Reshape", &["x", "s"], &["out"], &[])], vec![numbers("s", wanted)])
    };
    for wanted in
        [&[-1, -1][..], &[7], &[i64::MAX, i64::MAX], &[-2, 3], &[1 << 32, 1 << 32], &[3, 16, 2], &[]]
    {
        assert!(reshape(wanted).contains("cannot become"), "{wanted:?}");
    }
    let one = |op: &str, attributes: &[AttributeProto]| {
        refused(vec![node(op, &["x"], &["out"], attributes)], vec![])
    };
    assert!(one("Transpose", &[ints("perm", &[0, 1, 1, 2])]).contains("is not an order of 4 axes"));
    assert!(one("Transpose", &[ints("perm", &[0, -1, 1, 2])]).contains("is not an order of 4 axes"));
    assert!(one("Squeeze", &[ints("axes", &[0])]).contains("cannot go"));
    assert!(one("Squeeze", &[ints("axes", &[9])]).contains("there is no axis 9"));
    assert!(one("Unsqueeze", &[ints("axes", &[0, 1, 2])]).contains("7 axes"));
    assert!(one("Unsqueeze", &[ints("axes", &[1; 100])]).contains("new axes"));
    assert!(one("Softmax", &[int("axis", i64::MIN)]).contains("there is no axis"));
    assert!(one("Split", &[int("axis", 1), ints("split", &[i64::MAX, i64::MAX])]).contains("is split"));
    let gather = |index: i64| {
        refused(vec![node("Gather", &["x", "i"], &["out"], &[int("axis", 1)])], vec![numbers("i", &[index])])
    };
    assert!(gather(3).contains("there is no index 3 of 3"));
    assert!(gather(i64::MIN).contains("there is no index"));
    let slice = |ends: &[i64; 4]| {
        let stored =
            ["a", "b", "c", "d"].iter().zip(ends).map(|(name, end)| numbers(name, &[*end])).collect();
        refused(vec![node("Slice", &["x", "a", "b", "c", "d"], &["out"], &[])], stored)
    };
    assert!(slice(&[0, 0, 1, 1]).contains("nothing is left"));
    assert!(slice(&[0, 1, 1, 0]).contains("a step is 0"));
    assert!(slice(&[0, 1, 4, 1]).contains("there is no axis 4"));
    assert!(slice(&[5, 9, 1, i64::MIN]).contains("it takes nothing"));
}

#[test]
fn images_are_never_mixed() {
    let one = |op: &str, attributes: &[AttributeProto]| {
        refused(vec![node(op, &["x"], &["out"], attributes)], vec![])
    };
    for (op, attributes) in [
        ("Softmax", vec![int("axis", 0)]),
        ("ReduceMean", vec![ints("axes", &[0, 2])]),
        ("ReduceMean", vec![]),
        ("Split", vec![int("axis", 0), ints("split", &[1])]),
    ] {
        assert!(one(op, &attributes).contains("across the images"), "{op}");
    }
    let twice = vec![node("Concat", &["x", "x"], &["out"], &[int("axis", 0)])];
    assert!(refused(twice, vec![]).contains("across the images"));
    let index = vec![node("Gather", &["x", "i"], &["out"], &[int("axis", 0)])];
    assert!(refused(index, vec![numbers("i", &[0])]).contains("across the images"));
}
