//! Who may ask: whoever knows the token, or, where there is none, programs of this machine and pages of the inspector.
//!
//! Idea        Without a token the server listens on the loopback address. A web page of somebody else, open in a browser on
//!             this machine, can still send requests there. It cannot read the answers, unless the name of its own
//!             server leads to the loopback address ("DNS rebinding"). So the `Host` header has to be a name of this
//!             machine, and requests that a browser marks as coming from another site are refused.
//! Rejected    Cookies: requests from other sites would carry them.

use std::hint::black_box;
use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;

use crate::address::is_loopback;

/// Who may ask.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Whoever knows the token.
    Token(String),
    /// Who is on this machine.
    Loopback,
    /// The application around the service, or the permissions of a Unix socket, decide.
    Open,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Token,
    Host,
    Site,
}

impl Access {
    /// Whether the request `head` may be answered.
    pub(crate) fn check(&self, head: &Parts) -> Result<(), Refusal> {
        match self {
            Self::Open => Ok(()),
            Self::Token(token) => {
                let given = bearer(head).or_else(|| parameter(head));
                let is_right = given.is_some_and(|given| is_equal(&given, token));
                is_right.then_some(()).ok_or(Refusal::Token)
            }
            Self::Loopback => {
                if !is_host_local(head) {
                    return Err(Refusal::Host);
                }
                is_same_site(head).then_some(()).ok_or(Refusal::Site)
            }
        }
    }
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn bearer(head: &Parts) -> Option<String> {
    let (scheme, token) = header(head, AUTHORIZATION.as_str())?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| token.trim().to_owned())
}

fn parameter(head: &Parts) -> Option<String> {
    let query = head.uri.query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, token) = pairs.find(|(name, _)| name == "token")?;
    Some(token.into_owned())
}

/// Compares in a time that depends on the lengths alone.
fn is_equal(given: &str, token: &str) -> bool {
    let pairs = given.bytes().zip(token.bytes());
    let difference = pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    given.len() == token.len() && difference == 0
}

/// Whether the request names this machine as the one that it is for.
fn is_host_local(head: &Parts) -> bool {
    let named = header(head, HOST.as_str()).and_then(|host| host.parse::<Authority>().ok());
    let Some(named) = named else { return false };
    let is_local = |authority: &Authority| is_name_local(authority.host());
    is_local(&named) && head.uri.authority().is_none_or(is_local)
}

fn is_name_local(name: &str) -> bool {
    let number = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = number.parse::<IpAddr>() {
        return is_loopback(address);
    }
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether no page of another site has caused the request, as far as the browser says. A link to the inspector's page
/// may stand anywhere.
fn is_same_site(head: &Parts) -> bool {
    let host = header(head, HOST.as_str()).unwrap_or_default();
    let is_own = |origin: &str| {
        let place = origin.split_once("://").map(|(_, place)| place);
        place.is_some_and(|place| place.eq_ignore_ascii_case(host))
    };
    if !header(head, ORIGIN.as_str()).is_none_or(is_own) {
        return false;
    }
    match header(head, "sec-fetch-site") {
        None | Some("same-origin" | "none") => true,
        Some(_) => header(head, "sec-fetch-mode") == Some("navigate") && head.uri.path() == "/",
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::{Access, Refusal};

    fn check(access: &Access, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        access.check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_token_is_asked_for() {
        let access = Access::Token("se/a+l".to_owned());
        let good = [
            ("/?token=se%2Fa%2Bl", None),
            ("/?runtime=1&token=se%2Fa%2Bl", None),
            ("/", Some("Bearer se/a+l")),
            ("/", Some("bearer se/a+l")),
        ];
        for (uri, bearer) in good {
            let headers: Vec<_> = bearer.iter().map(|b| ("authorization", *b)).collect();
            assert_eq!(check(&access, uri, &headers), Ok(()), "{uri} {bearer:?}");
        }
        let bad = [
            ("/", None),
            ("/?token=", None),
            ("/?token=seal", None),
            ("/?token=se%2Fa%2Bl", Some("Bearer se")),
            ("/", Some("Basic se/a+l")),
            ("/", Some("Bearer se/a+lx")),
        ];
        for (uri, bearer) in bad {
            let headers: Vec<_> = bearer.iter().map(|b| ("authorization", *b)).collect();
            let answer = check(&access, uri, &headers);
            assert_eq!(answer, Err(Refusal::Token), "{uri} {bearer:?}");
        }
    }

    #[test]
    fn the_host_is_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:1",
            "127.0.0.1:6669",
            "[::1]:2",
        ] {
            let answer = check(&Access::Loopback, "/metrics", &[("host", host)]);
            assert_eq!(answer, Ok(()), "{host}");
        }
        for host in [
            "example.org",
            "localhost.example.org",
            "192.168.1.2:80",
            "[::2]",
            "a b",
        ] {
            let answer = check(&Access::Loopback, "/metrics", &[("host", host)]);
            assert_eq!(answer, Err(Refusal::Host), "{host}");
        }
        assert_eq!(check(&Access::Loopback, "/", &[]), Err(Refusal::Host));
        let whole = check(
            &Access::Loopback,
            "http://example.org/",
            &[("host", "localhost")],
        );
        assert_eq!(whole, Err(Refusal::Host));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let ask = |uri, more: &[(&str, &str)]| {
            let mut headers = vec![("host", "localhost:1")];
            headers.extend(more);
            check(&Access::Loopback, uri, &headers)
        };
        assert_eq!(ask("/tasks", &[("origin", "http://localhost:1")]), Ok(()));
        assert_eq!(ask("/tasks", &[("sec-fetch-site", "same-origin")]), Ok(()));
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
        ];
        assert_eq!(ask("/", &link), Ok(()));
        assert_eq!(ask("/dump", &link), Err(Refusal::Site));
        for other in [
            ("origin", "http://example.org"),
            ("origin", "http://localhost:2"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(ask("/", &[other]), Err(Refusal::Site), "{other:?}");
        }
    }
}
