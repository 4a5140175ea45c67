//! Selkie beside its peers on the same work, one benchmark per file.
//!
//! `side table [--rounds N] [BENCHMARK …]` runs every benchmark on every runtime for which it makes sense. Each
//! figure comes from a process of its own, and the runtimes are interleaved round by round. It prints a CSV of
//! medians with their spread. `side scale` runs other benchmarks with each number of workers. `side one RUNTIME
//! BENCHMARK` is one such process: it prints the figure.

mod arguments;
mod benchmarks;
mod client;
mod load;
mod measurement;
mod peer;
mod scale;
mod table;

use std::process::ExitCode;

use arguments::Arguments;
use peer::Peer;

const USAGE: &str =
    "usage: side table [--rounds N] [BENCHMARK ...] | side one RUNTIME BENCHMARK | side list
    | side scale [--workers N,N,...] [--rounds N] [BENCHMARK ...]";

fn main() -> ExitCode {
    measurement::raise_file_limit();
    let arguments = match Arguments::from_env() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("side: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => {
            for benchmark in benchmarks::ALL {
                println!(
                    "{:<18} {:<6} {}",
                    benchmark.name, benchmark.unit, benchmark.description
                );
            }
            ExitCode::SUCCESS
        }
        ["one", peer, benchmark] => one(peer, benchmark),
        ["table", names @ ..] => table::run(names, &arguments),
        ["scale", names @ ..] => scale::run(names, &arguments),
        ["scale-one", runtime, workers, benchmark] => scale::one(runtime, workers, benchmark),
        ["load", rest @ ..] => match load::run(rest) {
            Some(()) => ExitCode::SUCCESS,
            None => ExitCode::from(2),
        },
        ["client", rest @ ..] => match client::run(rest) {
            Some(()) => ExitCode::SUCCESS,
            None => ExitCode::from(2),
        },
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Runs one benchmark on one runtime, and prints the figure.
fn one(peer: &str, benchmark: &str) -> ExitCode {
    let (Some(peer), Some(benchmark)) = (Peer::named(peer), benchmarks::named(benchmark)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    measurement::be_undisturbed();
    match (benchmark.measure)(peer, benchmark.name) {
        Some(figure) => {
            println!("{figure}");
            ExitCode::SUCCESS
        }
        None => ExitCode::from(3),
    }
}
