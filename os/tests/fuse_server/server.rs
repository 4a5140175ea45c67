//! The serving thread, and what it serves.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::device;
use super::gate::{Gate, RequestInfo, Verdict};
use super::mode::ServerMode;
use super::mount::unmount;
use super::tree::{Kind, Tree};
use super::wire::{Request, answer, kind};

/// A served file system. When it drops, the server dies.
pub(crate) struct FuseMount {
    at: PathBuf,
    pub(crate) gate: Arc<Gate>,
    tree: Arc<Mutex<Tree>>,
}

fn lock(tree: &Mutex<Tree>) -> MutexGuard<'_, Tree> {
    tree.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FuseMount {
    /// Mounts it at the directory `at`.
    ///
    /// # Errors
    /// Why this system does not let us.
    pub(crate) fn at(at: &Path, mode: ServerMode) -> io::Result<Self> {
        let gate = Arc::new(Gate::new());
        let (tells, told) = mpsc::channel();
        let tree = Arc::new(Mutex::new(Tree::new(mode)));
        let (theirs, target) = (Arc::clone(&gate), at.to_owned());
        let served = Arc::clone(&tree);
        thread::spawn(move || match device::open_at(&target, theirs.bell()) {
            Ok(device) => {
                tells.send(Ok(())).unwrap();
                serve(device, &theirs, &served);
            }
            Err(error) => tells.send(Err(error)).unwrap(),
        });
        told.recv().expect("the server says how it begins")?;
        Ok(Self {
            at: at.to_owned(),
            gate,
            tree,
        })
    }

    /// Makes the tree that is served again from the start, without a request by the system.
    pub(crate) fn clear(&self) {
        lock(&self.tree).clear();
    }

    /// Puts something into the directory with the number `directory`; returns its number.
    pub(crate) fn put(&self, directory: u64, name: &str, kind: Kind<'_>) -> u64 {
        lock(&self.tree).put(directory, name, kind)
    }

    /// The server dies: every request ends with an error, those that are kept, too.
    pub(crate) fn abort(&self) {
        self.gate.close();
    }
}

impl Drop for FuseMount {
    fn drop(&mut self) {
        self.abort();
        unmount(&self.at, libc::MNT_FORCE);
        unmount(&self.at, libc::MNT_DETACH);
    }
}

/// Whether a request is one that somebody waits with, in the middle of an operation.
fn counts(kind: u32) -> bool {
    ![kind::INIT, kind::RELEASE, kind::RELEASEDIR].contains(&kind)
}

/// Whether a request wants no answer.
fn is_notice(kind: u32) -> bool {
    [
        kind::FORGET,
        kind::BATCH_FORGET,
        kind::INTERRUPT,
        kind::DESTROY,
    ]
    .contains(&kind)
}

fn serve(mut device: File, gate: &Gate, tree: &Mutex<Tree>) {
    let mut bytes = vec![0; 1 << 17];
    let mut kept: Vec<Request> = Vec::new();
    loop {
        device::wait(device.as_raw_fd(), gate.bell());
        if gate.is_closed() {
            return;
        }
        if gate.has_opened() {
            for request in kept.drain(..) {
                let outcome = lock(tree).answer(&request);
                let _ = device.write_all(&answer(request.unique(), outcome));
            }
        }
        let request = match device.read(&mut bytes) {
            Ok(n) => Request::new(&bytes[..n]),
            // There is none, or the one that was there has been given up meanwhile.
            Err(error)
                if [libc::EAGAIN, libc::ENOENT, libc::EINTR]
                    .contains(&error.raw_os_error().unwrap_or_default()) =>
            {
                continue;
            }
            // Nothing is mounted any more.
            Err(_) => return,
        };
        let asked = request.kind();
        if is_notice(asked) {
            continue;
        }
        let info = RequestInfo {
            kind: asked,
            thread: request.thread(),
        };
        let verdict = if counts(asked) {
            gate.ask(info)
        } else {
            Verdict::Reply
        };
        let outcome = match verdict {
            Verdict::Keep => {
                kept.push(request);
                continue;
            }
            Verdict::Fail(errno) => Err(errno),
            Verdict::Reply => lock(tree).answer(&request),
        };
        // It fails if who asked is gone.
        let _ = device.write_all(&answer(request.unique(), outcome));
    }
}
