//! The calls in a copy of a stack, by the tables that compilers write for unwinding.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ops::Range;

use framehop::{
    CacheNative, ExplicitModuleSectionInfo, FrameAddress, MayAllocateDuringUnwind, Module,
    Unwinder, UnwinderNative,
};

use super::super::raw_stack::RawStack;
use super::handler::StackCopy;

/// Calls at most; the outer ones of a deeper stack are left out.
const DEEPEST: usize = 512;

type Tables = UnwinderNative<Vec<u8>, MayAllocateDuringUnwind>;

/// The calls of `copy`, innermost first.
pub(super) fn unwind(copy: &StackCopy) -> RawStack {
    let mut tables = Tables::new();
    let callback: Callback = add_object;
    // SAFETY: the callback is called before this returns, with the pointer to the tables.
    unsafe { libc::dl_iterate_phdr(Some(callback), (&raw mut tables).cast()) };
    let mut cache = CacheNative::<MayAllocateDuringUnwind>::new();
    let begin = (copy.registers.sp & !7) as u64;
    let mut read = |address: u64| read_word(&copy.words, begin, address).ok_or(());
    let registers = copy.registers.for_unwinding(copy.high);
    let mut frames = tables.iter_frames(copy.registers.pc as u64, registers, &mut cache, &mut read);
    let mut addresses = Vec::new();
    let is_whole = loop {
        if addresses.len() == DEEPEST {
            break false;
        }
        match frames.next() {
            // What is looked up is the byte before, as for a return address.
            Ok(Some(FrameAddress::InstructionPointer(pc))) => addresses.push(pc as usize + 1),
            Ok(Some(FrameAddress::ReturnAddress(after))) => addresses.push(after.get() as usize),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    RawStack {
        addresses,
        is_whole,
    }
}

/// The word at `address`, in memory that begins at `begin`.
fn read_word(words: &[u64], begin: u64, address: u64) -> Option<u64> {
    let offset = address.checked_sub(begin)?;
    let (index, shift) = (usize::try_from(offset / 8).ok()?, (offset % 8) * 8);
    let low = words.get(index)? >> shift;
    match shift {
        0 => Some(low),
        _ => Some(low | words.get(index + 1)? << (64 - shift)),
    }
}

type Callback = unsafe extern "C" fn(*mut libc::dl_phdr_info, usize, *mut c_void) -> c_int;

/// Adds the tables of one object, as the loader shows it.
unsafe extern "C" fn add_object(
    info: *mut libc::dl_phdr_info,
    _bytes: usize,
    tables: *mut c_void,
) -> c_int {
    // SAFETY: the loader's own, for the time of the call.
    let info = unsafe { &*info };
    // SAFETY: what `unwind` has given.
    let tables = unsafe { &mut *tables.cast::<Tables>() };
    // SAFETY: as the loader says.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    if let Some(module) = module(info.dlpi_addr, headers) {
        tables.add_module(module);
    }
    0
}

/// The tables of the object that is loaded at `base`.
fn module(base: u64, headers: &[libc::Elf64_Phdr]) -> Option<Module<Vec<u8>>> {
    let loaded = || {
        headers
            .iter()
            .filter(|header| header.p_type == libc::PT_LOAD)
    };
    let range = |header: &libc::Elf64_Phdr| header.p_vaddr..header.p_vaddr + header.p_memsz;
    let begin = loaded().map(|header| header.p_vaddr).min()?;
    let end = loaded().map(|header| range(header).end).max()?;
    let index = headers
        .iter()
        .find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?;
    let index = range(index);
    // SAFETY: a loaded part of the object.
    let index_bytes = unsafe { bytes(base, &index) };
    let frames = frames_of(&index_bytes, index.start)?;
    // The end of the table is not said: it is in the loaded part that its beginning is in.
    let part = loaded().map(range).find(|part| part.contains(&frames))?;
    let frames = frames..part.end;
    let sections = ExplicitModuleSectionInfo {
        base_svma: 0,
        // SAFETY: as above.
        eh_frame: Some(unsafe { bytes(base, &frames) }),
        eh_frame_svma: Some(frames),
        eh_frame_hdr: Some(index_bytes),
        eh_frame_hdr_svma: Some(index),
        ..Default::default()
    };
    let addresses = base + begin..base + end;
    Some(Module::new(String::new(), addresses, base, sections))
}

/// A copy of a loaded part: the object may go when the loader's call is over.
///
/// # Safety
/// The range is in a readable part of the object that is loaded at `base`.
unsafe fn bytes(base: u64, range: &Range<u64>) -> Vec<u8> {
    let length = (range.end - range.start) as usize;
    let begin = std::ptr::with_exposed_provenance::<u8>((base + range.start) as usize);
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(begin, length) }.to_vec()
}

/// Where the table of frames begins, as its index at `at` says: version 1, and a distance of four bytes with a sign, as
/// every linker writes it.
fn frames_of(index: &[u8], at: u64) -> Option<u64> {
    const RELATIVE_4_BYTES: u8 = 0x1b;
    let distance = index.get(4..8)?;
    if index[0] != 1 || index[1] != RELATIVE_4_BYTES {
        return None;
    }
    let distance = i32::from_le_bytes(distance.try_into().ok()?);
    (at + 4).checked_add_signed(distance.into())
}
