//! Tests of the disk: against the real file system, against its own rules, and by hand.

mod crash_model;
mod file_model;
mod real_files;
mod script;
