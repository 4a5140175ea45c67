//! Files of hosts: what programs do with them, who sees them, and what a crash leaves.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie_sim::disk::{Fault, Operation, Profile};
use selkie_sim::{Builder, Faults, Host, World};

/// Waits until the host's program has ended well.
async fn ends(world: &World, host: &Host) {
    let limit = Duration::from_secs(600);
    world
        .eventually(limit, "the host ends", || host.ended().is_some())
        .await;
    assert_eq!(host.ended(), Some(Ok(())));
}

/// Runs a program on a host of its own, for some seeds, each three times: the traces are the same.
fn on_a_host(program: fn()) {
    Builder::new()
        .runs(5)
        .repeats(3)
        .run(move |world| async move {
            let host = world
                .host("host")
                .disk(Profile {
                    errors: Profile::calm().errors,
                    ..Profile::rough()
                })
                .start_main(program);
            ends(&world, &host).await;
        });
}

fn names(directory: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn files_of_the_standard_library() {
    on_a_host(|| {
        fs::create_dir_all("/data/log").unwrap();
        fs::write("/data/log/a", "hello").unwrap();
        assert_eq!(fs::read_to_string("/data/log/a").unwrap(), "hello");
        let mut file = OpenOptions::new().append(true).open("/data/log/a").unwrap();
        file.write_all(b" world").unwrap();
        assert_eq!(file.metadata().unwrap().len(), 11);
        let mut file = File::options()
            .read(true)
            .write(true)
            .open("/data/log/a")
            .unwrap();
        file.seek(SeekFrom::Start(6)).unwrap();
        let mut word = String::new();
        file.read_to_string(&mut word).unwrap();
        assert_eq!(word, "world");
        file.write_all_at(b"W", 6).unwrap();
        let mut one = [0];
        file.read_exact_at(&mut one, 6).unwrap();
        assert_eq!(&one, b"W");
        file.set_len(3).unwrap();
        assert_eq!(fs::read("/data/log/a").unwrap(), b"hel");
        file.sync_all().unwrap();
        file.sync_data().unwrap();
        fs::copy("/data/log/a", "/data/log/b").unwrap();
        assert_eq!(fs::read("/data/log/b").unwrap(), b"hel");
        fs::rename("/data/log/b", "/data/c").unwrap();
        assert_eq!(names("/data/log"), ["a"]);
        assert_eq!(names("/data"), ["c", "log"]);
        let absent = File::open("/data/log/b").unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        fs::remove_file("/data/c").unwrap();
        fs::remove_dir_all("/data").unwrap();
        assert!(!Path::new("/data").exists());
    });
}

#[test]
fn links_and_attributes() {
    on_a_host(|| {
        fs::create_dir("/d").unwrap();
        fs::write("/d/file", "text").unwrap();
        fs::hard_link("/d/file", "/d/hard").unwrap();
        symlink("file", "/d/soft").unwrap();
        assert_eq!(fs::metadata("/d/file").unwrap().nlink(), 2);
        assert_eq!(fs::read("/d/soft").unwrap(), b"text");
        assert_eq!(fs::read_link("/d/soft").unwrap(), Path::new("file"));
        assert!(fs::symlink_metadata("/d/soft").unwrap().is_symlink());
        assert_eq!(
            fs::canonicalize("/d/../d/soft").unwrap(),
            Path::new("/d/file")
        );
        let (one, two) = (fs::metadata("/d/file"), fs::metadata("/d/hard"));
        assert_eq!(one.unwrap().ino(), two.unwrap().ino());
        fs::set_permissions("/d/file", fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fs::metadata("/d/hard").unwrap().mode() & 0o777, 0o600);
        let file = File::open("/d/file").unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        assert!(written.elapsed().unwrap() < Duration::from_secs(600));
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let changed = file.metadata().unwrap().modified().unwrap();
        assert_eq!(changed, SystemTime::UNIX_EPOCH);
        // Dropped in the middle of a list, and removed while it is open.
        let mut entries = fs::read_dir("/d").unwrap();
        entries.next().unwrap().unwrap();
        drop(entries);
        fs::remove_file("/d/file").unwrap();
        assert_eq!(io::read_to_string(&file).unwrap(), "text");
    });
}

#[test]
fn the_working_directory_is_the_hosts() {
    on_a_host(|| {
        fs::create_dir("/home-of-it").unwrap();
        std::env::set_current_dir("/home-of-it").unwrap();
        fs::write("here", "1").unwrap();
        assert_eq!(fs::read("/home-of-it/here").unwrap(), b"1");
        let here = std::env::current_dir().unwrap();
        assert_eq!(here, Path::new("/home-of-it"));
    });
    assert_ne!(
        std::env::current_dir().unwrap(),
        Path::new("/home-of-it"),
        "the real process is where it was"
    );
}

#[test]
fn locks_exclude_and_wait() {
    on_a_host(|| {
        let file = File::create("/lock").unwrap();
        file.lock().unwrap();
        let other = File::open("/lock").unwrap();
        assert!(other.try_lock().is_err());
        let is_free = Arc::new(AtomicBool::new(false));
        let frees = Arc::clone(&is_free);
        let waits = std::thread::spawn(move || {
            other.lock().unwrap();
            assert!(frees.load(Ordering::SeqCst));
        });
        std::thread::sleep(Duration::from_millis(50));
        is_free.store(true, Ordering::SeqCst);
        drop(file);
        waits.join().unwrap();
    });
}

#[test]
fn files_of_selkie() {
    Builder::new().runs(5).repeats(3).run(|world| async move {
        let host = world.host("host").start(|| async {
            use selkie::fs;
            fs::create_dir_all("/data/log").await.unwrap();
            let mut file = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open("/data/log/a")
                .await
                .unwrap();
            file.write_all(&[7; 100_000]).await.unwrap();
            file.sync_all().await.unwrap();
            file.seek(SeekFrom::Start(99_999)).await.unwrap();
            let mut last = Vec::new();
            file.read_to_end(&mut last).await.unwrap();
            assert_eq!(last, [7]);
            fs::rename("/data/log/a", "/data/log/b").await.unwrap();
            assert_eq!(fs::metadata("/data/log/b").await.unwrap().len(), 100_000);
            let mut entries = fs::read_dir("/data/log").await.unwrap();
            let entry = entries.next_entry().await.unwrap().unwrap();
            assert_eq!(entry.file_name(), "b");
            assert!(entries.next_entry().await.unwrap().is_none());
            assert_eq!(fs::read("/data/log/b").await.unwrap().len(), 100_000);
            fs::remove_dir_all("/data").await.unwrap();
            assert!(!fs::try_exists("/data").await.unwrap());
        });
        ends(&world, &host).await;
    });
}

#[test]
fn hosts_do_not_see_each_others_files() {
    Builder::new().run(|world| async move {
        let one = world
            .host("one")
            .start_main(|| fs::write("/tmp/file", "one").unwrap());
        ends(&world, &one).await;
        let two = world
            .host("two")
            .start_main(|| assert!(!Path::new("/tmp/file").exists()));
        ends(&world, &two).await;
        assert!(!Path::new("/tmp/file").exists());
    });
    assert!(!Path::new("/tmp/file").exists());
}

#[test]
fn a_program_sees_its_own_files_and_not_the_machine() {
    on_a_host(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(text.contains("selkie-sim"));
        assert!(names(env!("CARGO_MANIFEST_DIR")).contains(&String::from("src")));
        // A change stays on the simulated disk.
        let mut file = OpenOptions::new().append(true).open(&manifest).unwrap();
        file.write_all(b"# changed").unwrap();
        assert_eq!(
            fs::read_to_string(&manifest).unwrap(),
            format!("{text}# changed")
        );
        assert!(!Path::new("/proc/cpuinfo").exists());
        assert!(!Path::new("/sys").exists());
        assert!(names("/tmp").is_empty());
        File::options()
            .write(true)
            .open("/dev/null")
            .unwrap()
            .write_all(b"x")
            .unwrap();
        let mut numbers = [0; 32];
        let mut entropy = File::open("/dev/urandom").unwrap();
        entropy.read_exact(&mut numbers).unwrap();
        assert_ne!(numbers, [0; 32]);
        assert!(File::open(std::env::current_exe().unwrap()).is_ok());
    });
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    assert!(!text.contains("# changed"));
}

