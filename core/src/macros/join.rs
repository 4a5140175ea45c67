//! `join!` and `try_join!`.

/// Waits until all futures are ready and yields their outputs as a tuple.
///
/// They run in one task, in turns: each poll begins with another, or with the first if `biased;`
/// stands in front.
///
/// # Cancel safety
/// As the futures' own: all are dropped with the whole.
///
/// # Example
/// ```
/// # async fn example() {
/// let (a, b) = selkie_core::join!(async { 1 }, async { "two" });
/// assert_eq!((a, b), (1, "two"));
/// # }
/// # let mut future = core::pin::pin!(example());
/// # let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert!(future.as_mut().poll(&mut cx).is_ready());
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
/// # Example
/// ```
/// # async fn example() {
/// let both = selkie_core::try_join!(async { Ok(1) }, async { Err::<u32, _>("no") });
/// assert_eq!(both, Err("no"));
/// # }
/// # let mut future = core::pin::pin!(example());
/// # let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert!(future.as_mut().poll(&mut cx).is_ready());
/// ```
#[macro_export]
macro_rules! try_join {
    ($($futures:tt)*) => {
        $crate::macros::support::try_join_futures! { ($crate) $($futures)* }
    };
}
