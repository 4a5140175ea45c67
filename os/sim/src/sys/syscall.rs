//! A call into the kernel by its number, which no function of the C library stands before.
#![allow(unsafe_code)]

use std::arch::asm;

use libc::{c_int, c_long};

/// Calls the kernel; a failure is the negative error number.
///
/// # Safety
/// As the call says that `number` names.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result;
    // SAFETY: the kernel's convention on this processor; what the call does is the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel; a failure is the negative error number.
///
/// # Safety
/// As the call says that `number` names.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result;
    // SAFETY: the kernel's convention on this processor; what the call does is the caller's promise.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    result
}

/// Calls the kernel; a failure is the negative error number.
///
/// # Safety
/// As the call says that `number` names.
#[cfg(target_arch = "riscv64")]
pub(crate) unsafe fn syscall(number: c_long, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result;
    // SAFETY: the kernel's convention on this processor; what the call does is the caller's promise.
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") a => result,
            in("a1") b, in("a2") c, in("a3") d, in("a4") e, in("a5") f,
            options(nostack),
        );
    }
    result
}

/// What a function of the C library returns for what the kernel has said: -1 and `errno` for a failure.
pub(crate) fn result(returned: isize) -> isize {
    if (-4095..0).contains(&returned) {
        set_errno(-returned as c_int);
        return -1;
    }
    returned
}

/// Sets this thread's `errno`.
pub(crate) fn set_errno(number: c_int) {
    // SAFETY: the C library returns the address of this thread's own number.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *errno = number };
}
