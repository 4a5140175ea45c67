//! Procedural macros of the Selkie runtime: entry points, and the inner parts of `select!`, `join!` and `try_join!`. Use
//! them through the crates `selkie` and `selkie_core`, or the facade `tokio`.

mod attribute;
mod cursor;
mod entry;
mod error;
mod function;
mod join;
mod literal;
mod options;
mod select;
mod template;

use proc_macro::TokenStream;

use attribute::{Attribute, Kind};

/// Makes an `async fn main` the program's entry: its body runs on a runtime.
///
/// The runtime has timers, sockets and all else enabled. The body itself is no task: it runs on the program's first thread, and
/// what it spawns runs on the runtime's workers. When it returns the program ends, and tasks that are left are dropped
/// at their next `.await`. What it returns is what `main` returns, so that `?` works in a body that returns a `Result`.
///
/// | option | what it does |
/// |---|---|
/// | `flavor = "multi_thread"` | tasks run on worker threads; the default |
/// | `flavor = "current_thread"` | tasks run on this thread, in turns |
/// | `flavor = "local"` | so they do, and need not be `Send` |
/// | `worker_threads = 4` | how many workers there are; one for each processor by default |
/// | `start_paused = true` | the clock stands still but for sleeps; for one thread, with the feature `test-util` |
/// | `unhandled_panic = "shutdown_runtime"` | a panic of a task ends the program; for one thread. `"ignore"` is the default. |
/// | `name = "server"` | what the runtime is called by tools that look at it |
/// | `crate = "my_selkie"` | where the crate is, if it has another name |
///
/// Options that there are not do not compile. For everything else there is the runtime's `Builder`.
///
/// # Examples
/// ```
/// #[selkie::main]
/// async fn main() {
///     let task = selkie::spawn(async { 6 * 7 });
///     assert_eq!(task.await.unwrap(), 42);
/// }
/// ```
///
/// A small program, whose tasks share one thread:
/// ```
/// #[selkie::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let address = selkie::net::lookup_host("127.0.0.1:80").await?.next();
///     assert_eq!(address.unwrap().port(), 80);
///     Ok(())
/// }
/// ```
///
/// What the first one does, written by hand:
/// ```
/// selkie::runtime::Builder::new_multi_thread()
///     .enable_all()
///     .build()
///     .expect("a runtime")
///     .block_on(async {
///         let task = selkie::spawn(async { 6 * 7 });
///         assert_eq!(task.await.unwrap(), 42);
///     })
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Main, true))
}

/// As [`macro@main`], for builds without the multi-thread runtime.
#[proc_macro_attribute]
pub fn main_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Main, false))
}

/// Makes an `async fn` a test: its body runs on a runtime of its own, which has one thread unless the options say otherwise.
///
/// Options: those of [`macro@main`]. With `start_paused = true` a test of timers takes no time: the clock moves to the next timer
/// whenever all tasks wait.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::time::{Instant, sleep};
///
/// #[selkie::test]
/// async fn a_task_gives_its_value() {
///     assert_eq!(selkie::spawn(async { 1 }).await.unwrap(), 1);
/// }
///
/// #[selkie::test(start_paused = true)]
/// async fn a_day_passes_at_once() {
///     let start = Instant::now();
///     sleep(Duration::from_secs(86_400)).await;
///     assert_eq!(start.elapsed().as_secs(), 86_400);
/// }
///
/// #[selkie::test(flavor = "multi_thread", worker_threads = 2)]
/// async fn two_workers_poll() {
///     let both = [selkie::spawn(async { 1 }), selkie::spawn(async { 2 })];
///     for task in both {
///         assert!(task.await.is_ok());
///     }
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Test, true))
}

/// As [`macro@test`], for builds without the multi-thread runtime.
#[proc_macro_attribute]
pub fn test_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Test, false))
}

/// [`macro@main`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::tokio(Kind::Main, true))
}

/// [`macro@main_rt`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_main_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::tokio(Kind::Main, false))
}

/// [`macro@test`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::tokio(Kind::Test, true))
}

/// [`macro@test_rt`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_test_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::tokio(Kind::Test, false))
}

/// The inner part of `select!`: `(path to the crate) branches`.
#[doc(hidden)]
#[proc_macro]
pub fn select_branches(input: TokenStream) -> TokenStream {
    select::expand(input)
}

/// The inner part of `join!`: `(path to the crate) futures`.
#[doc(hidden)]
#[proc_macro]
pub fn join_futures(input: TokenStream) -> TokenStream {
    join::expand(input, join::Until::AllReady)
}

/// The inner part of `try_join!`: `(path to the crate) futures`.
#[doc(hidden)]
#[proc_macro]
pub fn try_join_futures(input: TokenStream) -> TokenStream {
    join::expand(input, join::Until::FirstError)
}
