//! What FreeBSD can be asked for beyond readiness.

use super::interest::Interest;

impl Interest {
    /// The completion of one operation of POSIX AIO; only [`Aio`](crate::io::bsd::Aio) waits for it.
    pub const AIO: Interest = Self::ONE_COMPLETION;
    /// The completion of operations that `lio_listio` began; only [`Aio`](crate::io::bsd::Aio) waits for
    /// it.
    pub const LIO: Interest = Self::LIST_COMPLETION;
}
