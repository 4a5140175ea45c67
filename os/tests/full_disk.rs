//! A disk without room: what was reported as written is there, and nothing is lost when it is tried again.
#![cfg(target_os = "linux")]

mod fixture;

use std::future::Future;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;

use selkie::fs::{self, File};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};

use fixture::{PART, TempDir, ringed, run_part, runtimes};

/// What is taken from the disk, and given back once it is full.
const BALLAST: usize = 96 * 1024;
/// Bytes of one write; no multiple of a page, so that a write may be done in part.
const STEP: usize = 5_000;
/// More than the disk has.
const TOO_MUCH: usize = 400_000;

/// The bytes of the write with this number.
fn step(number: usize) -> Vec<u8> {
    vec![number as u8 + 1; STEP]
}

/// What all writes before this number come to.
fn steps(until: usize) -> Vec<u8> {
    (0..until).flat_map(step).collect()
}

/// Makes room on the disk.
fn make_room(at: &Path) {
    std::fs::remove_file(at.join("ballast")).unwrap();
}

fn is_full<T>(outcome: std::io::Result<T>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error) if error.kind() == ErrorKind::StorageFull => true,
        Err(error) => panic!("another failure than was to be: {error}"),
    }
}

/// Writes and flushes until the disk is full; says how many writes were reported.
async fn fill(file: &mut (impl AsyncWriteExt + Unpin)) -> usize {
    for number in 0..100 {
        file.write_all(&step(number)).await.unwrap();
        if is_full(file.flush().await) {
            return number;
        }
    }
    panic!("the disk is not full after 100 writes");
}

async fn flush_again(at: PathBuf) {
    let path = at.join("file");
    let mut file = File::create(&path).await.unwrap();
    let reported = fill(&mut file).await;
    assert!(std::fs::read(&path).unwrap().starts_with(&steps(reported)));
    for _ in 0..3 {
        assert!(is_full(file.flush().await), "it was forgotten");
        assert!(is_full(file.sync_data().await), "it was forgotten");
        assert!(is_full(file.write(b"more").await), "it was forgotten");
    }
    make_room(&at);
    file.flush().await.unwrap();
    assert!(std::fs::read(&path).unwrap() == steps(reported + 1));
    file.sync_all().await.unwrap();
    file.write_all(b"the end").await.unwrap();
    file.shutdown().await.unwrap();
    let expected = [steps(reported + 1), b"the end".to_vec()].concat();
    assert!(std::fs::read(&path).unwrap() == expected);
}

async fn write_again(at: PathBuf) {
    let path = at.join("file");
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(&path)
        .await
        .unwrap();
    let reported = fill(&mut file).await;
    make_room(&at);
    // What was left goes first.
    file.write_all(b"the end").await.unwrap();
    file.flush().await.unwrap();
    let expected = [steps(reported + 1), b"the end".to_vec()].concat();
    assert!(std::fs::read(&path).unwrap() == expected);
}

async fn buffered(at: PathBuf) {
    let path = at.join("file");
    let mut file = BufWriter::new(File::create(&path).await.unwrap());
    let reported = fill(&mut file).await;
    make_room(&at);
    file.flush().await.unwrap();
    assert!(std::fs::read(&path).unwrap() == steps(reported + 1));
}

async fn given_up(at: PathBuf) {
    let path = at.join("file");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .open(&path)
        .await
        .unwrap();
    let reported = fill(&mut file).await;
    // A seek gives the rest up, which flushes go on telling, until a write has told it, too.
    let end = SeekFrom::Start((reported * STEP) as u64);
    file.seek(end).await.unwrap();
    make_room(&at);
    assert!(is_full(file.flush().await) && is_full(file.flush().await));
    assert!(is_full(file.write(b"x").await));
    file.write_all(b"the end").await.unwrap();
    file.flush().await.unwrap();
    file.set_len((reported * STEP + 7) as u64).await.unwrap();
    let expected = [steps(reported), b"the end".to_vec()].concat();
    assert!(std::fs::read(&path).unwrap() == expected);
    file.rewind().await.unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes == expected);
}