#[test]
fn stack_traces_have_the_names_of_functions() {
    on_a_host(|| {
        let trace = std::backtrace::Backtrace::force_capture().to_string();
        assert!(trace.contains("stack_traces_have_the_names"), "{trace}");
    });
}

#[test]
fn a_full_disk_says_so() {
    Builder::new().runs(5).run(|world| async move {
        let host = world.host("host").start_main(|| {
            fs::write("/small", [1; 4096]).unwrap();
            std::thread::sleep(Duration::from_secs(2));
            let full = fs::write("/large", [1; 100_000]).unwrap_err();
            assert_eq!(full.kind(), ErrorKind::StorageFull);
        });
        world.sleep(Duration::from_secs(1)).await;
        let (used, _) = host.disk_usage();
        host.disk_capacity(used + 8192);
        ends(&world, &host).await;
        assert_eq!(host.disk_usage(), (used + 8192, used + 8192));
    });
}

#[test]
fn a_disk_fails_by_hand() {
    Builder::new().run(|world| async move {
        let host = world.host("host").start_main(|| {
            let mut file = File::create("/file").unwrap();
            std::thread::sleep(Duration::from_secs(2));
            file.write_all(b"text").unwrap();
            let failed = file.sync_all().unwrap_err();
            assert_eq!(failed.raw_os_error(), Some(5));
            file.sync_all().unwrap();
        });
        world.sleep(Duration::from_secs(1)).await;
        host.fail_disk(Fault {
            only: Some(Operation::Sync),
            ..Fault::next(1)
        });
        ends(&world, &host).await;
    });
}

