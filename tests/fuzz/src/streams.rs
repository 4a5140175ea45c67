//! The io utilities against std's, over readers and writers that follow a script.

use std::io::{self, BufRead, Read};

use arbitrary::Unstructured;
use selkie::io::{
    self as ours, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter,
};
use selkie::runtime::{Builder, Runtime};

use crate::scripts::{Script, ScriptedStream, SelkieStream};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().build().expect("a runtime");
}

/// What both say, as far as it must be the same.
type Outcome<T> = Result<T, io::ErrorKind>;

fn outcome<T>(result: io::Result<T>) -> Outcome<T> {
    result.map_err(|error| error.kind())
}

/// One utility on one input.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(which) = input.int_in_range(0..=11) else {
        return;
    };
    let (Ok(read), Ok(write)) = (input.arbitrary::<Script>(), input.arbitrary::<Script>()) else {
        return;
    };
    let size = input.int_in_range(1..=20_usize).unwrap_or(1);
    let length = input.int_in_range(0..=70_usize).unwrap_or(0);
    let bytes: Vec<u8> = input.bytes(length).unwrap_or_default().to_vec();
    // Lines, and text that is none.
    let bytes: Vec<u8> = bytes
        .iter()
        .map(|byte| if byte % 5 == 0 { b'\n' } else { *byte })
        .collect();
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            match which {
                0 => copies(&read, &write, &bytes).await,
                1 => reads_exactly(&read, &bytes, size).await,
                2 => reads_to_end(&read, &bytes).await,
                3 => reads_to_string(&read, &bytes).await,
                4 => reads_lines(&read, &bytes, size).await,
                5 => splits(&read, &bytes, size).await,
                6 => takes(&read, &bytes, size).await,
                7 => chains(&read, &write, &bytes, size).await,
                8 => writes_buffered(&write, &bytes, size).await,
                9 => copies_buffered(&read, &write, &bytes, size).await,
                10 => reads_numbers(&read, &bytes).await,
                _ => goes_through_a_pipe(&read, &bytes, size).await,
            }
        });
    });
}

async fn copies(read: &Script, write: &Script, bytes: &[u8]) {
    let (mut reader, mut writer) = (
        ScriptedStream::reader(read, bytes),
        ScriptedStream::writer(write),
    );
    let theirs = outcome(io::copy(&mut reader, &mut writer));
    let (mut own_reader, mut own) = (
        SelkieStream::reader(read, bytes),
        SelkieStream::writer(write),
    );
    let mine = outcome(ours::copy(&mut own_reader, &mut own).await);
    assert_eq!(mine, theirs, "copy");
    assert!(bytes.starts_with(&own.0.bytes), "what was written");
    if mine.is_ok() {
        assert_eq!(own.0.bytes, writer.bytes);
    }
}

async fn copies_buffered(read: &Script, write: &Script, bytes: &[u8], size: usize) {
    let mut own_reader = BufReader::with_capacity(size, SelkieStream::reader(read, bytes));
    let mut own = SelkieStream::writer(write);
    let mine = outcome(ours::copy_buf(&mut own_reader, &mut own).await);
    let mut reader = io::BufReader::with_capacity(size, ScriptedStream::reader(read, bytes));
    let mut writer = ScriptedStream::writer(write);
    let theirs = outcome(io::copy(&mut reader, &mut writer));
    assert_eq!(mine, theirs, "copy_buf");
    assert!(bytes.starts_with(&own.0.bytes), "what was written");
}

async fn reads_exactly(read: &Script, bytes: &[u8], size: usize) {
    let (mut reader, mut own) = (
        ScriptedStream::reader(read, bytes),
        SelkieStream::reader(read, bytes),
    );
    let (mut buf, mut own_buf) = (vec![0; size], vec![0; size]);
    for _ in 0..4 {
        let theirs = outcome(reader.read_exact(&mut buf));
        let mine = outcome(own.read_exact(&mut own_buf).await.map(drop));
        assert_eq!(mine, theirs, "read_exact");
        if mine.is_err() {
            return;
        }
        assert_eq!(own_buf, buf);
    }
}

async fn reads_to_end(read: &Script, bytes: &[u8]) {
    let (mut reader, mut own) = (
        ScriptedStream::reader(read, bytes),
        SelkieStream::reader(read, bytes),
    );
    let (mut buf, mut own_buf) = (b"before".to_vec(), b"before".to_vec());
    let theirs = outcome(reader.read_to_end(&mut buf));
    let mine = outcome(own.read_to_end(&mut own_buf).await);
    assert_eq!(mine, theirs, "read_to_end");
    assert_eq!(own_buf, buf, "also when it fails");
}

