//! TCP Fast Open: connections whose first bytes are sent with the request to connect (`TCP_FASTOPEN`).
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;

use super::tcp::socket::TcpSocket;

#[inline]
fn checked(outcome: libc::c_int) -> io::Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl TcpSocket {
    #[inline]
    fn set_tcp(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        // SAFETY: the system reads one C int.
        checked(unsafe {
            libc::setsockopt(
                self.inner.as_raw_fd(),
                libc::IPPROTO_TCP,
                option,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        })
    }

    #[inline]
    fn tcp(&self, option: libc::c_int) -> io::Result<libc::c_int> {
        let mut value: libc::c_int = 0;
        let mut len = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the system writes one C int, and its length.
        checked(unsafe {
            libc::getsockopt(
                self.inner.as_raw_fd(),
                libc::IPPROTO_TCP,
                option,
                (&raw mut value).cast(),
                &mut len,
            )
        })?;
        Ok(value)
    }

    /// Makes a socket that will listen take data with the request to connect, for up to `most`
    /// connections at a time that are not established yet (`TCP_FASTOPEN`); zero ends it.
    ///
    /// What comes so may come twice, if the network repeats the request. It works if the system allows
    /// it to servers (bit 1 of `net.ipv4.tcp_fastopen`), and is without effect otherwise. The system may
    /// lower `most` to its limit for backlogs. Linux and Android have this.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// // Clients that were here before may send with their first packet.
    /// socket.set_fast_open(16)?;
    /// assert!(socket.listen(128).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "TCP_FASTOPEN")]
    #[inline]
    pub fn set_fast_open(&self, most: u32) -> io::Result<()> {
        self.set_tcp(libc::TCP_FASTOPEN, i32::try_from(most).unwrap_or(i32::MAX))
    }

    /// How many connections may bring data before they are established (`TCP_FASTOPEN`).
    ///
    /// # Errors
    /// What the system reports.
    #[doc(alias = "TCP_FASTOPEN")]
    #[inline]
    pub fn fast_open(&self) -> io::Result<u32> {
        self.tcp(libc::TCP_FASTOPEN)
            .map(|most| u32::try_from(most).unwrap_or(0))
    }

    /// Makes the first write go with the request to connect, if this system has talked to the server
    /// before (`TCP_FASTOPEN_CONNECT`).
    ///
    /// [`connect`](Self::connect) is then ready at once, and the first write or read
    /// reports that nobody listens. A client that waits for the server to speak first must not set this: nothing
    /// would be sent. Linux and Android have this.
    ///
    /// # Errors
    /// What the system reports; that it is not allowed to clients (bit 0 of `net.ipv4.tcp_fastopen`), for
    /// one.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
    /// use selkie::net::TcpSocket;
    ///
    /// let server = TcpSocket::new_v4()?;
    /// server.set_fast_open(64)?;
    /// server.bind("127.0.0.1:0".parse().expect("an address"))?;
    /// let address = server.local_addr()?;
    /// let listener = server.listen(64)?;
    ///
    /// let client = TcpSocket::new_v4()?;
    /// // Without it, too, all goes well.
    /// let _ = client.set_fast_open_connect(true);
    /// let mut client = client.connect(address).await?;
    /// client.write_all(b"ahoy").await?;
    /// let (mut stream, _) = listener.accept().await?;
    /// let mut request = [0; 4];
    /// stream.read_exact(&mut request).await?;
    /// assert_eq!(&request, b"ahoy");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "TCP_FASTOPEN_CONNECT")]
    #[inline]
    pub fn set_fast_open_connect(&self, with_first_write: bool) -> io::Result<()> {
        self.set_tcp(libc::TCP_FASTOPEN_CONNECT, with_first_write.into())
    }

    /// Whether the first write goes with the request to connect (`TCP_FASTOPEN_CONNECT`).
    ///
    /// # Errors
    /// What the system reports.
    #[doc(alias = "TCP_FASTOPEN_CONNECT")]
    #[inline]
    pub fn fast_open_connect(&self) -> io::Result<bool> {
        self.tcp(libc::TCP_FASTOPEN_CONNECT).map(|is| is != 0)
    }
}
