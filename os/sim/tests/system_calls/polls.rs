//! Waiting for many descriptors.

use super::calls::{
    close, counter, dup, pair, pipe, poll, poll_all, poller, read, receive, send, shutdown, watch,
    write,
};
use super::comparison::compare;

const IN: i32 = libc::EPOLLIN;
const OUT: i32 = libc::EPOLLOUT;
const ADD: i32 = libc::EPOLL_CTL_ADD;
const MOD: i32 = libc::EPOLL_CTL_MOD;
const DEL: i32 = libc::EPOLL_CTL_DEL;

#[test]
fn levels_edges_and_once() {
    compare(|log| {
        let poller = poller();
        let [reader, writer] = pipe(libc::O_NONBLOCK);
        log.say("add", watch(poller, ADD, reader, IN, 1));
        log.say("twice", watch(poller, ADD, reader, IN, 1));
        log.say("absent", watch(poller, MOD, writer, IN, 1));
        log.say("absent", watch(poller, DEL, writer, IN, 1));
        log.say("self", watch(poller, ADD, poller, IN, 1));
        log.say("bad", watch(poller, ADD, 999_999, IN, 1));
        log.say("no poller", watch(reader, ADD, writer, IN, 1));
        log.say("operation", watch(poller, 77, writer, IN, 1));
        log.say("limit 0", poll_all(poller, 0, 0));
        log.say("limit -1", poll_all(poller, -1, 0));
        log.say("no poller", poll_all(reader, 4, 0));
        log.say("nothing", poll_all(poller, 64, 0));
        log.say("nothing", poll_all(poller, 64, 5));
        log.say("write", write(writer, b"abc"));
        log.say("level", (poll_all(poller, 64, 0), poll_all(poller, 64, -1)));
        log.say("edge", watch(poller, MOD, reader, IN | libc::EPOLLET, 2));
        log.say("edge", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("write", write(writer, b"abc"));
        log.say("edge", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("read a part", read(reader, &mut [0; 2]));
        log.say("no edge", poll_all(poller, 64, 0));
        log.say(
            "once",
            watch(poller, MOD, reader, IN | libc::EPOLLONESHOT, 3),
        );
        log.say("once", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("write", write(writer, b"abc"));
        log.say("off", poll_all(poller, 64, 0));
        log.say(
            "again",
            watch(poller, MOD, reader, IN | libc::EPOLLONESHOT, 3),
        );
        log.say("once", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say(
            "add out",
            watch(poller, ADD, writer, OUT | libc::EPOLLET, 4),
        );
        log.say("out", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("level", watch(poller, MOD, reader, IN, 5));
        log.say("close writer", close(writer));
        log.say("hup", poll_all(poller, 64, 0));
        log.say("read", read(reader, &mut [0; 20]));
        log.say("hup", poll_all(poller, 64, 0));
        log.say("none", watch(poller, MOD, reader, 0, 5));
        log.say("hup", poll_all(poller, 64, 0));
        log.say("close", close(reader));
        log.say("gone", poll_all(poller, 64, 0));
        log.say(
            "exclusive",
            watch(
                poller,
                ADD,
                pipe(0)[0],
                IN | libc::EPOLLEXCLUSIVE | libc::EPOLLONESHOT,
                5,
            ),
        );
    });
}

#[test]
fn edges_of_both_ways() {
    compare(|log| {
        let poller = poller();
        let [one, two] = pair(libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap();
        let edge = IN | OUT | libc::EPOLLRDHUP | libc::EPOLLET;
        log.say("add", watch(poller, ADD, one, edge, 1));
        log.say("out", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("send", send(two, b"abc", 0));
        log.say("both", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("own send", send(one, b"abc", 0));
        log.say("no edge", poll_all(poller, 64, 0));
        log.say("own read", receive(one, &mut [0; 2], 0));
        log.say("no edge", poll_all(poller, 64, 0));
        log.say("peer reads", receive(two, &mut [0; 8], 0));
        log.say("edge of room", poll_all(poller, 64, 0));
        log.say("shutdown", shutdown(two, libc::SHUT_WR));
        log.say("rdhup", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("close", close(two));
        log.say("hup", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        let it = counter(0, libc::EFD_NONBLOCK).unwrap() as i32;
        log.say("add", watch(poller, ADD, it, IN | OUT | libc::EPOLLET, 2));
        log.say("out", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("write", write(it, &1_u64.to_ne_bytes()));
        log.say("edge", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("write", write(it, &1_u64.to_ne_bytes()));
        log.say("edge", (poll_all(poller, 64, 0), poll_all(poller, 64, 0)));
        log.say("read", read(it, &mut [0; 8]));
        log.say("edge", poll_all(poller, 64, 0));
    });
}

#[test]
fn pollers_in_pollers() {
    compare(|log| {
        let (outer, inner) = (poller(), poller());
        let [reader, writer] = pipe(libc::O_NONBLOCK);
        log.say("add", watch(outer, ADD, inner, IN, 1));
        log.say("circle", watch(inner, ADD, outer, IN, 1));
        log.say("add", watch(inner, ADD, reader, IN, 2));
        log.say("nothing", poll_all(outer, 64, 0));
        log.say("write", write(writer, b"x"));
        log.say("inner is ready", poll_all(outer, 64, 0));
        log.say(
            "poll",
            poll(
                &[(inner, libc::POLLIN | libc::POLLOUT), (outer, libc::POLLIN)],
                0,
            ),
        );
        log.say("inner", poll_all(inner, 64, 0));
        log.say("read", read(reader, &mut [0; 2]));
        log.say("nothing", (poll_all(outer, 64, 0), poll_all(inner, 64, 0)));
        log.say(
            "read a poller",
            (
                read(inner, &mut [0; 8]),
                write(inner, b"x"),
                send(inner, b"x", 0),
            ),
        );
    });
}

#[test]
fn doubled_descriptors_are_watched_once_more() {
    compare(|log| {
        let poller = poller();
        let [reader, writer] = pipe(libc::O_NONBLOCK);
        let twin = dup(reader).unwrap() as i32;
        log.say(
            "add",
            (
                watch(poller, ADD, reader, IN, 1),
                watch(poller, ADD, twin, IN, 2),
            ),
        );
        log.say("write", write(writer, b"x"));
        log.say("both", poll_all(poller, 64, 0));
        log.say(
            "one at a time",
            poll_all(poller, 1, 0).map(|ready| ready.len()),
        );
        log.say("close", close(reader));
        log.say("still", poll_all(poller, 64, 0));
        log.say("cannot be removed", watch(poller, DEL, reader, 0, 0));
        log.say("close twin", close(twin));
        log.say("gone", poll_all(poller, 64, 0));
    });
}

#[test]
fn poll_itself() {
    compare(|log| {
        let [reader, writer] = pipe(libc::O_NONBLOCK);
        log.say("negative", poll(&[(-1, 1), (-7, 1), (reader, 1)], 0));
        log.say("bad", poll(&[(999_999, 1), (reader, 1)], -1));
        log.say("none", poll(&[], 1));
        log.say(
            "twice",
            poll(
                &[
                    (writer, libc::POLLOUT),
                    (writer, libc::POLLOUT),
                    (writer, libc::POLLIN),
                ],
                -1,
            ),
        );
        log.say("timeout", poll(&[(reader, libc::POLLIN)], 3));
        log.say(
            "file",
            std::fs::File::open("/etc/passwd").is_ok_and(|file| {
                use std::os::fd::AsRawFd;
                poll(
                    &[(
                        file.as_raw_fd(),
                        libc::POLLIN | libc::POLLOUT | libc::POLLRDHUP,
                    )],
                    0,
                )
                .1[0]
                    == 5
            }),
        );
        close(writer).unwrap();
        log.say("hup only", poll(&[(reader, 0)], 0));
    });
}
