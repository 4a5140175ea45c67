//! Descriptors sent through sockets, at the limits on open files per process and on descriptors per message.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;

use fixture::{alone, open_descriptors};
use selkie::net::unix::MessageWithFds;
use selkie::net::{UnixDatagram, UnixStream};
use selkie::runtime::Builder;
use selkie::time::timeout;

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);
/// Descriptors that one message carries at most.
const MAX: usize = 253;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(LONG, future).await.unwrap() })
}

fn limit(soft: libc::rlim_t) -> libc::rlim_t {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the system writes the limit, which is alive.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    assert_eq!(outcome, 0);
    let before = limit.rlim_cur;
    limit.rlim_cur = soft;
    // SAFETY: the system reads the limit, which is alive.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
    before
}

/// Has this process open `count` descriptors more and no others, until dropped.
struct DescriptorLimit {
    before: libc::rlim_t,
    /// They fill the gaps below.
    _fillers: Vec<OwnedFd>,
}

impl DescriptorLimit {
    fn new(count: usize) -> Self {
        let names = std::fs::read_dir("/proc/self/fd").unwrap();
        let numbers = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let highest = numbers.map(|number| number.parse::<i32>().unwrap()).max();
        let highest = highest.unwrap();
        let mut fillers = Vec::new();
        loop {
            let filler = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
            if filler.as_raw_fd() >= highest {
                break;
            }
            fillers.push(filler);
        }
        // The directory that was looked at is closed, and its number may be the highest.
        let next = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
        let first = next.as_raw_fd() as libc::rlim_t;
        drop(next);
        Self {
            before: limit(first + count as libc::rlim_t),
            _fillers: fillers,
        }
    }
}

impl Drop for DescriptorLimit {
    fn drop(&mut self) {
        limit(self.before);
    }
}

/// A pair of sockets of one kind, by what is done with them.
enum Pair {
    Stream(UnixStream, UnixStream),
    Datagram(UnixDatagram, UnixDatagram),
}

impl Pair {
    fn both() -> [Self; 2] {
        let (one, two) = UnixStream::pair().unwrap();
        let (three, four) = UnixDatagram::pair().unwrap();
        [Self::Stream(one, two), Self::Datagram(three, four)]
    }

    async fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
        let sent = match self {
            Self::Stream(one, _) => one.send_with_fds(bytes, fds).await,
            Self::Datagram(one, _) => one.send_with_fds(bytes, fds).await,
        };
        assert_eq!(sent.unwrap(), bytes.len());
    }

    async fn receive(&self, buf: &mut [u8], fds: &mut Vec<OwnedFd>) -> MessageWithFds {
        let came = match self {
            Self::Stream(_, two) => two.recv_message_with_fds(buf, fds).await,
            Self::Datagram(_, two) => two.recv_message_with_fds(buf, fds).await,
        };
        came.unwrap()
    }

    fn set(&self, option: libc::c_int) -> bool {
        let fd = match self {
            Self::Stream(_, two) => two.as_raw_fd(),
            Self::Datagram(_, two) => two.as_raw_fd(),
        };
        let on: libc::c_int = 1;
        let len = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the system reads one number, which is alive.
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, option, (&raw const on).cast(), len) == 0 }
    }
}

/// `count` pairs, one end of each of which is sent, and closes with its last copy.
async fn send_ends(pair: &Pair, count: usize) -> Vec<StdUnixStream> {
    let pairs = (0..count).map(|_| StdUnixStream::pair().unwrap());
    let (kept, sent): (Vec<_>, Vec<_>) = pairs.unzip();
    for kept in &kept {
        kept.set_read_timeout(Some(LONG)).unwrap();
    }
    let fds: Vec<_> = sent.iter().map(AsFd::as_fd).collect();
    pair.send(b"pairs", &fds).await;
    kept
}

/// Exactly as many as the process may open, and one past it: the call reports what came and that something was
/// cut, and what did not come is closed.
#[test]
fn descriptors_past_the_limit_of_the_process_are_reported_and_closed() {
    let _alone = alone();
    block_on(async {
        for pair in Pair::both() {
            for (sent, room) in [(3, 4), (3, 3), (3, 2), (3, 1), (3, 0), (1, 1), (1, 0)] {
                let readers = send_ends(&pair, sent).await;
                let (mut buf, mut fds) = ([0; 8], Vec::new());
                let limited = DescriptorLimit::new(room);
                let came = pair.receive(&mut buf, &mut fds).await;
                drop(limited);
                let fit = sent.min(room);
                assert_eq!((came.len, came.fds, fds.len()), (5, fit, fit));
                assert_eq!(
                    came.fds_truncated,
                    sent > room,
                    "{sent} sent, room for {room}"
                );
                assert!(!came.truncated);
                assert_eq!(&buf[..5], b"pairs");
                // The first came; each of the rest is closed, so that the other end sees it.
                for mut reader in readers.into_iter().skip(fit) {
                    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
                }
                drop(fds);
                // The next works.
                let _readers = send_ends(&pair, 1).await;
                let mut fds = Vec::new();
                let came = pair.receive(&mut buf, &mut fds).await;
                assert_eq!((came.len, came.fds, came.fds_truncated), (5, 1, false));
            }
        }
    });
}

