//! The command line, read by `lexopt`.

use std::ffi::OsString;
use std::net::SocketAddr;

use lexopt::prelude::{Long, Short, ValueExt};

/// What `--help` prints.
pub const HELP: &str = "\
An axum server on Selkie, with a live page of the runtime at work.

Usage: serve [--addr HOST:PORT] [--workers N]

  --addr HOST:PORT  where to listen (127.0.0.1:3000); port 0 takes any free one
  --workers N       threads that run tasks (one for each core)
  -h, --help        this text";

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// To serve.
    Serve(Options),
    /// To print [`HELP`].
    Help,
}

/// How to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where to listen.
    pub addr: SocketAddr,
    /// Threads that run tasks, if not one for each core.
    pub workers: Option<usize>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// The first argument that is unknown, lacks its value, or has one that cannot be used.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Action, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut options = Options {
        addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
        workers: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Action::Help),
            Long("addr") => options.addr = parser.value()?.parse_with(address)?,
            Long("workers") => options.workers = Some(parser.value()?.parse_with(workers)?),
            argument => return Err(argument.unexpected()),
        }
    }
    Ok(Action::Serve(options))
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let wrong = "--addr needs HOST:PORT, as in 127.0.0.1:3000";
    text.parse().map_err(|_| wrong)
}

fn workers(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok();
    let in_range = number.filter(|number| (1..=1024).contains(number));
    in_range.ok_or("--workers needs a number from 1 to 1024")
}
