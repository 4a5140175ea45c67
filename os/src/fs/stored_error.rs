//! An error that is reported more than once.

use std::io;

/// What is stored of an error: all that std needs to make it again.
#[derive(Debug, Clone)]
pub(super) enum StoredError {
    /// The error number of the system.
    Number(i32),
    Other(io::ErrorKind, String),
}

impl StoredError {
    /// Stores `error`, in a box, since most files have none.
    #[inline]
    pub(super) fn boxed(error: &io::Error) -> Box<Self> {
        Box::new(match error.raw_os_error() {
            Some(number) => Self::Number(number),
            None => Self::Other(error.kind(), error.to_string()),
        })
    }

    /// Makes the error again.
    #[inline]
    pub(super) fn to_error(&self) -> io::Error {
        match self {
            Self::Number(number) => io::Error::from_raw_os_error(*number),
            Self::Other(kind, text) => io::Error::new(*kind, text.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::StoredError;

    #[test]
    fn an_error_keeps_its_number_or_its_text() {
        // Any number of the system's.
        let full = StoredError::boxed(&io::Error::from_raw_os_error(28));
        assert_eq!(full.to_error().raw_os_error(), Some(28));
        assert_eq!(
            full.to_error().kind(),
            io::Error::from_raw_os_error(28).kind()
        );
        let own = StoredError::boxed(&io::Error::other("by hand"));
        assert_eq!(own.to_error().to_string(), "by hand");
        let kind = StoredError::boxed(&io::ErrorKind::WriteZero.into());
        assert_eq!(kind.to_error().kind(), io::ErrorKind::WriteZero);
    }
}
