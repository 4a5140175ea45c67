//! The inspector: what it shows, and where it listens.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use selkie::runtime::Handle;
use selkie::task::AbortHandle;

use crate::access::Access;
use crate::address::{Address, ParseAddressError};
use crate::endpoints::State;
use crate::runtimes::Runtimes;
use crate::server::{Listener, serve};
use crate::service::InspectService;
use crate::thread::InspectorThread;

/// Shortest token that is taken.
const SHORTEST_TOKEN: usize = 8;

/// Why an inspector could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum InspectError {
    /// The calling thread is in no runtime, and none was attached.
    NoRuntime,
    /// The address is no address.
    Address(ParseAddressError),
    /// Others could reach the address, and there is no token that keeps them out.
    Unprotected(Address),
    /// The token is shorter than 8 bytes, or has bytes that are not printable ASCII.
    Token,
    /// The socket could not be opened.
    Listen(Address, io::Error),
    /// The inspector's thread could not be started.
    Start(io::Error),
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRuntime => f.write_str("the calling thread is in no runtime"),
            Self::Address(error) => error.fmt(f),
            Self::Unprotected(address) => write!(
                f,
                "{address} can be reached by others: give a token, or a loopback address as 127.0.0.1:6669"
            ),
            Self::Token => write!(
                f,
                "a token has {SHORTEST_TOKEN} printable ASCII characters or more"
            ),
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Start(error) => write!(f, "cannot start the inspector's thread: {error}"),
        }
    }
}

impl Error for InspectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen(_, error) | Self::Start(error) => Some(error),
            Self::Address(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ParseAddressError> for InspectError {
    fn from(error: ParseAddressError) -> Self {
        Self::Address(error)
    }
}

/// Configures an [`Inspector`].
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it starts an inspector"]
pub struct Builder {
    token: Option<String>,
    runtimes: Arc<Runtimes>,
    is_attached: bool,
}

impl Builder {
    /// Shows the runtime of `handle`; may be called for several. Without a call it is the one that the calling thread is
    /// in.
    pub fn attach(mut self, handle: &Handle) -> Self {
        self.runtimes.attach(handle);
        self.is_attached = true;
        self
    }

    /// Answers only requests with this token, of 8 printable ASCII characters at least: in the header
    /// `Authorization: Bearer TOKEN`, or as the parameter `token` of the address. Needed on an address that others can
    /// reach.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Starts the inspector, and serves it on `address`: `127.0.0.1:6669`, `unix:/run/app.sock`.
    ///
    /// # Errors
    /// [`InspectError`] says which.
    pub fn serve(self, address: &str) -> Result<Inspector, InspectError> {
        self.serve_at(address.parse()?)
    }

    pub(crate) fn serve_at(self, address: Address) -> Result<Inspector, InspectError> {
        if self.token.is_none() && !address.is_private() {
            return Err(InspectError::Unprotected(address));
        }
        let access = match (&self.token, &address) {
            (Some(token), _) => Access::Token(token.clone()),
            (None, Address::Tcp(_)) => Access::Loopback,
            (None, Address::Unix(_)) => Access::Open,
        };
        let mut inspector = self.start()?;
        let entered = inspector.thread.enter();
        let failed = |error| InspectError::Listen(address.clone(), error);
        let listener = Listener::bind(&address).map_err(failed)?;
        inspector.address = Some(listener.address().clone());
        drop(entered);
        let shown = Arc::clone(&inspector.thread.shown);
        let server = inspector.thread.spawn(serve(listener, shown, access));
        inspector.server = Some(server.abort_handle());
        Ok(inspector)
    }

    /// Starts the inspector without a socket of its own, for its [`service`](Inspector::service).
    ///
    /// # Errors
    /// [`InspectError`] says which.
    pub fn start(self) -> Result<Inspector, InspectError> {
        let is_printable = |token: &String| {
            token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !self.token.as_ref().is_none_or(is_printable) {
            return Err(InspectError::Token);
        }
        if !self.is_attached {
            let current = Handle::try_current().map_err(|_| InspectError::NoRuntime)?;
            self.runtimes.attach(&current);
        }
        let thread =
            InspectorThread::start(State::new(self.runtimes)).map_err(InspectError::Start)?;
        Ok(Inspector {
            thread: Arc::new(thread),
            token: self.token,
            address: None,
            server: None,
        })
    }
}

/// A running inspector, which ends when it is dropped.
///
/// The drop waits until the sockets are closed, which takes some milliseconds, and a second at most. What answers by a
/// [`service`](Self::service) keeps the inspector's thread until it is dropped, too.
#[derive(Debug)]
#[must_use = "an inspector ends when it is dropped"]
pub struct Inspector {
    thread: Arc<InspectorThread>,
    token: Option<String>,
    address: Option<Address>,
    server: Option<AbortHandle>,
}

impl Inspector {
    /// Configures an inspector.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Shows the runtime of `handle`, too.
    pub fn attach(&self, handle: &Handle) {
        self.thread.shown.runtimes.attach(handle);
    }

    /// Where it listens, with the port that the system chose for port 0; `None` if it was
    /// [started](Builder::start) without a socket.
    pub fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The inspector as a service for a server that there is already.
    pub fn service(&self) -> InspectService {
        let access = match &self.token {
            Some(token) => Access::Token(token.clone()),
            None => Access::Open,
        };
        InspectService {
            thread: Arc::clone(&self.thread),
            access: Arc::new(access),
        }
    }

    /// Lets the inspector run until the process ends.
    pub fn detach(self) {
        std::mem::forget(self);
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}
