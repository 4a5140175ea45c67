//! Descriptors: small numbers that programs have for objects.

use std::collections::{BTreeMap, BTreeSet};

use crate::errno::Errno;
use crate::ids::ObjectId;

/// The first number of a simulated descriptor: real ones, of real files, are below.
pub(crate) const FIRST_DESCRIPTOR: i32 = 1 << 16;

/// Descriptors of all hosts. No two hosts have the same number.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    all: BTreeMap<i32, ObjectId>,
    /// Those that a program wants closed when it becomes another one; it is only asked for.
    cloexec: BTreeSet<i32>,
}

impl Descriptors {
    /// The lowest free number at or above `least`, for `object`.
    pub(crate) fn add(&mut self, object: ObjectId, least: i32) -> i32 {
        let mut number = least.max(FIRST_DESCRIPTOR);
        for &taken in self.all.range(number..).map(|(number, _)| number) {
            if taken != number {
                break;
            }
            number += 1;
        }
        self.put(number, object);
        number
    }

    /// Gives `object` this number, which nothing has.
    pub(crate) fn put(&mut self, number: i32, object: ObjectId) {
        self.all.insert(number, object);
        self.cloexec.remove(&number);
    }

    pub(crate) fn get(&self, number: i32) -> Result<ObjectId, Errno> {
        self.all.get(&number).copied().ok_or(Errno(libc::EBADF))
    }

    pub(crate) fn remove(&mut self, number: i32) -> Result<ObjectId, Errno> {
        self.all.remove(&number).ok_or(Errno(libc::EBADF))
    }

    pub(crate) fn set_cloexec(&mut self, number: i32, is_set: bool) {
        if is_set {
            self.cloexec.insert(number);
        } else {
            self.cloexec.remove(&number);
        }
    }

    pub(crate) fn is_cloexec(&self, number: i32) -> bool {
        self.cloexec.contains(&number)
    }

    pub(super) fn forget(&mut self, objects: &[ObjectId]) {
        self.all.retain(|_, object| !objects.contains(object));
    }
}
