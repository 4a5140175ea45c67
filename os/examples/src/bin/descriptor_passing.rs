//! An open file goes from one task to another through a Unix socket, as between two processes: who receives it can read
//! what it could not have opened.
//!
//! ```sh
//! cargo run -p selkie-examples --bin descriptor_passing
//! ```

#[cfg(target_os = "linux")]
#[selkie::main]
async fn main() -> std::io::Result<()> {
    use std::io::Read;
    use std::os::fd::AsFd;

    use selkie::net::UnixStream;

    let path = std::env::temp_dir().join(format!("selkie-passed-{}", std::process::id()));
    std::fs::write(&path, "only for who has the descriptor\n")?;
    let file = std::fs::File::open(&path)?;
    std::fs::remove_file(&path)?;

    let (ours, theirs) = UnixStream::pair()?;
    ours.send_with_fds(b"a file", &[file.as_fd()]).await?;

    let receiver = selkie::spawn(async move {
        let (mut message, mut descriptors) = ([0; 16], Vec::new());
        let count = theirs.recv_with_fds(&mut message, &mut descriptors).await?;
        println!(
            "{} and {} descriptor",
            String::from_utf8_lossy(&message[..count]),
            descriptors.len()
        );
        let mut text = String::new();
        std::fs::File::from(descriptors.remove(0)).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    });
    print!("{}", receiver.await.expect("the task does not panic")?);
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this system does not pass descriptors here");
}
