//! The operations of a ring, each with the results that it may have.

use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::stub::{Control, PlannedOutcome, WatchedBuffer};
use crate::fs::File;
use crate::runtime::{Builder, Runtime};
use crate::uring::{Buffers, Incoming, Socket};

/// Longer than anything takes that happens at all.
pub(super) const LONG: Duration = Duration::from_secs(20);
/// What is written, read, sent and received.
pub(super) const TEXT: &[u8] = b"a spring tide";
/// Provided buffers of each kind.
pub(super) const COUNT: u16 = 4;

/// What came of an operation: how much, or the error's number or kind.
pub(super) type OperationResult = Result<usize, (Option<i32>, ErrorKind)>;

pub(super) type BoxedOperation = Pin<Box<dyn Future<Output = OperationResult> + Send>>;

/// What the operations of one row work at.
pub(super) struct Fixture {
    pub(super) control: Control,
    /// Counts the buffers that operations own.
    pub(super) witness: Arc<()>,
    file: Arc<File>,
    path: PathBuf,
    socket: Socket,
    pub(super) peer: UnixStream,
    pub(super) buffers: Buffers,
    /// The other ends of connections.
    clients: Vec<TcpStream>,
    named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    ReadAt,
    WriteAt,
    WriteAllAt,
    SyncAll,
    SyncData,
    Send,
    SendAll,
    SendZeroCopy,
    Receive,
    Accept,
}

pub(super) const ALL: [Operation; 10] = [
    Operation::ReadAt,
    Operation::WriteAt,
    Operation::WriteAllAt,
    Operation::SyncAll,
    Operation::SyncData,
    Operation::Send,
    Operation::SendAll,
    Operation::SendZeroCopy,
    Operation::Receive,
    Operation::Accept,
];

fn told<T>(outcome: io::Result<T>, how_much: impl FnOnce(T) -> usize) -> OperationResult {
    outcome
        .map(how_much)
        .map_err(|error| (error.raw_os_error(), error.kind()))
}

pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .disable_files_in_place()
        .build()
        .unwrap()
}

/// Runs `row` on a thread of its own, for a limited time.
pub(super) fn limited(what: &str, row: impl FnOnce() + Send + 'static) {
    let (ends, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        row();
        let _ = ends.send(());
    });
    match ended.recv_timeout(LONG * 2) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: it hangs"),
        _ => thread.join().unwrap_or_else(|_| panic!("{what}")),
    }
}

impl Operation {
    pub(super) fn is_of_file(self) -> bool {
        ALL.iter().position(|&other| other == self) < Some(5)
    }

    pub(super) fn has_several(self) -> bool {
        matches!(self, Self::Receive | Self::Accept)
    }

    /// What the documentation says that comes of it, or of the operation that replaces it.
    pub(super) fn expected(self, how: PlannedOutcome) -> OperationResult {
        let all = match self {
            Self::SyncAll | Self::SyncData | Self::Accept => 0,
            _ => TEXT.len(),
        };
        match (how, self) {
            (PlannedOutcome::Done, _) => Ok(all),
            (PlannedOutcome::Short, Self::WriteAllAt | Self::SendAll | Self::SendZeroCopy) => {
                Ok(all)
            }
            (PlannedOutcome::Short, _) => Ok(all.min(1)),
            (PlannedOutcome::Zero, Self::WriteAllAt | Self::SendAll | Self::SendZeroCopy) => {
                Err((None, ErrorKind::WriteZero))
            }
            (PlannedOutcome::Zero, _) => Ok(0),
            // The thread that submitted it ended, a signal came, the ring cannot: done otherwise, or again.
            (
                PlannedOutcome::Fails(errno)
                | PlannedOutcome::DoneButFails(errno)
                | PlannedOutcome::FailsWithBuffer(errno),
                _,
            ) if [libc::ECANCELED, libc::EINTR, libc::EAGAIN].contains(&errno) => Ok(all),
            (PlannedOutcome::Fails(libc::EINVAL | libc::EOPNOTSUPP), _) if self.is_of_file() => {
                Ok(all)
            }
            (
                PlannedOutcome::Fails(errno)
                | PlannedOutcome::DoneButFails(errno)
                | PlannedOutcome::FailsWithBuffer(errno),
                _,
            ) => {
                let error = io::Error::from_raw_os_error(errno);
                Err((Some(errno), error.kind()))
            }
        }
    }
}

