//! All questions, for each number of workers, the runtimes interleaved.

use std::process::{Command, ExitCode, Stdio};

use super::{ALL, Question};

/// Prints the table; `words` are the command line's.
pub fn run(words: &[&str]) -> ExitCode {
    let mut rounds = 3;
    let mut workers = vec![1, 2];
    let mut names = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let fits = match *word {
            "--rounds" => {
                let number = words.next().and_then(|text| text.parse().ok());
                number.filter(|n| *n > 0).map(|n| rounds = n).is_some()
            }
            "--workers" => {
                let parse = |text: &&str| text.split(',').map(|n| n.parse().ok()).collect();
                let list: Option<Vec<usize>> = words.next().and_then(parse);
                let list = list.filter(|list| !list.contains(&0));
                list.map(|list| workers = list).is_some()
            }
            name => {
                names.push(name);
                ALL.iter().any(|question| question.name == name)
            }
        };
        if !fits {
            eprintln!(
                "usage: side scale [--workers N,N,...] [--rounds N] [QUESTION ...]; questions:"
            );
            for question in ALL {
                eprintln!(
                    "{:<20} {:<4} {}",
                    question.name, question.unit, question.about
                );
            }
            return ExitCode::from(2);
        }
    }
    println!("question,figure,unit,runtime,workers,median,least,most,rounds");
    for question in ALL {
        if names.is_empty() || names.contains(&question.name) {
            for &workers in &workers {
                ask(question, workers, rounds);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Asks one question with one number of workers, round by round.
fn ask(question: &Question, workers: usize, rounds: usize) {
    let mut figures: Vec<(String, &str, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        for runtime in question.runtimes {
            for (name, value) in in_a_process(question, runtime, workers) {
                let known = figures
                    .iter_mut()
                    .find(|(figure, of, _)| *figure == name && *of == *runtime);
                match known {
                    Some((_, _, values)) => values.push(value),
                    None => figures.push((name, *runtime, vec![value])),
                }
            }
        }
    }
    for (figure, runtime, mut values) in figures {
        values.sort_by(f64::total_cmp);
        println!(
            "{},{figure},{},{runtime},{workers},{:.1},{:.1},{:.1},{}",
            question.name,
            question.unit,
            values[values.len() / 2],
            values[0],
            values[values.len() - 1],
            values.len()
        );
    }
}

/// The figures of a process of its own.
fn in_a_process(question: &Question, runtime: &str, workers: usize) -> Vec<(String, f64)> {
    let program = std::env::current_exe().expect("this program's path");
    let output = Command::new(program)
        .args(["scale-one", runtime, &workers.to_string(), question.name])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    if !output.status.success() {
        eprintln!(
            "side: {runtime} failed at {}: {}",
            question.name, output.status
        );
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Asks one question, and prints its figures.
pub fn one(runtime: &str, workers: &str, question: &str) -> ExitCode {
    let question = ALL.iter().find(|known| known.name == question);
    let (Some(question), Ok(workers)) = (question, workers.parse()) else {
        return ExitCode::from(2);
    };
    if question.unit == "ns" && !question.on_one_processor {
        // Not where a thread of ours has to be let in by the workers.
        crate::measure::be_undisturbed();
    }
    if question.on_one_processor && !crate::measure::stay_on_one_processor() {
        eprintln!("side: the system keeps nobody on one processor");
        return ExitCode::from(3);
    }
    match (question.ask)(runtime, workers, question.name) {
        Some(figures) => {
            for (name, value) in figures {
                println!("{name} {value}");
            }
            ExitCode::SUCCESS
        }
        None => ExitCode::from(3),
    }
}
