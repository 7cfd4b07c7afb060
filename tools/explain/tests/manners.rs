//! What all tools have in common in how they speak: tables without rows, many equal errors, `-q`.

use std::fmt::Write as _;

use testing::{Output, WorkDir, sibling};

const EXPLAIN: &str = env!("CARGO_BIN_EXE_explain");
const MAPS: &str = "image,target,model,method,map,map_index\n";
const SCORES: &str = "image,target,model,method,metric,direction,value\n";
const CURVES: &str = "image,target,model,method,test,point,points,fraction,probability,predicted\n";

fn run(work: &WorkDir, tool: &str, arguments: &str, stdin: &str) -> Output {
    work.run(sibling(EXPLAIN, tool), arguments.split_whitespace(), stdin)
}

#[test]
fn a_header_alone_is_the_same_error_in_every_tool() {
    let work = WorkDir::new();
    work.write("maps.csv", format!("{MAPS}testbed/000,0,,m,a.npy,\n"));
    work.write("none.csv", MAPS);
    for (tool, arguments, header) in [
        ("explain", "-q -m random --images -", "image,label\n"),
        ("explain", "-q -m random", "image\n\n\n"),
        ("explain", "-q -m random --dry-run", "image\n"),
        ("perturb", "-q", MAPS),
        ("perturb", "-q --dry-run", MAPS),
        ("perturb", "-q -O out.csv --resume", MAPS),
        ("score", "", MAPS),
        ("score", "", CURVES),
        ("score", "--against maps.csv", MAPS),
        ("render", "-o png", MAPS),
        ("render", "--sheet sheet.png", MAPS),
        ("rank", "", SCORES),
        ("rank", "--separation --incomplete drop", SCORES),
        ("correlate", "", SCORES),
    ] {
        let message = run(&work, tool, arguments, header).failure(1);
        assert_eq!(message, format!("{tool}: standard input: a header and no rows"), "{tool} {arguments}");
    }
    let message = run(&work, "score", "--against none.csv maps.csv", "").failure(1);
    assert_eq!(message, "score: none.csv: a header and no rows");
    assert!(!work.join("out.csv").exists() && !work.join("sheet.png").exists());
}

/// The first line, the count, and what the tool says at its end; all of them in `--errors`.
#[test]
fn many_equal_errors_are_one_line_and_a_count() {
    const MANY: usize = 1200;
    let work = WorkDir::new();
    let names = || (0..MANY).map(|i| format!("photos/my cat {i}.jpg"));
    let table = |header: &str, row: &dyn Fn(&str) -> String| {
        names().fold(header.to_owned(), |mut table, name| {
            let _ = write!(table, "{}", row(&name));
            table
        })
    };
    let images = table("image\n", &|name| format!("{name}\n"));
    let maps = table(MAPS, &|name| format!("{name},0,,ig,maps/{}.npy,\n", name.len()));
    let curves = table(CURVES, &|name| {
        format!("{name},0,,ig,deletion,0,2,0,NaN,0\n{name},0,,ig,deletion,1,2,1,NaN,0\n")
    });
    for (tool, arguments, stdin, listed) in [
        ("explain", "-q --model testbed -m random", &images, true),
        ("perturb", "-q --model testbed -t deletion:steps=2", &maps, true),
        ("render", "-q -o png", &maps, true),
        ("score", "", &curves, false),
    ] {
        let errors = if listed { "--errors errors.csv" } else { "" };
        let output = run(&work, tool, &format!("{arguments} {errors}"), stdin);
        let told: Vec<&str> = output.stderr.lines().filter(|line| line.contains("my cat")).collect();
        let [first, count] = told[..] else { panic!("{tool}: {}", output.stderr) };
        assert!(first.contains("my cat 0.jpg"), "{first}");
        assert_eq!(count, format!("{first} ... and 1,199 more like it"), "{tool}");
        if listed {
            assert_eq!(output.status, Some(1), "{tool}");
            assert_eq!(work.read("errors.csv").lines().count(), 1 + MANY, "{tool}");
        }
    }
}

