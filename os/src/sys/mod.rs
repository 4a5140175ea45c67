//! What differs between operating systems, and nothing else.

#[cfg(all(unix, feature = "net"))]
mod abstract_names;
#[cfg(all(target_vendor = "apple", feature = "fs"))]
mod apple;
#[cfg(feature = "fs")]
mod cached_access;
#[cfg(all(unix, feature = "net"))]
mod credentials;
#[cfg(feature = "reactor")]
mod deferred_source;
#[cfg(all(unix, feature = "fs"))]
mod directory;
#[cfg(feature = "io-std")]
mod exact_input;
#[cfg(all(unix, feature = "fs"))]
mod file_control;
#[cfg(all(target_os = "linux", feature = "process"))]
mod linux;
mod memory;
mod owning_process;
#[cfg(all(target_os = "linux", feature = "fs"))]
mod page_cache;
#[cfg(feature = "reactor")]
mod polled_readiness;
#[cfg(all(unix, feature = "fs"))]
mod replaced_file;
mod standard_error;
mod stopwatch;
mod thread_end;
mod thread_stack;
mod ticks;
#[cfg(feature = "net")]
mod timer_fd;
#[cfg(unix)]
mod unix;
#[cfg(not(any(unix, windows, target_family = "wasm")))]
mod unsupported;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(windows)]
mod windows;

#[cfg(all(unix, feature = "net"))]
pub(crate) use abstract_names::{abstract_name, unix_address};
#[cfg(all(target_vendor = "apple", feature = "fs"))]
pub(crate) use apple::set_created;
#[cfg(all(not(target_os = "linux"), feature = "fs"))]
pub(crate) use cached_access::PageCache;
#[cfg(feature = "fs")]
pub(crate) use cached_access::{CachedAccess, FileClass, NotRead};
#[cfg(all(unix, feature = "net"))]
pub(crate) use credentials::{Peer, peer_credentials};
#[cfg(feature = "reactor")]
pub(crate) use deferred_source::DeferredSource;
#[cfg(feature = "net")]
pub(crate) use deferred_source::{AsDeferredSource, DEFERS_REGISTRATION};
#[cfg(feature = "io-std")]
pub(crate) use exact_input::ExactInput;
pub(crate) use memory::install_release_pages;
pub(crate) use owning_process::OwningProcess;
#[cfg(all(target_os = "linux", feature = "fs"))]
pub(crate) use page_cache::PageCache;
#[cfg(feature = "reactor")]
pub(crate) use polled_readiness::PolledReadiness;
pub(crate) use standard_error::report_line;
pub(crate) use stopwatch::stopwatch;
pub(crate) use thread_end::join_thread;
pub use thread_stack::NoStack;
pub(crate) use thread_stack::{NativeThread, RawStack, StackSignal, prepare_stack_signal};
pub(crate) use ticks::{TickClock, TickScale};
#[cfg(all(unix, feature = "reactor"))]
pub(crate) use unix::{EDGE_TRIGGERED, PRIORITY_INTEREST, SLICES_PER_CALL};
#[cfg(all(windows, feature = "reactor"))]
pub(crate) use windows::{EDGE_TRIGGERED, PRIORITY_INTEREST, SLICES_PER_CALL};

#[cfg(all(unix, feature = "net"))]
pub(crate) use unix::{
    AccessMode, access_mode, assert_nonblocking, is_in_progress, read, set_nonblocking,
};
#[cfg(all(windows, feature = "net"))]
pub(crate) use windows::{assert_nonblocking, is_in_progress};

#[cfg(all(unix, feature = "fs"))]
pub(crate) use directory::{Directory, Name, Owners};
#[cfg(all(unix, feature = "fs"))]
pub(crate) use file_control::{FileLock, allocate_file, set_file_lock};
#[cfg(all(target_os = "linux", feature = "process"))]
pub(crate) use linux::pidfd_open;
#[cfg(all(unix, feature = "fs"))]
pub(crate) use replaced_file::ReplacedFile;
#[cfg(feature = "net")]
pub(crate) use timer_fd::{SystemTimer, time_since_boot};
#[cfg(all(unix, feature = "process"))]
pub(crate) use unix::has_ended;
#[cfg(all(unix, not(target_os = "linux"), feature = "process"))]
pub(crate) use unix::pidfd_open;
#[cfg(all(unix, feature = "signal"))]
pub(crate) use unix::{Disposition, SIGNALS, disposition, set_disposition};
#[cfg(all(unix, feature = "fs"))]
pub(crate) use unix::{LISTING_TELLS_TYPE, set_dir_mode};
#[cfg(all(unix, feature = "net", feature = "io-std"))]
pub(crate) use unix::{has_input, is_regular_file};
#[cfg(all(windows, feature = "fs"))]
pub(crate) use windows::{LISTING_TELLS_TYPE, set_created, set_dir_mode};
