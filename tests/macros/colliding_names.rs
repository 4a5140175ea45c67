//! Every macro in a module that has no prelude, and names of its own for all that an expansion may name.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

use ::core::future::ready;

/// Names that expansions use, or once used, for other things.
mod names {
    pub(super) struct Outcome;
    pub(super) struct Out;
    pub(super) struct Pin;
    pub(super) struct Future;
    pub(super) struct Poll;
    pub(super) struct Context;
    pub(super) struct Option;
    pub(super) struct Result;
    pub(super) struct Box;
    pub(super) struct RefCell;
    pub(super) struct LocalKey;
    pub(super) struct Branch0;
    pub(super) struct Disabled;
    pub(super) const VALUE: usize = 3;
    pub(super) const Some: u8 = 1;
    pub(super) const None: u8 = 2;
    pub(super) const Ok: u8 = 3;
    pub(super) const Err: u8 = 4;
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod tokio {}
    pub(super) mod support {}
    pub(super) mod macros {}
    pub(super) fn drop() {}
    pub(super) fn poll_fn() {}
    pub(super) fn maybe_done() {}
}

#[allow(unused_imports)]
use names::{
    Box, Branch0, Context, Disabled, Err, Future, LocalKey, None, Ok, Option, Out, Outcome, Pin,
    Poll, RefCell, Result, Some, VALUE, core, drop, macros, maybe_done, poll_fn, std, support,
    tokio,
};

::selkie::task_local! {
    static KEY: [u8; VALUE];
    static OUTCOME: Outcome;
}

/// A crate's name, spelled out: the module has none of them.
mod of {
    pub(super) use ::selkie::{join, pin, select, try_join};
}

/// Returns a value of the user's own `Outcome` through each macro.
async fn all_of_them() -> (Outcome, u8, u8) {
    let future = ready(1_u8);
    of::pin!(future);
    let one: u8 = of::select! {
        biased;
        value = &mut future => value,
        Outcome = ready(Outcome) => 9,
    };
    let outcome = of::select! {
        outcome = ready(Outcome) => outcome,
        else => Outcome,
    };
    let (two, Outcome) = of::join!(ready(2_u8), ready(Outcome));
    let failed: ::core::result::Result<(u8, u8), Outcome> = of::try_join!(
        ready(::core::result::Result::Ok(1_u8)),
        ready(::core::result::Result::<u8, Outcome>::Err(Outcome)),
    );
    ::core::assert!(failed.is_err());
    (outcome, one, two)
}

#[::selkie::test]
async fn regression_85_names_of_users_do_not_meet_those_of_expansions() {
    let (Outcome, one, two) = all_of_them().await;
    ::core::assert_eq!((one, two), (1, 2));
    KEY.scope([7; VALUE], async {
        ::core::assert_eq!(KEY.get(), [7; 3]);
    })
    .await;
}

#[::selkie::main(flavor = "current_thread")]
async fn entered() -> u8 {
    5
}

#[::core::prelude::v1::test]
fn an_entry_point_needs_no_prelude() {
    ::core::assert_eq!(entered(), 5);
}
