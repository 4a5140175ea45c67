//! A small run of everything that a socket does, for `tests/faults/run`, which makes its system
//! calls fail one after the other.
//!
//! The exit status is 0 if the run succeeded ("succeeded") or failed cleanly ("failed: …"), that is, with an error and
//! with no descriptor left open; it is 1 if a descriptor leaked. It must never hang.

use std::io;
use std::process::ExitCode;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::unix::pipe;
use selkie::net::{Splice, TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream};
use selkie::runtime::Builder;

/// More than the buffers of a loopback connection hold, so that writes block.
const BULK_BYTES: usize = 8 << 20;

async fn serve(listener: TcpListener, connections: usize) -> io::Result<()> {
    for _ in 0..connections {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 4];
        stream.read_exact(&mut request).await?;
        stream.write_all(&request).await?;
        let mut bulk = Vec::new();
        stream.read_to_end(&mut bulk).await?;
        // Half closed: the answer still goes.
        stream.write_all(&bulk.len().to_be_bytes()).await?;
        stream.shutdown().await?;
    }
    Ok(())
}

async fn ask(listener: io::Result<std::net::SocketAddr>, bulk: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(listener?).await?;
    stream.write_all(b"ahoy").await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"ahoy");
    stream.write_all(&vec![7; bulk]).await?;
    stream.shutdown().await?;
    assert_eq!(stream.read_u64().await?, bulk as u64);
    assert_eq!(stream.read(&mut [0]).await?, 0);
    Ok(())
}

async fn tcp() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr();
    let client = async {
        ask(
            addr.as_ref().copied().map_err(|error| error.kind().into()),
            16,
        )
        .await?;
        ask(
            addr.as_ref().copied().map_err(|error| error.kind().into()),
            BULK_BYTES,
        )
        .await
    };
    selkie::try_join!(serve(listener, 2), client).map(drop)
}

async fn datagrams() -> io::Result<()> {
    let one = UdpSocket::bind("127.0.0.1:0").await?;
    let two = UdpSocket::bind("127.0.0.1:0").await?;
    let mut buf = [0; 8];
    // A datagram that was not sent is not waited for.
    let (_, (received, _)) = selkie::try_join!(
        async { one.send_to(b"ahoy", two.local_addr()?).await },
        async {
            two.readable().await?;
            two.recv_from(&mut buf).await
        }
    )?;
    assert_eq!(received, 4);
    let (one, two) = UnixDatagram::pair()?;
    one.send(b"ahoy").await?;
    assert_eq!(two.recv(&mut buf).await?, 4);
    Ok(())
}

async fn unix() -> io::Result<()> {
    let (mut one, mut two) = UnixStream::pair()?;
    let (sent, read) = selkie::try_join!(
        async {
            one.write_all(&vec![1; 1 << 20]).await?;
            one.shutdown().await
        },
        async {
            let mut all = Vec::new();
            two.read_to_end(&mut all).await
        }
    )?;
    assert_eq!((sent, read), ((), 1 << 20));
    let (mut sender, mut receiver) = pipe::pipe()?;
    let read = async {
        let mut all = Vec::new();
        receiver.read_to_end(&mut all).await
    };
    let write = async move { sender.write_all(&vec![2; 1 << 18]).await };
    assert_eq!(selkie::try_join!(write, read)?.1, 1 << 18);
    Ok(())
}

async fn spliced() -> io::Result<()> {
    let (mut one, near) = UnixStream::pair()?;
    let (far, mut two) = UnixStream::pair()?;
    let mut splice = Splice::new()?;
    let write = async move { one.write_all(&vec![3; 1 << 18]).await };
    let mut all = vec![0; 1 << 18];
    let ((), copied, _) = selkie::try_join!(
        write,
        splice.copy(&near, &far, 1 << 18),
        two.read_exact(&mut all)
    )?;
    // Alone: what is given up while the pool has it would hold its descriptors for a moment.
    let file = std::fs::File::open("/proc/self/exe")?;
    let sent = splice.send_file(&file, 0, &far, 1 << 14).await?;
    drop(far);
    two.read_to_end(&mut all).await?;
    assert_eq!((copied, sent), (1 << 18, 1 << 14));
    assert_eq!(all.len(), (1 << 18) + (1 << 14));
    Ok(())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn run() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let before = descriptors();
    let outcome = runtime.block_on(async {
        datagrams().await?;
        tcp().await?;
        unix().await?;
        spliced().await
    });
    let after = descriptors();
    if before != after {
        eprintln!("{before} descriptors before, {after} after; {outcome:?}");
        std::process::exit(1);
    }
    outcome
}

fn main() -> ExitCode {
    let before = descriptors();
    let outcome = run();
    let after = descriptors();
    match &outcome {
        Ok(()) => println!("succeeded"),
        Err(error) => println!("failed: {error}"),
    }
    if before == after {
        ExitCode::SUCCESS
    } else {
        eprintln!("{before} descriptors before the runtime, {after} after it; {outcome:?}");
        ExitCode::FAILURE
    }
}
