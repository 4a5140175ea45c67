//! A system's ring that does what a test says: a small kernel behind the same trait as the real one.
//!
//! Idea        It decodes the entries as the system would, takes a reference of its own to each file (a
//!             duplicate of the descriptor), and does each operation by the ordinary system call, at the moment
//!             and with the outcome that the test has planned (`Fate`). Its descriptor is an eventfd.
//!             A thread that has installed a `Control` gets such a ring wherever it would get the system's.
//! Invariants  I1 it touches memory only between the submission and the last completion of an operation, and
//!                only memory that is still there, if the test has it watched (`Watched`).
//!             I2 completions of one operation keep their order.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use io_uring::{IoUring, opcode, squeue};

use super::super::kernel::{Features, Kernel};
use super::super::payload::Completion;

/// Of a completion: there is a provided buffer; others follow; the memory is free.
const BUFFER: u32 = 1;
const MORE: u32 = 2;
const NOTIFICATION: u32 = 8;
/// Of an entry: the file is a place of the table; all before it has completed before it begins.
const FIXED_FILE: u8 = 1;
const DRAIN: u8 = 2;
/// Of a receive's priority field: several completions, several buffers in each.
const MULTISHOT: u16 = 2;
const BUNDLE: u16 = 16;

/// When an operation completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the call that submits it returns, if it need not wait for anything.
    Early,
    /// So many turns of the stub later (`Control::turn`).
    Late(u32),
    Never,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Done,
    /// Of one byte.
    Short,
    /// Nothing is done, and zero is reported.
    Zero,
    /// Nothing is done, and this number is reported.
    Fails(i32),
    /// All is done, and this number is reported.
    DoneButFails(i32),
    /// Nothing is done, but a provided buffer was taken for it, and this number is reported.
    FailsWithBuffer(i32),
}

/// What a cancellation does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnCancel {
    Ends,
    /// `EALREADY`: it ends as planned, with its outcome.
    IsLate,
    /// `ENOENT`, although it is there: it ends as planned.
    Misses,
}

/// How one operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) when: When,
    pub(crate) how: How,
    pub(crate) on_cancel: OnCancel,
    /// An operation with several completions has so many.
    pub(crate) ends_after: Option<u32>,
    /// When the notification of a send from where it lies comes.
    pub(crate) notification: When,
}

impl Fate {
    pub(crate) const fn new(when: When, how: How) -> Self {
        Self {
            when,
            how,
            on_cancel: OnCancel::Ends,
            ends_after: None,
            notification: When::Late(1),
        }
    }

    pub(crate) const fn on_cancel(self, on_cancel: OnCancel) -> Self {
        Self { on_cancel, ..self }
    }

    pub(crate) const fn ends_after(self, count: u32) -> Self {
        Self {
            ends_after: Some(count),
            ..self
        }
    }

    pub(crate) const fn notification(self, notification: When) -> Self {
        Self {
            notification,
            ..self
        }
    }
}

/// What the operations of a stub come to: asked for each, by its code.
type Fates = Box<dyn FnMut(u8) -> Fate + Send>;

/// An entry as the system reads it.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    code: u8,
    flags: u8,
    priority: u16,
    fd: i32,
    offset: u64,
    address: u64,
    len: u32,
    op_flags: u32,
    user_data: u64,
    group: u16,
}

impl Wanted {
    fn read(entry: &squeue::Entry) -> Self {
        let start: *const u8 = (&raw const *entry).cast();
        // SAFETY: an entry is the system's structure of 64 bytes, without padding.
        let bytes: [u8; 64] = unsafe { start.cast::<[u8; 64]>().read() };
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        let long = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
        let half = |at: usize| u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap());
        Self {
            code: bytes[0],
            flags: bytes[1],
            priority: half(2),
            fd: word(4) as i32,
            offset: long(8),
            address: long(16),
            len: word(24),
            op_flags: word(28),
            user_data: long(32),
            group: half(40),
        }
    }

    fn owns_memory(&self) -> bool {
        let codes = [
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Send::CODE,
            opcode::SendZc::CODE,
        ];
        codes.contains(&self.code)
    }
}

