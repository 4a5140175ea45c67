//! Whether the reads of this kernel can be relied on: versions 5.9 and 5.10 reported an end of file where there was none.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// The first kernel that gives true answers: 5.9 and 5.10 reported an end of file where there was none.
const FIRST_KERNEL: (u32, u32) = (5, 11);

/// What is known of this kernel: nothing yet, that it is fit, or that it is not.
const NOT_ASKED: u8 = 0;
const FIT: u8 = 1;
const UNFIT: u8 = 2;

#[inline]
pub(super) fn is_fit() -> bool {
    static KERNEL: AtomicU8 = AtomicU8::new(NOT_ASKED);
    // Relaxed, both: the byte is all there is, and every thread finds the same.
    match KERNEL.load(Ordering::Relaxed) {
        NOT_ASKED => {
            let is_fit = is_fit_now();
            KERNEL.store(if is_fit { FIT } else { UNFIT }, Ordering::Relaxed);
            is_fit
        }
        known => known == FIT,
    }
}

#[cold]
#[inline]
fn is_fit_now() -> bool {
    // SAFETY: zeros are a `utsname`.
    let mut name: libc::utsname = unsafe { std::mem::zeroed() };
    // It fails where a filter refuses it, and for nothing that passes.
    // SAFETY: the system writes one `utsname`.
    if unsafe { libc::uname(&mut name) } != 0 {
        return false;
    }
    // SAFETY: the system's strings end with a zero.
    let release = unsafe { CStr::from_ptr(name.release.as_ptr()) };
    is_fit_release(release.to_bytes())
}

/// Whether `release`, as in `5.11.0-27-generic`, is [`FIRST_KERNEL`] or later.
#[inline]
fn is_fit_release(release: &[u8]) -> bool {
    // The numbers before the first point and after it.
    let (mut numbers, mut place) = ([None; 2], 0);
    for byte in release {
        match byte {
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0');
                let before: u32 = numbers[place].unwrap_or(0);
                numbers[place] = Some(before.saturating_mul(10).saturating_add(digit));
            }
            b'.' if place == 0 => place = 1,
            _ => break,
        }
    }
    matches!(numbers, [Some(major), Some(minor)] if (major, minor) >= FIRST_KERNEL)
}

#[cfg(test)]
mod tests {
    use super::is_fit_release;

    #[test]
    fn kernel_versions_are_parsed() {
        for fit in ["5.11", "5.11.0-27-generic", "6.1", "10.0.0"] {
            assert!(is_fit_release(fit.as_bytes()), "{fit}");
        }
        for unfit in ["5.10.99", "5.9", "4.19.0", "", "x", "5"] {
            assert!(!is_fit_release(unfit.as_bytes()), "{unfit}");
        }
    }
}
