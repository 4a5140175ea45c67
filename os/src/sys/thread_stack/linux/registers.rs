//! The registers that a stack is unwound by, and how memory of a stack is copied.
#![allow(unsafe_code)]

use std::ffi::c_void;

/// What unwinding begins with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Registers {
    pub(super) pc: usize,
    pub(super) sp: usize,
    pub(super) fp: usize,
    /// Where the innermost function returns to, on processors that have it in a register.
    pub(super) lr: usize,
}

impl Registers {
    /// The registers of a thread that is in a signal handler.
    ///
    /// # Safety
    /// `context` is what the handler was given.
    #[cfg(target_arch = "x86_64")]
    pub(super) unsafe fn of(context: *mut c_void) -> Self {
        // SAFETY: by the caller's promise.
        let context = unsafe { &*context.cast::<libc::ucontext_t>() };
        let register = |number: libc::c_int| context.uc_mcontext.gregs[number as usize] as usize;
        Self {
            pc: register(libc::REG_RIP),
            sp: register(libc::REG_RSP),
            fp: register(libc::REG_RBP),
            lr: 0,
        }
    }

    /// The registers of a thread that is in a signal handler.
    ///
    /// # Safety
    /// `context` is what the handler was given.
    #[cfg(target_arch = "aarch64")]
    pub(super) unsafe fn of(context: *mut c_void) -> Self {
        // SAFETY: by the caller's promise.
        let context = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
        Self {
            pc: context.pc as usize,
            sp: context.sp as usize,
            fp: context.regs[29] as usize,
            lr: context.regs[30] as usize,
        }
    }

    /// The same as the library for unwinding takes them; `highest` is an address near the end of what the thread can reach.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn for_unwinding(self, _highest: usize) -> framehop::x86_64::UnwindRegsX86_64 {
        framehop::x86_64::UnwindRegsX86_64::new(self.pc as u64, self.sp as u64, self.fp as u64)
    }

    /// The same as the library for unwinding takes them; `highest` is an address near the end of what the thread can reach.
    #[cfg(target_arch = "aarch64")]
    pub(super) fn for_unwinding(self, highest: usize) -> framehop::aarch64::UnwindRegsAarch64 {
        // Addresses may be signed in their upper bits.
        let mask = framehop::aarch64::PtrAuthMask::from_max_known_address(highest as u64);
        framehop::aarch64::UnwindRegsAarch64::new_with_ptr_auth_mask(
            mask,
            self.lr as u64,
            self.sp as u64,
            self.fp as u64,
        )
    }
}

/// Copies `words` words of memory. The frames of other functions are no objects of this program, so neither the compiler nor
/// a sanitizer is to see what is read.
///
/// # Safety
/// Both are mapped for that length, and `to` is the caller's.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn copy_words(from: usize, to: *mut u8, words: usize) {
    // SAFETY: by the caller's promise; the direction flag is clear, as the calling convention says.
    unsafe {
        std::arch::asm!(
            "rep movsq",
            inout("rcx") words => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies `words` words of memory. The frames of other functions are no objects of this program, so neither the compiler nor
/// a sanitizer is to see what is read.
///
/// # Safety
/// Both are mapped for that length, and `to` is the caller's.
#[cfg(target_arch = "aarch64")]
pub(super) unsafe fn copy_words(from: usize, to: *mut u8, words: usize) {
    // SAFETY: by the caller's promise.
    unsafe {
        std::arch::asm!(
            "cbz {words}, 3f",
            "2:",
            "ldr {word}, [{from}], #8",
            "str {word}, [{to}], #8",
            "subs {words}, {words}, #1",
            "b.ne 2b",
            "3:",
            words = inout(reg) words => _,
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            word = out(reg) _,
            options(nostack),
        );
    }
}
