//! Windows.

/// Whether the system's poller tells of changes only: AFD tells of states.
#[cfg(feature = "reactor")]
pub(crate) const EDGE_TRIGGERED: bool = false;

/// Slices that a vectored call takes at least, if it is given more.
#[cfg(feature = "reactor")]
pub(crate) const SLICES_PER_CALL: usize = u32::MAX as usize;

/// How the poller is asked for out-of-band data: it has no word of its own for it here.
#[cfg(feature = "reactor")]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::READABLE;

/// Whether `error` says that a connection was begun and is not there yet.
#[cfg(feature = "net")]
pub(crate) fn is_in_progress(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock
}

/// Windows does not tell whether a socket is in blocking mode.
#[cfg(feature = "net")]
pub(crate) fn assert_nonblocking<S>(_socket: &S) {}

/// Whether the listing of a directory tells the types of its entries.
#[cfg(feature = "fs")]
pub(crate) const LISTING_TELLS_TYPE: bool = true;

/// Directories have no such permissions here.
#[cfg(feature = "fs")]
pub(crate) fn set_dir_mode(_builder: &mut std::fs::DirBuilder, _mode: u32) {}

/// `times`, with the time at which a file was made.
#[cfg(feature = "fs")]
pub(crate) fn set_created(
    times: std::fs::FileTimes,
    created: std::time::SystemTime,
) -> std::fs::FileTimes {
    std::os::windows::fs::FileTimesExt::set_created(times, created)
}
