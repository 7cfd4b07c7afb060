//! `pipelines/study`: from scores to questions, from forms to `rank --study`. Needs Python; without it nothing is tested.

use std::process::Command;

use super::*;

/// Stands for `render`: the sheet is the table that it would be drawn from.
const STUB: &str = "#!/bin/sh\nwhile [ $# -gt 2 ]; do [ \"$1\" = --sheet ] && sheet=$2; shift; done\ncp \"$2\" \"${sheet:-$1}\"\n";

const PICK: &str = "pick --scores scores.csv --maps maps.csv --metric new --against old -o asked";

/// A folder with scores of two methods by two metrics: `new` prefers a on images 0 to 7, `old` prefers b on 2 to 9, on 8 and 9 less
/// surely than elsewhere; on image 7 `old` has a tie. So they disagree on 2 to 6 and not at all in the other direction.
fn folder() -> Option<WorkDir> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no python3");
        return None;
    }
    let work = WorkDir::new();
    let (mut scores, mut maps) =
        (HEADER.to_owned(), "image,target,model,method,map,map_index,class\n".to_owned());
    for image in 0..10 {
        let new = if image < 8 { [0.5 + f64::from(image) / 20.0, 0.2] } else { [0.2, 0.5] };
        let old = if image < 2 { [0.1, 0.3] } else { [0.5, if image == 7 { 0.5 } else { 0.1 }] };
        for (method, at) in [("a", 0), ("b", 1)] {
            writeln!(scores, "{image}.jpg,{image},m,{method},new,higher,{}", new[at]).unwrap();
            writeln!(scores, "{image}.jpg,{image},m,{method},old,lower,{}", old[at]).unwrap();
            writeln!(maps, "{image}.jpg,{image},m,{method},maps/{method}.npy,{image},owl").unwrap();
        }
    }
    work.write("scores.csv", scores);
    work.write("maps.csv", maps);
    work.write("bin/render", STUB);
    work.shell(RANK, "chmod +x bin/render").success();
    Some(work)
}

/// Runs the script with the stub.
fn study(work: &WorkDir, arguments: &str) -> Output {
    let script = testing::root().join("pipelines/study");
    work.shell(RANK, &format!("PATH=\"$PWD/bin:$PATH\" python3 -B '{}' {arguments}", script.display()))
}

#[test]
fn images_are_those_where_two_metrics_disagree() {
    let Some(work) = folder() else { return };
    let told = study(&work, &format!("{PICK} -n 3")).stderr;
    assert!(
        told.contains("m: new | old: 3 of the 5 images where the two favour different methods (largest)"),
        "{told}"
    );
    let key = work.read("asked.key.csv");
    let mut images = column(&key, "image");
    images.sort_unstable();
    // The larger the gap by `new`, the surer.
    assert_eq!(images, ["4.jpg", "5.jpg", "6.jpg"]);
    assert_eq!((column(&key, "method_a"), column(&key, "method_b")), (vec!["a"; 3], vec!["b"; 3]));
    let left = column(&key, "left").into_iter().filter(|method| *method == "a").count();
    assert!(left == 1 || left == 2, "{key}");
    study(&work, &format!("{PICK} -n 9 --choose random --key all.csv")).success();
    let mut images =
        column(&work.read("all.csv"), "image").join(" ").split(' ').map(str::to_owned).collect::<Vec<_>>();
    images.sort_unstable();
    assert_eq!(images, ["2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"]);
}

#[test]
fn no_image_is_in_two_groups() {
    let Some(work) = folder() else { return };
    let scores = work.read("scores.csv");
    let other =
        scores.lines().filter(|row| row.contains(",old,")).map(|row| row.replace(",old,", ",older,") + "\n");
    work.write("scores.csv", scores.clone() + &other.collect::<String>());
    let pick = PICK.replace("old -o", "old --against older -o");
    for (arguments, sizes) in [("-n 2", [2, 2]), ("-n 9 --key all.csv", [3, 2])] {
        study(&work, &format!("{pick} {arguments}")).success();
        let key = work.read(if sizes == [2, 2] { "asked.key.csv" } else { "all.csv" });
        let of = |group: &str| column(&key, "group").into_iter().filter(|name| *name == group).count();
        assert_eq!([of("m: new | old"), of("m: new | older")], sizes);
        let mut images = column(&key, "image");
        images.sort_unstable();
        images.dedup();
        assert_eq!(images.len(), sizes[0] + sizes[1]);
    }
}

#[test]
fn participants_are_not_told_which_method_is_which() {
    let Some(work) = folder() else { return };
    study(&work, &format!("{PICK} -n 2")).success();
    let (key, form) = (work.read("asked.key.csv"), work.read("asked/form.csv"));
    assert_eq!(column(&form, "question"), column(&key, "question"));
    assert!(column(&form, "chosen").iter().all(|cell| cell.is_empty()), "{form}");
    for (at, sheet) in column(&form, "sheet").into_iter().enumerate() {
        let table = work.read(format!("asked/{sheet}"));
        assert_eq!(
            (column(&table, "method"), column(&table, "class")),
            (vec!["left", "right"], vec!["owl"; 2])
        );
        assert_eq!(column(&table, "image"), [column(&key, "image")[at]; 2]);
    }
}

#[test]
fn rows_in_another_order_make_the_same_study() {
    let Some(work) = folder() else { return };
    study(&work, &format!("{PICK} -n 3")).success();
    for table in ["scores.csv", "maps.csv"] {
        work.write(table, shuffled(&work.read(table)));
    }
    study(&work, &format!("{PICK} -n 3 --key again.csv")).success();
    assert_eq!(work.read("again.csv"), work.read("asked.key.csv"));
    // A key is never lost to another study.
    let message = study(&work, &format!("{PICK} -n 2")).failure(1);
    assert!(
        message.ends_with("asked.key.csv is the key of another study: remove it, or name another --key"),
        "{message}"
    );
}

