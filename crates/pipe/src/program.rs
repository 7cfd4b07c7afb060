//! The frame around every tool: arguments in, exit status out.
//!
//! 0: done, or the reader of the output went away. 1: failed. 2: used wrongly.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::Result;

use crate::generate;
use crate::progress::beside_bar;
use crate::repeats::tell_repeats;

static NAME: OnceLock<String> = OnceLock::new();

/// The tool was called in a way that cannot work: exit status 2, as for an unknown option.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Parses the command line, runs the tool and turns its result into an exit status.
///
/// An error becomes one line on standard error. A closed output pipe ends the tool quietly with status 0, so that
/// `tool | head -1` succeeds under `set -o pipefail`.
pub fn main<A: clap::Parser>(run: impl FnOnce(&A) -> Result<()>) -> ExitCode {
    main_of(|_, arguments| Ok(arguments), run)
}

/// The same, with something that may rewrite the arguments before they are parsed: what the tool takes, and the arguments,
/// program first.
pub fn main_of<A: clap::Parser>(
    rewrite: impl FnOnce(&clap::Command, Vec<OsString>) -> Result<Vec<OsString>>,
    run: impl FnOnce(&A) -> Result<()>,
) -> ExitCode {
    let command = A::command();
    NAME.get_or_init(|| command.get_name().to_owned());
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let result = match generate::asked(&arguments) {
        Some((names, what)) => generate::write(command, &arguments[0], names, what),
        None => rewrite(&command, arguments).and_then(|arguments| run(&A::parse_from(arguments))),
    };
    tell_repeats();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Prints `tool: message` on standard error, for what the user should know but is no failure.
pub fn note(message: impl Display) {
    let name = NAME.get().map_or("plumbline", String::as_str);
    let line = format!("{name}: {}\n", OneLine(&message.to_string()));
    // Ignore a closed standard error: there is nobody left to tell.
    let _ = beside_bar(|| io::stderr().write_all(line.as_bytes()));
}

fn report(error: &anyhow::Error) -> ExitCode {
    if reader_is_gone(error) {
        return ExitCode::SUCCESS;
    }
    note(format_args!("{error:#}"));
    if error.chain().any(<dyn std::error::Error>::is::<Usage>) {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

/// Whether an output failed because its reader went away.
pub fn reader_is_gone(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = if let Some(error) = cause.downcast_ref::<io::Error>() {
            Some(error.kind())
        } else if let Some(error) = cause.downcast_ref::<csv::Error>() {
            // Such an error does not report its I/O error as a source.
            csv_kind(error)
        } else if let Some(error) = cause.downcast_ref::<serde_json::Error>() {
            error.io_error_kind()
        } else {
            None
        };
        kind == Some(io::ErrorKind::BrokenPipe)
    })
}

fn csv_kind(error: &csv::Error) -> Option<io::ErrorKind> {
    match error.kind() {
        csv::ErrorKind::Io(error) => Some(error.kind()),
        _ => None,
    }
}

/// Text with its line breaks turned into spaces, so that one message stays one line.
struct OneLine<'a>(&'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.lines().enumerate() {
            if index > 0 {
                out.write_str(" ")?;
            }
            out.write_str(line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn broken() -> io::Error {
        io::Error::from(io::ErrorKind::BrokenPipe)
    }

    #[test]
    fn broken_pipe_is_seen_through_context_and_csv() {
        let plain = Err::<(), _>(broken()).context("writing").unwrap_err();
        assert!(reader_is_gone(&plain));
        let csv = Err::<(), _>(csv::Error::from(broken())).context("writing").unwrap_err();
        assert!(reader_is_gone(&csv));
        let json = anyhow::Error::from(serde_json::Error::io(broken()));
        assert!(reader_is_gone(&json));
    }

    #[test]
    fn other_errors_are_failures() {
        let full = anyhow::Error::from(csv::Error::from(io::Error::from(io::ErrorKind::StorageFull)));
        assert!(!reader_is_gone(&full));
        assert!(!reader_is_gone(&anyhow::anyhow!("no such method")));
    }

    #[test]
    fn a_message_stays_on_one_line() {
        assert_eq!(OneLine("a\nb\r\nc").to_string(), "a b c");
    }
}
