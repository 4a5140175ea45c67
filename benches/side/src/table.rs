//! All benchmarks on all runtimes, interleaved.

use std::num::NonZeroUsize;
use std::process::{Command, ExitCode, Stdio};

use crate::arguments::Arguments;
use crate::benchmarks::{ALL, Benchmark};
use crate::peer::Peer;

/// Rounds, unless the command line says otherwise.
const ROUNDS: usize = 5;

/// Prints the table of the benchmarks `names`, or of all.
pub fn run(names: &[&str], arguments: &Arguments) -> ExitCode {
    let rounds = arguments.rounds.map_or(ROUNDS, NonZeroUsize::get);
    if let Some(unknown) = names
        .iter()
        .find(|name| !ALL.iter().any(|known| known.name == **name))
    {
        eprintln!("side: no benchmark {unknown}; `side list` names them");
        return ExitCode::from(2);
    }
    // The processes of the figures inherit it, and measure again when run alone.
    println!(
        "# processors: {}",
        if crate::measurement::be_undisturbed() {
            "real-time priority"
        } else {
            "shared with others"
        }
    );
    println!("benchmark,unit,runtime,median,least,most,rounds");
    for benchmark in ALL {
        if names.is_empty() || names.contains(&benchmark.name) {
            measure(benchmark, rounds);
        }
    }
    ExitCode::SUCCESS
}

/// Runs one benchmark on every runtime, round by round.
fn measure(benchmark: &Benchmark, rounds: usize) {
    let mut figures: Vec<(&str, Vec<f64>)> = Peer::ALL
        .iter()
        .map(|(name, _)| (*name, Vec::new()))
        .collect();
    for round in 0..rounds {
        figures.retain_mut(|(name, figures)| match one(name, benchmark.name) {
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
            benchmark.name,
            benchmark.unit,
            figures[figures.len() / 2],
            figures[0],
            figures[figures.len() - 1],
            figures.len()
        );
    }
}

/// One figure, from a process of its own; `None` if the benchmark makes no sense there.
fn one(peer: &str, benchmark: &str) -> Option<f64> {
    let program = std::env::current_exe().expect("this program's path");
    let output = Command::new(program)
        .args(["one", peer, benchmark])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    if !output.status.success() {
        if output.status.code() != Some(3) {
            eprintln!("side: {peer} failed at {benchmark}: {}", output.status);
        }
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
