//! The owned halves of a TCP stream.

use std::net::SocketAddr;

use super::halves::peek_methods;
use super::stream::TcpStream;
use crate::net::halves::owned_halves;

owned_halves!(
    TcpStream,
    SocketAddr,
    "let listener = selkie::net::TcpListener::bind(\"127.0.0.1:0\").await?;\n\
     let client = selkie::net::TcpStream::connect(listener.local_addr()?).await?;\n\
     let (server, _) = listener.accept().await?;"
);
peek_methods!(
    OwnedReadHalf,
    "let (mut reader, _writer) = client.into_split();"
);
