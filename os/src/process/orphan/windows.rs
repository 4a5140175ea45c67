//! Children whose handle was dropped: Windows keeps nothing of a process once nobody has a handle of it.

use std::process::Child;

use crate::process::exit::ExitListener;

/// Drops the handle of a child.
pub(in crate::process) fn adopt(child: Child, listener: ExitListener) {
    drop((child, listener));
}

/// Drops the handle of a child that nobody listened to.
pub(in crate::process) fn reap(child: Child) {
    drop(child);
}
