//! A file read and written at offsets, with buffers that operations own: by io_uring where the system has it, elsewhere by
//! the blocking pool.
//!
//! ```sh
//! cargo run -p selkie-examples --bin positional_file
//! ```

use std::io;

use selkie::fs::File;

/// Bytes of one block.
const BLOCK: usize = 4096;

#[selkie::main]
async fn main() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("selkie-positional-{}", std::process::id()));
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .await?;
    // Four blocks in flight at once; the file has no position that they would have to share.
    let blocks = (0..4u8).map(|number| {
        let offset = u64::from(number) * BLOCK as u64;
        file.write_all_at(vec![number; BLOCK], offset)
    });
    for (written, _buffer) in futures::future::join_all(blocks).await {
        written?;
    }
    // The buffer goes in and comes back; nothing is copied on the way.
    let (read, buffer) = file.read_exact_at(vec![0; BLOCK], 2 * BLOCK as u64).await;
    read?;
    println!(
        "block 2 holds {} bytes of value {}",
        buffer.len(),
        buffer[0]
    );
    selkie::fs::remove_file(&path).await
}