#[test]
fn disks_fail_as_a_seed_says_and_are_well_again() {
    Builder::new().runs(5).repeats(3).run(|world| async move {
        let host = world.host("host").start_main(|| {
            let mut failures = 0;
            for number in 0..100_u32 {
                std::thread::sleep(Duration::from_millis(500));
                let written = fs::write("/file", number.to_string());
                failures += u32::from(written.is_err());
            }
            assert!(failures > 0, "some writes fail");
            fs::write("/file", "done").unwrap();
        });
        let faults = Faults::hostile()
            .partitions(0)
            .pauses(0)
            .crashes(0)
            .slow_links(0)
            .clock_shifts(0)
            .disk_errors(1)
            .full_disks(1);
        let time = Duration::from_secs(40);
        world.faults(&faults, &[&host], time).await;
        ends(&world, &host).await;
    });
}

/// A store that writes a number down and acknowledges it, or, at its start, says what it finds.
fn store(path: &str, number: Option<u8>, syncs: bool) -> Option<u8> {
    let Some(number) = number else {
        return fs::read(path).ok().and_then(|bytes| bytes.last().copied());
    };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(&[number]).unwrap();
    if syncs {
        file.sync_all().unwrap();
    }
    None
}

async fn crash_after_writing(world: World, syncs: bool) {
    let (told, mut hears) = selkie::sync::mpsc::unbounded_channel();
    let host = world.host("store").start_main(move || {
        let found = store("/log", None, syncs);
        store("/log", Some(found.unwrap_or(0) + 1), syncs);
        told.send(found).unwrap();
        std::thread::sleep(Duration::from_secs(60));
    });
    assert_eq!(hears.recv().await.unwrap(), None);
    host.crash();
    world.sleep(Duration::from_secs(1)).await;
    host.restart();
    let found = hears.recv().await.unwrap();
    assert_eq!(found, Some(1), "what was acknowledged is lost");
}

#[test]
fn what_was_synced_survives() {
    Builder::new()
        .runs(100)
        .run(|world| crash_after_writing(world, true));
}

#[test]
fn an_acknowledgement_without_a_sync_is_found() {
    let found = std::panic::catch_unwind(|| {
        Builder::new()
            .runs(1000)
            .run(|world| crash_after_writing(world, false));
    });
    let found = found.expect_err("something is lost that was acknowledged");
    let said = found.downcast_ref::<String>().expect("a text");
    println!("{said}");
    assert!(said.contains("what was acknowledged is lost"), "{said}");
    assert!(said.contains("SELKIE_SIM_SEED="), "{said}");
}
