//! `TOOL --generate man|bash|zsh|fish`: the manual page of a tool and the completions of a shell, for `make install` and for
//! packagers.
//!
//! They are for the name that the tool was called by, so that one installed as `pl-rank` is completed as that.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap_complete::Shell;

use crate::{Usage, stdout};

/// What is asked for, if `--generate WHAT` ends the command line: the names of subcommands before it, and what.
pub(crate) fn asked(arguments: &[OsString]) -> Option<(&[OsString], &OsStr)> {
    match arguments {
        [_, names @ .., flag, what] if flag == "--generate" => Some((names, what)),
        _ => None,
    }
}

/// Prints what is asked for.
///
/// # Errors
///
/// If there is no such thing, or no such subcommand.
pub(crate) fn write(command: clap::Command, program: &OsStr, names: &[OsString], what: &OsStr) -> Result<()> {
    let program = Path::new(program).file_stem().and_then(OsStr::to_str).context("a program has a name")?;
    let mut text = Vec::new();
    if what == "man" {
        let (mut command, mut title) = (command, program.to_owned());
        for name in names {
            let found = command.find_subcommand(name).cloned();
            command = found.ok_or_else(|| Usage(format!("no subcommand {}", name.display())))?;
            title = format!("{title}-{}", command.get_name());
        }
        clap_mangen::Man::new(command.name(title.clone()).bin_name(title)).render(&mut text)?;
    } else {
        let shell = what.to_str().and_then(|what| what.parse::<Shell>().ok());
        let shell =
            shell.ok_or_else(|| Usage(format!("--generate {}: man, bash, zsh or fish", what.display())))?;
        clap_complete::generate(shell, &mut command.name(program.to_owned()), program, &mut text);
    }
    let mut out = stdout();
    out.write_all(&text)?;
    Ok(out.flush()?)
}

/// A text of any kind, for which shells complete some names. What they stand for is not checked.
#[derive(Clone, Copy, Debug)]
pub struct Suggested(pub fn() -> Vec<String>);

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0().into_iter().map(PossibleValue::new)))
    }
}
