//! The runtimes that are compared.

/// A runtime, with the number of its workers: none is the current thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Selkie(Option<usize>),
    /// Its sockets by io_uring.
    SelkieRing(Option<usize>),
    Tokio(Option<usize>),
    /// smol's executor, on this thread or on two.
    Smol(Option<usize>),
    Compio,
    Monoio,
    Glommio,
}

/// Workers of the flavours with several.
const WORKERS: usize = 2;

impl Peer {
    /// All of them, in the order of the table.
    pub const ALL: [(&'static str, Self); 11] = [
        ("selkie-ct", Self::Selkie(None)),
        ("selkie-ct-ring", Self::SelkieRing(None)),
        ("tokio-ct", Self::Tokio(None)),
        ("smol-1", Self::Smol(None)),
        ("compio", Self::Compio),
        ("monoio", Self::Monoio),
        ("glommio", Self::Glommio),
        ("selkie-mt", Self::Selkie(Some(WORKERS))),
        ("selkie-mt-ring", Self::SelkieRing(Some(WORKERS))),
        ("tokio-mt", Self::Tokio(Some(WORKERS))),
        ("smol-2", Self::Smol(Some(WORKERS))),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find_map(|(known, peer)| (*known == name).then_some(*peer))
    }
}

/// A runtime of the module `$rt`, which has Tokio's API.
#[macro_export]
macro_rules! build {
    ($rt:ident, $workers:expr) => {
        match $workers {
            None => $rt::runtime::Builder::new_current_thread()
                .enable_all()
                .build(),
            Some(workers) => $rt::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build(),
        }
        .expect("a runtime")
    };
}

/// Runs `future` on smol's executor, driven by `workers` threads, or by this one alone.
pub fn smol<T: Send + 'static>(
    workers: Option<usize>,
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    let executor: &'static smol::Executor<'static> = Box::leak(Box::new(smol::Executor::new()));
    EXECUTOR.set(executor).ok();
    match workers {
        None => smol::block_on(executor.run(future)),
        Some(workers) => {
            for _ in 0..workers {
                std::thread::spawn(|| smol::block_on(executor.run(std::future::pending::<()>())));
            }
            smol::block_on(executor.spawn(future))
        }
    }
}

static EXECUTOR: std::sync::OnceLock<&'static smol::Executor<'static>> = std::sync::OnceLock::new();

/// The executor that [`smol`] runs.
pub fn executor() -> &'static smol::Executor<'static> {
    EXECUTOR.get().expect("inside `smol`")
}

/// Writes a benchmark once for every runtime with Tokio's API: `$body` becomes a module of the
/// runtime's name with `on`, which runs a future as a task, and what the body defines; it defines
/// `measure(workers, benchmark)`. For other runtimes, add arms to `$others`.
#[macro_export]
macro_rules! same {
    ({ $($body:tt)* }) => { $crate::same!({ $($body)* }, _peer, _name => None); };
    ({ $($body:tt)* }, $peer:ident, $benchmark:ident => $others:expr) => {
        $crate::same_for!(selkie { $($body)* });
        $crate::same_for!(tokio { $($body)* });

        pub fn measure($peer: $crate::peer::Peer, $benchmark: &str) -> Option<f64> {
            match $peer {
                $crate::peer::Peer::Selkie(workers) => selkie::measure(workers, $benchmark),
                $crate::peer::Peer::Tokio(workers) => tokio::measure(workers, $benchmark),
                _ => $others,
            }
        }
    };
}

/// One module of [`same`]: `rt` is the runtime's crate.
#[macro_export]
macro_rules! same_for {
    ($name:ident { $($body:tt)* }) => {
        pub(crate) mod $name {
            #[allow(unused_imports)]
            use ::$name as rt;

            /// Runs `future` as a task where there are workers, else as the root.
            #[allow(dead_code)]
            fn on<T: Send + 'static>(
                workers: Option<usize>,
                future: impl Future<Output = T> + Send + 'static,
            ) -> T {
                let runtime = $crate::build!(rt, workers);
                match workers {
                    None => runtime.block_on(future),
                    Some(_) => runtime
                        .block_on(async { rt::spawn(future).await })
                        .expect("no panic"),
                }
            }

            $($body)*
        }
    };
}
