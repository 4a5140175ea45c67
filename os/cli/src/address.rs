//! Where the program is reached: `host:port`, or `unix:/path`.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use crate::stream::Stream;

/// How long a connection may take to come about.
const LIMIT: Duration = Duration::from_secs(5);

/// Where a program is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String),
    Unix(PathBuf),
}

impl Address {
    /// # Errors
    /// What is wrong with `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no address; say HOST:PORT, as in 127.0.0.1:6669, or unix:PATH");
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(wrong())
            } else {
                Ok(Self::Unix(path.into()))
            };
        }
        // As it is copied from a browser.
        let place = text
            .strip_prefix("http://")
            .unwrap_or(text)
            .trim_end_matches('/');
        let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        if host.is_empty() || !is_port || host.contains(['/', ' ', '?']) {
            return Err(wrong());
        }
        Ok(Self::Tcp(place.to_owned()))
    }

    /// What the `Host` header says.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Tcp(place) => place,
            Self::Unix(_) => "localhost",
        }
    }

    /// Opens a connection on which reads and writes end after `patience`.
    pub(crate) fn connect(&self, patience: Duration) -> io::Result<Stream> {
        match self {
            Self::Tcp(place) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                for address in place.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, LIMIT) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(patience))?;
                            stream.set_write_timeout(Some(LIMIT))?;
                            return Ok(Stream::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            #[cfg(unix)]
            Self::Unix(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(LIMIT))?;
                Ok(Stream::Unix(stream))
            }
            #[cfg(not(unix))]
            Self::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(place) => f.write_str(place),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_read() {
        for text in [
            "127.0.0.1:6669",
            "[::1]:80",
            "server.example:1",
            "unix:/run/a",
            "unix:a",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        let copied = Address::parse("http://localhost:6669/").unwrap();
        assert_eq!(copied.to_string(), "localhost:6669");
        for text in [
            "",
            "6669",
            ":6669",
            "host",
            "host:",
            "host:0",
            "host:70000",
            "unix:",
            "a/b:1",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains("is no address; say HOST:PORT"), "{error}");
        }
    }
}
