//! A UDP server that sends each datagram back, and a client that counts what returns.
//!
//! ```sh
//! cargo run -p selkie-examples --bin datagram_echo
//! ```

use std::io;
use std::time::Duration;

use selkie::net::UdpSocket;
use selkie::time::timeout;

async fn serve(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = [0; 2048];
    loop {
        let (count, peer) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..count], peer).await?;
    }
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let server = UdpSocket::bind("127.0.0.1:0").await?;
    let client = UdpSocket::bind("127.0.0.1:0").await?;
    client.connect(server.local_addr()?).await?;
    selkie::spawn(serve(server));

    let mut buffer = [0; 2048];
    let mut returned = 0;
    for number in 0..10 {
        let message = format!("datagram {number}");
        client.send(message.as_bytes()).await?;
        // A network may lose any of them: never wait without a limit.
        match timeout(Duration::from_secs(1), client.recv(&mut buffer)).await {
            Ok(count) => {
                let count = count?;
                println!("{}", String::from_utf8_lossy(&buffer[..count]));
                returned += 1;
            }
            Err(_limit) => println!("datagram {number} was lost"),
        }
    }
    println!("{returned} of 10 came back");
    Ok(())
}
