//! What sockets are bound to: ports that are taken, addresses of both versions.

use super::calls::{
    accept, bind, connect, inet, inet_of, inet6, listen, own_name, peer_name, port, set_option,
    socket,
};
use super::comparison::compare;

#[test]
fn two_that_listen() {
    compare(|log| {
        let make = |reuse: bool, port: bool| {
            let it = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
            if reuse {
                set_option(it, libc::SOL_SOCKET, libc::SO_REUSEADDR, &1).unwrap();
            }
            if port {
                set_option(it, libc::SOL_SOCKET, libc::SO_REUSEPORT, &1).unwrap();
            }
            it
        };
        let one = make(true, false);
        log.say("bind", bind(one, &inet(0)));
        let at = inet(port(one));
        let two = make(true, false);
        log.say("bind reuse", bind(two, &at));
        log.say("listen", listen(one, 1));
        log.say("listen", listen(two, 1));
        let three = make(false, true);
        log.say("bind", bind(three, &inet(0)));
        let at = inet(port(three));
        let four = make(false, true);
        log.say("bind port", bind(four, &at));
        log.say("listen", (listen(three, 1), listen(four, 1)));
        let five = make(true, false);
        log.say("bind", bind(five, &at));
        let any = make(false, false);
        log.say("any", bind(any, &inet_of([0, 0, 0, 0], port(three))));
        let other = make(false, false);
        log.say("other", bind(other, &inet_of([127, 0, 0, 2], port(three))));
        let plain = make(false, false);
        let plain2 = make(false, false);
        log.say("bind", bind(plain, &inet(0)));
        log.say(
            "bind taken, not listening",
            bind(plain2, &inet(port(plain))),
        );
    });
}

#[test]
fn six() {
    compare(|log| {
        let listener = socket(libc::AF_INET6, libc::SOCK_STREAM).unwrap() as i32;
        log.say("bind", bind(listener, &inet6(0)));
        log.say("listen", listen(listener, 5));
        let client = socket(libc::AF_INET6, libc::SOCK_STREAM).unwrap() as i32;
        log.say("connect", connect(client, &inet6(port(listener))));
        log.say("peer", peer_name(client).map(|n| n[8..].to_vec()));
        log.say("own", own_name(client).map(|n| n[8..].to_vec()));
        let v4 = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("v4 to v6", connect(v4, &inet(port(listener))));
        log.say("v4 to v6 address", connect(v4, &inet6(port(listener))));
        let six = socket(libc::AF_INET6, libc::SOCK_STREAM).unwrap() as i32;
        log.say("v6 to v4 address", connect(six, &inet(port(listener))));
        log.say("v6 bound to v4 address", bind(six, &inet(0)));
        let any = socket(libc::AF_INET6, libc::SOCK_STREAM).unwrap() as i32;
        let mut unspecified = inet6(0);
        unspecified[23] = 0;
        log.say("bind", bind(any, &unspecified));
        log.say("listen", listen(any, 5));
        let v4 = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("v4 to both", connect(v4, &inet(port(any))));
        let got = accept(any).unwrap() as i32;
        log.say("mapped", peer_name(got).map(|n| n[8..].to_vec()));
        log.say("mapped", own_name(got).map(|n| n[8..].to_vec()));
        let only = socket(libc::AF_INET6, libc::SOCK_STREAM).unwrap() as i32;
        log.say(
            "only",
            set_option(only, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, &1),
        );
        log.say("bind", bind(only, &unspecified));
        log.say("listen", listen(only, 5));
        let v4 = socket(libc::AF_INET, libc::SOCK_STREAM).unwrap() as i32;
        log.say("v4 to only", connect(v4, &inet(port(only))));
    });
}