impl Fixture {
    /// In the runtime that runs here, with rings of `control`, whose first fate is not used up by this.
    pub(super) async fn new(control: &Control, named: bool) -> Self {
        static SCENES: AtomicUsize = AtomicUsize::new(0);
        let number = SCENES.fetch_add(1, Ordering::Relaxed);
        let name = format!("selkie-stub-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&path).await.unwrap();
        std::fs::write(&path, TEXT).unwrap();
        let (ours, peer) = UnixStream::pair().unwrap();
        peer.set_read_timeout(Some(LONG)).unwrap();
        let buffers = Buffers::new(COUNT, 64).unwrap();
        let socket = Socket::new(ours).unwrap();
        if named {
            socket.register().unwrap();
        }
        Self {
            control: control.clone(),
            witness: Arc::new(()),
            file: Arc::new(file),
            path,
            socket,
            peer,
            buffers,
            clients: Vec::new(),
            named,
        }
    }

    fn text(&self) -> WatchedBuffer {
        WatchedBuffer::new(TEXT, &self.witness)
    }

    /// The operation, with what it needs to complete.
    pub(super) fn begin(&mut self, operation: Operation) -> BoxedOperation {
        let (file, socket) = (Arc::clone(&self.file), self.socket.clone());
        match operation {
            Operation::ReadAt => {
                let room = WatchedBuffer::new(&[0; TEXT.len()], &self.witness);
                Box::pin(async move {
                    let (read, bytes) = file.read_at(room, 0).await;
                    if let Ok(count) = read {
                        assert_eq!(bytes.as_ref()[..count], TEXT[..count]);
                    }
                    told(read, |count| count)
                })
            }
            Operation::WriteAt => {
                let text = self.text();
                Box::pin(async move { told(file.write_at(text, 0).await.0, |count| count) })
            }
            Operation::WriteAllAt => {
                let text = self.text();
                let all = |()| TEXT.len();
                Box::pin(async move { told(file.write_all_at(text, 0).await.0, all) })
            }
            Operation::SyncAll => Box::pin(async move { told(file.sync_all().await, |()| 0) }),
            Operation::SyncData => Box::pin(async move { told(file.sync_data().await, |()| 0) }),
            Operation::Send => {
                let text = self.text();
                Box::pin(async move { told(socket.send(text).await.0, |count| count) })
            }
            Operation::SendAll => {
                let text = self.text();
                let all = |()| TEXT.len();
                Box::pin(async move { told(socket.send_all(text).await.0, all) })
            }
            Operation::SendZeroCopy => {
                let text = self.text();
                let all = |()| TEXT.len();
                Box::pin(async move { told(socket.send_zero_copy(text).await.0, all) })
            }
            Operation::Receive => {
                self.peer.write_all(TEXT).unwrap();
                let mut received = self.socket.receive(&self.buffers);
                Box::pin(async move {
                    let Some(next) = received.next().await else {
                        return Ok(0);
                    };
                    told(next, |bytes| {
                        assert_eq!(bytes[..], TEXT[..bytes.len()]);
                        bytes.len()
                    })
                })
            }
            Operation::Accept => {
                // One that accepts ahead takes no other's connection.
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let address = listener.local_addr().unwrap();
                self.clients.push(TcpStream::connect(address).unwrap());
                let mut incoming = Incoming::new(listener).unwrap();
                Box::pin(async move { told(incoming.next().await, |_socket| 0) })
            }
        }
    }

    pub(super) fn receive(&self) -> crate::uring::Received {
        self.socket.receive(&self.buffers)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.peer.write_all(bytes).unwrap();
    }

    /// A new connected pair, for what comes after an operation that may have left bytes on the way.
    pub(super) fn renew(&mut self) {
        let (ours, peer) = UnixStream::pair().unwrap();
        peer.set_read_timeout(Some(LONG)).unwrap();
        self.peer = peer;
        self.socket = Socket::new(ours).unwrap();
        if self.named {
            self.socket.register().unwrap();
        }
    }

    /// What the file and the other ends must show after `operation` came to something.
    pub(super) fn assert_effect(&mut self, operation: Operation, came: &OperationResult) {
        let Ok(count) = *came else { return };
        if operation.is_of_file() {
            assert_eq!(std::fs::read(&self.path).unwrap(), TEXT);
        }
        if matches!(
            operation,
            Operation::Send | Operation::SendAll | Operation::SendZeroCopy
        ) {
            let mut bytes = vec![0; count];
            self.peer.read_exact(&mut bytes).unwrap();
            assert_eq!(bytes, TEXT[..count]);
            // Nothing twice.
            self.peer.set_nonblocking(true).unwrap();
            let more = self.peer.read(&mut [0]).unwrap_err();
            assert_eq!(more.kind(), ErrorKind::WouldBlock);
            self.peer.set_nonblocking(false).unwrap();
        }
    }

    /// What must hold once no operation is in flight: `held` buffers are the program's.
    pub(super) fn assert_nothing_lost(&self, what: &str) {
        assert_eq!(self.control.in_flight(), 0, "{what}: in flight");
        let lost = Arc::strong_count(&self.witness) - 1;
        assert_eq!(lost, 0, "{what}: memory that did not come back");
        let provided = self.control.provided();
        assert_eq!(provided, usize::from(COUNT), "{what}: provided buffers");
    }

    /// Ends all, and sees that each descriptor of ours is closed.
    pub(super) fn end(self, what: &str) {
        let Self {
            mut peer,
            clients,
            path,
            ..
        } = self;
        drop((self.file, self.socket, self.buffers));
        std::fs::remove_file(path).unwrap();
        let mut rest = Vec::new();
        match peer.read_to_end(&mut rest) {
            Ok(_) => {}
            // It closed with bytes that nobody took.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{what}: our socket is open: {error}"),
        }
        for mut client in clients {
            client.set_read_timeout(Some(LONG)).unwrap();
            // A reset, if it was not accepted.
            match client.read(&mut [0]) {
                Ok(0) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                other => panic!("{what}: an accepted connection is open: {other:?}"),
            }
        }
    }
}

/// Runs `doing` as a task, and lets the stub's time pass meanwhile.
pub(super) async fn drive(control: &Control, what: &str, doing: BoxedOperation) -> OperationResult {
    let task = crate::spawn(doing);
    let is_done = || task.is_finished();
    pass_until(control, what, is_done).await;
    task.await.unwrap()
}

/// Lets the stub's time pass until `is_done`.
pub(super) async fn pass_until(control: &Control, what: &str, is_done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_done() {
        control.turn();
        crate::task::yield_now().await;
        let told = || control.told();
        assert!(begun.elapsed() < LONG, "{what}: it hangs: {}", told());
    }
}

/// Polls `doing` so many times, letting the stub's time pass between, and drops it, unless it is done.
pub(super) async fn give_up(control: &Control, mut doing: BoxedOperation, polls: usize) {
    let theirs = control.clone();
    let task = crate::spawn(async move {
        for _ in 0..polls {
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(doing.as_mut().poll(cx)));
            if polled.await.is_ready() {
                return;
            }
            crate::task::yield_now().await;
            theirs.turn();
        }
    });
    task.await.unwrap();
}
