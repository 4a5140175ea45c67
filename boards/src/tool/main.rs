//! Builds, tests and boots programs for every board, on this machine.
//!
//! `cargo run -p selkie-boards -- list | build BOARD [PROGRAM] | test BOARD | run BOARD PROGRAM | boot BOARD | table`

mod archive;
mod command;
mod firmware;
mod guest;
mod measurement;
mod packages;
mod programs;
mod toolchain;

use std::process::ExitCode;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use selkie_boards::{BoardFile, Kind, LIST, parse};

use crate::programs::Program;

const USAGE: &str = "usage: selkie-boards COMMAND
  list                 names the boards
  build BOARD          builds the board's test program
  build BOARD PROGRAM  builds another program: `blink`, or an example of the workspace
  test BOARD           builds the test program and runs it, emulated; its exit status is the outcome
  run BOARD PROGRAM    builds and runs another program
  boot BOARD           boots a guest whose first process is the test program
  repeat BOARD RUNS    runs the test program so many times, and says how often it passed
  size BOARD           how much flash and RAM the firmware takes
  cost BOARD           how many instructions the executor takes, beside another one
  table                sizes of all firmware, and instructions, as rows of tables";

fn main() -> ExitCode {
    let words = match words() {
        Ok(words) => words,
        Err(error) => {
            eprintln!("selkie-boards: {error}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["list"] => list(),
        ["build", id] => with_board(id, |board| {
            programs::build(board, &Program::Suite).map(drop)
        }),
        ["build", id, name] => with_board(id, |board| {
            let path = programs::build(board, &Program::Named(name.to_owned()))?;
            println!("{}", path.display());
            Ok(())
        }),
        ["test", id] => with_board(id, |board| programs::run(board, &Program::Suite)),
        ["run", id, name] => with_board(id, |board| {
            programs::run(board, &Program::Named(name.to_owned()))
        }),
        ["boot", id] => with_board(id, guest::boot),
        ["repeat", id, runs] => with_board(id, |board| {
            let runs = runs.parse().map_err(|_| USAGE.to_owned())?;
            programs::repeat(board, runs)
        }),
        ["size", id] => with_board(id, measurement::sizes),
        ["cost", id] => with_board(id, measurement::instructions),
        ["table"] => measurement::table(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The words of the command line; there are no options but `--help`.
fn words() -> Result<Vec<String>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word.string()?),
            Long("help") | Short('h') => return Ok(Vec::new()),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(words)
}

fn list() -> Result<(), String> {
    for (id, _) in LIST {
        let board = parse(id).map_err(|error| error.to_string())?;
        let how = match (board.kind, board.emulator.is_empty(), &board.guest) {
            (Kind::Bare, ..) => "firmware; emulated machine",
            (Kind::Linux, true, _) => "runs here as it is",
            (Kind::Linux, false, None) => "user-mode emulation",
            (Kind::Linux, false, Some(_)) => "user-mode emulation, boots a guest",
        };
        println!("{id:<14} {:<38} {:<30} {how}", board.name, board.target);
    }
    Ok(())
}

fn with_board(id: &str, run: impl FnOnce(&BoardFile) -> Result<(), String>) -> Result<(), String> {
    let board = parse(id).map_err(|error| error.to_string())?;
    packages::check(&board)?;
    run(&board)
}