/// An operation that the stub has taken.
struct InFlight {
    wanted: Wanted,
    fate: Fate,
    /// The reference to the file.
    file: Option<OwnedFd>,
    turns_left: u32,
    /// Bytes of a send that went so far, completions told so far.
    sent: usize,
    told: u32,
    /// It ends as soon as it would wait: it was to be cancelled.
    expires: bool,
    is_notification: bool,
}

/// A group of provided buffers.
struct Group {
    start: u64,
    count: u16,
    head: u16,
}

/// What one try of an operation came to.
enum Tried {
    Waits,
    Goes(i32, u32),
    Ends(i32, u32),
}

struct Inside {
    event: OwnedFd,
    waiting: VecDeque<Wanted>,
    in_flight: Vec<InFlight>,
    ready: VecDeque<(u64, Completion)>,
    kept: VecDeque<(u64, Completion)>,
    /// Entries that were taken and wait for a drain, or are one.
    deferred: VecDeque<Wanted>,
    /// Completions that were dropped, and whether that was said.
    dropped: u32,
    is_loss_told: bool,
    groups: HashMap<u16, Group>,
    table: Vec<Option<OwnedFd>>,
    /// Operations that were taken, cancellations apart.
    taken: usize,
    enters: usize,
    /// Whatever was asked.
    calls: usize,
    room: usize,
    script: Arc<Script>,
}

/// What a test has planned; rings of one `Control` share it.
struct Script {
    fates: Mutex<Fates>,
    /// How entering the system fails, in turn.
    entering: Mutex<VecDeque<i32>>,
    /// How making rings, probing them and registering fails, in turn; 0 is a success.
    setting_up: Mutex<VecDeque<i32>>,
    probing: Mutex<VecDeque<i32>>,
    registering: Mutex<VecDeque<i32>>,
    /// Completions that the queue has room for; entries that are taken at a time.
    room: usize,
    batch: usize,
    /// Entering fails with `EBUSY` as long as there are completions to be taken.
    is_strict: bool,
    sockets: bool,
    bundles: bool,
    watches: bool,
    /// How many completions that find no room are still to be dropped, for want of memory.
    losing: AtomicUsize,
    /// It does not say that a completion was dropped, but counts it.
    is_silent: bool,
    /// What never completes does.
    is_released: AtomicBool,
    /// Not zero if operations complete in another order than they came: what the order is drawn from.
    order: AtomicUsize,
    rings: Mutex<Vec<Stub>>,
}

/// One ring.
#[derive(Clone)]
pub(crate) struct Stub(Arc<Mutex<Inside>>);

/// What the rings of a test do.
#[derive(Clone)]
pub(crate) struct Control(Arc<Script>);

thread_local! {
    static HERE: RefCell<Option<Control>> = const { RefCell::new(None) };
}

/// Memory that operations own, as long as it is there.
static WATCHED: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