async fn at_a_place(at: PathBuf) {
    let path = at.join("file");
    let file = File::create(&path).await.unwrap();
    let mut reported = Vec::new();
    let failed = loop {
        let number = reported.len() / STEP;
        assert!(number < 100, "the disk is not full after 100 writes");
        let (written, buf) = file.write_at(step(number), reported.len() as u64).await;
        assert_eq!(buf, step(number));
        match written {
            Ok(n) => reported.extend_from_slice(&buf[..n]),
            failed => break failed,
        }
        if reported.len() % STEP != 0 {
            let rest = buf[reported.len() % STEP..].to_vec();
            let (written, rest) = file.write_all_at(rest, reported.len() as u64).await;
            if written.is_err() {
                assert!(is_full(written));
                make_room(&at);
                let (written, rest) = file.write_all_at(rest, reported.len() as u64).await;
                written.unwrap();
                reported.extend(rest);
                assert!(std::fs::read(&path).unwrap() == reported);
                return;
            }
            reported.extend(rest);
        }
    };
    assert!(is_full(failed));
    assert!(std::fs::read(&path).unwrap().starts_with(&reported));
    make_room(&at);
    let number = reported.len() / STEP;
    let (written, buf) = file.write_all_at(step(number), reported.len() as u64).await;
    written.unwrap();
    reported.extend(buf);
    assert!(std::fs::read(&path).unwrap() == reported);
}

async fn whole(at: PathBuf) {
    let path = at.join("file");
    assert!(is_full(fs::write(&path, vec![1; TOO_MUCH]).await));
    fs::remove_file(&path).await.unwrap();
    make_room(&at);
    fs::write(&path, steps(20)).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == steps(20));
}

async fn copied(at: PathBuf) {
    let (from, to) = (at.join("from"), at.join("to"));
    fs::write(&from, steps(20)).await.unwrap();
    assert!(is_full(fs::copy(&from, &to).await));
    assert!(std::fs::read(&from).unwrap() == steps(20));
    make_room(&at);
    assert_eq!(fs::copy(&from, &to).await.unwrap(), 20 * STEP as u64);
    assert!(std::fs::read(&to).unwrap() == steps(20));
}

async fn replaced(at: PathBuf) {
    let path = at.join("file");
    fs::replace(&path, steps(10)).await.unwrap();
    assert!(is_full(fs::replace(&path, vec![1; TOO_MUCH]).await));
    assert!(std::fs::read(&path).unwrap() == steps(10), "not the old");
    assert_eq!(std::fs::read_dir(&at).unwrap().count(), 2, "a file is left");
    make_room(&at);
    fs::replace(&path, steps(20)).await.unwrap();
    assert!(std::fs::read(&path).unwrap() == steps(20));
}

async fn reserved(at: PathBuf) {
    let path = at.join("file");
    fs::write(&path, steps(1)).await.unwrap();
    let mut file = File::options().write(true).open(&path).await.unwrap();
    assert!(is_full(file.fallocate(0, TOO_MUCH as u64).await));
    assert!(std::fs::read(&path).unwrap() == steps(1));
    file.fallocate(0, 20 * STEP as u64).await.unwrap();
    // Whatever else fills the disk: there is room for these.
    assert!(is_full(fs::write(at.join("else"), vec![1; TOO_MUCH]).await));
    file.write_all(&steps(20)).await.unwrap();
    file.flush().await.unwrap();
    assert!(std::fs::read(&path).unwrap() == steps(20));
}

type Case = (
    &'static str,
    fn(PathBuf) -> Pin<Box<dyn Future<Output = ()>>>,
);

macro_rules! cases {
    ($($name:ident),*) => {
        const CASES: &[Case] = &[$((stringify!($name), |at| Box::pin($name(at)))),*];
    };
}

cases!(
    flush_again,
    write_again,
    buffered,
    given_up,
    at_a_place,
    whole,
    copied,
    replaced,
    reserved
);

#[test]
fn regression_27_a_full_disk_loses_nothing_that_was_reported() {
    let directory = TempDir::new("full-disk");
    let mount = format!(
        "mount -t tmpfs -o size=256k none {} && exec \"$0\" \"$@\"",
        directory.0.display()
    );
    let launcher = ["unshare", "--map-root-user", "--mount", "sh", "-c", &mount];
    let probe = ["unshare", "--map-root-user", "--mount", "true"];
    let probed = Command::new(probe[0]).args(&probe[1..]).output();
    if !probed.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system lets nobody mount a small disk");
        return;
    }
    let output = run_part(&launcher, "full_disk", &directory.0).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "a part of regression_27_a_full_disk_loses_nothing_that_was_reported"]
fn full_disk() {
    let Some(directory) = std::env::var_os(PART).map(PathBuf::from) else {
        return;
    };
    for (name, case) in CASES {
        for runtime in runtimes().into_iter().chain(ringed()) {
            println!("{name}");
            std::fs::write(directory.join("ballast"), vec![0; BALLAST]).unwrap();
            runtime.block_on(case(directory.clone()));
            drop(runtime);
            for entry in std::fs::read_dir(&directory).unwrap() {
                std::fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
    }
}