#[test]
fn a_lost_descriptor_is_an_error_of_receives_that_return_only_bytes() {
    let _alone = alone();
    block_on(async {
        let (one, two) = UnixStream::pair().unwrap();
        let fd = std::io::stdin();
        one.send_with_fds(b"two", &[fd.as_fd(), fd.as_fd()])
            .await
            .unwrap();
        let (mut buf, mut fds) = ([0; 8], Vec::new());
        let limited = DescriptorLimit::new(1);
        let error = two.recv_with_fds(&mut buf, &mut fds).await.unwrap_err();
        drop(limited);
        assert!(error.to_string().contains("descriptors were lost"));
        assert_eq!((&buf[..3], fds.len()), (&b"two"[..], 1));
    });
}

/// As many descriptors as a message carries, beside what else the socket is set to bring: credentials left no
/// room for the last ones.
#[test]
fn all_descriptors_come_beside_credentials_labels_and_processes() {
    /// Not in every C library.
    const SO_PASSPIDFD: libc::c_int = 76;
    let _alone = alone();
    let before = open_descriptors();
    block_on(async {
        let options = [
            libc::SO_PASSCRED,
            libc::SO_TIMESTAMP,
            libc::SO_PASSSEC,
            SO_PASSPIDFD,
        ];
        for pair in Pair::both() {
            for option in options {
                if !pair.set(option) {
                    println!("without option {option}");
                }
                for count in [MAX, MAX - 1, 1, 0] {
                    let stdin = std::io::stdin();
                    pair.send(b"all", &vec![stdin.as_fd(); count]).await;
                    let (mut buf, mut fds) = ([0; 8], Vec::new());
                    let came = pair.receive(&mut buf, &mut fds).await;
                    assert_eq!((came.len, came.fds), (3, count), "option {option}");
                    assert!(!came.fds_truncated, "option {option}, {count}");
                }
            }
        }
    });
    // A process's descriptor that came along, and that nobody asked for, is closed.
    assert_eq!(open_descriptors(), before);
}

/// A datagram that fits exactly, and one byte past it.
#[test]
fn a_truncated_datagram_is_reported() {
    let _alone = alone();
    block_on(async {
        let (one, two) = UnixDatagram::pair().unwrap();
        let stdin = std::io::stdin();
        for (sent, is_cut) in [(&b"exactly8"[..], false), (b"past it 9", true)] {
            one.send_with_fds(sent, &[stdin.as_fd()]).await.unwrap();
            let (mut buf, mut fds) = ([0; 8], Vec::new());
            let came = two.recv_message_with_fds(&mut buf, &mut fds).await.unwrap();
            assert_eq!((came.len, came.fds), (8, 1));
            assert_eq!((came.truncated, came.fds_truncated), (is_cut, false));
            assert_eq!(buf[..], sent[..8]);
        }
        // Of a stream the rest comes next, without the descriptors.
        let (one, two) = UnixStream::pair().unwrap();
        one.send_with_fds(b"past it 9", &[stdin.as_fd()])
            .await
            .unwrap();
        let (mut buf, mut fds) = ([0; 8], Vec::new());
        let first = two.recv_message_with_fds(&mut buf, &mut fds).await.unwrap();
        assert_eq!((first.len, first.fds, first.truncated), (8, 1, false));
        let rest = two.try_recv_message_with_fds(&mut buf, &mut fds).unwrap();
        assert_eq!((rest.len, rest.fds, fds.len()), (1, 0, 1));
        let error = two
            .try_recv_message_with_fds(&mut buf, &mut fds)
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        drop(one);
        let end = two.recv_message_with_fds(&mut buf, &mut fds).await.unwrap();
        assert_eq!((end.len, end.fds), (0, 0));
    });
}

/// A receive that is dropped before it is ready takes nothing.
#[test]
fn a_dropped_receive_leaves_the_descriptors() {
    let _alone = alone();
    block_on(async {
        for pair in Pair::both() {
            let (mut buf, mut fds) = ([0; 8], Vec::new());
            let waited = timeout(Duration::ZERO, pair.receive(&mut buf, &mut fds)).await;
            assert!(waited.is_err(), "nothing was sent");
            let readers = send_ends(&pair, 2).await;
            let came = pair.receive(&mut buf, &mut fds).await;
            assert_eq!((came.fds, fds.len(), readers.len()), (2, 2, 2));
        }
    });
}
