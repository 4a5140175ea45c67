//! Children whose handle is gone: Windows keeps nothing of a process that nobody has a handle of.

use std::process::Child;

use super::exit::Watch;

/// Lets go of a child.
pub(super) fn adopt(child: Child, watch: Watch) {
    drop((child, watch));
}

/// Lets go of a child that was never watched.
pub(super) fn reap(child: Child) {
    drop(child);
}
