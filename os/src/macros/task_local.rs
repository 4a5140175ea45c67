//! Declares task-local keys.

/// Declares keys to values that belong to a task; see [`LocalKey`](crate::task::LocalKey).
///
/// # Examples
/// ```
/// selkie::task_local! {
///     static REQUEST: u32;
/// }
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let doubled = REQUEST.scope(21, async { REQUEST.get() * 2 }).await;
/// assert_eq!(doubled, 42);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty; $($rest:tt)*) => {
        $crate::task_local! { $(#[$meta])* $vis static $name: $t }
        $crate::task_local! { $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty) => {
        $(#[$meta])*
        $vis static $name: $crate::task::LocalKey<$t> = {
            // An item's name is not hygienic: no user has this one.
            ::std::thread_local! {
                static __SELKIE_TASK_LOCAL: ::std::cell::RefCell<::std::option::Option<$t>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey { inner: __SELKIE_TASK_LOCAL }
        };
    };
}
