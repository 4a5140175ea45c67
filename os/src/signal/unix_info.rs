//! A kind of signal that only some systems have.

use super::unix::SignalKind;

impl SignalKind {
    /// `SIGINFO`: the user pressed Ctrl-T to see how far a program is. Ignored by default. On the BSDs,
    /// macOS and illumos.
    pub const fn info() -> Self {
        Self::from_raw(libc::SIGINFO)
    }
}