#[test]
fn forms_and_key_become_what_rank_reads() {
    let Some(work) = folder() else { return };
    study(&work, &format!("{PICK} -n 4")).success();
    let key = work.read("asked.key.csv");
    let question = column(&key, "question");
    let side = |at: usize, method: &str| if column(&key, "left")[at] == method { "left" } else { "Right " };
    // Ann prefers a everywhere; Ben, whose form names him, a on three of four.
    let row = |who: &str, at: usize, method: &str| format!("{who},{},,{}\n", question[at], side(at, method));
    let header = "participant,question,sheet,chosen\n";
    let ann: String = (0..4).map(|at| row("", at, "a")).collect();
    let ben: String = (0..4).map(|at| row("Ben", at, if at == 1 { "b" } else { "a" })).collect();
    work.write("ann.csv", format!("{header}{ann}"));
    work.write("2.csv", format!("{header}{ben}Ben Two,{},,\n", question[0]));
    let output =
        study(&work, "join --key asked.key.csv ann.csv 2.csv > answers.csv; rank --study answers.csv");
    let table = output.success();
    assert_eq!(column(&table, "group"), ["m: new | old", "all"]);
    assert_eq!((column(&table, "n"), column(&table, "participants")), (vec!["8"; 2], vec!["2"; 2]));
    assert_eq!(column(&table, "preference"), ["0.875"; 2]);
    assert!(output.stderr.contains("study: 8 answers: left "), "{}", output.stderr);
    assert!(output.stderr.ends_with("rank: 1 questions have no answer\n"), "{}", output.stderr);

    for (rows, told) in [
        ("x,other-001,,left\n".to_owned(), "bad.csv, line 2: question `other-001` is not in asked.key.csv"),
        (
            row("x", 0, "a").replace("left", "both").replace("Right ", "both"),
            "line 2: `both` is neither left nor right",
        ),
        (row("x", 0, "a") + &row("x", 0, "b"), "bad.csv, line 3: x answers question"),
    ] {
        work.write("bad.csv", format!("{header}{rows}"));
        let message = study(&work, "join --key asked.key.csv bad.csv").failure(1);
        assert!(message.contains(told), "{message}");
    }
    work.write("bad.csv", "question,chosen\n");
    let message = study(&work, "join --key asked.key.csv bad.csv").failure(1);
    assert!(message.contains("bad.csv: no column `participant`, but question,chosen"), "{message}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let Some(work) = folder() else { return };
    let scores = work.read("scores.csv");
    let message = study(&work, &PICK.replace("old", "older")).failure(1);
    assert!(message.contains("scores.csv: no row is of the metric older"), "{message}");
    let message = study(&work, &PICK.replace("old", "new")).failure(1);
    assert!(message.contains("--metric and --against name one metric twice"), "{message}");
    for (cell, wrong, told) in [
        (
            "0.jpg,0,m,a,new,higher,0.5",
            "0.jpg,0,m,a,new,higher,much",
            "line 2: the value `much` is not a number",
        ),
        (
            "0.jpg,0,m,a,new,higher,",
            "0.jpg,0,m,a,new,up,",
            "line 2: the direction is `up`, not higher or lower",
        ),
        ("0.jpg,0,m,b,new", "0.jpg,0,m,a,new", "line 4: 0.jpg, a, new has two values"),
    ] {
        work.write("scores.csv", scores.replace(cell, wrong));
        let message = study(&work, PICK).failure(1);
        assert!(message.contains(told), "{message}");
    }
    work.write("scores.csv", scores.replace("5.jpg,5,m,a,new,higher,0.75", "5.jpg,5,m,a,new,higher,NaN"));
    let told = study(&work, PICK).stderr;
    assert!(told.contains("1 images are left out: a method has no number there"), "{told}");
    work.write("scores.csv", &scores);
    work.write("maps.csv", work.read("maps.csv").replace("maps/b.npy,6", ",6"));
    let message = study(&work, &format!("{PICK} --key other.csv")).failure(1);
    assert!(message.contains("maps.csv: no map of 6.jpg (target 6) by b of model `m`"), "{message}");
}

/// On the embedded images, where all tools are built.
#[test]
fn the_real_tools_draw_the_sheets() {
    let Some(work) = folder() else { return };
    if work.shell(RANK, "command -v explain perturb score render").status != Some(0) {
        eprintln!("skipped: explain, perturb, score and render are not built");
        return;
    }
    work.shell(
        RANK,
        "explain -q -m gradcam -m gradient -m random -o maps testbed/00{0..9} > maps.csv
         perturb -q -t deletion:steps=5 -t insertion:steps=5 maps.csv | score > scores.csv
         rm bin/render",
    )
    .success();
    let pick = "pick --scores scores.csv --maps maps.csv --metric insertion:steps=5 --against deletion:steps=5 -n 2 \
                -o asked --render='--tile 64'";
    study(&work, pick).success();
    for sheet in column(&work.read("asked/form.csv"), "sheet") {
        assert!(std::fs::read(work.join("asked").join(sheet)).unwrap().starts_with(b"\x89PNG"));
    }
    let fill = "sed '2,$s/$/left/' asked/form.csv > ann.csv";
    work.shell(RANK, fill).success();
    let table = study(&work, "join --key asked.key.csv ann.csv | rank --study").success();
    assert_eq!(column(&table, "n").last(), Some(&"2"));
}
