//! All questions to all runtimes, interleaved.

use std::process::{Command, ExitCode, Stdio};

use crate::peer::Peer;
use crate::questions::{ALL, Question};

/// Rounds, if nobody says otherwise.
const ROUNDS: usize = 5;

/// Prints the table; `words` are the command line's.
pub fn run(words: &[&str]) -> ExitCode {
    let mut rounds = ROUNDS;
    let mut names = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word != "--rounds" {
            names.push(*word);
            continue;
        }
        match words.next().and_then(|text| text.parse().ok()) {
            Some(number) if number > 0 => rounds = number,
            _ => {
                eprintln!("side: --rounds wants a number above zero");
                return ExitCode::from(2);
            }
        }
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !ALL.iter().any(|known| known.name == **name))
    {
        eprintln!("side: no question {unknown}; `side list` names them");
        return ExitCode::from(2);
    }
    // The processes of the figures inherit it, and ask again when run alone.
    println!(
        "# processors: {}",
        if crate::measure::be_undisturbed() {
            "real-time priority"
        } else {
            "shared with others"
        }
    );
    println!("question,unit,runtime,median,least,most,rounds");
    for question in ALL {
        if names.is_empty() || names.contains(&question.name) {
            ask(question, rounds);
        }
    }
    ExitCode::SUCCESS
}

/// Asks one question of every runtime, round by round.
fn ask(question: &Question, rounds: usize) {
    let mut figures: Vec<(&str, Vec<f64>)> = Peer::ALL
        .iter()
        .map(|(name, _)| (*name, Vec::new()))
        .collect();
    for round in 0..rounds {
        figures.retain_mut(|(name, figures)| match one(name, question.name) {
            Some(figure) => {
                figures.push(figure);
                true
            }
            None => round > 0,
        });
    }
    for (name, mut figures) in figures {
        figures.sort_by(f64::total_cmp);
        if figures.is_empty() {
            continue;
        }
        println!(
            "{},{},{name},{:.1},{:.1},{:.1},{}",
            question.name,
            question.unit,
            figures[figures.len() / 2],
            figures[0],
            figures[figures.len() - 1],
            figures.len()
        );
    }
}

/// One figure, from a process of its own; `None` if the runtime has no answer.
fn one(peer: &str, question: &str) -> Option<f64> {
    let program = std::env::current_exe().expect("this program's path");
    let output = Command::new(program)
        .args(["one", peer, question])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    if !output.status.success() {
        if output.status.code() != Some(3) {
            eprintln!("side: {peer} failed at {question}: {}", output.status);
        }
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
