//! Whether the facade has what Tokio has, on the system that this is built for.
//!
//! `items.txt` lists the names. Here each name is a link, which rustdoc follows, and each implementation is a bound, which
//! the compiler checks. Functions that only one system has are also called, with values of the right types. Nothing
//! here runs.
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
