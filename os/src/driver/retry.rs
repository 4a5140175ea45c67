//! System calls that a signal interrupts (`EINTR`).

use std::io;

/// How often a call is made that signals interrupt each time, before the caller gets the error.
const ATTEMPTS: usize = 64;

/// Makes the call `operation`, again if a signal interrupted it, 64 times at most. It is compiled for each operation, or,
/// where that is a trait object, for each type of outcome.
pub(crate) fn retry_interrupted<R>(
    operation: &mut (impl FnMut() -> io::Result<R> + ?Sized),
) -> io::Result<R> {
    let mut left = ATTEMPTS;
    // Called at one place: each caller's operation is compiled into this.
    loop {
        left -= 1;
        match operation() {
            Err(error) if left > 0 && is_interrupted(&error) => {}
            outcome => return outcome,
        }
    }
}

#[cold]
fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{ATTEMPTS, retry_interrupted};

    fn after(interruptions: usize) -> io::Result<usize> {
        let mut calls = 0;
        retry_interrupted(&mut || {
            calls += 1;
            if calls > interruptions {
                Ok(calls)
            } else {
                Err(io::ErrorKind::Interrupted.into())
            }
        })
    }

    #[test]
    fn a_call_is_made_until_it_ends_or_the_limit_comes() {
        assert_eq!(after(0).unwrap(), 1);
        assert_eq!(after(ATTEMPTS - 1).unwrap(), ATTEMPTS);
        let error = after(ATTEMPTS).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }
}
