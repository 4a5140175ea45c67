//! Procedural macros of the Selkie runtime: entry points, and the inner parts of `select!`, `join!` and `try_join!`. Use
//! them through the crates `selkie` and `selkie_core`, or the facade `tokio`.

mod attribute;
mod entry;
mod join;
mod options;
mod select;

use proc_macro::TokenStream;

use attribute::{Attribute, Kind};

/// Makes an `async fn main` the program's entry: its body runs on a runtime.
///
/// Options: `flavor = "multi_thread"` (the default), `"current_thread"` or `"local"`;
/// `worker_threads = N`; `start_paused = true`; `unhandled_panic = "ignore"` or
/// `"shutdown_runtime"`; `name = "…"`; `crate = "path"`.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::selkie(Kind::Main, true),
    )
    .into()
}

/// As [`macro@main`], for builds without the multi-thread runtime.
#[proc_macro_attribute]
pub fn main_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::selkie(Kind::Main, false),
    )
    .into()
}

/// Makes an `async fn` a test: its body runs on a current-thread runtime of its own.
///
/// Options: those of [`macro@main`].
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::selkie(Kind::Test, true),
    )
    .into()
}

/// As [`macro@test`], for builds without the multi-thread runtime.
#[proc_macro_attribute]
pub fn test_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::selkie(Kind::Test, false),
    )
    .into()
}

/// [`macro@main`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_main(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::tokio(Kind::Main, true),
    )
    .into()
}

/// [`macro@main_rt`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_main_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::tokio(Kind::Main, false),
    )
    .into()
}

/// [`macro@test`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_test(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::tokio(Kind::Test, true),
    )
    .into()
}

/// [`macro@test_rt`] for the facade: the runtime is found at `::tokio`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn tokio_test_rt(options: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(
        options.into(),
        item.into(),
        &Attribute::tokio(Kind::Test, false),
    )
    .into()
}

/// The inner part of `select!`: `(path to the crate) branches`.
#[doc(hidden)]
#[proc_macro]
pub fn select_branches(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}

/// The inner part of `join!`: `(path to the crate) futures`.
#[doc(hidden)]
#[proc_macro]
pub fn join_futures(input: TokenStream) -> TokenStream {
    join::expand(input.into(), join::Until::AllReady).into()
}

/// The inner part of `try_join!`: `(path to the crate) futures`.
#[doc(hidden)]
#[proc_macro]
pub fn try_join_futures(input: TokenStream) -> TokenStream {
    join::expand(input.into(), join::Until::FirstError).into()
}
