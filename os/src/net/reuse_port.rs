//! Whether several sockets may bind to one address, on systems with `SO_REUSEPORT`.

use std::io;

use super::tcp::socket::TcpSocket;

impl TcpSocket {
    /// Reads whether several sockets may bind one address (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Sets whether several sockets may bind one address (`SO_REUSEPORT`).
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
    /// let listen = |address| {
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_reuseport(true)?;
    ///     socket.bind(address)?;
    ///     socket.listen(128)
    /// };
    /// let one = listen("127.0.0.1:0".parse().unwrap())?;
    /// // Another listener of the same address: the system divides the connections.
    /// let two = listen(one.local_addr()?)?;
    /// assert_eq!(one.local_addr()?, two.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuseport)
    }
}