/// Another reason, or another method, is another line.
#[test]
fn different_errors_stay_different_lines() {
    let work = WorkDir::new();
    work.write("text.png", "no image");
    work.write(
        "maps.csv",
        format!("{MAPS}text.png,0,,a,x.npy,\ngone.png,0,,a,x.npy,\ngone.png,0,,b,x.npy,\n"),
    );
    let output = run(&work, "perturb", "-q --model testbed maps.csv", "");
    assert_eq!(output.status, Some(1));
    for part in ["text.png, a, ", "gone.png, a, ", "gone.png, b, "] {
        assert_eq!(output.stderr.matches(part).count(), 1, "{}", output.stderr);
    }
}

#[test]
fn quiet_hides_progress_and_no_note() {
    let work = WorkDir::new();
    let rows = "testbed/000,0,,a,,,it failed before\n";
    let table = format!("image,target,model,method,map,map_index,reason\n{rows}");
    let told = "1 rows came without a map and go on as they are";
    let loud = run(&work, "perturb", "-t mask", &table).stderr;
    assert!(loud.contains(told) && loud.contains("testbed on "), "{loud}");
    assert_eq!(run(&work, "perturb", "-q -t mask", &table).stderr, format!("perturb: {told}\n"));
    let failure = "perturb: gone.png, a, ";
    let table = format!("{MAPS}gone.png,0,,a,x.npy,\n");
    assert!(run(&work, "perturb", "-q --model testbed", &table).stderr.starts_with(failure));
}

/// `make install` and packagers ask each tool; what it says is for the name that it was called by.
#[test]
fn every_tool_has_a_manual_page_and_completions() {
    let work = WorkDir::new();
    for tool in ["explain", "perturb", "score", "correlate", "rank", "render", "plot", "report", "train"] {
        let name = format!("pl-{tool}");
        std::os::unix::fs::symlink(sibling(EXPLAIN, tool), work.join(&name)).unwrap();
        let said = |what: &str| work.run(work.join(&name), ["--generate", what], "").success();
        let page = said("man");
        assert!(page.contains(&format!(".TH {name} 1")), "{}", &page[..200]);
        assert!(
            said("bash").contains(&format!("complete -F _{} ", name.replace('-', "__")))
                || said("bash").contains(&name)
        );
        assert!(said("zsh").starts_with(&format!("#compdef {name}\n")));
        assert!(said("fish").contains(&format!("complete -c {name} ")));
        let wrong = work.run(work.join(&name), ["--generate", "tcsh"], "").failure(2);
        assert!(wrong.contains("man, bash, zsh or fish"), "{wrong}");
        work.write("completion.bash", said("bash"));
        work.shell(EXPLAIN, "bash -n completion.bash").success();
    }
    let explain = work.run(work.join("pl-explain"), ["--generate", "bash"], "").success();
    for name in ["integrated-gradients", "resnet50", "pbee"] {
        assert!(explain.contains(name), "{name}");
    }
    let page = work.run(work.join("pl-train"), ["classifier", "--generate", "man"], "").success();
    assert!(page.contains("pl-train-classifier") && page.contains("permute"), "{page}");
}

/// `explain -m grad` and a tab: what bash is offered.
#[test]
fn a_shell_completes_methods() {
    let work = WorkDir::new();
    let script = "source <(explain --generate bash); COMP_WORDS=(explain -m gradcam+) COMP_CWORD=2; \
        COMP_WORDS[2]=gradc; _explain explain gradc -m; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let offered = work.shell(EXPLAIN, script).success();
    assert!(
        offered.lines().any(|line| line == "gradcam") && offered.lines().any(|line| line == "gradcam++"),
        "{offered}"
    );
    assert!(!offered.contains("occlusion"), "{offered}");
}
