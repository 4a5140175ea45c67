//! Builds, tests, boots and deploys programs for every board: `selkie-boards --help`.

mod archive;
mod arguments;
mod command;
mod defmt_log;
mod deploy;
mod firmware;
mod guest;
mod help;
mod literal;
mod measurement;
mod name;
mod own_program;
mod packages;
mod programs;
mod project;

mod toolchain;
mod usage;

use std::path::Path;
use std::process::ExitCode;

use selkie_boards::{BoardFile, Kind, LIST, parse};

use crate::arguments::Action;
use crate::command::print_line;
use crate::help::help;
use crate::own_program::OwnProgram;
use crate::programs::Program;

fn main() -> ExitCode {
    let action = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(action) => action,
        Err(error) => {
            eprintln!("selkie-boards: {error}; --help lists what there is");
            return ExitCode::from(2);
        }
    };
    match act(action) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("selkie-boards: {message}");
            ExitCode::FAILURE
        }
    }
}

fn act(action: Action) -> Result<(), String> {
    match action {
        Action::Help(command) => print_line(&help(command.as_deref())),
        Action::Version => print_line(concat!("selkie-boards ", env!("CARGO_PKG_VERSION"))),
        Action::List => list()?,
        Action::Build { board, program } => {
            let program = program.map_or(Program::Suite, Program::Named);
            let path = programs::build(&to_build(&board)?, &program)?;
            print_line(&format!("{}", path.display()));
        }
        Action::BuildOwn { board, program } => {
            let path = program.build(&to_build_own(&board, &program)?)?;
            let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            eprintln!("{size} bytes");
            print_line(&format!("{}", path.display()));
        }
        Action::RunOwn { board, program } => {
            let board = to_build_own(&board, &program)?;
            packages::check(&board.name, &board.emulator_packages)?;
            program.run(&board)?;
        }
        Action::New { name, chip } => project::make(&name, &chip)?,
        Action::Deploy(deployment) => deploy::deploy(&to_build(&deployment.board)?, &deployment)?,
        Action::Test(board) => programs::run(&to_run(&board)?, &Program::Suite)?,
        Action::Run { board, program } => {
            programs::run(&to_run(&board)?, &Program::Named(program))?;
        }
        Action::Boot(board) => guest::boot(&to_run(&board)?)?,
        Action::Repeat { board, runs } => programs::repeat(&to_run(&board)?, runs)?,
        Action::Size(board) => measurement::sizes(&to_build(&board)?)?,
        Action::Cost(board) => measurement::instructions(&to_run(&board)?)?,
        Action::Stack(board) => measurement::stack(&to_run(&board)?)?,
        Action::Table => measurement::table()?,
    }
    Ok(())
}

fn list() -> Result<(), String> {
    for (id, _) in LIST {
        let board = parse(id).map_err(|error| error.to_string())?;
        let chip = board.project.as_ref().map_or("", |project| &project.chip);
        let how = match (board.kind, board.emulator.is_empty(), &board.guest) {
            (Kind::Bare, true, _) => format!("firmware of yours, by `new NAME --chip {chip}`"),
            (Kind::Bare, false, _) => "firmware; emulated machine".to_owned(),
            (Kind::Linux, true, _) => "runs here as it is".to_owned(),
            (Kind::Linux, false, None) => "user-mode emulation".to_owned(),
            (Kind::Linux, false, Some(_)) => "user-mode emulation, boots a guest".to_owned(),
        };
        print_line(&format!(
            "{id:<14} {:<38} {:<30} {how}",
            board.name, board.target
        ));
    }
    Ok(())
}

/// A board whose programs can be built here.
fn to_build(id: &str) -> Result<BoardFile, String> {
    let board = parse(id).map_err(|error| error.to_string())?;
    packages::check(&board.name, &board.packages)?;
    Ok(board)
}

/// A board for which a package of the user's can be built here. For a chip rustup's compiler needs nothing else.
fn to_build_own(id: &str, program: &OwnProgram) -> Result<BoardFile, String> {
    let board = parse(id).map_err(|error| error.to_string())?;
    let folder = program.manifest.parent().unwrap_or(Path::new("."));
    let needs_none = board.kind == Kind::Bare && toolchain::rustup_has(&board.target, folder);
    if !needs_none {
        packages::check(&board.name, &board.packages)?;
    }
    Ok(board)
}

/// A board whose programs can be built and run here.
fn to_run(id: &str) -> Result<BoardFile, String> {
    let board = to_build(id)?;
    packages::check(&board.name, &board.emulator_packages)?;
    Ok(board)
}
