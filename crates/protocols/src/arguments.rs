//! `--protocol`, before clap reads the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::protocol::{Protocol, Tool, all};

/// `--protocol` and `--list-protocols`.
#[derive(clap::Args, Clone, Debug)]
pub struct ProtocolArgs {
    /// Measure as a paper or a toolkit does: stands for flags of this tool (`--protocol NAME --dry-run` prints them; see
    /// docs/protocols.md). A flag that is given besides takes the place of the protocol's flags of that name
    #[arg(long, value_name = "NAME", value_parser = Protocol::find)]
    pub protocol: Option<&'static Protocol>,
    /// List the protocols
    #[arg(long)]
    pub list_protocols: bool,
}

impl ProtocolArgs {
    /// What is to be printed instead of doing anything: the list of protocols, or with `flags` those that the protocol
    /// stands for.
    ///
    /// # Errors
    /// If the protocol says nothing about the tool.
    pub fn text(&self, tool: Tool, flags: bool) -> Result<Option<String>> {
        if self.list_protocols {
            return Ok(Some(list()));
        }
        let protocol = self.protocol.filter(|_| flags);
        Ok(protocol.map(|protocol| protocol.line(tool)).transpose()?.map(|line| line + "\n"))
    }
}

/// The list for `--list-protocols`: name, summary and source.
fn list() -> String {
    let row = |protocol: &Protocol| {
        let Protocol { name, summary, source, .. } = protocol;
        format!("{name:<24}{summary}\n{:<24}{source}; {}\n", "", protocol.tools().join(", "))
    };
    all().map(row).collect()
}

/// [`pipe::main`] for a tool that knows protocols.
pub fn main<A: clap::Parser>(run: impl FnOnce(&A) -> Result<()>) -> ExitCode {
    let rewrite = |command: &Command, arguments| {
        let Expanded { arguments, note } = expand(command, arguments)?;
        if let Some(note) = note {
            pipe::note(note);
        }
        Ok(arguments)
    };
    pipe::main_of(rewrite, run)
}

/// A command line with the flags that its protocol stands for.
struct Expanded {
    arguments: Vec<OsString>,
    /// What the user should know.
    note: Option<String>,
}

/// Puts the flags of a protocol before the user's own, without those whose place they take.
///
/// # Errors
/// If the protocol says nothing about the tool.
fn expand(command: &Command, mut arguments: Vec<OsString>) -> Result<Expanded> {
    let unchanged = |arguments| Ok(Expanded { arguments, note: None });
    // What is wrong with the line, and --help, is for clap to tell, which reads it again.
    let Ok(given) = command.clone().try_get_matches_from(&arguments) else { return unchanged(arguments) };
    let protocol = given.get_one::<&'static Protocol>("protocol").copied();
    let (Some(protocol), Some(tool)) = (protocol, Tool::of(command.get_name())) else {
        return unchanged(arguments);
    };
    let flags = protocol.flags(tool)?.iter().filter(|flag| !is_given(command, &given, flag));
    // Behind the program's name, where no flag of the user's that takes several values can swallow them.
    let behind = arguments.len().min(1);
    arguments.splice(behind..behind, flags.map(OsString::from));
    let told =
        tool == Tool::Explain && !protocol.images.is_empty() && !is_given(command, &given, "--preprocess");
    let Protocol { name, images, .. } = protocol;
    let note = told.then(|| {
        format!("protocol {name}: its images are {images}; here they are prepared as the weights want it")
    });
    Ok(Expanded { arguments, note })
}

/// Whether the user has given a flag himself, in whichever spelling.
fn is_given(command: &Command, given: &ArgMatches, flag: &str) -> bool {
    let name = flag.trim_start_matches('-').split('=').next();
    let argument = command.get_arguments().find(|argument| argument.get_long() == name);
    argument.is_some_and(|argument| {
        given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    /// A tool with flags as those of `perturb`.
    #[derive(Parser, Debug)]
    #[command(name = "perturb")]
    struct Args {
        files: Vec<String>,
        #[arg(short, long = "test", default_values = ["deletion", "insertion"])]
        tests: Vec<String>,
        #[arg(long, num_args = 1..)]
        image: Vec<String>,
        #[arg(short)]
        quiet: bool,
        #[command(flatten)]
        protocol: ProtocolArgs,
    }

    fn parse(line: &str) -> Args {
        let arguments = line.split(' ').map(OsString::from).collect();
        Args::parse_from(expand(&Args::command(), arguments).unwrap().arguments)
    }

    #[test]
    fn a_protocol_stands_for_its_flags() {
        let Args { files, tests, .. } = parse("perturb --protocol chefer maps.csv");
        assert_eq!((files, tests), (vec!["maps.csv".to_owned()], vec!["pos".to_owned(), "neg".to_owned()]));
        assert_eq!(parse("perturb --image a b --protocol=chefer").image, ["a", "b"]);
        assert_eq!(parse("perturb maps.csv").tests, ["deletion", "insertion"]);
    }

    #[test]
    fn a_flag_of_the_user_takes_the_place_of_all_of_its_name_in_any_spelling() {
        for flag in ["-t mask", "-tmask", "-t=mask", "--test mask", "--test=mask", "-qt mask", "-qtmask"] {
            assert_eq!(parse(&format!("perturb {flag} --protocol chefer")).tests, ["mask"], "{flag}");
            assert_eq!(parse(&format!("perturb --protocol chefer {flag}")).tests, ["mask"], "{flag}");
        }
        assert_eq!(parse("perturb --protocol chefer -- -t").files, ["-t"]);
    }

    #[test]
    fn a_line_that_is_wrong_is_left_to_clap() {
        let wrong: Vec<OsString> = ["perturb", "--protocol", "chefr"].map(OsString::from).into();
        let expanded = expand(&Args::command(), wrong.clone()).unwrap();
        assert!(expanded.arguments == wrong && expanded.note.is_none());
        let message = Args::try_parse_from(wrong).unwrap_err().to_string();
        assert!(message.contains("did you mean `chefer`?"), "{message}");
    }

    #[test]
    fn a_tool_that_the_protocol_says_nothing_about_is_an_error() {
        let line = ["explain", "--protocol", "captum"].map(OsString::from).into();
        let command = Args::command().name("explain");
        let message = expand(&command, line).err().unwrap().to_string();
        assert_eq!(message, "protocol captum says nothing about explain: it concerns perturb and score");
    }

    #[test]
    fn how_images_are_prepared_is_told_where_it_matters() {
        #[derive(Parser)]
        #[command(name = "explain")]
        struct Explain {
            #[arg(long)]
            target: Option<String>,
            #[arg(long)]
            preprocess: Option<String>,
            #[command(flatten)]
            protocol: ProtocolArgs,
        }
        let note = |line: &str| {
            let arguments = line.split(' ').map(OsString::from).collect();
            expand(&Explain::command(), arguments).unwrap().note
        };
        let told = note("explain --protocol eea").unwrap();
        assert!(told.starts_with("protocol eea: its images are resized to 224 x 224"), "{told}");
        assert!(note("explain --protocol eea --preprocess squash").is_none());
        assert!(note("explain --protocol road").is_none());
    }
}
