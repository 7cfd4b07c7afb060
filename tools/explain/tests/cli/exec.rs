//! `--model exec:COMMAND`, with children in shell.

use testing::WorkDir;

use super::{EXPLAIN, map, rows};

/// Gives every image the scores 1, 0 and 0, and counts its batches.
const CONSTANT: &str = r#"
echo 'plumbline classes=3 scores=logits'
while IFS="$(printf '\t')" read -r images scores; do
  n=$(head -c 100 "$images" | LC_ALL=C sed -n "s/.*'shape': (\([0-9]*\),.*/\1/p")
  printf "\223NUMPY\001\000\166\000%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': ($n, 3), }" > "$scores"
  while [ "$n" -gt 0 ]; do n=$((n - 1)); printf '\000\000\200\077\000\000\000\000\000\000\000\000'; done >> "$scores"
  dirname "$images" > folder
  echo ok
done
echo done > done
"#;

fn run(work: &WorkDir, command: &str, arguments: &str) -> testing::Output {
    let model = format!("exec:{command}");
    let line = ["-q", "--device", "cpu", "--model", &model];
    work.run(EXPLAIN, line.into_iter().chain(arguments.split_whitespace()), "")
}

#[test]
fn a_program_is_a_classifier() {
    let work = WorkDir::new();
    work.write("serve.sh", CONSTANT);
    work.write("names.txt", "cat\ndog\nowl\n");
    let arguments = "-m random -m occlusion:window=64 -m lime:samples=20 --labels names.txt --record record.json testbed/000 testbed/001";
    let table = run(&work, "sh serve.sh", arguments).success();
    let rows = rows(&table);
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!((super::name(row), row.target), ("exec:sh serve.sh", Some(0)));
        assert_eq!(row.extra.get("class"), Some("cat"));
        assert_eq!(map(&work, row).shape, [224, 224]);
    }
    let record = super::record(&work);
    assert_eq!(
        (&record["model"], &record["layer"]),
        (&rows[0].model.as_str().into(), &serde_json::Value::Null)
    );
    assert_eq!(record["preprocess"]["name"], "imagenet");
    // The child saw the end of its input and could end by itself; nothing is left of the folder between them.
    assert_eq!(work.read("done"), "done\n");
    assert!(!std::path::Path::new(work.read("folder").trim()).exists());
}

/// What the tables call a program, whatever its command is.
#[test]
fn a_program_may_have_a_name() {
    let work = WorkDir::new();
    work.write("serve.sh", CONSTANT);
    let table = run(&work, "sh serve.sh", "--name net -m random testbed/000").success();
    assert_eq!(super::name(&rows(&table)[0]), "net");
    let perturb = |name: &str| {
        let line = ["-q", "--model", "exec:bash serve.sh", "--name", name, "-t", "mask"];
        work.run(testing::sibling(EXPLAIN, "perturb"), line, &table)
    };
    assert!(perturb("net").success().contains(",net@"));
    assert!(perturb("other").failure(1).contains("its map explains net@"));
    assert_eq!(perturb("").status, Some(2));
    let message = work.run(EXPLAIN, ["-q", "--name", "net", "testbed"], "").failure(2);
    assert_eq!(message, "explain: --name goes with --model exec:COMMAND");
}

#[test]
fn methods_that_look_inside_are_refused_before_anything_is_started() {
    let work = WorkDir::new();
    for (spec, more) in [("gradcam", ""), ("integrated-gradients:steps=5", ""), ("gradient", "-m random")] {
        let message = run(&work, "touch started", &format!("{more} -m {spec} testbed/000")).failure(2);
        let reason = "needs the network's layers or gradients; exec:touch started only gives scores";
        assert_eq!(message, format!("explain: {spec} {reason}"));
    }
    let message = run(&work, "touch started", "--list-layers").failure(2);
    assert_eq!(message, "explain: --list-layers: exec:touch started only gives scores");
    assert!(!work.join("started").exists());
}

#[test]
fn children_that_fail_are_one_line_and_leave_nothing_behind() {
    let work = WorkDir::new();
    let hello = "echo plumbline classes=3 scores=logits; read line; dirname \"$line\" > folder";
    for (rest, expected) in [
        ("exit 7", "ended before its answer to a batch (exit status 7)"),
        ("echo CUDA out of memory", "answered `CUDA out of memory` instead of `ok`"),
        ("sleep 60", "its answer to a batch did not come within 0.5 s (see --exec-timeout)"),
    ] {
        let command = format!("{hello}; {rest}");
        let output = run(&work, &command, "-m rise:masks=3 --exec-timeout 0.5 testbed/000 testbed/001");
        assert_eq!(output.failure(1), format!("explain: exec:{command}: {expected}"));
        assert_eq!(output.text().lines().count(), 1);
        assert!(!std::path::Path::new(work.read("folder").trim()).exists());
    }
    let message = run(&work, "echo hello", "-m random testbed/000").failure(1);
    assert!(
        message.starts_with("explain: exec:echo hello: said `hello`, where `plumbline classes=N"),
        "{message}"
    );
}

/// As Ctrl-C and a cluster do.
#[test]
fn a_signal_ends_the_child_too() {
    let work = WorkDir::new();
    let hangs = "echo plumbline classes=3 scores=logits; read line; dirname \"$line\" > folder; \
                 sleep 60 & echo $! > pid; wait";
    work.write("hangs.sh", hangs);
    let line = "explain -q --device cpu --model 'exec:sh hangs.sh' -m rise:masks=3 testbed/000 & \
                until [ -s pid ]; do sleep 0.01; done; kill -TERM $!; wait $! || echo status $?; \
                for i in $(seq 100); do kill -0 $(cat pid) 2>/dev/null || break; sleep 0.02; done; \
                kill -0 $(cat pid) 2>/dev/null && echo alive; true";
    let text = work.shell(EXPLAIN, line).success();
    assert!(text.ends_with("status 143\n"), "{text}");
    assert!(!std::path::Path::new(work.read("folder").trim()).exists());
}
