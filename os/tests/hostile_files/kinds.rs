//! The runtimes that hostile files are tried on.

use std::future::Future;
use std::time::Duration;

use selkie::runtime::{Builder, LocalRuntime, Runtime};

/// Which threads run tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Threads {
    Current,
    Workers(usize),
    Local,
}

/// A kind of runtime.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    threads: Threads,
    has_ring: bool,
    reads_in_place: bool,
}

const fn kind(name: &'static str, threads: Threads, has_ring: bool) -> Kind {
    Kind {
        name,
        threads,
        has_ring,
        reads_in_place: true,
    }
}

pub(crate) const KINDS: [Kind; 8] = [
    kind("current thread", Threads::Current, false),
    kind("current thread, ring", Threads::Current, true),
    kind("1 worker", Threads::Workers(1), false),
    kind("1 worker, ring", Threads::Workers(1), true),
    kind("2 workers", Threads::Workers(2), false),
    kind("2 workers, ring", Threads::Workers(2), true),
    kind("local", Threads::Local, false),
    kind("local, ring", Threads::Local, true),
];

/// One of each where more would take too long.
pub(crate) const FEW: [Kind; 4] = [KINDS[0], KINDS[1], KINDS[5], KINDS[6]];

/// With a ring and without.
pub(crate) const FEWEST: [Kind; 2] = [KINDS[1], KINDS[6]];

/// Those that leave every read to others.
pub(crate) fn none_in_place() -> impl Iterator<Item = Kind> {
    KINDS.into_iter().map(|kind| Kind {
        reads_in_place: false,
        ..kind
    })
}

/// A runtime of any kind. Its pool has one thread, so that what is given to it last is done last.
pub(crate) enum Any {
    Threads(Runtime),
    Local(LocalRuntime),
}

impl Kind {
    /// How many threads run tasks.
    pub(crate) fn workers(&self) -> usize {
        match self.threads {
            Threads::Workers(count) => count,
            Threads::Current | Threads::Local => 1,
        }
    }

    pub(crate) fn build(&self) -> Any {
        let mut builder = match self.threads {
            Threads::Current | Threads::Local => Builder::new_current_thread(),
            Threads::Workers(count) => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(count);
                builder
            }
        };
        builder.enable_all().max_blocking_threads(1);
        if !self.has_ring {
            builder.disable_io_uring();
        }
        if !self.reads_in_place {
            builder.disable_files_in_place();
        }
        match self.threads {
            Threads::Local => Any::Local(builder.build_local(Default::default()).unwrap()),
            _ => Any::Threads(builder.build().unwrap()),
        }
    }
}

impl Any {
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Threads(runtime) => runtime.block_on(future),
            Self::Local(runtime) => runtime.block_on(future),
        }
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::Threads(runtime) => drop(runtime.spawn(future)),
            Self::Local(runtime) => drop(runtime.spawn_local(future)),
        }
    }

    pub(crate) fn shutdown_timeout(self, limit: Duration) {
        match self {
            Self::Threads(runtime) => runtime.shutdown_timeout(limit),
            Self::Local(runtime) => runtime.shutdown_timeout(limit),
        }
    }
}
