//! Runs a program on one runtime and returns its trace; compiled once for each runtime.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::rt::runtime::{Builder, LocalOptions, LocalRuntime, Runtime};
use super::rt::task::{JoinHandle, LocalSet, yield_now};
use super::rt::time::timeout;
use super::steps::{TracedTask, task_of};
use super::world::{World, note, take_trace};
use crate::program::{Flavor, Program};
use crate::trace::{Event, EventKind};

/// How long a root runs at most, on the paused clock.
const LIMIT: Duration = Duration::from_secs(10);

/// The runtime of a program.
enum Machine {
    Shared(Runtime),
    Local(LocalRuntime),
}

impl Machine {
    fn new(program: &Program) -> Self {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        if let Some(interval) = program.event_interval {
            builder.event_interval(interval);
        }
        if let Some(interval) = program.global_queue_interval {
            builder.global_queue_interval(interval);
        }
        match program.flavor {
            Flavor::LocalRuntime => {
                let options = LocalOptions::default();
                Self::Local(builder.build_local(options).expect("a runtime"))
            }
            _ => Self::Shared(builder.build().expect("a runtime")),
        }
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Shared(rt) => rt.block_on(future),
            Self::Local(rt) => rt.block_on(future),
        }
    }

    /// The order in which a runtime's end drops tasks goes by their ids modulo four: both start alike.
    fn align_ids(&self) {
        let id = || self.block_on(async { super::rt::spawn(async {}).id() });
        while !id()
            .to_string()
            .parse()
            .is_ok_and(|id: u64| id.is_multiple_of(4))
        {}
        // What was spawned runs before the program begins.
        self.block_on(yield_now());
    }

    fn spawn(&self, future: TracedTask) -> JoinHandle<usize> {
        match self {
            Self::Shared(rt) => rt.spawn(future),
            Self::Local(rt) => rt.spawn_local(future),
        }
    }
}

/// Runs `program` and returns what happened.
pub(crate) fn run(program: &Program) -> Vec<Event> {
    let machine = Machine::new(program);
    machine.align_ids();
    let world = World::new(program);
    let set = LocalSet::new();
    for &script in &program.before {
        let Some(task) = world.task() else { continue };
        let future = task_of(
            &world,
            task,
            script,
            program.flavor != Flavor::CurrentThread,
        );
        let handle = match program.flavor {
            Flavor::CurrentThread | Flavor::LocalRuntime => machine.spawn(future),
            Flavor::RunUntil | Flavor::AwaitSet => set.spawn_local(future),
        };
        world.remember(handle.abort_handle());
    }
    let mut set = Some(set);
    for &script in &program.roots {
        run_root(&machine, &world, &mut set, script);
    }
    note(0, EventKind::End, 0);
    drop(set);
    note(0, EventKind::End, 1);
    drop(machine);
    note(0, EventKind::End, 2);
    take_trace()
}

fn run_root(machine: &Machine, world: &Arc<World>, set: &mut Option<LocalSet>, script: usize) {
    let Some(task) = world.task() else { return };
    let local = matches!(
        world.program.flavor,
        Flavor::RunUntil | Flavor::LocalRuntime
    );
    let future = task_of(world, task, script, local);
    let limited = async {
        world.nanos();
        timeout(LIMIT, future).await.map_or(-1, |task| task as i64)
    };
    let run = || match (world.program.flavor, &mut *set) {
        (Flavor::RunUntil, Some(set)) => machine.block_on(set.run_until(limited)),
        (Flavor::AwaitSet, _) => match set.take() {
            Some(set) => {
                let future = limited;
                let task = set.spawn_local(async { -5 });
                machine.block_on(async {
                    let rest = async { timeout(LIMIT, set).await.map_or(-1, |()| 1) };
                    let (first, rest) = super::rt::join!(biased; future, rest);
                    task.await.unwrap_or(-4) + first + rest
                })
            }
            None => 0,
        },
        _ => machine.block_on(limited),
    };
    let value = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    note(task, EventKind::Root, value.unwrap_or(-2));
}
