//! What a system tells of the other end of a Unix socket.

/// User, group and, where the system tells, process at the other end, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) pid: Option<i32>,
}

impl Peer {
    /// With a process whose number is zero, or less, if the system does not know it.
    #[allow(dead_code, reason = "some systems always know it, others never")]
    #[inline]
    pub(super) fn with_process(uid: u32, gid: u32, pid: i32) -> Self {
        let pid = Some(pid).filter(|&pid| pid > 0);
        Self { uid, gid, pid }
    }
}

#[cfg(test)]
mod tests {
    use super::Peer;

    #[test]
    fn no_process_has_a_number_below_one() {
        assert_eq!(Peer::with_process(1, 2, 3).pid, Some(3));
        assert_eq!(Peer::with_process(1, 2, 0).pid, None);
        assert_eq!(Peer::with_process(1, 2, -1).pid, None);
    }
}
