//! The endpoints: what each answers to a request.

mod parameters;

mod metrics;

mod stats;

mod page;

mod calls;

mod dump;

mod rows;

mod tasks;

mod trace;

mod routes;

pub(crate) use routes::{State, answer};
