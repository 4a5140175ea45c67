//! The head of a request: its first line and its headers, as httparse reads them.

use std::fmt;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};
use selkie::io::{AsyncRead, AsyncReadExt};
use selkie::time::{Instant, timeout, timeout_at};

/// Bytes of a head at most.
pub(super) const MOST_BYTES: usize = 16 * 1024;
/// Headers of a head at most.
pub(super) const MOST_HEADERS: usize = 64;
/// How long a head may take from its first byte to its last.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// How long a connection may be idle before its next request. Whoever holds all connections and asks nothing holds the inspector for so
/// long.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// Why there is no request.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The client has closed the connection, or has been idle for too long.
    Closed,
    /// It is answered with this, and the connection is closed.
    Refused(StatusCode, &'static str),
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Refused(status, why) => write!(f, "{status}: {why}"),
        }
    }
}

const MALFORMED: HeadError = HeadError::Refused(StatusCode::BAD_REQUEST, "this is no HTTP request");

/// A request, and whether the connection stays open after its answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: Parts,
    pub(super) keep_alive: bool,
}

/// Reads the next head; what came after it stays in `buffer`.
pub(super) async fn read_head<S>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<Head, HeadError>
where
    S: AsyncRead + Unpin,
{
    if buffer.is_empty() {
        match timeout(IDLE_LIMIT, stream.read_buf(buffer)).await {
            Ok(Ok(1..)) => {}
            _ => return Err(HeadError::Closed),
        }
    }
    let deadline = Instant::now() + HEAD_LIMIT;
    loop {
        if let Some((head, length)) = parse(buffer)? {
            buffer.drain(..length);
            return Ok(head);
        }
        if buffer.len() >= MOST_BYTES {
            let why = "the head of the request is longer than 16 KiB";
            return Err(HeadError::Refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                why,
            ));
        }
        match timeout_at(deadline, stream.read_buf(buffer)).await {
            Ok(Ok(1..)) => {}
            Ok(_) => return Err(HeadError::Closed),
            Err(_) => {
                let why = "the head of the request did not come within 10 s";
                return Err(HeadError::Refused(StatusCode::REQUEST_TIMEOUT, why));
            }
        }
    }
}

/// The head at the front of `bytes` and its length; `None` if it is not whole yet.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            let why = "the request has more than 64 headers";
            return Err(HeadError::Refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                why,
            ));
        }
        Err(httparse::Error::Version) => {
            let why = "only HTTP/1.0 and HTTP/1.1 are spoken";
            return Err(HeadError::Refused(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                why,
            ));
        }
        Err(_) => return Err(MALFORMED),
    };
    if length > MOST_BYTES {
        let why = "the head of the request is longer than 16 KiB";
        return Err(HeadError::Refused(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            why,
        ));
    }
    let parts = to_parts(&request).ok_or(MALFORMED)?;
    let keep_alive = check(&parts)?;
    Ok(Some((Head { parts, keep_alive }, length)))
}

fn to_parts(request: &httparse::Request<'_, '_>) -> Option<Parts> {
    let mut parts = Request::new(()).into_parts().0;
    parts.method = Method::from_bytes(request.method?.as_bytes()).ok()?;
    parts.uri = request.path?.parse::<Uri>().ok()?;
    parts.version = match request.version? {
        0 => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    for header in &*request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(header.value).ok()?;
        parts.headers.append(name, value);
    }
    Some(parts)
}

/// Whether the connection stays open.
fn check(parts: &Parts) -> Result<bool, HeadError> {
    let refused = |why| Err(HeadError::Refused(StatusCode::BAD_REQUEST, why));
    let hosts = parts.headers.get_all(HOST).iter().count();
    let is_new = parts.version == Version::HTTP_11;
    if hosts > 1 || (hosts == 0 && is_new) {
        return refused("a request has one Host header");
    }
    if !parts.uri.path().starts_with('/') {
        return refused("the target of a request is a path");
    }
    // Each of them: who stands between may go by another one than the first.
    let mut lengths = parts.headers.get_all(CONTENT_LENGTH).iter();
    let has_body = lengths.any(|length| length != "0");
    if has_body || parts.headers.contains_key(TRANSFER_ENCODING) {
        return match parts.method {
            Method::GET | Method::HEAD => refused("a request has no body here"),
            // What its body is does not matter: the connection ends with the answer.
            _ => Ok(false),
        };
    }
    let says = |wanted: &str| {
        let options = parts.headers.get_all(CONNECTION).iter();
        let options = options.filter_map(|value| value.to_str().ok());
        let mut words = options.flat_map(|value| value.split(','));
        words.any(|word| word.trim().eq_ignore_ascii_case(wanted))
    };
    Ok(!says("close") && (is_new || says("keep-alive")))
}

#[cfg(test)]
mod tests {
    use super::{HeadError, MOST_HEADERS, parse};

    fn status(text: &str) -> u16 {
        match parse(text.as_bytes()) {
            Ok(Some(_)) => 200,
            Ok(None) => 0,
            Err(HeadError::Refused(status, _)) => status.as_u16(),
            Err(HeadError::Closed) => 1,
        }
    }

    #[test]
    fn heads_are_read_or_refused() {
        let host = "host: a\r\n";
        for (text, wanted) in [
            (format!("GET / HTTP/1.1\r\n{host}\r\n"), 200),
            (format!("GET http://a/b HTTP/1.1\r\n{host}\r\n"), 200),
            (
                format!("POST / HTTP/1.1\r\n{host}content-length: 3\r\n\r\nabc"),
                200,
            ),
            ("GET / HTTP/1.0\r\n\r\n".to_owned(), 200),
            (
                format!("GET / HTTP/1.1\r\n{host}content-length: 0\r\n\r\n"),
                200,
            ),
            (
                format!("GET / HTTP/1.1\r\n{host}content-length: 0\r\ncontent-length: 5\r\n\r\n"),
                400,
            ),
            ("GET / HT".to_owned(), 0),
            (String::new(), 0),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
            (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400),
            (
                format!("GET / HTTP/1.1\r\n{host}content-length: 3\r\n\r\nabc"),
                400,
            ),
            (
                format!("GET / HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n\r\n"),
                400,
            ),
            (format!("OPTIONS * HTTP/1.1\r\n{host}\r\n"), 400),
            ("\u{16}\u{3}\u{1}".to_owned(), 400),
            (format!("GET / HTTP/2.0\r\n{host}\r\n"), 505),
            (
                format!(
                    "GET / HTTP/1.1\r\n{host}{}\r\n",
                    "a: b\r\n".repeat(MOST_HEADERS)
                ),
                431,
            ),
            (
                format!(
                    "GET / HTTP/1.1\r\n{host}{}\r\n",
                    "a: b\r\n".repeat(MOST_HEADERS - 1)
                ),
                200,
            ),
        ] {
            assert_eq!(status(&text), wanted, "{text:?}");
        }
    }

    #[test]
    fn connections_stay_open_as_they_say() {
        for (version, option, stays) in [
            ("1.1", "", true),
            ("1.1", "connection: close\r\n", false),
            ("1.1", "connection: x, Close\r\n", false),
            ("1.0", "", false),
            ("1.0", "connection: keep-alive\r\n", true),
        ] {
            let text = format!("GET / HTTP/{version}\r\nhost: a\r\n{option}\r\nrest");
            let (head, length) = parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(head.keep_alive, stays, "{text:?}");
            assert_eq!(&text[length..], "rest");
        }
    }
}
