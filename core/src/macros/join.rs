//! `join!` and `try_join!`.

/// Waits until all futures are ready and yields their outputs as a tuple.
///
/// They run in one task, in turns: each poll begins with another, or with the first if `biased;`
/// stands in front.
///
/// # Cancel safety
/// As the futures' own: all are dropped with the whole.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let (a, b) = selkie::join!(async { 1 }, async { "two" });
/// assert_eq!((a, b), (1, "two"));
/// # }
/// ```
#[macro_export]
macro_rules! join {
    ($($futures:tt)*) => {
        $crate::macros::support::join_futures! { ($crate) $($futures)* }
    };
}

/// Waits until all futures are ready with `Ok` and yields their values as a tuple, or until one
/// is ready with `Err`, and yields that.
///
/// They run in one task, in turns: each poll begins with another, or with the first if `biased;`
/// stands in front.
///
/// # Errors
/// The first error; the other futures are dropped.
///
/// # Cancel safety
/// As the futures' own: all are dropped with the whole.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let both = selkie::try_join!(async { Ok(1) }, async { Err::<u32, _>("no") });
/// assert_eq!(both, Err("no"));
/// # }
/// ```
#[macro_export]
macro_rules! try_join {
    ($($futures:tt)*) => {
        $crate::macros::support::try_join_futures! { ($crate) $($futures)* }
    };
}
