//! Tests of the disk: against the real file system, against its own rules, and by hand.

mod calls;
mod crash_model;
mod crashes;
mod faults;
mod file_model;
mod real_files;
mod script;
mod seed;
