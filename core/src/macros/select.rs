//! `select!`.

/// Waits for the first of several futures to be ready, and drops the others.
///
/// ```text
/// select! {
///     biased;                                          // optional: poll from the top
///     <pattern> = <future> [, if <condition>] => <handler>,
///     …                                                // up to 64 branches
///     else => <handler>,                               // optional: no branch is left
/// }
/// ```
///
/// Conditions are evaluated first, then every future, whether its condition held or not; those
/// whose condition is false are never polled. The rest are polled, beginning with a random one
/// (with `biased;`: with the first). When one is ready and its output fits its pattern, the others
/// are dropped and its handler is the value of the whole. When an output does not fit, its branch
/// is disabled. When none is left, `else` runs. A handler may use `?`, `break`, `return` and
/// `.await`, and what the other futures had borrowed.
///
/// # Panics
/// If no branch is left and there is no `else`.
///
/// # Cancel safety
/// The futures that were not ready are dropped: use futures that lose nothing then, or poll them
/// by reference (`result = &mut future`).
///
/// # Cost
/// No allocation; one unit of the budget is asked for, not taken.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let (first, second) = (core::future::ready(1), core::future::pending::<u32>());
/// let number = selkie::select! {
///     number = first => number,
///     number = second => number + 1,
/// };
/// assert_eq!(number, 1);
/// # }
/// ```
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => {
        $crate::macros::support::select_branches! { ($crate) $($branches)* }
    };
}
