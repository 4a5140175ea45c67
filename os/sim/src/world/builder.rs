//! How a simulation is set up and run.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::script::World;
use crate::calls::start_on;
use crate::host::WORLD;
use crate::kernel::{Outcome, State, finish, run_world};
use crate::payload::text_of;
use crate::runs::{Failure, PREEMPTION, Plan, Role, end_process, left_out, role, search};

/// Sets up a simulation.
#[derive(Debug, Clone)]
pub struct Builder {
    seed: Option<u64>,
    runs: Option<u64>,
    repeats: u64,
    limit: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// The simulated time that a simulation takes at most, if nothing else is said.
const LIMIT: Duration = Duration::from_secs(3600);

impl Builder {
    /// Sixteen runs, with the seeds 0 to 15.
    #[must_use]
    pub fn new() -> Self {
        Self {
            seed: None,
            runs: None,
            repeats: 1,
            limit: LIMIT,
        }
    }

    /// The seed, which decides all that is left open; of several runs that of the first.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How many seeds are run, one after the other.
    #[must_use]
    pub fn runs(mut self, runs: u64) -> Self {
        self.runs = Some(runs);
        self
    }

    /// How often each seed is run. A seed whose trace is another one the second time has failed: something in the program does not
    /// follow the seed.
    #[must_use]
    pub fn repeats(mut self, repeats: u64) -> Self {
        self.repeats = repeats;
        self
    }

    /// The simulated time after which the simulation has failed.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs `script` once for each seed, each in a process of its own.
    ///
    /// # Panics
    /// If a run fails: its script or the program of a host panics, or it cannot go on. The message says how to repeat it.
    pub fn run<F, Fut>(self, script: F)
    where
        F: FnOnce(World) -> Fut + Send + 'static,
        Fut: Future<Output = ()>,
    {
        match role() {
            Role::Skip => (),
            Role::Run { seed, trace } => run_one(seed, trace, self.limit, script),
            Role::Search { call } => {
                let plan = Plan::new(self.seed, self.runs, self.repeats);
                match search(&plan, call) {
                    Ok(None) => (),
                    Ok(Some(failure)) => panic!("{}", explain(&failure, &plan)),
                    Err(error) => panic!("the simulation's processes cannot be run: {error}"),
                }
            }
        }
    }
}

/// What is said of a seed that failed.
fn explain(failure: &Failure, plan: &Plan) -> String {
    let Failure {
        seed,
        output,
        trace,
        without,
    } = failure;
    let without = match without.as_str() {
        "" => String::new(),
        numbers => format!(" SELKIE_SIM_WITHOUT={numbers}"),
    };
    format!(
        "seed {seed} failed, of {} that were to be run\n{output}\
         \nrepeat it with SELKIE_SIM_SEED={seed}{without}; {}",
        plan.runs,
        if trace.exists() {
            let view = trace.with_extension("json");
            let (trace, view) = (trace.display(), view.display());
            format!("its trace is {trace}, and for a viewer {view}")
        } else {
            String::from("it has no trace, since it was ended from outside")
        },
    )
}

/// Runs one seed and ends the process.
fn run_one<F, Fut>(seed: u64, file: Option<PathBuf>, limit: Duration, script: F) -> !
where
    F: FnOnce(World) -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    let state = State::new(seed, limit, left_out().contains(&PREEMPTION));
    let (ending, state) = run_world(state, || {
        let world = move || finish(play(script));
        let thread = std::thread::Builder::new().name(String::from("world"));
        start_on(WORLD, || {
            thread.spawn(world).expect("a thread can be started")
        });
    });
    let trace = state
        .trace
        .finish(ending.as_ref().err().map(String::as_str));
    let hosts: Vec<_> = state.hosts.iter().map(|host| host.name.clone()).collect();
    let view = state.trace.finish_view(&hosts, state.now);
    // Threads of the simulation stand still in the middle of what they did: nothing of it is dropped.
    std::mem::forget(state);
    if let Some(file) = file {
        write(&file, &trace);
        if let Some(view) = view {
            write(&file.with_extension("json"), &view);
        }
    }
    match ending {
        Ok(_) => end_process(0),
        Err(why) => {
            eprintln!("{why}");
            end_process(1)
        }
    }
}

fn write(file: &Path, text: &str) {
    if let Err(error) = std::fs::write(file, text) {
        eprintln!("{} cannot be written: {error}", file.display());
    }
}

fn play<F, Fut>(script: F) -> Outcome
where
    F: FnOnce(World) -> Fut,
    Fut: Future,
    Fut::Output: Send + 'static,
{
    let played = catch_unwind(AssertUnwindSafe(|| {
        let runtime = selkie::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime for the script");
        let value = runtime.block_on(script(World::new()));
        Box::new(value) as Box<dyn Any + Send>
    }));
    played.map_err(|payload| format!("the script panicked: {}", text_of(&*payload)))
}
