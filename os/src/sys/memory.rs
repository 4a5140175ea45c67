//! Memory that is given back to the system while its addresses stay reserved.
#![allow(unsafe_code)]

use std::ptr::NonNull;

/// Gives the pages at `start` back to the system; they then read as zeros. `false`: they stay as they are.
///
/// # Safety
/// Nobody needs the contents of the memory, which is private to the process.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    any(feature = "fs", feature = "reactor")
))]
unsafe fn release_pages(start: NonNull<u8>, bytes: usize) -> bool {
    // Pages of more than 4 KiB may be larger than the memory: the system refuses those.
    // SAFETY: by the caller's promise.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) == 0 }
}

/// On a system without such a call memory stays as it is.
///
/// # Safety
/// None is needed.
#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    any(feature = "fs", feature = "reactor")
)))]
unsafe fn release_pages(_start: NonNull<u8>, _bytes: usize) -> bool {
    false
}

/// Installs this in the core.
pub(crate) fn install_release_pages() {
    // SAFETY: it does no more than its contract says.
    unsafe { selkie_core::raw::platform::install_release_pages(release_pages) };
}
