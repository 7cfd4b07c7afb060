//! A protocol, and the list of them.

use std::fmt::{self, Display};

use pipe::Usage;

use crate::{papers, toolkits};

/// A paper's or toolkit's way to a number.
#[derive(Debug)]
pub struct Protocol {
    /// What `--protocol` calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Paper or toolkit, with the version that was read.
    pub source: &'static str,
    /// How it prepares images, if the model's own way may be another one. No flag stands for that: it belongs to the
    /// weights, so the user is told and decides.
    pub images: &'static str,
    /// Flags of `explain`, each as one argument; nothing if it says nothing about that tool.
    pub explain: Option<&'static [&'static str]>,
    /// Flags of `perturb`.
    pub perturb: Option<&'static [&'static str]>,
    /// Flags of `score`.
    pub score: Option<&'static [&'static str]>,
    /// What differs from the original and why.
    pub differs: &'static [Differs],
}

/// A difference from the original.
#[derive(Debug)]
pub struct Differs {
    /// What the original does.
    pub there: &'static str,
    /// What is done here, or how to say it.
    pub here: &'static str,
}

/// A tool that knows protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Images to maps.
    Explain,
    /// Maps to answers.
    Perturb,
    /// Answers or maps to numbers.
    Score,
}

impl Tool {
    /// In the order of a pipeline.
    pub const ALL: [Self; 3] = [Self::Explain, Self::Perturb, Self::Score];

    /// The tool that a command line is of.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Explain => "explain",
            Self::Perturb => "perturb",
            Self::Score => "score",
        }
    }
}

impl Display for Tool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// All protocols: those of papers, then those of toolkits.
pub fn all() -> impl Iterator<Item = &'static Protocol> {
    papers::PROTOCOLS.iter().chain(toolkits::PROTOCOLS)
}

impl Protocol {
    /// The protocol of a name.
    ///
    /// # Errors
    /// If there is none; says which there are.
    pub fn find(name: &str) -> Result<&'static Self, spec::Error> {
        all().find(|protocol| protocol.name == name).ok_or_else(|| {
            let known: Vec<&str> = all().map(|protocol| protocol.name).collect();
            spec::Error::UnknownName { what: "protocol", name: name.into(), known: known.join(", ") }
        })
    }

    /// The flags of a tool.
    ///
    /// # Errors
    /// If it says nothing about that tool; says which tools it concerns.
    pub fn flags(&self, tool: Tool) -> Result<&'static [&'static str], Usage> {
        self.of(tool).ok_or_else(|| {
            let name = self.name;
            Usage(format!(
                "protocol {name} says nothing about {tool}: it concerns {}",
                self.tools().join(" and ")
            ))
        })
    }

    /// The names of the tools that it concerns.
    pub fn tools(&self) -> Vec<&'static str> {
        Tool::ALL.into_iter().filter(|&tool| self.of(tool).is_some()).map(Tool::name).collect()
    }

    /// The flags of a tool as one line for a shell. No flag has a character that a shell reads otherwise.
    ///
    /// # Errors
    /// As [`Protocol::flags`].
    pub fn line(&self, tool: Tool) -> Result<String, Usage> {
        Ok(self.flags(tool)?.join(" "))
    }

    fn of(&self, tool: Tool) -> Option<&'static [&'static str]> {
        match tool {
            Tool::Explain => self.explain,
            Tool::Perturb => self.perturb,
            Tool::Score => self.score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_everything_is_said() {
        let mut names: Vec<&str> = all().map(|protocol| protocol.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for Protocol { name, summary, source, differs, .. } in all() {
            assert!(!summary.is_empty() && !source.is_empty() && !differs.is_empty(), "{name}");
            let lines =
                [*summary, *source].into_iter().chain(differs.iter().flat_map(|one| [one.there, one.here]));
            // Cells of a table in Markdown.
            for line in lines {
                assert!(!line.contains(['|', '\n']) && !line.contains("  "), "{name}: {line}");
            }
        }
    }

    #[test]
    fn a_flag_is_one_argument_that_a_shell_leaves_as_it_is() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:,.+".contains(c);
        for protocol in all() {
            for flag in Tool::ALL.iter().filter_map(|&tool| protocol.of(tool)).flatten() {
                assert!(flag.starts_with("--") && flag.chars().all(plain), "{}: {flag}", protocol.name);
            }
        }
    }

    #[test]
    fn no_protocol_prepares_images_otherwise_than_the_weights_want() {
        for protocol in all() {
            let flags = Tool::ALL.iter().filter_map(|&tool| protocol.of(tool)).flatten();
            assert!(flags.copied().all(|flag| !flag.starts_with("--preprocess")), "{}", protocol.name);
        }
    }

    #[test]
    fn what_is_not_known_is_told() {
        let message = Protocol::find("meaningfull").unwrap_err().to_string();
        assert!(
            message.starts_with("unknown protocol `meaningfull`: known are coherency, bee, "),
            "{message}"
        );
        assert!(message.ends_with("; did you mean `meaningful`?"), "{message}");
        let message = Protocol::find("captum").unwrap().flags(Tool::Explain).unwrap_err().to_string();
        assert_eq!(message, "protocol captum says nothing about explain: it concerns perturb and score");
    }
}
