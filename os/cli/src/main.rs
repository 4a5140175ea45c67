//! `selkie`: looks into a running program on the Selkie runtime, which serves itself by `selkie-inspect`.

mod stream;

mod address;

mod client;

mod output;

mod arguments;

mod commands;

mod figures;

mod top;

use std::process::ExitCode;

use arguments::{Action, Command, Environment, HELP, parse};
use output::print;

fn main() -> ExitCode {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let environment = Environment {
        address: variable("SELKIE_INSPECT"),
        token: variable("SELKIE_INSPECT_TOKEN"),
    };
    let action = match parse(std::env::args_os().skip(1), environment) {
        Ok(action) => action,
        Err(error) => {
            eprintln!("selkie: {error}");
            return ExitCode::from(2);
        }
    };
    let done = match action {
        Action::Help => print(&format!("{HELP}\n")),
        Action::Version => print(&format!("selkie {}\n", env!("CARGO_PKG_VERSION"))),
        Action::Run(Command::Top, client, options) => top::run(&client, &options),
        Action::Run(Command::Tasks, client, options) => commands::tasks(&client, &options),
        Action::Run(Command::Dump, client, options) => commands::dump(&client, &options),
        Action::Run(Command::Trace, client, options) => commands::trace(&client, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("selkie: {error}");
            ExitCode::FAILURE
        }
    }
}
