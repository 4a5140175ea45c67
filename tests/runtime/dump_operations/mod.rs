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
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod uring;

pub(crate) use table::has_names;
