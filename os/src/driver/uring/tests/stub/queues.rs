//! The system's ring, or a stub, behind one type.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use io_uring::{IoUring, opcode, squeue};

use super::super::super::kernel::{Features, Kernel};
use super::super::super::payload::Completion;
use super::buffer::lock;
use super::control::HERE;
use super::entry::{StubEntry, duplicate};
use super::group::Group;
use super::operation::InFlight;
use super::ring::{Stub, next};

/// The system's ring, or a stub.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each ring, in tests alone"
)]
pub(crate) enum Queues {
    System(IoUring),
    Stub(Owned),
}

/// A stub as the one ring that has it.
pub(crate) struct Owned(pub(super) Stub);

impl Drop for Owned {
    fn drop(&mut self) {
        let mut inside = lock(&self.0.0);
        let left = inside
            .in_flight
            .iter()
            .filter(|in_flight| !in_flight.is_notification);
        assert_eq!(
            left.count(),
            0,
            "the ring goes while operations are in flight"
        );
        inside.in_flight.clear();
        inside.table.clear();
        inside.groups.clear();
    }
}

impl Kernel for Queues {
    fn set_up(entries: u32, completions: Option<u32>) -> io::Result<Self> {
        let Some(control) = HERE.with_borrow(Clone::clone) else {
            return IoUring::set_up(entries, completions).map(Self::System);
        };
        next(&control.0.setting_up)?;
        let stub = Stub::new(&control.0);
        lock(&control.0.rings).push(stub.clone());
        Ok(Self::Stub(Owned(stub)))
    }

    fn supports<const N: usize>(&self, codes: [u8; N]) -> io::Result<[bool; N]> {
        match self {
            Self::System(ring) => ring.supports(codes),
            Self::Stub(Owned(stub)) => {
                let script = Arc::clone(&lock(&stub.0).script);
                next(&script.probing)?;
                Ok(codes.map(|code| script.sockets || code != opcode::SendZc::CODE))
            }
        }
    }

    fn features(&self) -> Features {
        match self {
            Self::System(ring) => ring.features(),
            Self::Stub(Owned(stub)) => {
                let inside = lock(&stub.0);
                Features {
                    no_drop: true,
                    bundles: inside.script.bundles,
                    completions: inside.room,
                }
            }
        }
    }

    fn fd(&self) -> RawFd {
        match self {
            Self::System(ring) => ring.fd(),
            Self::Stub(Owned(stub)) => lock(&stub.0).event.as_raw_fd(),
        }
    }

    unsafe fn push(&self, entries: &[squeue::Entry]) -> bool {
        match self {
            // SAFETY: by the caller's promise.
            Self::System(ring) => unsafe { ring.push(entries) },
            Self::Stub(Owned(stub)) => {
                let mut inside = stub.asked();
                let has_room = inside.waiting.len() + entries.len() <= 32;
                if has_room {
                    inside.waiting.extend(entries.iter().map(StubEntry::read));
                }
                has_room
            }
        }
    }

    unsafe fn waiting(&self) -> usize {
        match self {
            // SAFETY: by the caller's promise.
            Self::System(ring) => unsafe { ring.waiting() },
            Self::Stub(Owned(stub)) => stub.asked().waiting.len(),
        }
    }

    fn enter(&self) -> io::Result<()> {
        match self {
            Self::System(ring) => Kernel::enter(ring),
            Self::Stub(Owned(stub)) => stub.enter(),
        }
    }

    unsafe fn needs_enter(&self) -> bool {
        match self {
            // SAFETY: by the caller's promise.
            Self::System(ring) => unsafe { ring.needs_enter() },
            Self::Stub(Owned(stub)) => !stub.asked().kept.is_empty(),
        }
    }

    unsafe fn take(&self, known: u32, each: impl FnMut(u64, Completion)) -> Result<(), u32> {
        match self {
            // SAFETY: by the caller's promise.
            Self::System(ring) => unsafe { ring.take(known, each) },
            Self::Stub(Owned(stub)) => stub.take(known, each),
        }
    }

    fn register_file_table(&self, places: u32) -> io::Result<()> {
        match self {
            Self::System(ring) => ring.register_file_table(places),
            Self::Stub(Owned(stub)) => {
                let mut inside = stub.asked();
                next(&inside.script.registering)?;
                inside.table = (0..places).map(|_| None).collect();
                Ok(())
            }
        }
    }

    fn update_file(&self, place: u32, fd: RawFd) -> io::Result<()> {
        match self {
            Self::System(ring) => ring.update_file(place, fd),
            Self::Stub(Owned(stub)) => {
                let mut inside = stub.asked();
                next(&inside.script.registering)?;
                inside.table[place as usize] = duplicate(fd);
                Ok(())
            }
        }
    }

    unsafe fn add_group(&self, start: u64, count: u16, group: u16) -> io::Result<()> {
        match self {
            // SAFETY: by the caller's promise.
            Self::System(ring) => unsafe { ring.add_group(start, count, group) },
            Self::Stub(Owned(stub)) => {
                let mut inside = stub.asked();
                next(&inside.script.registering)?;
                let head = 0;
                let made = Group { start, count, head };
                let before = inside.groups.insert(group, made);
                assert!(before.is_none(), "group {group} is there");
                Ok(())
            }
        }
    }

    fn remove_group(&self, group: u16) -> io::Result<()> {
        match self {
            Self::System(ring) => ring.remove_group(group),
            Self::Stub(Owned(stub)) => {
                let mut inside = stub.asked();
                next(&inside.script.registering)?;
                let gone = inside.groups.remove(&group);
                assert!(gone.is_some(), "group {group} is not there");
                let names_it = |in_flight: &InFlight| {
                    in_flight.wanted.code == opcode::Recv::CODE && in_flight.wanted.group == group
                };
                let is_named = inside.in_flight.iter().any(names_it);
                assert!(!is_named, "group {group} goes while an operation names it");
                Ok(())
            }
        }
    }
}
