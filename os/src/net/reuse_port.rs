//! Whether several sockets may bind to one address, on systems with `SO_REUSEPORT`.

use std::io;

use super::tcp::socket::TcpSocket;

impl TcpSocket {
    /// Reads whether several sockets may bind one address (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// What the system reports.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Sets whether several sockets may bind one address (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// What the system reports.
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuseport)
    }
}
