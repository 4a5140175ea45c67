//! Whether the facade has what Tokio has, on the system that this is built for.
//!
//! `items.txt` has the names. Each is a link here, which rustdoc follows, and each implementation a bound,
//! which the compiler checks; what only one system has is called with its types besides. Nothing here runs.
#![allow(unsafe_code, dead_code)]
#![allow(missing_docs, reason = "what is checked is what there is to read")]

#[doc = include_str!(concat!(env!("OUT_DIR"), "/links.md"))]
pub mod names {}

/// Fails to compile unless the type is bound so.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        fn check<T: $($bound)+>() {}
        check::<$type>();
    }};
}

include!(concat!(env!("OUT_DIR"), "/bounds.rs"));

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(any(target_os = "freebsd", target_vendor = "apple"))]
mod bsd;
#[cfg(target_os = "freebsd")]
mod freebsd;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
