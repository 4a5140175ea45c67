//! Many datagrams by one system call, in both directions.
//!
//! ```sh
//! cargo run -p selkie-examples --bin datagram_batches
//! ```

#[cfg(target_os = "linux")]
#[selkie::main]
async fn main() -> std::io::Result<()> {
    use std::io::{IoSlice, IoSliceMut};

    use selkie::net::UdpSocket;

    const COUNT: usize = 32;

    let sender = UdpSocket::bind("127.0.0.1:0").await?;
    let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    let address = receiver.local_addr()?;
    let texts: Vec<_> = (0..COUNT)
        .map(|number| format!("datagram {number}"))
        .collect();
    let datagrams: Vec<_> = texts
        .iter()
        .map(|text| (IoSlice::new(text.as_bytes()), address))
        .collect();
    let mut sent = 0;
    while sent < COUNT {
        sent += sender.send_many(&datagrams[sent..]).await?;
    }

    let mut memory = vec![[0u8; 64]; COUNT];
    let mut count = 0;
    while count < COUNT {
        let mut buffers: Vec<_> = memory
            .iter_mut()
            .map(|buffer| IoSliceMut::new(buffer))
            .collect();
        let mut received = Vec::new();
        let now = receiver.recv_many(&mut buffers, &mut received).await?;
        println!("{now} datagrams by one call");
        count += now;
    }
    println!("{count} of {COUNT} have arrived");
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this system takes one datagram at a time");
}
