//! Datagrams.

use super::calls::{
    accept, bind, close, connect, inet, listen, local, own_name, pair, peer_name, poll, port,
    receive, send, send_to, shutdown, socket, waiting,
};
use super::comparison::compare;
use super::readiness::{IN, OUT, RDHUP, ready};

#[test]
fn datagrams() {
    compare(|log| {
        let one = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        log.say("fresh", poll(&[(one, IN | OUT | RDHUP)], 0));
        log.say("send", send(one, b"x", 0));
        log.say("own", own_name(one).map(|name| name[4..8].to_vec()));
        log.say("peer", peer_name(one));
        log.say("bind", bind(one, &inet(0)));
        let shut = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        log.say("shutdown", shutdown(shut, libc::SHUT_RDWR));
        ready(log, "shut", shut, IN);
        log.say("shut", receive(shut, &mut [0; 3], libc::MSG_DONTWAIT));
        log.say(
            "shut",
            (receive(shut, &mut [0; 3], 0), send_to(shut, b"x", &inet(9))),
        );
        let one = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        log.say("bind", bind(one, &inet(0)));
        let at = inet(port(one));
        let two = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        log.say("in use", bind(two, &at));
        log.say("send", send_to(two, b"hello", &at));
        log.say("in", poll(&[(one, IN)], 3000));
        let mut room = [0; 3];
        log.say("waiting", waiting(one));
        log.say("peek", receive(one, &mut room, libc::MSG_PEEK));
        log.say("trunc", receive(one, &mut room, libc::MSG_TRUNC));
        log.say("none", receive(one, &mut room, libc::MSG_DONTWAIT));
        log.say("empty", send_to(two, b"", &at));
        log.say("in", poll(&[(one, IN)], 3000));
        log.say("empty", receive(one, &mut room, libc::MSG_DONTWAIT));
        log.say("none", receive(one, &mut room, libc::MSG_DONTWAIT));
        log.say("too long", send_to(two, &[0; 65_508], &at));
        log.say("longest", send_to(two, &[0; 65_507], &at));
        log.say("in", poll(&[(one, IN)], 3000));
        log.say("read", receive(one, &mut [0; 65_536], 0));
        log.say("listen", listen(one, 1));
        log.say("accept", accept(one));
        log.say("connect", connect(two, &at));
        log.say("own", own_name(two).map(|name| name[4..8].to_vec()));
        log.say("peer", peer_name(two).map(|name| name == at));
        log.say("close", close(one));
        log.say("send", send(two, b"x", 0));
        log.say("error", poll(&[(two, 0)], 3000));
        log.say("refused", receive(two, &mut room, libc::MSG_DONTWAIT));
        log.say("once", receive(two, &mut room, libc::MSG_DONTWAIT));
        log.say("disconnect", connect(two, &[0; 16]));
        log.say("send", send(two, b"x", 0));
        log.say("peer", peer_name(two));
        let three = socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap() as i32;
        log.say("not local", send_to(three, b"x", &local(b"/a/longer/name")));
        log.say("port 0", send_to(three, b"x", &inet(0)));
    });
}

#[test]
fn pairs_of_message_sockets() {
    compare(|log| {
        let mut room = [0; 3];
        let [a, b] = pair(libc::SOCK_DGRAM).unwrap();
        log.say(
            "pair",
            (
                send(a, b"one", 0),
                send(a, b"two", 0),
                receive(b, &mut room, 0),
                receive(b, &mut room, 0),
            ),
        );
        let [a, b] = pair(libc::SOCK_SEQPACKET).unwrap();
        log.say(
            "seq",
            (
                send(a, b"one", 0),
                send(a, b"two", 0),
                receive(b, &mut room[..2], 0),
                receive(b, &mut room, 0),
                close(a),
                receive(b, &mut room, 0),
            ),
        );
    });
}
