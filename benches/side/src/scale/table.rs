//! All benchmarks, for each number of workers, the runtimes interleaved.

use std::num::NonZeroUsize;
use std::process::{Command, ExitCode, Stdio};

use super::benchmark::Benchmark;
use super::list::ALL;
use crate::arguments::Arguments;

/// Prints the table of the benchmarks `names`, or of all.
pub fn run(names: &[&str], arguments: &Arguments) -> ExitCode {
    let rounds = arguments.rounds.map_or(3, NonZeroUsize::get);
    let workers = match &arguments.workers {
        Some(workers) => workers.iter().copied().map(NonZeroUsize::get).collect(),
        None => vec![1, 2],
    };
    let is_known = |name: &&str| ALL.iter().any(|benchmark| benchmark.name == *name);
    if !names.iter().all(is_known) {
        eprintln!(
            "usage: side scale [--workers N,N,...] [--rounds N] [BENCHMARK ...]; benchmarks:"
        );
        for benchmark in ALL {
            eprintln!(
                "{:<20} {:<4} {}",
                benchmark.name, benchmark.unit, benchmark.description
            );
        }
        return ExitCode::from(2);
    }
    println!("benchmark,figure,unit,runtime,workers,median,least,most,rounds");
    for benchmark in ALL {
        if names.is_empty() || names.contains(&benchmark.name) {
            for &workers in &workers {
                measure(benchmark, workers, rounds);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs one benchmark with one number of workers, round by round.
fn measure(benchmark: &Benchmark, workers: usize, rounds: usize) {
    let mut figures: Vec<(String, &str, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        for runtime in benchmark.runtimes {
            for (name, value) in in_a_process(benchmark, runtime, workers) {
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
            benchmark.name,
            benchmark.unit,
            values[values.len() / 2],
            values[0],
            values[values.len() - 1],
            values.len()
        );
    }
}

/// The figures of a process of its own.
fn in_a_process(benchmark: &Benchmark, runtime: &str, workers: usize) -> Vec<(String, f64)> {
    let program = std::env::current_exe().expect("this program's path");
    let output = Command::new(program)
        .args(["scale-one", runtime, &workers.to_string(), benchmark.name])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    if !output.status.success() {
        eprintln!(
            "side: {runtime} failed at {}: {}",
            benchmark.name, output.status
        );
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Runs one benchmark, and prints its figures.
pub fn one(runtime: &str, workers: &str, benchmark: &str) -> ExitCode {
    let benchmark = ALL.iter().find(|known| known.name == benchmark);
    let (Some(benchmark), Ok(workers)) = (benchmark, workers.parse()) else {
        return ExitCode::from(2);
    };
    if benchmark.unit == "ns" && !benchmark.on_one_processor {
        // Not where a thread of ours has to be let in by the workers.
        crate::measurement::be_undisturbed();
    }
    if benchmark.on_one_processor && !crate::measurement::stay_on_one_processor() {
        eprintln!("side: the system cannot keep a process on one processor");
        return ExitCode::from(3);
    }
    match (benchmark.measure)(runtime, workers, benchmark.name) {
        Some(figures) => {
            for (name, value) in figures {
                println!("{name} {value}");
            }
            ExitCode::SUCCESS
        }
        None => ExitCode::from(3),
    }
}
