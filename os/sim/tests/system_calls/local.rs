//! Local sockets, and descriptors that are passed over them.

use super::calls::{
    accept, bind, close, connect, inet, listen, local, own_name, pair, peer_name, pipe, poll, port,
    read, receive, receive_descriptors, send, send_descriptors, send_descriptors_to, send_to,
    shutdown, socket, without_bytes, write,
};
use super::comparison::compare;
use super::readiness::{IN, OUT, RDHUP};

#[test]
fn unix_streams() {
    compare(|log| {
        let listener = socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap() as i32;
        let name = local(format!("\0selkie-{}", std::process::id()).as_bytes());
        log.say("bind", bind(listener, &name));
        log.say("bind again", bind(listener, &name));
        let client = socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap() as i32;
        log.say("not listening", connect(client, &name));
        log.say("listen", listen(listener, 1));
        log.say("connect", connect(client, &name));
        log.say("again", connect(client, &name));
        log.say("own", own_name(client));
        let more: Vec<_> = (0..4)
            .map(|_| socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap() as i32)
            .collect();
        for one in &more {
            log.say("connect more", connect(*one, &name));
        }
        let server = accept(listener).unwrap() as i32;
        log.say("own", own_name(server).map(|name| name.len() > 2));
        log.say("peer", peer_name(server));
        log.say("peer", peer_name(client).map(|name| name.len() > 2));
        log.say("write before accept", send(client, b"early", 0));
        let mut room = [0; 16];
        log.say("read", receive(server, &mut room, 0));
        log.say("send", send(server, b"late", 0));
        log.say("close", close(server));
        log.say("in", poll(&[(client, IN | OUT | RDHUP)], 0));
        log.say("read", receive(client, &mut room, 0));
        log.say("read", receive(client, &mut room, 0));
        log.say("send", send(client, b"x", 0));
        log.say("shutdown", shutdown(client, libc::SHUT_RDWR));
        log.say("in", poll(&[(client, IN | OUT | RDHUP)], 0));
        log.say("close listener", close(listener));
        log.say("more", poll(&[(more[0], IN | OUT | RDHUP)], 0));
        log.say("read", receive(more[0], &mut room, 0));
        log.say("send", send(more[0], b"x", 0));
        log.say("connect", connect(more[3], &name));
        let fresh = socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap() as i32;
        log.say("fresh", poll(&[(fresh, IN | OUT | RDHUP)], 0));
        log.say(
            "fresh",
            (
                send(fresh, b"x", 0),
                receive(fresh, &mut room, 0),
                own_name(fresh),
                peer_name(fresh),
                shutdown(fresh, 1),
            ),
        );
        log.say("absent", connect(fresh, &local(b"/nowhere/at/all")));
        log.say("inet", connect(fresh, &inet(9)));
    });
}

#[test]
fn pairs_and_paths() {
    compare(|log| {
        let mut room = [0; 16];
        let [one, two] = pair(libc::SOCK_STREAM).unwrap();
        log.say("send", send(one, b"unread", 0));
        log.say("close with data", close(two));
        log.say("reset", poll(&[(one, IN | OUT | RDHUP)], 0));
        log.say("read", receive(one, &mut room, 0));
        log.say("read", receive(one, &mut room, 0));
        log.say("send", send(one, b"x", 0));
        log.say("seqpacket", pair(libc::SOCK_SEQPACKET).is_ok());
        log.say("datagram", pair(libc::SOCK_DGRAM).is_ok());
        let file = std::env::temp_dir().join(format!("selkie-sim-{}", std::process::id()));
        let path = local(file.as_os_str().as_encoded_bytes());
        let at = socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap() as i32;
        log.say("bind path", bind(at, &path));
        log.say(
            "is socket",
            std::fs::symlink_metadata(&file)
                .map(|m| std::os::unix::fs::FileTypeExt::is_socket(&m.file_type()))
                .unwrap_or(false),
        );
        log.say("close", close(at));
        let at = socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap() as i32;
        log.say("bind path again", bind(at, &path));
        log.say("stale", connect(at, &path));
        log.say("unlink", std::fs::remove_file(&file).is_ok());
        log.say("gone", connect(at, &path));
        log.say("bind path again", bind(at, &path));
        let _ = std::fs::remove_file(&file);
    });
}

#[test]
fn descriptors_pass() {
    compare(|log| {
        let [one, two] = pair(libc::SOCK_STREAM).unwrap();
        let [reader, writer] = pipe(0);
        log.say("pass", send_descriptors(one, b"x", &[writer]));
        log.say("close", close(writer));
        log.say("pipe", poll(&[(reader, IN)], 0));
        let mut room = [0; 8];
        let got = receive_descriptors(two, &mut room, 64, 0);
        log.say(
            "got",
            got.as_ref()
                .map(|(count, passed, flags)| (*count, passed.len(), *flags)),
        );
        let Ok((_, passed, _)) = got else { return };
        let Some(&passed) = passed.first() else {
            return;
        };
        log.say("write", write(passed, b"through"));
        log.say("read", read(reader, &mut room));
        log.say("pass two", send_descriptors(one, b"abc", &[passed, reader]));
        log.say("more", send(one, b"def", 0));
        let got = receive_descriptors(two, &mut room, 64, libc::MSG_CMSG_CLOEXEC);
        log.say(
            "got",
            got.as_ref()
                .map(|(count, passed, flags)| (*count, passed.len(), *flags)),
        );
        log.say("rest", receive(two, &mut room, libc::MSG_DONTWAIT));
        log.say("pass", send_descriptors(one, b"abc", &[passed]));
        log.say("plain read", receive(two, &mut room, 0));
        log.say("pass", send_descriptors(one, b"abc", &[passed]));
        let got = receive_descriptors(two, &mut room, 0, 0);
        log.say(
            "no room",
            got.as_ref()
                .map(|(count, passed, flags)| (*count, passed.len(), *flags)),
        );
        log.say("bad", send_descriptors(one, b"abc", &[999_999]));
        log.say("none", send_descriptors(one, b"", &[passed]));
        log.say(
            "left",
            receive_descriptors(two, &mut room, 64, libc::MSG_DONTWAIT)
                .map(|(c, p, f)| (c, p.len(), f)),
        );
    });
}

#[test]
fn descriptors_that_are_not_sent_are_let_go() {
    compare(|log| {
        let [one, two] = pair(libc::SOCK_STREAM).unwrap();
        let [reader, writer] = pipe(0);
        let nobody = local(b"\0nobody");
        let sent = send_descriptors_to(one, b"x", &[writer], &nobody);
        log.say("named", sent);
        log.say("named bytes", send_to(one, b"x", &nobody));
        log.say("close", close(writer));
        log.say("no writer is left", poll(&[(reader, IN)], 0));
        let [reader, writer] = pipe(0);
        log.say("close other end", close(two));
        log.say("broken", send_descriptors(one, b"x", &[writer]));
        log.say("close", close(writer));
        log.say("nor here", poll(&[(reader, IN)], 0));
        let new = socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap() as i32;
        log.say("new", send_to(new, b"x", &nobody));
    });
}

#[test]
fn calls_without_bytes() {
    compare(|log| {
        let [one, _two] = pair(libc::SOCK_STREAM).unwrap();
        log.say("stream", without_bytes(one));
        let [reader, writer] = pipe(0);
        log.say("pipe", (without_bytes(reader), without_bytes(writer)));
        let socket = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        bind(socket, &inet(0)).unwrap();
        connect(socket, &inet(port(socket))).unwrap();
        log.say("sent to itself", send(socket, b"", 0));
        log.say("datagram", without_bytes(socket));
    });
}
