//! The command line.

use std::fmt;
use std::net::SocketAddr;

/// What `--help` prints.
pub const HELP: &str = "\
An axum server on Selkie, with a live page of the runtime at work.

Usage: serve [--addr HOST:PORT] [--workers N]

  --addr HOST:PORT  where to listen (127.0.0.1:3000); port 0 takes any free one
  --workers N       threads that run tasks (one for each core)
  -h, --help        this text";

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To serve.
    Serve(Options),
    /// To read how it is used.
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

/// An argument that cannot be used; says which and why in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadArgument(String);

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadArgument {}

/// Reads the arguments after the program's name.
///
/// # Errors
/// The first argument that is unknown, lacks its value, or has one that cannot be used.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Wish, BadArgument> {
    let mut args = args.into_iter();
    let mut options = Options {
        addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
        workers: None,
    };
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        let mut value = |what: &str| {
            let value = inline.clone().or_else(|| args.next());
            value.ok_or_else(|| BadArgument(format!("{name} needs {what}")))
        };
        match name {
            "-h" | "--help" => return Ok(Wish::Help),
            "--addr" => {
                let text = value("HOST:PORT, as in 127.0.0.1:3000")?;
                options.addr = text.parse().map_err(|_| {
                    BadArgument(format!(
                        "--addr: {text:?} is not HOST:PORT, as in 127.0.0.1:3000"
                    ))
                })?;
            }
            "--workers" => {
                let text = value("a number")?;
                let number = text
                    .parse()
                    .ok()
                    .filter(|&number| (1..=1024).contains(&number));
                options.workers = Some(number.ok_or_else(|| {
                    BadArgument(format!(
                        "--workers: {text:?} is not a number from 1 to 1024"
                    ))
                })?);
            }
            _ => {
                return Err(BadArgument(format!(
                    "unknown argument {arg:?}; --help lists them"
                )));
            }
        }
    }
    Ok(Wish::Serve(options))
}
