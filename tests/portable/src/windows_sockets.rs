//! Sockets and named pipes as handles.
#![allow(unsafe_code)]

use std::os::windows::io::{
    AsHandle, AsRawHandle, AsRawSocket, AsSocket, FromRawSocket, IntoRawHandle, IntoRawSocket,
};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::windows::named_pipe::{ClientOptions, NamedPipeClient, PipeEnd, ServerOptions};
use selkie::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use selkie::task::yield_now;

const ERROR_PIPE_BUSY: i32 = 231;
const FILE_FLAG_OVERLAPPED: u32 = 0x4000_0000;

/// Handles of sockets are those of the system, and a socket goes out and comes in by one.
pub(crate) async fn handles() {
    let here = "127.0.0.1:0".parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    assert_eq!(socket.as_socket().as_raw_socket(), socket.as_raw_socket());
    socket.bind(here).expect("bind");
    let raw = socket.into_raw_socket();
    // SAFETY: just taken out of its socket, and nobody else's.
    let socket = unsafe { TcpSocket::from_raw_socket(raw) };
    assert_eq!(socket.as_raw_socket(), raw);
    let listener: TcpListener = socket.listen(1).expect("listen");
    assert_eq!(
        listener.as_socket().as_raw_socket(),
        listener.as_raw_socket()
    );
    let address = listener.local_addr().expect("bound");
    let (near, far) = (TcpStream::connect(address), listener.accept());
    let mut near = near.await.expect("connected");
    let (mut far, _) = far.await.expect("accepted");
    assert_eq!(near.as_socket().as_raw_socket(), near.as_raw_socket());
    assert_ne!(near.as_raw_socket(), far.as_raw_socket());
    // A duplicate is the same connection.
    let twin = near.as_socket().try_clone_to_owned().expect("a duplicate");
    let twin = std::net::TcpStream::from(twin);
    assert_eq!(
        twin.local_addr().expect("bound"),
        near.local_addr().expect("bound")
    );
    drop(twin);
    near.write_all(b"ahoy").await.expect("write");
    let mut bytes = [0; 4];
    far.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"ahoy");
    let datagrams = UdpSocket::bind(here).await.expect("bind");
    assert_eq!(
        datagrams.as_socket().as_raw_socket(),
        datagrams.as_raw_socket()
    );
}

/// Ends of a named pipe by their handles, what is asked of them without waiting, and one client too many.
pub(crate) async fn pipes() {
    let name = format!(r"\\.\pipe\selkie-handles-{}", std::process::id());
    let server = ServerOptions::new().max_instances(1).create(&name);
    let mut server = server.expect("an instance");
    assert_eq!(server.as_handle().as_raw_handle(), server.as_raw_handle());
    let client = ClientOptions::new().open(&name).expect("a client");
    assert_eq!(client.as_handle().as_raw_handle(), client.as_raw_handle());
    assert_eq!(client.info().expect("info").end, PipeEnd::Client);
    server.connect().await.expect("connected");
    let second = ClientOptions::new().open(&name).expect_err("one is there");
    assert_eq!(second.raw_os_error(), Some(ERROR_PIPE_BUSY));
    let nothing = server.try_read(&mut [0; 8]).expect_err("nothing is there");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    client.writable().await.expect("room");
    assert_eq!(client.try_write(b"ahoy").expect("room"), 4);
    let mut bytes = [0; 4];
    server.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"ahoy");
    drop(client);
    assert_eq!(server.read(&mut bytes).await.expect("the end"), 0);
    server.disconnect().expect("disconnect");
    // A handle that somebody else opened, for overlapped I/O, as soon as the server waits for a client.
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true);
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, FILE_FLAG_OVERLAPPED);
    let open = async {
        loop {
            match options.open(&name) {
                Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) => yield_now().await,
                opened => break opened.expect("the instance is free").into_raw_handle(),
            }
        }
    };
    let (connected, handle) = selkie::join!(server.connect(), open);
    connected.expect("connected");
    // SAFETY: such an end, opened for overlapped I/O, and nobody else's.
    let client = unsafe { NamedPipeClient::from_raw_handle(handle) };
    let mut client = client.expect("the driver takes it");
    assert_eq!(client.as_raw_handle(), handle);
    server.write_all(b"home").await.expect("write");
    client.read_exact(&mut bytes).await.expect("read");
    assert_eq!(&bytes, b"home");
}
