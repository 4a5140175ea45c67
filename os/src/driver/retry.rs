//! System calls that a signal interrupts (`EINTR`).

use std::io;

/// How often a call is made that signals interrupt each time, before the caller gets the error.
pub(super) const ATTEMPTS: usize = 64;

/// A system call, which returns how many bytes it transferred. The protocols around system calls take it as a trait
/// object, so that they are compiled once; see [`keep`] for calls that return something else.
pub(crate) type TransferCall<'a> = dyn FnMut() -> io::Result<usize> + 'a;

/// Makes the call `transfer`, again if a signal interrupted it, 64 times at most.
pub(crate) fn retry_interrupted(transfer: &mut TransferCall<'_>) -> io::Result<usize> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        match transfer() {
            Err(error) if left > 0 && is_interrupted(&error) => {}
            outcome => return outcome,
        }
    }
}

/// As [`retry_interrupted`], for a call that returns something else.
pub(crate) fn retry_call<R>(call: &mut impl FnMut() -> io::Result<R>) -> io::Result<R> {
    let mut kept = None;
    retry_interrupted(&mut || keep(call, &mut kept))?;
    Ok(kept.expect(KEPT))
}

/// What is known of a call that did not fail.
pub(super) const KEPT: &str = "a call that succeeded has kept its outcome";

/// Makes `call` as a [`TransferCall`] of nothing: what it returns is kept in `kept`.
pub(super) fn keep<R>(
    call: &mut (impl FnMut() -> io::Result<R> + ?Sized),
    kept: &mut Option<R>,
) -> io::Result<usize> {
    *kept = Some(call()?);
    Ok(0)
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
