//! Finding examples in help texts and Markdown.

/// Commands that somebody may copy.
#[derive(Clone, Debug)]
pub struct Example {
    /// File and line, or the tool.
    pub place: String,
    /// The language that its block names.
    pub language: String,
    /// The commands.
    pub text: String,
    /// Why it is not run.
    pub untested: Option<String>,
}

const UNTESTED: &str = "*Not tested: ";

/// The examples of a tool: lines of two spaces below `Examples:`, with those that continue them. Other lines explain.
pub fn help(tool: &str, text: &str) -> Example {
    let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
    let mut commands = Vec::new();
    let mut continued = false;
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        if continued || (line.starts_with("  ") && !line.starts_with("   ")) {
            commands.push(line.strip_prefix("  ").unwrap_or(line));
            continued = line.ends_with(['|', '\\']);
        }
    }
    assert!(!commands.is_empty(), "{tool} --help has no examples");
    let (place, language) = (format!("{tool} --help"), "sh".to_owned());
    Example { place, language, text: commands.join("\n") + "\n", untested: None }
}

/// The fenced blocks of a document.
pub fn markdown(file: &str, text: &str) -> Vec<Example> {
    let (mut examples, mut open): (Vec<Example>, Option<Example>) = (Vec::new(), None);
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => examples.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, Some(language)) => {
                let reason = before.strip_prefix(UNTESTED).and_then(|reason| reason.strip_suffix(".*"));
                open = Some(Example {
                    place: format!("{file}, line {}", number + 1),
                    language: language.to_owned(),
                    text: String::new(),
                    untested: reason.map(str::to_owned),
                });
            }
            (None, None) => {}
        }
        if !line.trim().is_empty() {
            before = line;
        }
    }
    assert!(open.is_none(), "{file}: a block is not closed");
    examples
}

impl Example {
    /// Whether it can be run here.
    pub fn runs(&self) -> bool {
        self.language == "sh" && self.untested.is_none()
    }

    /// Whether it calls programs in Python that are run as they are.
    pub fn needs_numpy(&self) -> bool {
        self.text.contains("python3 pipelines/examples/") && !self.text.contains("serve_torch.py")
    }

    /// The place without its line, which changes with every edit.
    pub fn file(&self) -> &str {
        self.place.split(',').next().unwrap_or_default()
    }

    /// What would go wrong for somebody who copies it, or for this test.
    pub fn faults(&self) -> Vec<String> {
        let fault = |what: &str| format!("{}: {what}\n{}", self.place, self.text);
        let mut faults = Vec::new();
        if !["sh", "python", "text"].contains(&self.language.as_str()) {
            faults.push(fault("a block is `sh`, `python` or `text`"));
        }
        if self.language != "sh" {
            return faults;
        }
        if self.text.lines().any(|line| line.contains(" |") && !line.starts_with("set "))
            && !self.text.starts_with("set -o pipefail\n")
        {
            faults.push(fault("a pipe without `set -o pipefail` before it"));
        }
        // What stands between single quotes is a program of awk's.
        let of_shell: String = self.text.split('\'').step_by(2).collect();
        if of_shell.replace("\"$", "").contains('$') {
            faults.push(fault("zsh does not split a variable without quotes: `\"${name[@]}\"`"));
        }
        let longest = if self.place.ends_with("--help") { 78 } else { 120 };
        if self.text.lines().any(|line| line.chars().count() > longest) {
            faults.push(fault("a line that a terminal would break in two"));
        }
        if self.untested.is_none() && self.text.contains(" #") {
            faults.push(fault("a comment, which an interactive zsh takes for arguments"));
        }
        faults
    }
}

#[test]
fn commands_are_told_from_what_explains_them() {
    let text =
        "About.\n\nExamples:\n  set -o pipefail\n  a x |\n    b\n      both\n  c \\\n    --flag\n\n  d\n";
    assert_eq!(help("a", text).text, "set -o pipefail\na x |\n  b\nc \\\n  --flag\n");
}

#[test]
fn faults_are_seen() {
    let of = |text: &str| -> Vec<usize> {
        markdown("a.md", text).iter().map(|block| block.faults().len()).collect()
    };
    assert_eq!(of("```sh\nset -o pipefail\nexplain \"${model[@]}\" | score\n```\n"), [0]);
    assert_eq!(of("```\nexplain\n```\n\n```sh\nexplain a | score\n```\n"), [1, 1]);
    assert_eq!(of("```sh\nexplain $model\n```\n\n```sh\nexplain a.png # one\n```\n"), [1, 1]);
    let long = format!("```sh\nexplain {}\n```\n", "a".repeat(120));
    assert_eq!(of(&long), [1]);
}

#[test]
fn a_block_says_why_it_is_not_run() {
    let blocks =
        markdown("a.md", "*Not tested: it takes a day.*\n\n```sh\nmake all\n```\n\n```sh\nls\n```\n");
    let reasons: Vec<Option<&str>> = blocks.iter().map(|block| block.untested.as_deref()).collect();
    assert_eq!(reasons, [Some("it takes a day"), None]);
    assert_eq!([blocks[0].runs(), blocks[1].runs()], [false, true]);
}
