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
/// Options: `flavor = "multi_thread"` (the default), `"current_thread"` or `"local"`;
/// `worker_threads = N`; `start_paused = true`; `unhandled_panic = "ignore"` or
/// `"shutdown_runtime"`; `name = "…"`; `crate = "path"`.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Main, true))
}

/// As [`macro@main`], for builds without the multi-thread runtime.
#[proc_macro_attribute]
pub fn main_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(options, item, &Attribute::selkie(Kind::Main, false))
}

/// Makes an `async fn` a test: its body runs on a current-thread runtime of its own.
///
/// Options: those of [`macro@main`].
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
