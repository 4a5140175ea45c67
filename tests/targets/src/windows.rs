//! What only Windows has.

use std::ffi::c_void;
use std::future::Future;
use std::io::{IoSlice, IoSliceMut, Result};
use std::os::windows::io::{OwnedHandle, RawHandle};
use std::task::{Context, Poll};
use std::time::SystemTime;

use tokio::fs::{FileTimes, OpenOptions};
use tokio::io::{Interest, Ready};
use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, PipeInfo, PipeMode, ServerOptions,
};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::signal::windows;

fn files() {
    type Set = fn(&mut OpenOptions, u32) -> &mut OpenOptions;
    let _: [Set; 5] = [
        OpenOptions::access_mode,
        OpenOptions::share_mode,
        OpenOptions::custom_flags,
        OpenOptions::attributes,
        OpenOptions::security_qos_flags,
    ];
    let _: fn(FileTimes, SystemTime) -> FileTimes = FileTimes::set_created;
    is_io(tokio::fs::symlink_dir("from", "to"));
    is_io(tokio::fs::symlink_file("from", "to"));
}

/// Whether it is a future as those of `fs` are.
fn is_io<T>(_: impl Future<Output = Result<T>> + Send) {}

fn processes() {
    let _: fn(&mut Command, u32) -> &mut Command = Command::creation_flags;
    let _: fn(&mut Command, String) -> &mut Command = Command::raw_arg::<String>;
    let _: fn(&Child) -> Option<RawHandle> = Child::raw_handle;
    let _: fn(ChildStdin) -> Result<OwnedHandle> = ChildStdin::into_owned_handle;
    let _: fn(ChildStdout) -> Result<OwnedHandle> = ChildStdout::into_owned_handle;
    let _: fn(ChildStderr) -> Result<OwnedHandle> = ChildStderr::into_owned_handle;
}

/// The methods of an end of a pipe.
macro_rules! pipe_end {
    ($name:ident, $end:ty) => {
        async fn $name(end: &$end) -> Result<()> {
            let _: unsafe fn(RawHandle) -> Result<$end> = <$end>::from_raw_handle;
            let _: fn(&$end) -> Result<PipeInfo> = <$end>::info;
            let _: for<'a> fn(&$end, &mut Context<'a>) -> Poll<Result<()>> =
                <$end>::poll_read_ready;
            let _: for<'a> fn(&$end, &mut Context<'a>) -> Poll<Result<()>> =
                <$end>::poll_write_ready;
            let _: fn(&$end, &mut [u8]) -> Result<usize> = <$end>::try_read;
            let _: fn(&$end, &[u8]) -> Result<usize> = <$end>::try_write;
            let _: for<'a> fn(&$end, &mut [IoSliceMut<'a>]) -> Result<usize> =
                <$end>::try_read_vectored;
            let _: for<'a> fn(&$end, &[IoSlice<'a>]) -> Result<usize> = <$end>::try_write_vectored;
            let _: fn(&$end, &mut Vec<u8>) -> Result<usize> = <$end>::try_read_buf::<Vec<u8>>;
            let _: Ready = end.ready(Interest::READABLE).await?;
            is_io(end.ready(Interest::READABLE));
            end.readable().await?;
            end.writable().await?;
            let _: u8 = end.try_io(Interest::READABLE, || Ok(1))?;
            let _: u8 = end.async_io(Interest::READABLE, || Ok(1)).await?;
            Ok(())
        }
    };
}

pipe_end!(client, NamedPipeClient);
pipe_end!(server, NamedPipeServer);

fn pipes(server: &NamedPipeServer) {
    is_io(server.connect());
    let _: fn(&NamedPipeServer) -> Result<()> = NamedPipeServer::disconnect;
    type Client = ClientOptions;
    let _: fn() -> Client = Client::new;
    let _: [fn(&mut Client, bool) -> &mut Client; 2] = [Client::read, Client::write];
    let _: fn(&mut Client, u32) -> &mut Client = Client::security_qos_flags;
    let _: fn(&mut Client, PipeMode) -> &mut Client = Client::pipe_mode;
    let open = |options: &Client| options.open("pipe");
    let _: fn(&Client) -> Result<NamedPipeClient> = open;
    // SAFETY: null is no attributes.
    let open =
        |at: *mut c_void| unsafe { Client::new().open_with_security_attributes_raw("pipe", at) };
    let _: fn(*mut c_void) -> Result<NamedPipeClient> = open;
    server_options();
}

fn server_options() {
    type Server = ServerOptions;
    let _: fn() -> Server = Server::new;
    let _: fn(&mut Server, PipeMode) -> &mut Server = Server::pipe_mode;
    let _: [fn(&mut Server, bool) -> &mut Server; 7] = [
        Server::access_inbound,
        Server::access_outbound,
        Server::first_pipe_instance,
        Server::write_dac,
        Server::write_owner,
        Server::access_system_security,
        Server::reject_remote_clients,
    ];
    let _: [fn(&mut Server, u32) -> &mut Server; 2] =
        [Server::out_buffer_size, Server::in_buffer_size];
    let _: fn(&mut Server, usize) -> &mut Server = Server::max_instances;
    let create = |options: &Server| options.create("pipe");
    let _: fn(&Server) -> Result<NamedPipeServer> = create;
    // SAFETY: null is no attributes.
    let create =
        |at: *mut c_void| unsafe { Server::new().create_with_security_attributes_raw("pipe", at) };
    let _: fn(*mut c_void) -> Result<NamedPipeServer> = create;
}

/// What a listener to events of the console has.
macro_rules! listener {
    ($make:ident, $listener:ident) => {
        async fn $make() -> Result<()> {
            let _: fn() -> Result<windows::$listener> = windows::$make;
            let mut listener = windows::$make()?;
            let _: Option<()> = listener.recv().await;
            let _: for<'a> fn(&mut windows::$listener, &mut Context<'a>) -> Poll<Option<()>> =
                windows::$listener::poll_recv;
            Ok(())
        }
    };
}

listener!(ctrl_c, CtrlC);
listener!(ctrl_break, CtrlBreak);
listener!(ctrl_close, CtrlClose);
listener!(ctrl_logoff, CtrlLogoff);
listener!(ctrl_shutdown, CtrlShutdown);
