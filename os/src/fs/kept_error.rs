//! A failure that is told more than once.

use std::io;

/// What is kept of an error: all that std would make it of again.
#[derive(Debug, Clone)]
pub(super) enum KeptError {
    /// The system's number.
    Number(i32),
    Other(io::ErrorKind, String),
}

impl KeptError {
    pub(super) fn new(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(number) => Self::Number(number),
            None => Self::Other(error.kind(), error.to_string()),
        }
    }

    /// The error once more.
    pub(super) fn again(&self) -> io::Error {
        match self {
            Self::Number(number) => io::Error::from_raw_os_error(*number),
            Self::Other(kind, text) => io::Error::new(*kind, text.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::KeptError;

    #[test]
    fn an_error_keeps_its_number_or_its_text() {
        let full = KeptError::new(&io::Error::from_raw_os_error(libc::ENOSPC));
        assert_eq!(full.again().raw_os_error(), Some(libc::ENOSPC));
        assert_eq!(full.again().kind(), io::ErrorKind::StorageFull);
        let own = KeptError::new(&io::Error::other("by hand"));
        assert_eq!(own.again().to_string(), "by hand");
        let kind = KeptError::new(&io::ErrorKind::WriteZero.into());
        assert_eq!(kind.again().kind(), io::ErrorKind::WriteZero);
    }
}
