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
    /// What is to be kept of `error`; in a box, since files that have none are many.
    pub(super) fn boxed(error: &io::Error) -> Box<Self> {
        Box::new(match error.raw_os_error() {
            Some(number) => Self::Number(number),
            None => Self::Other(error.kind(), error.to_string()),
        })
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
        // Any number of the system's.
        let full = KeptError::boxed(&io::Error::from_raw_os_error(28));
        assert_eq!(full.again().raw_os_error(), Some(28));
        assert_eq!(full.again().kind(), io::Error::from_raw_os_error(28).kind());
        let own = KeptError::boxed(&io::Error::other("by hand"));
        assert_eq!(own.again().to_string(), "by hand");
        let kind = KeptError::boxed(&io::ErrorKind::WriteZero.into());
        assert_eq!(kind.again().kind(), io::ErrorKind::WriteZero);
    }
}
