//! Rows of streams in memory and of what is built upon streams.

use selkie::io::{self, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

use super::table::{Row, check, row};

fn empty() -> (DuplexStream, DuplexStream) {
    io::duplex(16)
}

fn rows() -> Vec<Row> {
    vec![
        row("DuplexStream", "memory/duplex.rs", async {
            let (mut ours, _theirs) = empty();
            ours.read_u8().await
        }),
        row("DuplexStream", "memory/duplex.rs", async {
            let (mut ours, _theirs) = empty();
            ours.write_all(&[0; 64]).await
        }),
        row("SimplexStream", "memory/simplex.rs", async {
            let (mut reader, _writer) = io::simplex(16);
            reader.read_u8().await
        }),
        row("ReadHalf", "async_io/split.rs", async {
            let (ours, _theirs) = empty();
            let (mut reader, _writer) = io::split(ours);
            reader.read_u8().await
        }),
        row("BufReader", "buffered/reader.rs", async {
            let (ours, _theirs) = empty();
            BufReader::new(ours).read_line(&mut String::new()).await
        }),
        row("io::copy", "async_io/copy", async {
            let (mut ours, _theirs) = empty();
            io::copy(&mut ours, &mut io::sink()).await
        }),
        row("copy_bidirectional", "async_io/copy", async {
            let ((mut a, _b), (mut c, _d)) = (empty(), empty());
            io::copy_bidirectional(&mut a, &mut c).await
        }),
    ]
}

#[test]
fn streams_in_memory() {
    check(rows);
}
