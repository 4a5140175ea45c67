//! Connections of TCP.

use super::calls::{
    accept, bind, close, connect, inet, inet_of, listen, option, own_name, peer_name, pipe, poll,
    port, read, receive, send, set_option, shutdown, socket, waiting, write,
};
use super::comparison::compare;
use super::log::Log;
use super::readiness::{IN, OUT, RDHUP, ready};

fn connected(log: &mut Log) -> [i32; 3] {
    let listener = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
    log.say("bind", bind(listener, &inet(0)));
    log.say("listen", listen(listener, 5));
    let client = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
    log.say("connect", connect(client, &inet(port(listener))));
    let server = accept(listener).unwrap() as i32;
    [listener, client, server]
}

#[test]
fn connection_flags() {
    compare(|log| {
        let [listener, client, server] = connected(log);
        log.say("send", send(client, b"hello world", 0));
        ready(log, "in", server, IN);
        let mut room = [0; 5];
        log.say("peek", receive(server, &mut room, libc::MSG_PEEK));
        log.say("peek", room);
        log.say("waiting", waiting(server));
        log.say("trunc", receive(server, &mut room, libc::MSG_TRUNC));
        log.say("read", receive(server, &mut room, 0));
        log.say("room", room);
        log.say("rest", receive(server, &mut room, libc::MSG_DONTWAIT));
        log.say("none", receive(server, &mut room, libc::MSG_DONTWAIT));
        log.say("empty", receive(server, &mut [], libc::MSG_DONTWAIT));
        log.say("empty read", read(server, &mut []));
        log.say("empty send", send(client, b"", 0));
        log.say("empty write", write(client, b""));
        log.say("again", connect(client, &inet(port(listener))));
        log.say("listen on connected", listen(client, 5));
        log.say("bind connected", bind(client, &inet(0)));
        log.say("accept on connected", accept(client));
        log.say(
            "connect the listener",
            connect(listener, &inet(port(listener))),
        );
        log.say("send listener", send(listener, b"x", 0));
        log.say("recv listener", receive(listener, &mut room, 0));
        log.say("read listener", read(listener, &mut room));
        log.say("shutdown", shutdown(client, libc::SHUT_WR));
        log.say("send", send(client, b"x", 0));
        ready(log, "rdhup", server, RDHUP);
        log.say("end", receive(server, &mut room, 0));
        log.say("end", receive(server, &mut room, libc::MSG_PEEK));
        log.say("shut read", shutdown(client, libc::SHUT_RD));
        ready(log, "client", client, OUT | IN | RDHUP);
        log.say("client read", receive(client, &mut room, 0));
        log.say("shutdown", shutdown(server, libc::SHUT_RDWR));
        ready(log, "server", server, OUT | IN | RDHUP);
        log.say("shutdown again", shutdown(server, libc::SHUT_RDWR));
        log.say("peer", peer_name(server).map(|name| name.len()));
        log.say("bad how", shutdown(server, 7));
        log.say("close", (close(client), close(server), close(listener)));
        log.say(
            "closed",
            (
                close(client),
                send(client, b"x", 0),
                accept(listener),
                listen(listener, 1),
            ),
        );
    });
}

#[test]
fn wait_all_and_time_limits() {
    compare(|log| {
        let [listener, client, server] = connected(log);
        let time = |milliseconds: i64| libc::timeval {
            tv_sec: 0,
            tv_usec: milliseconds * 1000,
        };
        log.say(
            "limit",
            set_option(server, libc::SOL_SOCKET, libc::SO_RCVTIMEO, &time(20)),
        );
        let mut room = [0; 8];
        log.say("timeout", receive(server, &mut room, 0));
        log.say("send", send(client, b"abc", 0));
        log.say("all", receive(server, &mut room, libc::MSG_WAITALL));
        log.say("send", send(client, b"abcdefgh", 0));
        log.say("all", receive(server, &mut room, libc::MSG_WAITALL));
        log.say("send", send(client, b"abc", 0));
        log.say("shutdown", shutdown(client, libc::SHUT_WR));
        log.say("all", receive(server, &mut room, libc::MSG_WAITALL));
        log.say("all", receive(server, &mut room, libc::MSG_WAITALL));
        log.say(
            "limit",
            set_option(listener, libc::SOL_SOCKET, libc::SO_RCVTIMEO, &time(20)),
        );
        log.say("accept", accept(listener));
        log.say(
            "send limit",
            set_option(server, libc::SOL_SOCKET, libc::SO_SNDTIMEO, &time(20)),
        );
        let bytes = vec![7; 64 << 20];
        let sent = send(server, &bytes, 0);
        log.say(
            "partly",
            sent.is_ok_and(|sent| sent > 0 && sent < bytes.len() as isize),
        );
    });
}

