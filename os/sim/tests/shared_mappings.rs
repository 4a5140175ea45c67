//! What a crash leaves of files that were written through memory.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selkie_sim::Builder;
use selkie_sim::disk::{ErrorRates, Profile};

const SECOND: Duration = Duration::from_secs(1);
const PATH: &str = "/data/mapped";

/// Counts in the file's memory until its host crashes, and claims that it is kept; it is synced if `syncs`.
fn count(syncs: bool, counted: &AtomicU64) {
    std::fs::create_dir_all("/data").unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(PATH);
    let file = file.unwrap();
    file.set_len(4096).unwrap();
    file.sync_all().unwrap();
    std::fs::File::open("/data").unwrap().sync_all().unwrap();
    std::fs::File::open("/").unwrap().sync_all().unwrap();
    let (none, number) = (std::ptr::null_mut(), file.as_raw_fd());
    let both = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: no memory is given, and the kernel chooses where.
    let memory = unsafe { libc::mmap(none, 4096, both, libc::MAP_SHARED, number, 0) };
    assert_ne!(memory, libc::MAP_FAILED);
    let word = memory.cast::<u64>();
    // SAFETY: the mapping has so many bytes.
    let begun = unsafe { word.read() };
    let known = counted.load(Ordering::SeqCst);
    assert!(begun >= known, "{known} was counted, {begun} is kept");
    for number in begun + 1.. {
        // SAFETY: as above.
        unsafe { word.write(number) };
        if syncs {
            // SAFETY: mapped above.
            assert_eq!(unsafe { libc::msync(memory, 4096, libc::MS_SYNC) }, 0);
        }
        counted.store(number, Ordering::SeqCst);
        std::thread::sleep(SECOND / 10);
    }
}

/// A disk that keeps at a crash any part of what was not synced, and never fails.
fn without_errors() -> Profile {
    Profile {
        errors: ErrorRates::default(),
        ..Profile::hostile()
    }
}

/// Crashes the host of the program three times.
fn crashes(syncs: bool) {
    Builder::new()
        .runs(10)
        .repeats(2)
        .run(move |world| async move {
            let counted = Arc::new(AtomicU64::new(0));
            let own = Arc::clone(&counted);
            let host = world.host("host").disk(without_errors());
            let host = host.start_main(move || count(syncs, &own));
            for _ in 0..3 {
                world.sleep(5 * SECOND).await;
                host.crash();
                world.sleep(SECOND).await;
                host.restart();
            }
            world.sleep(SECOND).await;
            let counted = counted.load(Ordering::SeqCst);
            assert!(counted > 50, "{counted}");
        });
}

#[test]
fn what_was_synced_is_there() {
    crashes(true);
}

#[test]
fn what_was_not_synced_may_be_lost() {
    let failed = catch_unwind(|| crashes(false)).expect_err("it is lost under some seed");
    let said = failed.downcast_ref::<String>().expect("a text");
    assert!(said.contains("is kept"), "{said}");
}
