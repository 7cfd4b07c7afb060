//! Every example runs: those of `--help` of every tool, of README.md and of docs/*.md, in bash and, where it is installed, in
//! zsh, with stand-ins for weights and images. An example that cannot be run here has a line `*Not tested: WHY.*` before it.

mod extract;
mod notebooks;
mod stand_ins;
mod swapped;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use extract::Example;
use stand_ins::{Folder, stand_in};
use testing::{golden, numpy, root, sibling};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");

const TOOLS: [&str; 9] =
    ["explain", "perturb", "score", "correlate", "rank", "render", "plot", "report", "train"];

fn of_help() -> Vec<Example> {
    let help = |tool: &&str| {
        let text = testing::run(sibling(EXPLAIN, tool), ["--help"], "").success();
        extract::help(tool, &text)
    };
    TOOLS.iter().map(help).collect()
}

fn of_documents() -> Vec<Example> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.push(root().join("README.md"));
    paths.sort();
    let of = |path: &PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        extract::markdown(&name, &fs::read_to_string(path).unwrap())
    };
    paths.iter().flat_map(of).collect()
}

/// The shells that are there; bash must be.
fn shells() -> Vec<&'static str> {
    let is_there = |shell: &&str| Command::new(shell).args(["-c", "true"]).status().is_ok();
    ["bash", "zsh"].into_iter().filter(|shell| *shell == "bash" || is_there(shell)).collect()
}

/// Runs examples, each in a copy of the folder; what went wrong.
fn failures(folder: &Folder, examples: &[Example]) -> Vec<String> {
    let mut failed = Vec::new();
    let can_run = |example: &&Example| example.runs() && (!example.needs_numpy() || numpy());
    let examples: Vec<&Example> = examples.iter().filter(can_run).collect();
    for shell in shells() {
        for Example { place, text, .. } in &examples {
            let output = folder.copy().run(shell, &stand_in(text));
            if output.status != Some(0) {
                failed.push(format!(
                    "{place} in {shell}, status {:?}:\n{text}\n{}",
                    output.status, output.stderr
                ));
            }
        }
    }
    failed
}

#[test]
fn examples_of_help_run() {
    let failed = failures(&Folder::new(), &of_help());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn examples_of_documents_run() {
    let failed = failures(&Folder::new(), &of_documents());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What can be seen without running anything; of what is not run, the reasons.
#[test]
fn examples_are_written_for_both_shells_and_say_why_they_are_not_run() {
    let all = || of_help().into_iter().chain(of_documents());
    let wrong: Vec<String> = all().flat_map(|example| example.faults()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let line = |example: Example| Some(format!("{}: {}\n", example.file(), example.untested.as_ref()?));
    let untested = all().filter_map(line);
    golden::text("examples/untested.txt", &untested.collect::<String>());
}

#[test]
fn an_example_with_a_wrong_flag_fails() {
    let (documents, folder) = (of_documents(), Folder::new());
    let first = documents.iter().find(|example| example.text.contains("-m random testbed")).unwrap();
    assert!(failures(&folder, std::slice::from_ref(first)).is_empty());
    for (right, wrong) in [
        ("explain ", "explain --metod x "),
        ("-m gradcam", "-m gradcamm"),
        ("perturb ", "perturb --test-all "),
        ("-t insertion", "-t insert"),
        ("| score", "| score --all"),
        ("| rank", "| rang"),
    ] {
        assert!(first.text.contains(right), "{right}");
        let broken = Example { text: first.text.replacen(right, wrong, 1), ..first.clone() };
        assert_eq!(failures(&folder, &[broken]).len(), shells().len(), "{wrong}");
    }
}
