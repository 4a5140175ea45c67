//! Selkie beside its peers on the same work, one question a file.
//!
//! `side table [--rounds N] [QUESTION …]` asks every question of every runtime that it makes sense
//! for, each in a process of its own, the runtimes interleaved round by round, and prints a CSV of
//! medians with their spread. `side scale` asks other questions with each number of workers. `side one RUNTIME QUESTION` is one such process: it prints the figure.

mod client;
mod load;
mod measure;
mod peer;
mod questions;
mod scale;
mod table;

use std::process::ExitCode;

use peer::Peer;

const USAGE: &str = "usage: side table [--rounds N] [QUESTION ...] | side one RUNTIME QUESTION | side list\n\
    | side scale [--workers N,N,...] [--rounds N] [QUESTION ...]";

fn main() -> ExitCode {
    measure::raise_file_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => {
            for question in questions::ALL {
                println!(
                    "{:<18} {:<6} {}",
                    question.name, question.unit, question.about
                );
            }
            ExitCode::SUCCESS
        }
        ["one", peer, question] => one(peer, question),
        ["table", rest @ ..] => table::run(rest),
        ["scale", rest @ ..] => scale::run(rest),
        ["scale-one", runtime, workers, question] => scale::one(runtime, workers, question),
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

/// Asks one question of one runtime, and prints the figure.
fn one(peer: &str, question: &str) -> ExitCode {
    let (Some(peer), Some(question)) = (Peer::named(peer), questions::named(question)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    measure::be_undisturbed();
    match (question.ask)(peer, question.name) {
        Some(figure) => {
            println!("{figure}");
            ExitCode::SUCCESS
        }
        None => ExitCode::from(3),
    }
}
