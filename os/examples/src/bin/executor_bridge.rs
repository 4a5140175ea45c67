//! Selkie's sockets and timers in a program that has an executor of its own.
//!
//! A runtime in the background drives them; `Handle::enter` makes it the context in which they are made. Here the other
//! executor is that of the crate `futures`, which knows nothing of sockets.
//!
//! ```sh
//! cargo run -p selkie-examples --bin executor_bridge
//! ```

use std::io;
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::Builder;

async fn conversation() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = async {
        let (mut connection, _peer) = listener.accept().await?;
        selkie::time::sleep(Duration::from_millis(10)).await;
        connection.write_all(b"from a foreign executor").await
    };
    let client = async {
        let mut connection = TcpStream::connect(address).await?;
        let mut text = String::new();
        connection.read_to_string(&mut text).await?;
        Ok(text)
    };
    let ((), text) = futures::try_join!(server, client)?;
    Ok(text)
}

fn main() -> io::Result<()> {
    // One worker thread is enough to watch sockets and timers for everybody.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let _context = runtime.enter();
    println!("{}", futures::executor::block_on(conversation())?);
    Ok(())
}