async fn reads_to_string(read: &Script, bytes: &[u8]) {
    let (mut reader, mut own) = (
        ScriptedStream::reader(read, bytes),
        SelkieStream::reader(read, bytes),
    );
    let (mut text, mut own_text) = ("before".to_owned(), "before".to_owned());
    let theirs = outcome(reader.read_to_string(&mut text));
    let mine = outcome(own.read_to_string(&mut own_text).await);
    assert_eq!(mine.is_ok(), theirs.is_ok(), "read_to_string");
    if mine.is_ok() {
        assert_eq!(own_text, text);
    }
}

async fn reads_lines(read: &Script, bytes: &[u8], size: usize) {
    let reader = io::BufReader::with_capacity(size, ScriptedStream::reader(read, bytes));
    let own = BufReader::with_capacity(size, SelkieStream::reader(read, bytes));
    let mut own = own.lines();
    for line in reader.lines() {
        let mine = outcome(own.next_line().await);
        let theirs = outcome(line);
        assert_eq!(mine, theirs.clone().map(Some), "lines");
        if theirs.is_err() {
            return;
        }
    }
    assert_eq!(outcome(own.next_line().await), Ok(None));
}

async fn splits(read: &Script, bytes: &[u8], size: usize) {
    let reader = io::BufReader::with_capacity(size, ScriptedStream::reader(read, bytes));
    let own = BufReader::with_capacity(size, SelkieStream::reader(read, bytes));
    let mut own = own.split(b'\n');
    for part in reader.split(b'\n') {
        let mine = outcome(own.next_segment().await);
        let theirs = outcome(part);
        assert_eq!(mine, theirs.clone().map(Some), "split");
        if theirs.is_err() {
            return;
        }
    }
    assert_eq!(outcome(own.next_segment().await), Ok(None));
}

async fn takes(read: &Script, bytes: &[u8], size: usize) {
    let mut reader = Read::take(ScriptedStream::reader(read, bytes), size as u64);
    let mut own = AsyncReadExt::take(SelkieStream::reader(read, bytes), size as u64);
    let (mut buf, mut own_buf) = (Vec::new(), Vec::new());
    let theirs = outcome(reader.read_to_end(&mut buf));
    let mine = outcome(own.read_to_end(&mut own_buf).await);
    assert_eq!(
        (mine, own_buf, own.limit()),
        (theirs, buf, reader.limit()),
        "take"
    );
}

async fn chains(first: &Script, second: &Script, bytes: &[u8], size: usize) {
    let (one, two) = bytes.split_at(size.min(bytes.len()));
    let mut reader = ScriptedStream::reader(first, one).chain(ScriptedStream::reader(second, two));
    let mut own = AsyncReadExt::chain(
        SelkieStream::reader(first, one),
        SelkieStream::reader(second, two),
    );
    let (mut buf, mut own_buf) = (Vec::new(), Vec::new());
    let theirs = outcome(reader.read_to_end(&mut buf));
    let mine = outcome(own.read_to_end(&mut own_buf).await);
    assert_eq!((mine, own_buf), (theirs, buf), "chain");
}

async fn writes_buffered(write: &Script, bytes: &[u8], size: usize) {
    let mut own = BufWriter::with_capacity(size, SelkieStream::writer(write));
    let mut all = Ok(());
    for part in bytes.chunks(7) {
        all = own.write_all(part).await;
        if all.is_err() {
            break;
        }
    }
    if all.is_ok() {
        all = own.flush().await;
    }
    let fails = write.fails_at.is_some_and(|at| at < bytes.len());
    assert_eq!(all.is_err(), fails, "a buffered writer");
    let written = &own.get_ref().0.bytes;
    assert!(bytes.starts_with(written), "what was written");
    if !fails {
        assert_eq!(written, bytes);
    }
}

async fn reads_numbers(read: &Script, bytes: &[u8]) {
    let (mut reader, mut own) = (
        ScriptedStream::reader(read, bytes),
        SelkieStream::reader(read, bytes),
    );
    let mut buf = [0; 4];
    loop {
        let theirs = outcome(
            reader
                .read_exact(&mut buf)
                .map(|()| u32::from_be_bytes(buf)),
        );
        let mine = outcome(own.read_u32().await);
        assert_eq!(mine, theirs, "read_u32");
        if mine.is_err() {
            return;
        }
    }
}

async fn goes_through_a_pipe(read: &Script, bytes: &[u8], size: usize) {
    let (mut near, mut far) = ours::duplex(size);
    let mut source = SelkieStream::reader(read, bytes);
    let sends = async move {
        let sent = outcome(ours::copy(&mut source, &mut near).await);
        let _closed = near.shutdown().await;
        sent
    };
    let receives = async move {
        let mut buf = Vec::new();
        far.read_to_end(&mut buf).await.map(|_| buf)
    };
    let (sent, received) = selkie::join!(sends, receives);
    let received = received.expect("a pipe does not fail");
    assert!(bytes.starts_with(&received), "what came through");
    if let Ok(count) = sent {
        assert_eq!((count, received.as_slice()), (bytes.len() as u64, bytes));
    }
}
