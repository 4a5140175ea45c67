//! The socket on which an inspector listens, and its connections.

use std::io;
use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use selkie::io::{AsyncRead, AsyncWrite};
use selkie::net::TcpListener;
use selkie::sync::{OwnedSemaphorePermit, Semaphore};
use selkie::task::JoinSet;
use selkie::time::{sleep, timeout};

use super::connection::{close, send, serve_connection};
use crate::access::Access;
use crate::address::Address;
use crate::endpoints::State;
use crate::reply::problem;

/// Connections at a time.
const MOST_CONNECTIONS: usize = 64;
/// How long nothing is accepted after an error, for want of descriptors as a rule.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How long a client that is one too many may take to read that.
const REFUSAL_LIMIT: Duration = Duration::from_millis(100);

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    address: Address,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

impl Listener {
    /// Opens the socket, in the context of the runtime that will serve it.
    pub(crate) fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => {
                let socket = StdListener::bind(address)?;
                socket.set_nonblocking(true)?;
                let address = socket.local_addr()?.into();
                let socket = Socket::Tcp(TcpListener::from_std(socket)?);
                Ok(Self { socket, address })
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let socket = Socket::Unix(unix::Listener::bind(path)?);
                let address = address.clone();
                Ok(Self { socket, address })
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    async fn accept(&self) -> io::Result<Pin<Box<dyn Stream>>> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // Answers are written as a whole; it does no harm if that is refused.
                let _set = stream.set_nodelay(true);
                Ok(Box::pin(stream))
            }
            #[cfg(unix)]
            Socket::Unix(socket) => Ok(Box::pin(socket.accept().await?)),
        }
    }
}

/// Accepts connections and answers on each, for ever.
pub(crate) async fn serve(listener: Listener, shown: Arc<State>, access: Access) {
    let access = Arc::new(access);
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(mut stream) = listener.accept().await else {
            sleep(BACK_OFF).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let permit = Arc::clone(&permits).try_acquire_owned();
        let (shown, access) = (Arc::clone(&shown), Arc::clone(&access));
        connections.spawn(async move {
            match permit {
                Ok(permit) => {
                    let _permit: OwnedSemaphorePermit = permit;
                    serve_connection(stream, &shown, &access).await;
                }
                Err(_) => {
                    let why = format!("{MOST_CONNECTIONS} connections are open already");
                    let mut refusal = problem(StatusCode::SERVICE_UNAVAILABLE, why);
                    let refused = async {
                        send(&mut stream, &mut refusal, false, false).await?;
                        close(stream).await
                    };
                    // Whoever does not read it finds the connection closed.
                    let _sent = timeout(REFUSAL_LIMIT, refused).await;
                }
            }
        });
    }
}

#[cfg(unix)]
mod unix {
    //! A Unix socket that its owner alone may use, and whose file goes with it.

    use std::fs::{self, Permissions};
    use std::future::Future;
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use selkie::net::{UnixListener, UnixSocket, UnixStream};

    /// The user alone may connect.
    const MODE: u32 = 0o600;
    /// Connections that wait to be accepted.
    const BACKLOG: u32 = 64;

    #[derive(Debug)]
    pub(super) struct Listener {
        socket: UnixListener,
        path: PathBuf,
        /// The file's device and number: another file may take its path.
        file: (u64, u64),
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        let metadata = fs::symlink_metadata(path)?;
        Ok((metadata.dev(), metadata.ino()))
    }

    /// Removes a socket that nobody listens on: a program that was killed leaves its own.
    fn remove_stale(path: &Path) -> io::Result<()> {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return Ok(());
        };
        if !metadata.file_type().is_socket() {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a file that is no socket is there",
            ));
        }
        // Once: a program that does not accept what waits for it would be waited for.
        let mut connected = pin!(UnixSocket::new_stream()?.connect(path));
        let mut cx = Context::from_waker(Waker::noop());
        match connected.as_mut().poll(&mut cx) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path)
            }
            _ => Err(io::ErrorKind::AddrInUse.into()),
        }
    }

    impl Listener {
        pub(super) fn bind(path: &Path) -> io::Result<Self> {
            remove_stale(path)?;
            let socket = UnixSocket::new_stream()?;
            socket.bind(path)?;
            // Nobody can connect before `listen`.
            fs::set_permissions(path, Permissions::from_mode(MODE))?;
            let file = identity(path)?;
            Ok(Self {
                socket: socket.listen(BACKLOG)?,
                path: path.to_owned(),
                file,
            })
        }

        pub(super) async fn accept(&self) -> io::Result<UnixStream> {
            Ok(self.socket.accept().await?.0)
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            if identity(&self.path).is_ok_and(|file| file == self.file) {
                // It may have been removed since.
                let _removed = fs::remove_file(&self.path);
            }
        }
    }
}
