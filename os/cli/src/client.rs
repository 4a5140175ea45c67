//! Asks an inspector: one GET for each connection, whose answer ends with it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

use serde_json::Value;

use crate::address::Address;
use crate::stream::Stream;

/// How long an answer may take from one byte to the next.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of the head of an answer at most.
const MOST_HEAD: u64 = 64 * 1024;
/// Bytes of an answer that is kept in memory at most.
const MOST_BODY: u64 = 256 << 20;

/// Where to ask, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: Address,
    pub(crate) token: Option<String>,
    /// Which of several runtimes.
    pub(crate) runtime: Option<String>,
}

/// An answer whose content is still to be read.
#[derive(Debug)]
pub(crate) struct Response {
    content: io::Take<BufReader<Stream>>,
}

/// Encodes what stands in a query.
fn encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encoded = text.bytes().map(|byte| match byte {
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

impl Client {
    /// Asks for `path` with the parameters; the answer may take `work` longer than usual.
    ///
    /// # Errors
    /// Why there is no answer, or what it says instead.
    pub(crate) fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        work: Duration,
    ) -> Result<Response, String> {
        let pairs = parameters.iter().copied();
        let pairs = pairs.chain(self.runtime.iter().map(|name| ("runtime", &**name)));
        let pairs: Vec<String> = pairs
            .map(|(key, value)| format!("{key}={}", encode(value)))
            .collect();
        let mut request = format!("GET {path}?{} HTTP/1.1\r\n", pairs.join("&"));
        request += &format!("Host: {}\r\nConnection: close\r\n", self.address.host());
        if let Some(token) = &self.token {
            request += &format!("Authorization: Bearer {token}\r\n");
        }
        request += "\r\n";
        let address = &self.address;
        let stream = address.connect(PATIENCE + work).map_err(|error| {
            format!("cannot reach {address}: {error}; was the program started with SELKIE_INSPECT={address}?")
        })?;
        exchange(stream, &request).map_err(|error| match error.kind() {
            io::ErrorKind::Other => error.to_string(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("{address} does not answer")
            }
            _ => format!("{address}: {error}"),
        })
    }

    /// An answer in JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get), or that it is no JSON.
    pub(crate) fn json(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let text = self.get(path, parameters, Duration::ZERO)?.text()?;
        let failed = |error| format!("{}: {path} is no JSON: {error}", self.address);
        serde_json::from_str(&text).map_err(failed)
    }
}

impl Response {
    /// All of it as text.
    pub(crate) fn text(self) -> Result<String, String> {
        let mut bytes = Vec::new();
        let mut content = self.content.take(MOST_BODY);
        content
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        let missing = content.into_inner().limit();
        if missing > 0 {
            return Err("the answer was cut short".to_owned());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Copies it to `out`; how many bytes there were.
    pub(crate) fn copy_to(mut self, out: &mut impl Write) -> io::Result<u64> {
        let count = io::copy(&mut self.content, out)?;
        if self.content.limit() > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the answer was cut short",
            ));
        }
        Ok(count)
    }
}

/// Sends `request` and reads the head of the answer. What the program says itself is an error of the kind `Other`.
fn exchange(mut stream: Stream, request: &str) -> io::Result<Response> {
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut line = reader.by_ref().take(MOST_HEAD);
        let read = line.read_until(b'\n', &mut head)?;
        if read == 0 || head.len() as u64 >= MOST_HEAD {
            let why = "what answers there is no inspector";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    let (status, length) = parse(&head)?;
    let mut response = Response {
        content: reader.take(length),
    };
    if status == 200 {
        return Ok(response);
    }
    let mut said = String::new();
    response
        .content
        .by_ref()
        .take(MOST_HEAD)
        .read_to_string(&mut said)?;
    Err(io::Error::other(match said.trim() {
        "" => format!("the program answers with status {status}"),
        said => printable(said),
    }))
}

/// The status and the length of the content.
fn parse(head: &[u8]) -> io::Result<(u16, u64)> {
    let wrong = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "what answers there is no inspector",
        )
    };
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(head).map_err(|_| wrong())?;
    let is_length =
        |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    let length = response.headers.iter().find(is_length).ok_or_else(wrong)?;
    let length = std::str::from_utf8(length.value)
        .ok()
        .and_then(|text| text.parse().ok());
    Ok((response.code.ok_or_else(wrong)?, length.ok_or_else(wrong)?))
}

/// `text` without what moves a terminal's cursor or turns the direction of writing: names of tasks come from the program.
pub(crate) fn printable(text: &str) -> String {
    let clean = |letter: char| match letter {
        '\n' | '\t' => letter,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '?'
        }
        letter if letter.is_control() => '?',
        letter => letter,
    };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::{encode, parse, printable};

    #[test]
    fn queries_are_encoded_and_texts_are_clean() {
        assert_eq!(encode("a b&c=ü~"), "a%20b%26c%3D%C3%BC~");
        assert_eq!(printable("a\u{1b}[2J\n\tb\u{7f}\u{202e}"), "a?[2J\n\tb??");
    }

    #[test]
    fn heads_are_read_or_refused() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(parse(head).unwrap(), (200, 12));
        for wrong in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
