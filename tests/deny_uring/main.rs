//! Runs a program to which the system refuses io_uring, as a container's filter would.
//!
//! `deny_uring ENOSYS|EPERM PROGRAM [ARGUMENT …]` runs the program, in which `io_uring_setup` fails with that error, as it
//! does in all processes that the program starts. The exit status is 77 if this system accepts no filter.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
mod filter {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, ExitCode};

    /// The same number on every architecture.
    const IO_URING_SETUP: u32 = 425;
    /// Where the number of the call stands in what a filter looks at.
    const NUMBER: u32 = 0;
    const CANNOT: u8 = 77;

    fn instruction(code: u32, jump_if_not: u8, k: u32) -> libc::sock_filter {
        libc::sock_filter {
            code: code as u16,
            jt: 0,
            jf: jump_if_not,
            k,
        }
    }

    /// Has the system refuse rings to this process from now on.
    fn install(errno: u32) -> io::Result<()> {
        let program = [
            instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, NUMBER),
            instruction(
                libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
                1,
                IO_URING_SETUP,
            ),
            instruction(
                libc::BPF_RET | libc::BPF_K,
                0,
                libc::SECCOMP_RET_ERRNO | errno,
            ),
            instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let filter = libc::sock_fprog {
            len: program.len() as u16,
            filter: program.as_ptr().cast_mut(),
        };
        // SAFETY: the call takes no memory.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the system reads the filter and its instructions.
        let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &filter) };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the filter answers before the system looks at the address.
        let asked = unsafe { libc::syscall(IO_URING_SETUP.into(), 1, std::ptr::null::<u8>()) };
        let told = io::Error::last_os_error();
        if asked != -1 || told.raw_os_error() != Some(errno as i32) {
            return Err(io::Error::other(format!("a ring is not refused: {told}")));
        }
        Ok(())
    }

    pub(super) fn run() -> ExitCode {
        let mut arguments = std::env::args_os().skip(1);
        let errno = match arguments.next().as_deref().and_then(|word| word.to_str()) {
            Some("ENOSYS") => libc::ENOSYS,
            Some("EPERM") => libc::EPERM,
            _ => {
                eprintln!("usage: deny_uring ENOSYS|EPERM PROGRAM [ARGUMENT ...]");
                return ExitCode::from(2);
            }
        };
        let Some(program) = arguments.next() else {
            eprintln!("usage: deny_uring ENOSYS|EPERM PROGRAM [ARGUMENT ...]");
            return ExitCode::from(2);
        };
        if let Err(error) = install(errno as u32) {
            eprintln!("deny_uring: this system takes no filter: {error}");
            return ExitCode::from(CANNOT);
        }
        let error = Command::new(program).args(arguments).exec();
        eprintln!("deny_uring: {error}");
        ExitCode::FAILURE
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    filter::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("deny_uring: there is no io_uring here");
}
