//! Probes: types that stand for the parameters of a generic type, and a test whether a type has a trait.
//!
//! Idea        Which bounds an auto trait needs is found by taking them away: each probe lacks one trait. The test is
//!             made at compile time: an inherent constant of a type hides a constant of a trait, and exists only if
//!             its bounds hold.

use std::any::Any;
use std::marker::PhantomPinned;
use std::os::fd::{AsRawFd, RawFd};
use std::panic::UnwindSafe;
use std::pin::Pin;
use std::sync::MutexGuard;
use std::sync::mpsc;
use std::task::{Context, Poll};

/// Has all five.
pub(crate) type AllTraits = u8;
/// `Sync`, not `Send`.
pub(crate) type NoSend = MutexGuard<'static, u8>;
/// `Send`, not `Sync`.
pub(crate) type NoSync = mpsc::Receiver<u8>;
/// Not `Unpin`.
pub(crate) type NoUnpin = PhantomPinned;
/// Not `UnwindSafe`.
pub(crate) type NoUnwind = &'static mut u8;

/// Not `RefUnwindSafe`.
pub(crate) struct NoRefUnwind(#[expect(dead_code)] Box<dyn Any + Send + Sync>);

impl UnwindSafe for NoRefUnwind {}

/// Has a descriptor, and the auto traits of `T`.
pub(crate) struct Fd<T>(T);

impl<T> AsRawFd for Fd<T> {
    fn as_raw_fd(&self) -> RawFd {
        -1
    }
}

/// A future with the auto traits of `T`.
pub(crate) struct Future<T>(T);

impl<T> std::future::Future for Future<T> {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// A reference that lives for ever, and one that does not.
pub(crate) type Long = &'static u8;
pub(crate) type Short<'s> = &'s u8;

/// The answer for types that have not the trait.
pub(crate) trait FalseDefault {
    const HAS: bool = false;
}

/// What one type has: its name, its parameters, and under which bounds it has each auto trait.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) bounds: [String; 5],
}

/// The five, in the order of the list.
pub(crate) const TRAITS: [&str; 5] = ["Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];

/// Puts a trait's bounds into words: `with_all` says whether it is there with the best of
/// parameters; `lacking`, for each parameter, whether it is there without each of the traits.
pub(crate) fn bounds(with_all: bool, lacking: &[(&str, [bool; 5])]) -> String {
    if !with_all {
        return "never".into();
    }
    let needs = lacking.iter().filter_map(|(parameter, has)| {
        let needed: Vec<_> = (0..5).filter(|&i| !has[i]).map(|i| TRAITS[i]).collect();
        (!needed.is_empty()).then(|| format!("{parameter}: {}", needed.join(" + ")))
    });
    let needs: Vec<_> = needs.collect();
    if needs.is_empty() {
        "always".into()
    } else {
        needs.join(", ")
    }
}

/// The path of a type under `selkie`, without its arguments.
pub(crate) fn name(written: &str) -> String {
    let path = written.split('<').next().unwrap_or_default().trim();
    path.trim_start_matches("selkie::").to_string()
}

/// Whether `$type` has `$trait`.
macro_rules! has {
    ($type:ty, $trait:path) => {{
        #[allow(unused_imports)]
        use $crate::probe::FalseDefault as _;
        struct ProbedType<T: ?Sized>(#[allow(dead_code)] std::marker::PhantomData<T>);
        impl<T: ?Sized> $crate::probe::FalseDefault for ProbedType<T> {}
        #[allow(dead_code)]
        impl<T: ?Sized + $trait> ProbedType<T> {
            const HAS: bool = true;
        }
        <ProbedType<$type>>::HAS
    }};
}

/// The bounds of one trait for a type with no, one or two parameters.
macro_rules! bounds_of {
    ([] $of:ident $trait:path) => {
        $crate::probe::bounds($crate::probe::has!($of, $trait), &[])
    };
    ([$t:ident] $of:ident $trait:path) => {
        $crate::probe::bounds(
            $crate::probe::has!($of<$crate::probe::AllTraits>, $trait),
            &[(stringify!($t), $crate::probe::without!([] [] $of $trait))],
        )
    };
    ([$t:ident, $u:ident] $of:ident $trait:path) => {
        $crate::probe::bounds(
            $crate::probe::has!($of<$crate::probe::AllTraits, $crate::probe::AllTraits>, $trait),
            &[
                (stringify!($t), $crate::probe::without!([] [$crate::probe::AllTraits] $of $trait)),
                (stringify!($u), $crate::probe::without!([$crate::probe::AllTraits] [] $of $trait)),
            ],
        )
    };
}

/// Whether a trait is there without each of the five in one parameter.
macro_rules! without {
    ([$($before:ty)?] [$($after:ty)?] $of:ident $trait:path) => {
        [
            $crate::probe::has!($of<$($before,)? $crate::probe::NoSend $(, $after)?>, $trait),
            $crate::probe::has!($of<$($before,)? $crate::probe::NoSync $(, $after)?>, $trait),
            $crate::probe::has!($of<$($before,)? $crate::probe::NoUnpin $(, $after)?>, $trait),
            $crate::probe::has!($of<$($before,)? $crate::probe::NoUnwind $(, $after)?>, $trait),
            $crate::probe::has!($of<$($before,)? $crate::probe::NoRefUnwind $(, $after)?>, $trait),
        ]
    };
}

/// Declares `shapes`, which asks about each of the rows' types.
macro_rules! rows {
    ($([$($parameter:ident),*] $type:ty;)*) => {
        /// What each row's type has.
        pub(crate) fn shapes() -> Vec<$crate::probe::Shape> {
            vec![$({
                type GenericType<$($parameter),*> = $type;
                $crate::probe::Shape {
                    name: $crate::probe::name(stringify!($type)),
                    bounds: [
                        $crate::probe::bounds_of!([$($parameter),*] GenericType Send),
                        $crate::probe::bounds_of!([$($parameter),*] GenericType Sync),
                        $crate::probe::bounds_of!([$($parameter),*] GenericType Unpin),
                        $crate::probe::bounds_of!([$($parameter),*] GenericType std::panic::UnwindSafe),
                        $crate::probe::bounds_of!([$($parameter),*] GenericType std::panic::RefUnwindSafe),
                    ],
                }
            }),*]
        }
    };
}

/// Declares, for each line, a function that makes of the first type the second.
macro_rules! narrowed {
    ($($name:ident<'s>: $long:ty => $short:ty;)*) => {
        $(
            #[allow(non_snake_case, dead_code)]
            fn $name<'s>(long: $long) -> $short {
                long
            }
        )*
        /// Their names.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

pub(crate) use {bounds_of, has, narrowed, rows, without};