#[test]
fn refused_and_reset() {
    compare(|log| {
        let [listener, client, server] = connected(log);
        let at = port(listener);
        log.say("send", send(client, b"unread", 0));
        ready(log, "in", server, IN);
        log.say("close with data", close(server));
        ready(log, "reset", client, RDHUP);
        log.say("error", option(client, libc::SOL_SOCKET, libc::SO_ERROR));
        log.say("error", option(client, libc::SOL_SOCKET, libc::SO_ERROR));
        ready(log, "after", client, IN | OUT | RDHUP);
        log.say("read", receive(client, &mut [0; 8], 0));
        log.say("send", send(client, b"x", 0));
        log.say("peer", peer_name(client).map(|name| name.len()));
        log.say("shutdown", shutdown(client, libc::SHUT_RDWR));
        log.say("close", close(listener));
        let other = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("fresh", poll(&[(other, IN | OUT | RDHUP)], 0));
        log.say("peer", peer_name(other));
        log.say("send", send(other, b"x", 0));
        log.say("recv", receive(other, &mut [0; 4], 0));
        log.say("shutdown", shutdown(other, libc::SHUT_RDWR));
        log.say("accept", accept(other));
        log.say("refused", connect(other, &inet(at)));
        log.say("error", option(other, libc::SOL_SOCKET, libc::SO_ERROR));
        log.say("after", poll(&[(other, IN | OUT | RDHUP)], 0));
        log.say("refused again", connect(other, &inet(at)));
        let third = socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap() as i32;
        log.say("in progress", connect(third, &inet(at)));
        ready(log, "refused", third, IN | OUT | RDHUP);
        log.say("error", option(third, libc::SOL_SOCKET, libc::SO_ERROR));
        log.say("error", option(third, libc::SOL_SOCKET, libc::SO_ERROR));
        ready(log, "after", third, IN | OUT | RDHUP);
        log.say("recv", receive(third, &mut [0; 4], 0));
        log.say("send", send(third, b"x", 0));
    });
}

#[test]
fn linger_resets() {
    compare(|log| {
        let [_listener, client, server] = connected(log);
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        log.say(
            "linger",
            set_option(client, libc::SOL_SOCKET, libc::SO_LINGER, &linger),
        );
        log.say("close", close(client));
        ready(log, "reset", server, RDHUP);
        log.say("read", receive(server, &mut [0; 8], 0));
        log.say("read", receive(server, &mut [0; 8], 0));
        log.say("send", send(server, b"x", 0));
    });
}

#[test]
fn in_progress_then_connected() {
    compare(|log| {
        let listener = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("bind", bind(listener, &inet(0)));
        log.say("bind again", bind(listener, &inet(0)));
        log.say("listen", listen(listener, 5));
        log.say("listen", listen(listener, 9));
        let at = port(listener);
        let client = socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK).unwrap() as i32;
        log.say("connect", connect(client, &inet(at)));
        ready(log, "out", client, OUT);
        log.say("error", option(client, libc::SOL_SOCKET, libc::SO_ERROR));
        log.say("connect", connect(client, &inet(at)));
        log.say("connect", connect(client, &inet(at)));
        log.say(
            "self",
            own_name(client).map(|name| (name.len(), name[4..8].to_vec())),
        );
        log.say(
            "peer",
            peer_name(client).map(|name| (name.len(), name[4..8].to_vec())),
        );
    });
}

#[test]
fn options_and_what_has_none() {
    compare(|log| {
        let listener = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        bind(listener, &inet(0)).unwrap();
        listen(listener, 5).unwrap();
        let at = port(listener);
        let twin = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("in use", bind(twin, &inet(at)));
        log.say(
            "reuse",
            set_option(twin, libc::SOL_SOCKET, libc::SO_REUSEADDR, &1),
        );
        log.say("in use", bind(twin, &inet(at)));
        log.say("not here", bind(twin, &inet_of([192, 0, 2, 1], 0)));
        log.say("broken", bind(twin, &inet(at)[..5]));
        log.say("type", option(twin, libc::SOL_SOCKET, libc::SO_TYPE));
        log.say("domain", option(twin, libc::SOL_SOCKET, libc::SO_DOMAIN));
        log.say(
            "protocol",
            option(twin, libc::SOL_SOCKET, libc::SO_PROTOCOL),
        );
        log.say("reuse", option(twin, libc::SOL_SOCKET, libc::SO_REUSEADDR));
        log.say(
            "keepalive",
            option(twin, libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        );
        log.say(
            "nodelay",
            option(twin, libc::IPPROTO_TCP, libc::TCP_NODELAY),
        );
        log.say(
            "accepts",
            option(listener, libc::SOL_SOCKET, libc::SO_ACCEPTCONN),
        );
        log.say("ttl", option(twin, libc::IPPROTO_IP, libc::IP_TTL));
        log.say(
            "set nodelay",
            set_option(twin, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1),
        );
        log.say(
            "nodelay",
            option(twin, libc::IPPROTO_TCP, libc::TCP_NODELAY),
        );
        log.say(
            "short",
            set_option(twin, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1_u8),
        );
        log.say("unknown", set_option(twin, libc::IPPROTO_TCP, 9999, &1));
        log.say("unknown", option(twin, libc::IPPROTO_TCP, 9999));
        log.say("unknown", set_option(twin, 9999, 1, &1));
    });
}

#[test]
fn pipes_are_no_sockets() {
    compare(|log| {
        let at = 9;
        let [reader, _] = pipe(0);
        log.say(
            "no socket",
            (
                bind(reader, &inet(0)),
                listen(reader, 1),
                connect(reader, &inet(at)),
                accept(reader),
            ),
        );
        log.say(
            "no socket",
            (
                send(reader, b"x", 0),
                receive(reader, &mut [0; 2], 0),
                shutdown(reader, 0),
                own_name(reader),
                peer_name(reader),
            ),
        );
        log.say(
            "no socket",
            (
                option(reader, libc::SOL_SOCKET, libc::SO_TYPE),
                set_option(reader, libc::SOL_SOCKET, libc::SO_REUSEADDR, &1),
            ),
        );
    });
}
