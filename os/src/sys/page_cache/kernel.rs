//! Whether the reads of this kernel can be relied on: versions 5.9 and 5.10 reported an end of file where there was none.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::OnceLock;

/// The first kernel that gives true answers: 5.9 and 5.10 reported an end of file where there was none.
const FIRST_KERNEL: (u32, u32) = (5, 11);

pub(super) fn is_fit() -> bool {
    static FIT: OnceLock<bool> = OnceLock::new();
    *FIT.get_or_init(|| {
        // SAFETY: zeros are a `utsname`.
        let mut name: libc::utsname = unsafe { std::mem::zeroed() };
        // It fails where a filter refuses it, and for nothing that passes.
        // SAFETY: the system writes one `utsname`.
        if unsafe { libc::uname(&mut name) } != 0 {
            return false;
        }
        // SAFETY: the system's strings end with a zero.
        let release = unsafe { CStr::from_ptr(name.release.as_ptr()) };
        is_fit_release(&release.to_string_lossy())
    })
}

/// Whether `release`, as in `5.11.0-27-generic`, is [`FIRST_KERNEL`] or later.
fn is_fit_release(release: &str) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) >= FIRST_KERNEL)
}

#[cfg(test)]
mod tests {
    use super::is_fit_release;

    #[test]
    fn kernel_versions_are_parsed() {
        for fit in ["5.11", "5.11.0-27-generic", "6.1", "10.0.0"] {
            assert!(is_fit_release(fit), "{fit}");
        }
        for unfit in ["5.10.99", "5.9", "4.19.0", "", "x", "5"] {
            assert!(!is_fit_release(unfit), "{unfit}");
        }
    }
}
