//! What the rest of the crate needs to know of Windows.

/// Whether the poller is edge-triggered: AFD is level-triggered.
#[cfg(feature = "reactor")]
pub(crate) const EDGE_TRIGGERED: bool = false;

/// The slices that every vectored call takes, if it is given more.
#[cfg(feature = "reactor")]
pub(crate) const SLICES_PER_CALL: usize = u32::MAX as usize;

/// The interest in out-of-band data, for which this poller has no interest of its own.
#[cfg(feature = "reactor")]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::READABLE;

/// Whether `error` means that a connection is in progress.
#[cfg(feature = "net")]
pub(crate) fn is_in_progress(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock
}

/// Windows does not say whether a socket is in blocking mode.
#[cfg(feature = "net")]
pub(crate) fn assert_nonblocking<S>(_socket: &S) {}

/// Whether the listing of a directory tells the types of its entries.
#[cfg(feature = "fs")]
pub(crate) const LISTING_TELLS_TYPE: bool = true;

/// Directories have no such permissions here.
#[cfg(feature = "fs")]
pub(crate) fn set_dir_mode(_builder: &mut std::fs::DirBuilder, _mode: u32) {}

/// `times`, with a creation time.
#[cfg(feature = "fs")]
pub(crate) fn set_created(
    times: std::fs::FileTimes,
    created: std::time::SystemTime,
) -> std::fs::FileTimes {
    std::os::windows::fs::FileTimesExt::set_created(times, created)
}
