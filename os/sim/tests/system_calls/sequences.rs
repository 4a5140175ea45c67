//! Random sequences of calls on pipes, local sockets, counters and pollers: the simulation says what the real system says.
//!
//! Idea        Nothing of these needs time, so that both sides can be compared call by call. Descriptors are named by their places in a
//!             list, since their numbers differ.

use super::calls::{
    close, control, counter, dup, dup2, option, pair, pipe, poll, poll_all, poller, read, receive,
    receive_descriptors, send, send_descriptors, shutdown, waiting, watch, write,
};
use super::comparison::compare_runs;
use super::log::Log;

/// Numbers that follow from a seed (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % bound as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A number that is no descriptor.
const BAD: i32 = 999_999;

/// What edges are watched for.
const EDGE: i32 = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP;

/// Steps of a sequence.
const STEPS: usize = 70;

struct Sequence<'a> {
    numbers: Numbers,
    open: Vec<i32>,
    log: &'a mut Log,
}

impl Sequence<'_> {
    fn add(&mut self, what: &str, made: &[i32]) {
        self.log.say(what, self.open.len());
        self.open.extend(made);
    }

    /// A descriptor, and its place.
    fn any(&mut self) -> (usize, i32) {
        if self.open.is_empty() {
            return (0, BAD);
        }
        let at = self.numbers.below(self.open.len());
        (at, self.open[at])
    }

    fn make(&mut self) {
        match self.numbers.below(4) {
            0 => self.add("pipe", &pipe(libc::O_NONBLOCK)),
            1 => {
                let ends = pair(libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap();
                self.add("pair", &ends);
            }
            2 => {
                let kind = self.numbers.one_of(&[0, libc::EFD_SEMAPHORE]);
                let first = self.numbers.below(3) as u32;
                let made = counter(first, kind | libc::EFD_NONBLOCK).unwrap();
                self.add("counter", &[made as i32]);
            }
            _ => self.add("poller", &[poller()]),
        }
    }

    fn transfer(&mut self) {
        let (at, one) = self.any();
        let is_stream = control(one, libc::F_GETPIPE_SZ, 0).is_ok()
            || option(one, libc::SOL_SOCKET, libc::SO_TYPE).is_ok();
        // What versions of Linux disagree about is left out: long writes to counters, bytes that wait in pollers.
        let most = if is_stream { 64 } else { 8 };
        let count = self.numbers.one_of(&[0, 1, 7, 8, 64, 64]).min(most);
        let fill = self.numbers.below(250) as u8;
        let mut room = vec![0; count];
        match self.numbers.below(6) {
            0 => self
                .log
                .say(&format!("write {at}"), write(one, &vec![fill; count])),
            1 => {
                let number = self.numbers.one_of(&[0, 1, 3, u64::MAX - 1, u64::MAX]);
                self.log
                    .say(&format!("add {at}"), write(one, &number.to_ne_bytes()));
            }
            2 => {
                let read = (read(one, &mut room), room);
                self.log.say(&format!("read {at}"), read);
            }
            3 => self
                .log
                .say(&format!("send {at}"), send(one, &vec![fill; count], 0)),
            4 => {
                let flags = self.numbers.one_of(&[0, libc::MSG_PEEK, libc::MSG_WAITALL]);
                let received = (receive(one, &mut room, flags), room);
                self.log.say(&format!("receive {at} {flags}"), received);
            }
            _ if is_stream => self.log.say(&format!("waiting {at}"), waiting(one)),
            _ => (),
        }
    }

    /// Large transfers, through pipes alone: how much a socket takes depends on the system's memory.
    fn transfer_much(&mut self) {
        let (at, one) = self.any();
        let way = control(one, libc::F_GETPIPE_SZ, 0);
        self.log.say(&format!("size {at}"), way);
        if way.is_err() {
            return;
        }
        let count = self
            .numbers
            .one_of(&[100, 4095, 4096, 4097, 5000, 40_000, 70_000]);
        let mut room = vec![0; count];
        if self.numbers.below(3) == 0 {
            self.log
                .say(&format!("read {at} {count}"), read(one, &mut room));
        } else {
            self.log
                .say(&format!("write {at} {count}"), write(one, &room));
        }
    }

    fn change(&mut self) {
        let (at, one) = self.any();
        match self.numbers.below(6) {
            0 | 1 if !self.open.is_empty() => {
                self.open[at] = BAD;
                self.log.say(&format!("close {at}"), close(one));
            }
            2 => {
                let twin = dup(one);
                self.log.say(&format!("dup {at}"), twin.is_ok());
                self.open.extend(twin.ok().map(|twin| twin as i32));
            }
            3 => {
                let (to, other) = self.any();
                if other != BAD {
                    let done = dup2(one, other).map(|number| number == other as isize);
                    self.log.say(&format!("dup2 {at} {to}"), done);
                }
            }
            4 => {
                let how = self.numbers.below(3) as i32;
                self.log
                    .say(&format!("shutdown {at} {how}"), shutdown(one, how));
            }
            _ => self.log.say(
                &format!("flags {at}"),
                control(one, libc::F_GETFL, 0).map(|flags| flags & (libc::O_NONBLOCK | 3) as isize),
            ),
        }
    }

    fn watch(&mut self) {
        let (at, poller) = self.any();
        let (of, one) = self.any();
        let all = [
            libc::EPOLL_CTL_ADD,
            libc::EPOLL_CTL_ADD,
            libc::EPOLL_CTL_MOD,
            libc::EPOLL_CTL_DEL,
        ];
        let operation = self.numbers.one_of(&all);
        let events = self.numbers.one_of(&[
            0,
            libc::EPOLLIN,
            libc::EPOLLOUT,
            libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP,
        ]);
        let kind = self.numbers.one_of(&[0, libc::EPOLLET, libc::EPOLLONESHOT]);
        // An edge of one way is reported to who watches the other alone, too: the simulation has more edges than Linux, as programs
        // must expect.
        let events = if kind == libc::EPOLLET { EDGE } else { events };
        let done = watch(poller, operation, one, events | kind, of as u64);
        let what = format!("watch {at} {operation} {of} {events} {kind}");
        self.log.say(&what, done);
    }

    fn look(&mut self) {
        let (at, one) = self.any();
        if self.numbers.below(2) == 0 {
            self.log
                .say(&format!("poll all {at}"), poll_all(one, 64, 0));
            return;
        }
        let events = self.numbers.one_of(&[0, 1, 4, 5, 0x2005]);
        let all: Vec<_> = (0..3).map(|_| (self.any().1, events)).collect();
        self.log.say(&format!("poll {events}"), poll(&all, 0));
    }

    fn pass(&mut self) {
        let (at, one) = self.any();
        let (of, passed) = self.any();
        // A socket in flight over itself is closed when the system collects garbage.
        let is_socket = option(passed, libc::SOL_SOCKET, libc::SO_TYPE).is_ok();
        if !is_socket && self.numbers.below(2) == 0 {
            let sent = send_descriptors(one, b"abcd", &[passed]);
            self.log.say(&format!("pass {of} over {at}"), sent);
            return;
        }
        let mut room = [0; 6];
        let room = &mut room[..self.numbers.one_of(&[2, 6])];
        let control = self.numbers.one_of(&[0, 64]);
        let got = receive_descriptors(one, room, control, 0);
        let said = got
            .as_ref()
            .map(|(count, passed, flags)| (*count, passed.len(), *flags));
        self.log.say(&format!("take from {at}"), (said, room));
        self.open.extend(got.map(|got| got.1).unwrap_or_default());
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            match self.numbers.below(16) {
                0..=2 => self.make(),
                3..=6 => self.transfer(),
                7 => self.transfer_much(),
                8 => self.change(),
                9..=11 => self.watch(),
                12..=14 => self.look(),
                _ => self.pass(),
            }
        }
        for one in std::mem::take(&mut self.open) {
            if one != BAD {
                close(one).unwrap();
            }
        }
    }
}

fn run(seed: u64, log: &mut Log) {
    let numbers = Numbers((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let open = Vec::new();
    Sequence { numbers, open, log }.run();
}

#[test]
fn sequences_of_calls() {
    compare_runs(400, run);
}
