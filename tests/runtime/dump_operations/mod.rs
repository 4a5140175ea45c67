//! Every operation that can wait is in a dump, by its name and its file.

#[cfg(unix)]
mod files;
mod memory;
mod net;
mod sync;
mod table;
mod tasks;
#[cfg(unix)]
mod unix;
