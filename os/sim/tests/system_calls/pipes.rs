//! Pipes and event counters.

use super::calls::{
    close, control, counter, dup, dup2, pipe, poll, read, receive, send, waiting, write,
};
use super::comparison::compare;
use super::readiness::{IN, OUT, RDHUP};

#[test]
fn pipes() {
    compare(|log| {
        let [reader, writer] = pipe(libc::O_NONBLOCK);
        let mut room = [0; 16];
        log.say("empty", read(reader, &mut room));
        log.say("poll", poll(&[(reader, IN | OUT), (writer, IN | OUT)], 0));
        log.say("wrong way", (read(writer, &mut room), write(reader, b"x")));
        log.say("write", write(writer, b"abc"));
        log.say("waiting", waiting(reader));
        log.say("poll", poll(&[(reader, IN | OUT), (writer, IN | OUT)], 0));
        log.say("read", read(reader, &mut room[..2]));
        log.say("read", read(reader, &mut room));
        let bytes = vec![1; 1 << 20];
        log.say("fill", write(writer, &bytes));
        log.say("full", write(writer, b"x"));
        log.say("poll", poll(&[(reader, IN), (writer, OUT)], 0));
        let mut big = vec![0; 100];
        log.say("read little", read(reader, &mut big));
        log.say("poll", poll(&[(reader, IN), (writer, OUT)], 0));
        log.say("atomic", write(writer, &bytes[..200]));
        let mut big = vec![0; 4096];
        log.say("read page", read(reader, &mut big));
        log.say("poll", poll(&[(reader, IN), (writer, OUT)], 0));
        log.say("atomic", write(writer, &bytes[..4096]));
        log.say(
            "flags",
            (
                control(reader, libc::F_GETFL, 0).map(|f| f & 0o4003),
                control(writer, libc::F_GETFL, 0).map(|f| f & 0o4003),
            ),
        );
        log.say("fd flags", control(reader, libc::F_GETFD, 0));
        log.say("close reader", close(reader));
        log.say("poll", poll(&[(writer, OUT)], 0));
        let [reader, writer] = pipe(libc::O_CLOEXEC);
        log.say("fd flags", control(reader, libc::F_GETFD, 0));
        log.say("write", write(writer, b"abc"));
        log.say("close writer", close(writer));
        log.say("poll", poll(&[(reader, IN | RDHUP)], 0));
        log.say("read", read(reader, &mut room));
        log.say("poll", poll(&[(reader, IN | RDHUP)], 0));
        log.say("end", read(reader, &mut room));
        log.say("fstat", control(reader, libc::F_GETPIPE_SZ, 0));
        log.say("seek", control(reader, 9999, 0));
        let twin = dup(reader).unwrap() as i32;
        log.say("close", close(reader));
        log.say("twin", read(twin, &mut room));
        let [other, _out] = pipe(libc::O_NONBLOCK);
        log.say("dup2", dup2(twin, other).is_ok_and(|n| n == other as isize));
        log.say("now the end", read(other, &mut room));
        log.say(
            "dup2 same",
            dup2(other, other).is_ok_and(|n| n == other as isize),
        );
        log.say("dup2 bad", dup2(999_999, other));
    });
}

#[test]
fn counters() {
    compare(|log| {
        let it = counter(3, libc::EFD_NONBLOCK).unwrap() as i32;
        let mut room = [0; 8];
        log.say("short", (read(it, &mut room[..4]), write(it, &room[..4])));
        log.say("long", read(it, &mut [0; 16]));
        log.say("empty", read(it, &mut room));
        log.say("poll", poll(&[(it, IN | OUT)], 0));
        log.say("max", write(it, &(u64::MAX - 1).to_ne_bytes()));
        log.say("over", write(it, &1_u64.to_ne_bytes()));
        log.say("poll", poll(&[(it, IN | OUT)], 0));
        log.say("invalid", write(it, &u64::MAX.to_ne_bytes()));
        log.say("read", (read(it, &mut room), room));
        log.say("zero", write(it, &0_u64.to_ne_bytes()));
        log.say("poll", poll(&[(it, IN | OUT)], 0));
        log.say(
            "not a socket",
            (send(it, b"12345678", 0), receive(it, &mut room, 0)),
        );
        let it = counter(2, libc::EFD_SEMAPHORE | libc::EFD_NONBLOCK).unwrap() as i32;
        log.say("one", (read(it, &mut room), room));
        log.say("one", (read(it, &mut room), room));
        log.say("none", (read(it, &mut room), room));
        log.say("bad flags", counter(1, 0o20));
    });
}
