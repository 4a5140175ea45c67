//! Files that are mapped shared: what one way writes the other reads.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use super::comparison::compare;

const BOTH: i32 = libc::PROT_READ | libc::PROT_WRITE;
const LENGTH: usize = 3 * 4096;

/// The beginning of a mapping, or the number of the error.
fn map(file: &File, protection: i32) -> Result<*mut u8, i32> {
    let (none, number) = (std::ptr::null_mut(), file.as_raw_fd());
    // SAFETY: no memory is given, and the kernel chooses where.
    let mapped = unsafe { libc::mmap(none, LENGTH, protection, libc::MAP_SHARED, number, 0) };
    if mapped == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
    }
    Ok(mapped.cast())
}

fn put(memory: *mut u8, at: usize, bytes: &[u8]) {
    // SAFETY: within the mapping.
    let to = unsafe { memory.add(at) };
    // SAFETY: as above.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
}

fn get(memory: *mut u8, at: usize) -> [u8; 4] {
    // SAFETY: within the mapping.
    let from = unsafe { memory.add(at) };
    // SAFETY: as above.
    unsafe { from.cast::<[u8; 4]>().read() }
}

#[test]
fn writes_to_memory_and_to_the_file() {
    compare(|log| {
        let path = std::env::temp_dir().join(format!("selkie-sim-map-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true);
        let file = file.open(&path).unwrap();
        file.set_len(5000).unwrap();
        let (one, two) = (
            map(&file, BOTH).unwrap(),
            map(&file, libc::PROT_READ).unwrap(),
        );
        put(one, 4090, b"across the pages");
        log.say("other mapping", get(two, 4096));
        let mut room = [0; 16];
        log.say("read", (file.read_at(&mut room, 4090).unwrap(), room));
        file.write_all_at(b"written", 100).unwrap();
        log.say("mappings", (get(one, 100), get(two, 103)));
        put(one, 100, b"W");
        log.say("both", (file.read_at(&mut room, 99).unwrap(), room));
        // What is beyond the end is not the file's.
        put(one, 5500, b"lost");
        file.set_len(10_000).unwrap();
        log.say("longer", (get(one, 9000), file.metadata().unwrap().len()));
        file.write_all_at(b"tail", 9000).unwrap();
        log.say("tail", get(two, 9000));
        file.set_len(200).unwrap();
        log.say("shorter", (get(one, 100), get(two, 198)));
        // SAFETY: mapped above.
        log.say("sync", unsafe {
            libc::msync(one.cast(), LENGTH, libc::MS_SYNC)
        });
        // SAFETY: mapped above, and not used any more.
        log.say("unmap", unsafe { libc::munmap(two.cast(), LENGTH) });
        drop(file);
        put(one, 0, b"after the file was closed");
        // SAFETY: as above.
        log.say("unmap", unsafe { libc::munmap(one.cast(), LENGTH) });
        log.say("kept", std::fs::read(&path).unwrap());
        let reader = File::open(&path).unwrap();
        log.say("read only", map(&reader, BOTH).err());
        let writer = OpenOptions::new().write(true).open(&path).unwrap();
        log.say("write only", map(&writer, libc::PROT_READ).err());
        std::fs::remove_file(&path).unwrap();
    });
}
