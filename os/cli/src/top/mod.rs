//! `selkie top`: a terminal view of workers and tasks, live.

mod sample;

mod columns;

mod state;

mod view;

mod screen;

pub(crate) use screen::run;
