//! `pin!`.

/// Pins futures on the stack.
///
/// `pin!(a, b)` replaces the variables by pinned mutable references to what they held;
/// `pin! { let a = future(); }` makes such variables.
///
/// # Examples
/// ```
/// async fn answer() -> u32 { 42 }
///
/// # async fn example() {
/// let future = answer();
/// selkie::pin!(future);
/// assert_eq!((&mut future).await, 42);
/// # }
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),* $(,)?) => {
        $(
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($name);
        )*
    };
    ($(let $name:ident = $init:expr;)*) => {
        $(
            let $name = $init;
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($name);
        )*
    };
}
