//! Who gets an answer.

use selkie_inspect::{InspectError, Inspector};

use crate::client::{get, get_with, inspected, port, runtime, send};

#[test]
fn an_address_that_others_can_reach_needs_a_token() {
    let runtime = runtime("sea");
    let builder = || Inspector::builder().attach(runtime.handle());
    for address in ["0.0.0.0:0", "[::]:0"] {
        let error = builder().serve(address).unwrap_err();
        assert!(matches!(error, InspectError::Unprotected(_)), "{error:?}");
        let said = error.to_string();
        assert!(
            said.contains("can be reached by others: give a token"),
            "{said}"
        );
    }
    for token in ["", "seven77", "eight 88", "eight\n88"] {
        let error = builder().token(token).serve("127.0.0.1:0").unwrap_err();
        assert!(matches!(error, InspectError::Token), "{token:?}: {error:?}");
    }
    let inspector = builder().token("eight+88").serve("0.0.0.0:0").unwrap();
    let at = format!("127.0.0.1:{}", port(&inspector).port())
        .parse()
        .unwrap();
    for path in ["/", "/metrics", "/dump", "/nothing"] {
        let refused = get(at, path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(
            refused.head.contains("www-authenticate: bearer"),
            "{}",
            refused.head
        );
        assert_eq!(
            get_with(at, path, "authorization: Bearer eight+89\r\n").status,
            401
        );
    }
    assert_eq!(
        get_with(at, "/metrics", "authorization: Bearer eight+88\r\n").status,
        200
    );
    assert_eq!(get(at, "/metrics?token=eight%2B88").status, 200);
    // With a token any name of the machine will do.
    let named = "GET /?token=eight%2B88 HTTP/1.1\r\nhost: sea.example\r\nconnection: close\r\n\r\n";
    assert_eq!(send(at, named).status, 200);
}

#[test]
fn a_service_asks_for_the_token() {
    use tower_service::Service;

    let runtime = runtime("sea");
    let builder = Inspector::builder().attach(runtime.handle());
    let inspector = builder.token("eight+88").start().unwrap();
    let status = |uri: &str| {
        let request = http::Request::builder().uri(uri).body(()).unwrap();
        let answer = futures::executor::block_on(inspector.service().call(request));
        answer.unwrap().status().as_u16()
    };
    assert_eq!(status("/metrics"), 401);
    assert_eq!(status("/metrics?token=eight%2B88"), 200);
}

#[test]
fn other_names_and_sites_are_refused() {
    let (_runtime, _inspector, at) = inspected();
    let named = |host: &str| {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        send(at, &request).status
    };
    assert_eq!(named("localhost:80"), 200);
    assert_eq!(named("[::1]"), 200);
    assert_eq!(named("rebound.example"), 403);
    assert_eq!(named(&format!("rebound.example:{}", at.port())), 403);
    let own = format!("origin: http://{at}\r\nsec-fetch-site: same-origin\r\n");
    assert_eq!(get_with(at, "/dump", &own).status, 200);
    assert_eq!(
        get_with(at, "/dump", "origin: http://other.example\r\n").status,
        403
    );
    assert_eq!(
        get_with(at, "/dump", "sec-fetch-site: cross-site\r\n").status,
        403
    );
}

#[test]
fn a_wrong_or_taken_address_is_said() {
    let runtime = runtime("sea");
    let builder = || Inspector::builder().attach(runtime.handle());
    let error = builder().serve("everywhere").unwrap_err().to_string();
    assert!(
        error.starts_with("\"everywhere\" is no address; say ADDRESS:PORT"),
        "{error}"
    );
    let taken = builder().serve("127.0.0.1:0").unwrap();
    let address = taken.address().unwrap().to_string();
    let error = builder().serve(&address).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {address}: ")),
        "{error}"
    );
    drop(taken);
    // The port is free when the drop returns.
    let again = builder().serve(&address).unwrap();
    assert_eq!(get(port(&again), "/metrics").status, 200);
}
