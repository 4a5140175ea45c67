//! Named pipes: byte streams, or messages, between processes of one machine or network.
//!
//! A server makes an instance of a pipe by [`ServerOptions::create`] and waits for a client by
//! [`NamedPipeServer::connect`]; a client opens it by [`ClientOptions::open`]. Each instance serves one
//! client at a time. Make the next one before the last is given to a task, so that clients always
//! find an instance.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::net::windows::named_pipe::ServerOptions;
//!
//! const NAME: &str = r"\\.\pipe\echo";
//! let mut server = ServerOptions::new().first_pipe_instance(true).create(NAME)?;
//! loop {
//!     server.connect().await?;
//!     let mut client = server;
//!     server = ServerOptions::new().create(NAME)?;
//!     selkie::spawn(async move {
//!         let mut bytes = [0; 64];
//!         let n = client.read(&mut bytes).await?;
//!         client.write_all(&bytes[..n]).await
//!     });
//! }
//! # #[allow(unreachable_code)]
//! # Ok(())
//! # })
//! # }
//! ```

mod info;

mod end;

mod client;

mod server;

mod client_options;

mod server_options;

pub use client::NamedPipeClient;
pub use client_options::ClientOptions;
pub use info::{PipeEnd, PipeInfo, PipeMode};
pub use server::NamedPipeServer;
pub use server_options::ServerOptions;