fn lock<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(planned: &Mutex<VecDeque<i32>>) -> io::Result<()> {
    match lock(planned).pop_front() {
        None | Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// A buffer whose memory the stub knows to be there.
pub(crate) struct Watched {
    bytes: Box<[u8]>,
    _witness: Arc<()>,
}

impl Watched {
    pub(crate) fn new(bytes: &[u8], witness: &Arc<()>) -> Self {
        let bytes: Box<[u8]> = bytes.into();
        lock(&WATCHED).push((bytes.as_ptr() as usize, bytes.len()));
        Self {
            bytes,
            _witness: Arc::clone(witness),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let start = self.bytes.as_ptr() as usize;
        lock(&WATCHED).retain(|&(other, _)| other != start);
    }
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsMut<[u8]> for Watched {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Asserts that the memory is there (I1).
fn assert_there(wanted: &Wanted) {
    let (start, len) = (wanted.address as usize, wanted.len as usize);
    let is_there = |&(at, size): &(usize, usize)| at <= start && start + len <= at + size;
    assert!(
        len == 0 || lock(&WATCHED).iter().any(is_there),
        "memory went while the system may touch it: {wanted:?}"
    );
}

impl Control {
    /// Rings whose operations go as `fates` says.
    pub(crate) fn new(fates: impl FnMut(u8) -> Fate + Send + 'static) -> Self {
        Self(Arc::new(Script {
            fates: Mutex::new(Box::new(fates)),
            entering: Mutex::default(),
            setting_up: Mutex::default(),
            probing: Mutex::default(),
            registering: Mutex::default(),
            room: 512,
            batch: 32,
            is_strict: false,
            sockets: true,
            bundles: false,
            watches: false,
            losing: AtomicUsize::new(0),
            is_silent: false,
            is_released: AtomicBool::new(false),
            order: AtomicUsize::new(0),
            rings: Mutex::default(),
        }))
    }

    /// Rings whose first operation goes as `first` says, and all others at once.
    pub(crate) fn with_first(first: Fate) -> Self {
        let mut first = Some(first);
        let rest = Fate::new(When::Early, How::Done);
        Self::new(move |_code| first.take().unwrap_or(rest))
    }

    fn change(&mut self) -> &mut Script {
        Arc::get_mut(&mut self.0).expect("before it is installed")
    }

    /// A queue with room for so many completions.
    pub(crate) fn room(mut self, completions: usize) -> Self {
        self.change().room = completions;
        self
    }

    /// So many entries are taken at a time.
    pub(crate) fn batch(mut self, entries: usize) -> Self {
        self.change().batch = entries;
        self
    }

    pub(crate) fn strict(mut self) -> Self {
        self.change().is_strict = true;
        self
    }

    pub(crate) fn bundles(mut self, bundles: bool) -> Self {
        self.change().bundles = bundles;
        self
    }

    /// What is lost is counted, and said by no call.
    pub(crate) fn silent(mut self, is_silent: bool) -> Self {
        self.change().is_silent = is_silent;
        self
    }

    /// Memory that operations name is `Watched`.
    pub(crate) fn watches(mut self) -> Self {
        self.change().watches = true;
        self
    }

    /// Operations complete in an order drawn from `seed`, which is odd.
    pub(crate) fn shuffled(self, seed: usize) -> Self {
        self.0.order.store(seed, Ordering::Relaxed);
        self
    }

    /// What was planned to complete never does so at the next turn.
    pub(crate) fn release(&self) {
        self.0.is_released.store(true, Ordering::Relaxed);
    }

    /// From here on operations go as `fates` says.
    pub(crate) fn plan(&self, fates: impl FnMut(u8) -> Fate + Send + 'static) {
        *lock(&self.0.fates) = Box::new(fates);
    }

    /// Entering the system fails so, in turn.
    pub(crate) fn refuse_entering(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.entering).extend(errnos);
    }

    pub(crate) fn refuse_rings(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.setting_up).extend(errnos);
    }

    pub(crate) fn refuse_probes(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.probing).extend(errnos);
    }

    pub(crate) fn refuse_registering(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.registering).extend(errnos);
    }

    /// The next completions of operations that find no room are dropped, so many.
    pub(crate) fn lose(&self, completions: usize) {
        self.0.losing.store(completions, Ordering::Relaxed);
    }

    /// How many completions are still to be dropped.
    pub(crate) fn losing(&self) -> usize {
        self.0.losing.load(Ordering::Relaxed)
    }

    /// Entering the system fails no more.
    pub(crate) fn relent(&self) {
        lock(&self.0.entering).clear();
    }

    /// How often making a ring, or probing it, is still to fail.
    pub(crate) fn left(&self) -> usize {
        lock(&self.0.setting_up).len() + lock(&self.0.probing).len()
    }

    /// This thread gets such rings from here on.
    pub(crate) fn install(&self) {
        HERE.with_borrow_mut(|here| *here = Some(self.clone()));
    }

    /// This thread gets the system's rings again.
    pub(crate) fn remove(&self) {
        HERE.with_borrow_mut(|here| *here = None);
    }

    /// The rings made so far.
    pub(crate) fn rings(&self) -> Vec<Stub> {
        lock(&self.0.rings).clone()
    }

    /// A turn of every ring.
    pub(crate) fn turn(&self) {
        self.rings().iter().for_each(Stub::turn);
    }

    /// Operations that the rings have taken.
    pub(crate) fn taken(&self) -> usize {
        self.sum(|inside| inside.taken)
    }

    /// How often the rings were entered.
    pub(crate) fn enters(&self) -> usize {
        self.sum(|inside| inside.enters)
    }

    /// How often anything was asked of the rings but their descriptors, or a ring was made.
    pub(crate) fn calls(&self) -> usize {
        self.sum(|inside| inside.calls) + self.rings().len()
    }

    /// Operations that have not ended.
    pub(crate) fn in_flight(&self) -> usize {
        self.sum(|inside| inside.in_flight.len() + inside.waiting.len() + inside.deferred.len())
    }

    /// What is in flight, for messages.
    pub(crate) fn told(&self) -> String {
        let told = |stub: &Stub| {
            let inside = lock(&stub.0);
            let in_flight: Vec<_> = inside
                .in_flight
                .iter()
                .map(|one| (one.wanted, one.fate))
                .collect();
            format!(
                "in flight {in_flight:?}, not taken {:?}, deferred {:?}, completions {} and {}",
                inside.waiting,
                inside.deferred,
                inside.ready.len(),
                inside.kept.len()
            )
        };
        self.rings().iter().map(told).collect()
    }

    /// Buffers that lie in the queues of all groups, each at one place only.
    pub(crate) fn provided(&self) -> usize {
        self.sum(|inside| inside.groups.values().map(Group::provided).sum())
    }

    /// Files in the tables.
    pub(crate) fn files(&self) -> usize {
        self.sum(|inside| inside.table.iter().flatten().count())
    }

    fn sum(&self, of: impl Fn(&Inside) -> usize) -> usize {
        self.rings().iter().map(|stub| of(&lock(&stub.0))).sum()
    }
}

impl Group {
    fn tail(&self) -> u16 {
        // The tail stands at the queue's byte 14.
        let at = (self.start + 14) as *mut u16;
        // SAFETY: the queue is there until the group is removed, and its tail is shared as an atomic.
        let tail = unsafe { AtomicU16::from_ptr(at) };
        // Acquire: pairs with the Release of who puts a buffer there.
        tail.load(Ordering::Acquire)
    }

    /// The address, the length and the number of the buffer at `place` of the queue.
    fn at(&self, place: u16) -> (u64, u32, u16) {
        let place = usize::from(place & (self.count - 1));
        let start = self.start as *const u8;
        // SAFETY: within the queue, of 16 bytes an entry.
        let entry = unsafe { start.add(place * 16) };
        // SAFETY: as above; the entry before the tail is not written.
        let bytes: [u8; 14] = unsafe { entry.cast::<[u8; 14]>().read() };
        let address = u64::from_ne_bytes(bytes[..8].try_into().unwrap());
        let len = u32::from_ne_bytes(bytes[8..12].try_into().unwrap());
        (
            address,
            len,
            u16::from_ne_bytes(bytes[12..14].try_into().unwrap()),
        )
    }

    fn provided(&self) -> usize {
        let count = self.tail().wrapping_sub(self.head);
        let mut numbers: Vec<u16> = (0..count)
            .map(|n| self.at(self.head.wrapping_add(n)).2)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(
            numbers.len(),
            usize::from(count),
            "a buffer lies there twice"
        );
        numbers.len()
    }

    fn take(&mut self) -> Option<(u64, u32, u16)> {
        let next = (self.head != self.tail()).then(|| self.at(self.head))?;
        self.head = self.head.wrapping_add(1);
        Some(next)
    }
}

/// What a call came to: `None` if it would wait.
fn outcome(result: isize) -> Option<i32> {
    if result >= 0 {
        return Some(result as i32);
    }
    let errno = io::Error::last_os_error().raw_os_error().unwrap();
    (errno != libc::EAGAIN).then_some(-errno)
}

fn fd_of(file: Option<&OwnedFd>) -> RawFd {
    file.map_or(-1, AsRawFd::as_raw_fd)
}

fn receive(fd: RawFd, address: u64, len: u32) -> Option<i32> {
    // SAFETY: the buffer was provided, and is the stub's until it is reported.
    outcome(unsafe { libc::recv(fd, address as *mut _, len as usize, libc::MSG_DONTWAIT) })
}

impl InFlight {
    /// One try.
    fn go(&mut self, groups: &mut HashMap<u16, Group>) -> Tried {
        let is_multishot = self.is_multishot();
        let tried = match self.fate.how {
            How::Fails(errno) => return Tried::Ends(-errno, 0),
            How::Zero => return Tried::Ends(0, 0),
            How::FailsWithBuffer(errno) => {
                let group = groups.get_mut(&self.wanted.group).expect("there is one");
                let number = group.take().map(|(_, _, number)| u32::from(number));
                let flags = number.map_or(0, |number| BUFFER | number << 16);
                return Tried::Ends(-errno, flags);
            }
            How::DoneButFails(errno) => match self.call(groups) {
                None => None,
                Some(_) => return Tried::Ends(-errno, 0),
            },
            How::Done | How::Short => self.call(groups),
        };
        let Some((result, flags)) = tried else {
            return Tried::Waits;
        };
        self.told += 1;
        let is_last = self.fate.ends_after.is_some_and(|count| self.told >= count);
        let ends_itself =
            result < 0 || (result == 0 && self.wanted.code != opcode::AcceptMulti::CODE);
        if is_multishot && !is_last && !ends_itself && !self.expires {
            Tried::Goes(result, flags | MORE)
        } else {
            Tried::Ends(result, flags)
        }
    }

    fn is_multishot(&self) -> bool {
        let is_accept = self.wanted.code == opcode::AcceptMulti::CODE;
        is_accept || self.wanted.code == opcode::Recv::CODE && self.wanted.priority & MULTISHOT != 0
    }

    /// The operation by its system call; `None` if it would wait.
    fn call(&mut self, groups: &mut HashMap<u16, Group>) -> Option<(i32, u32)> {
        let fd = fd_of(self.file.as_ref());
        let wanted = self.wanted;
        let len = match self.fate.how {
            How::Short => wanted.len.min(1),
            _ => wanted.len,
        };
        let (address, offset) = (wanted.address, wanted.offset as libc::off_t);
        let result = match wanted.code {
            opcode::Nop::CODE => Some(0),
            opcode::Read::CODE => {
                // SAFETY: the entry owns so much memory (I1).
                let read = unsafe { libc::pread(fd, address as *mut _, len as usize, offset) };
                outcome(read)
            }
            opcode::Write::CODE => {
                // SAFETY: as above.
                let written =
                    unsafe { libc::pwrite(fd, address as *const _, len as usize, offset) };
                outcome(written)
            }
            // SAFETY: the file is open.
            opcode::Fsync::CODE => outcome(unsafe { libc::fsync(fd) } as isize),
            opcode::AcceptMulti::CODE => accept(fd, wanted.op_flags),
            opcode::Recv::CODE => return self.receive(groups),
            opcode::Send::CODE | opcode::SendZc::CODE => self.send(fd, len),
            other => panic!("the stub has no operation {other}"),
        };
        result.map(|result| (result, 0))
    }

    fn send(&mut self, fd: RawFd, len: u32) -> Option<i32> {
        let flags = self.wanted.op_flags as i32;
        loop {
            let start = self.wanted.address as usize + self.sent;
            let left = len as usize - self.sent;
            let flags = flags & !libc::MSG_WAITALL | libc::MSG_DONTWAIT;
            // SAFETY: the entry owns so much memory (I1).
            let sent = outcome(unsafe { libc::send(fd, start as *const _, left, flags) });
            match sent {
                Some(errno @ ..0) if self.sent == 0 => return Some(errno),
                Some(..0) => return Some(self.sent as i32),
                Some(more) => self.sent += more as usize,
                None if self.sent > 0 && (self.expires || flags & libc::MSG_WAITALL == 0) => {}
                None => return None,
            }
            let waits_for_all = self.wanted.op_flags as i32 & libc::MSG_WAITALL != 0;
            if self.sent == len as usize || !waits_for_all || self.expires {
                return Some(self.sent as i32);
            }
        }
    }

    fn receive(&self, groups: &mut HashMap<u16, Group>) -> Option<(i32, u32)> {
        let fd = fd_of(self.file.as_ref());
        let mut asked = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one structure, alive for the call.
        if unsafe { libc::poll(&raw mut asked, 1, 0) } == 0 {
            return None;
        }
        let group = groups.get_mut(&self.wanted.group).expect("there is one");
        let Some((address, size, first)) = group.take() else {
            return Some((-libc::ENOBUFS, 0));
        };
        let len = match self.fate.how {
            How::Short => 1,
            _ => size,
        };
        let told = receive(fd, address, len);
        let Some(mut bytes @ 1..) = told else {
            // Nothing went into the buffer, which the system keeps.
            group.head = group.head.wrapping_sub(1);
            return told.map(|told| (told, 0));
        };
        let is_bundle = self.wanted.priority & BUNDLE != 0 && self.fate.how != How::Short;
        let mut is_full = bytes as u32 == size;
        while is_bundle && is_full {
            let Some((address, size, _)) = group.take() else {
                break;
            };
            match receive(fd, address, size) {
                Some(more @ 1..) => {
                    bytes += more;
                    is_full = more as u32 == size;
                }
                _ => {
                    group.head = group.head.wrapping_sub(1);
                    break;
                }
            }
        }
        Some((bytes, BUFFER | u32::from(first) << 16))
    }
}

fn accept(fd: RawFd, flags: u32) -> Option<i32> {
    let mut asked = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one structure, alive for the call.
    if unsafe { libc::poll(&raw mut asked, 1, 0) } == 0 {
        return None;
    }
    let nowhere = std::ptr::null_mut();
    // SAFETY: no address is asked for.
    outcome(unsafe { libc::accept4(fd, nowhere, nowhere.cast(), flags as i32) } as isize)
}

impl Inside {
    fn tell(&mut self, user_data: u64, result: i32, flags: u32) {
        let told = (user_data, Completion::new(result, flags));
        if self.ready.len() < self.room && self.kept.is_empty() {
            self.ready.push_back(told);
        } else if self.script.losing.load(Ordering::Relaxed) > 0 {
            self.script.losing.fetch_sub(1, Ordering::Relaxed);
            self.dropped += 1;
            self.is_loss_told = self.script.is_silent;
            return;
        } else {
            self.kept.push_back(told);
        }
        let one = 1_u64;
        // SAFETY: eight bytes, alive for the call.
        unsafe { libc::write(self.event.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// The entry is seen by the system.
    fn see(&mut self, wanted: Wanted) {
        self.deferred.push_back(wanted);
        self.begin_deferred();
    }

    /// Begins what waits for no drain. As in Linux, a drain does not wait for notices.
    fn begin_deferred(&mut self) {
        while let Some(&next) = self.deferred.front() {
            let is_drain = next.flags & DRAIN != 0;
            if is_drain
                && self
                    .in_flight
                    .iter()
                    .any(|in_flight| !in_flight.is_notification)
            {
                return;
            }
            self.deferred.pop_front();
            self.begin(next);
        }
    }

    fn begin(&mut self, wanted: Wanted) {
        if wanted.code == opcode::AsyncCancel::CODE {
            return self.cancel(wanted);
        }
        self.taken += 1;
        let fate = lock(&self.script.fates)(wanted.code);
        let file = if wanted.flags & FIXED_FILE == 0 {
            duplicate(wanted.fd)
        } else {
            let file = self.table[wanted.fd as usize].as_ref();
            duplicate(file.expect("a place that is taken").as_raw_fd())
        };
        let in_flight = InFlight {
            wanted,
            fate,
            file,
            turns_left: match fate.when {
                When::Late(turns) => turns.max(1),
                When::Early | When::Never => 0,
            },
            sent: 0,
            told: 0,
            expires: false,
            is_notification: false,
        };
        self.in_flight.push(in_flight);
        if fate.when == When::Early {
            self.go(self.in_flight.len() - 1);
        }
    }

    fn cancel(&mut self, wanted: Wanted) {
        let is_it = |in_flight: &InFlight| {
            in_flight.wanted.user_data == wanted.address && !in_flight.is_notification
        };
        let found = self.in_flight.iter().position(is_it);
        let result = found.map_or(-libc::ENOENT, |at| {
            let in_flight = &mut self.in_flight[at];
            match in_flight.fate.on_cancel {
                OnCancel::Ends => {
                    let in_flight = self.in_flight.remove(at);
                    let sent = in_flight.sent as i32;
                    let result = if sent > 0 { sent } else { -libc::ECANCELED };
                    self.tell(in_flight.wanted.user_data, result, 0);
                    0
                }
                OnCancel::IsLate => {
                    in_flight.expires = in_flight.is_multishot();
                    -libc::EALREADY
                }
                OnCancel::Misses => {
                    in_flight.expires = in_flight.is_multishot();
                    -libc::ENOENT
                }
            }
        });
        self.tell(wanted.user_data, result, 0);
    }

    /// Tries the operation at `at` until it waits; whether it is over.
    fn go(&mut self, at: usize) -> bool {
        loop {
            let in_flight = &mut self.in_flight[at];
            if self.script.watches && in_flight.wanted.owns_memory() {
                assert_there(&in_flight.wanted);
            }
            let user_data = in_flight.wanted.user_data;
            if in_flight.is_notification {
                self.in_flight.remove(at);
                self.tell(user_data, 0, NOTIFICATION);
                return true;
            }
            match in_flight.go(&mut self.groups) {
                Tried::Waits if in_flight.expires => {
                    self.in_flight.remove(at);
                    self.tell(user_data, -libc::ECANCELED, 0);
                    return true;
                }
                Tried::Waits => return false,
                Tried::Goes(result, flags) => self.tell(user_data, result, flags),
                Tried::Ends(result @ 0.., _) if in_flight.wanted.code == opcode::SendZc::CODE => {
                    in_flight.is_notification = true;
                    let notification = in_flight.fate.notification;
                    in_flight.fate.when = notification;
                    in_flight.turns_left = match notification {
                        When::Late(turns) => turns.max(1),
                        When::Early | When::Never => 0,
                    };
                    self.tell(user_data, result, MORE);
                    if notification != When::Early {
                        return false;
                    }
                }
                Tried::Ends(result, flags) => {
                    self.in_flight.remove(at);
                    self.tell(user_data, result, flags);
                    return true;
                }
            }
        }
    }

    fn turn(&mut self) {
        let mut at = 0;
        let drawn = self.script.order.load(Ordering::Relaxed);
        if drawn != 0 && !self.in_flight.is_empty() {
            let next = drawn.wrapping_mul(0x5851_f42d_4c95_7f2d) >> 7 | 1;
            self.script.order.store(next, Ordering::Relaxed);
            let count = self.in_flight.len();
            self.in_flight.rotate_left(next % count);
        }
        let is_released = self.script.is_released.load(Ordering::Relaxed);
        while at < self.in_flight.len() {
            let in_flight = &mut self.in_flight[at];
            if self.script.watches && in_flight.wanted.owns_memory() {
                assert_there(&in_flight.wanted);
            }
            in_flight.turns_left = in_flight.turns_left.saturating_sub(1);
            let is_due =
                in_flight.turns_left == 0 && (in_flight.fate.when != When::Never || is_released);
            if !is_due || !self.go(at) {
                at += 1;
            }
        }
        self.begin_deferred();
    }
}

fn duplicate(fd: RawFd) -> Option<OwnedFd> {
    if fd < 0 {
        return None;
    }
    // SAFETY: a number.
    let same = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
    assert!(same >= 0, "{}", io::Error::last_os_error());
    // SAFETY: made by the call before.
    Some(unsafe { OwnedFd::from_raw_fd(same) })
}

impl Stub {
    fn new(script: &Arc<Script>) -> Self {
        // SAFETY: numbers.
        let event = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        assert!(event >= 0, "{}", io::Error::last_os_error());
        // SAFETY: made by the call before.
        let event = unsafe { OwnedFd::from_raw_fd(event) };
        Self(Arc::new(Mutex::new(Inside {
            event,
            waiting: VecDeque::new(),
            in_flight: Vec::new(),
            ready: VecDeque::new(),
            kept: VecDeque::new(),
            deferred: VecDeque::new(),
            dropped: 0,
            is_loss_told: true,
            groups: HashMap::new(),
            table: Vec::new(),
            taken: 0,
            enters: 0,
            calls: 0,
            room: script.room,
            script: Arc::clone(script),
        })))
    }

    /// Lets time pass: what is due completes.
    pub(crate) fn turn(&self) {
        lock(&self.0).turn();
    }

    /// Whoever asks something.
    fn asked(&self) -> MutexGuard<'_, Inside> {
        let mut inside = lock(&self.0);
        inside.calls += 1;
        inside
    }

    fn enter(&self) -> io::Result<()> {
        let mut inside = self.asked();
        inside.enters += 1;
        next(&inside.script.entering)?;
        if inside.dropped > 0 && !std::mem::replace(&mut inside.is_loss_told, true) {
            return Err(io::Error::from_raw_os_error(libc::EBADR));
        }
        if inside.script.is_strict && !inside.ready.is_empty() && !inside.waiting.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::EBUSY));
        }
        for _ in 0..inside.script.batch {
            let Some(wanted) = inside.waiting.pop_front() else {
                break;
            };
            inside.see(wanted);
        }
        while inside.ready.len() < inside.room {
            let Some(told) = inside.kept.pop_front() else {
                break;
            };
            inside.ready.push_back(told);
        }
        Ok(())
    }

    fn take(&self, known: u32, mut each: impl FnMut(u64, Completion)) -> Result<(), u32> {
        let mut inside = self.asked();
        if inside.dropped != known {
            return Err(inside.dropped);
        }
        let mut count = 0_u64;
        // SAFETY: eight bytes, alive for the call.
        unsafe { libc::read(inside.event.as_raw_fd(), (&raw mut count).cast(), 8) };
        let ready = std::mem::take(&mut inside.ready);
        drop(inside);
        for (user_data, told) in ready {
            each(user_data, told);
        }
        Ok(())
    }
}

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
pub(crate) struct Owned(Stub);

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
                    inside.waiting.extend(entries.iter().map(Wanted::read));
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
