//! Who runs when: random small programs on the registry's Tokio and on Selkie, with equal traces.
//!
//!     order [--seed N] [--programs N] [--all]
//!
//! Each program runs on a current-thread runtime, a `LocalRuntime` or in a `LocalSet`, with a paused clock,
//! so that its trace (every poll, step, time and drop) is the same each time. A tenth as many networks of
//! tasks run on several workers, where what each task sees is compared. The first program (with `--all`
//! each) whose traces differ is made smaller and printed with both.

mod network;
mod on_selkie;
mod on_tokio;
mod program;
mod shrink;
mod trace;

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use lexopt::prelude::{Long, ValueExt};
use network::Network;
use program::Program;
use trace::Event;

/// How long one program may take on one runtime.
const LIMIT: Duration = Duration::from_secs(30);

/// A thread that runs programs on one runtime.
struct Runner<P, T> {
    name: &'static str,
    programs: Sender<P>,
    traces: Receiver<T>,
}

impl<P, T> Runner<P, T>
where
    P: Clone + std::fmt::Debug + Send + 'static,
    T: Send + 'static,
{
    fn start(name: &'static str, run: fn(&P) -> T) -> Self {
        let (programs, todo) = channel::<P>();
        let (done, traces) = channel();
        thread::spawn(move || {
            for program in todo {
                if done.send(run(&program)).is_err() {
                    return;
                }
            }
        });
        Self {
            name,
            programs,
            traces,
        }
    }

    /// What became of `program`; exits if it does not end.
    fn run(&self, program: &P) -> T {
        self.programs
            .send(program.clone())
            .expect("the thread is there");
        self.traces.recv_timeout(LIMIT).unwrap_or_else(|error| {
            println!("{}: {error}: {program:#?}", self.name);
            std::process::exit(1);
        })
    }
}

/// Both runtimes.
struct Pair<P, T> {
    tokio: Runner<P, T>,
    selkie: Runner<P, T>,
}

impl<P, T> Pair<P, T>
where
    P: Clone + std::fmt::Debug + Send + 'static,
    T: PartialEq + Send + 'static,
{
    fn start(tokio: fn(&P) -> T, selkie: fn(&P) -> T) -> Self {
        Self {
            tokio: Runner::start("tokio", tokio),
            selkie: Runner::start("selkie", selkie),
        }
    }

    fn traces(&self, program: &P) -> (T, T) {
        (self.tokio.run(program), self.selkie.run(program))
    }

    fn differ(&self, program: &P) -> bool {
        let (tokio, selkie) = self.traces(program);
        tokio != selkie
    }
}

/// The options of the command line.
struct Options {
    programs: u64,
    first: u64,
    all: bool,
}

impl Options {
    fn from_arguments() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            programs: 2_500,
            first: 0,
            all: false,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("programs") => options.programs = parser.value()?.parse()?,
                Long("seed") => options.first = parser.value()?.parse()?,
                Long("all") => options.all = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(options)
    }
}

fn print(program: &Program, (tokio, selkie): (Vec<Event>, Vec<Event>)) {
    println!("{program:?}");
    let show = |event: Option<&Event>| {
        event.map_or_else(String::new, |event| {
            format!("task {} {:?} {}", event.task, event.kind, event.value)
        })
    };
    let equal = tokio
        .iter()
        .zip(&selkie)
        .take_while(|(a, b)| a == b)
        .count();
    println!("{equal} events are equal; tokio | selkie:");
    for at in equal.saturating_sub(12)..(equal + 12).min(tokio.len().max(selkie.len())) {
        println!(
            "{at:3} {:35} | {}",
            show(tokio.get(at)),
            show(selkie.get(at))
        );
    }
}

/// Programs on one thread; says how many differ.
fn compare_programs(options: &Options) -> u64 {
    let pair = Pair::start(on_tokio::machine::run, on_selkie::machine::run);
    let (mut events, mut different) = (0, 0);
    for seed in options.first..options.first + options.programs {
        let program = Program::from_seed(seed);
        let (tokio, selkie) = pair.traces(&program);
        events += tokio.len();
        if tokio == selkie {
            continue;
        }
        different += 1;
        println!("the program of seed {seed} differs; made smaller:");
        let smaller = shrink::shrink(program, |program| pair.differ(program));
        print(&smaller, pair.traces(&smaller));
        if !options.all {
            break;
        }
    }
    println!(
        "one thread: {} programs, {events} events, {different} differ",
        options.programs
    );
    different
}

/// Networks on several workers; says how many differ.
fn compare_networks(options: &Options) -> u64 {
    let pair = Pair::start(on_tokio::workers::run, on_selkie::workers::run);
    let networks = options.programs.div_ceil(10);
    let mut different = 0;
    for seed in options.first..options.first + networks {
        let network = Network::from_seed(seed);
        let (tokio, selkie) = pair.traces(&network);
        if tokio != selkie {
            different += 1;
            println!("the network of seed {seed} differs: {network:#?}\n{tokio:?}\n{selkie:?}");
        }
    }
    println!("several workers: {networks} networks, {different} differ");
    different
}

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("order: {error}\nusage: order [--seed N] [--programs N] [--all]");
            return ExitCode::from(2);
        }
    };
    // Programs panic on purpose.
    std::panic::set_hook(Box::new(|info| {
        if info.payload_as_str() != Some("as the program says") {
            eprintln!("{info}");
        }
    }));
    match compare_programs(&options) + compare_networks(&options) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
