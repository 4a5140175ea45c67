//! What only FreeBSD has.

use std::fmt::Debug;
use std::io::Result;
use std::ops::{Deref, DerefMut};
use std::os::fd::{BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::bsd::{Aio, AioEvent, AioSource};

const BOTH: Interest = Interest::AIO.add(Interest::LIO);

/// A source that is written for the older method.
#[derive(Debug)]
struct Older;

impl AioSource for Older {
    fn register(&mut self, _kq: RawFd, _token: usize) {}

    fn deregister(&mut self) {}
}

struct Newer;

impl AioSource for Newer {
    fn register_borrowed(&mut self, _kq: BorrowedFd<'_>, _token: usize) {}

    fn deregister(&mut self) {}
}

fn methods<E: AioSource>() {
    let _: fn(E) -> Result<Aio<E>> = Aio::new_for_aio;
    let _: fn(E) -> Result<Aio<E>> = Aio::new_for_lio;
    let _: fn(&Aio<E>, AioEvent) = Aio::clear_ready;
    let _: fn(Aio<E>) -> E = Aio::into_inner;
    let _: for<'a> fn(&Aio<E>, &mut Context<'a>) -> Poll<Result<AioEvent>> = Aio::poll_ready;
    implements!(Aio<E>: UnwindSafe + RefUnwindSafe);
    let _: fn(&Aio<E>) -> &E = Aio::deref;
    let _: fn(&mut Aio<E>) -> &mut E = Aio::deref_mut;
}

fn implementations() {
    methods::<Newer>();
    implements!(Aio<Older>: Debug + Send + Sync + Unpin);
    implements!(AioEvent: Debug + Send + Sync + Unpin);
}

/// An operation as the documentation has it: a control block that the kernel works on.
struct Operation(Box<libc::aiocb>);

impl AioSource for Operation {
    fn register_borrowed(&mut self, kq: BorrowedFd<'_>, token: usize) {
        let event = &mut self.0.aio_sigevent;
        event.sigev_notify = libc::SIGEV_KEVENT;
        event.sigev_signo = std::os::fd::AsRawFd::as_raw_fd(&kq);
        event.sigev_value.sival_ptr = token as *mut _;
    }

    fn deregister(&mut self) {
        self.0.aio_sigevent.sigev_notify = libc::SIGEV_NONE;
    }
}
