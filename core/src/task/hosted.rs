//! What std knows of tasks: a join error as an I/O error.

use super::error::JoinError;

impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> Self {
        let text = if error.is_cancelled() {
            "task was cancelled"
        } else {
            "task panicked"
        };
        std::io::Error::other(text)
    }
}
