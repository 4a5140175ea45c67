//! One listener type per event.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
};

use super::events::Listener;

macro_rules! listeners {
    ($($name:ident, $make:ident, $event:ident, $what:literal;)*) => {$(
        #[doc = concat!("Hears that ", $what, "; made by [`", stringify!($make), "`].")]
        ///
        /// Events that come before they are asked for count as one.
        #[derive(Debug)]
        #[must_use = "a listener does nothing unless it is asked"]
        pub struct $name {
            listener: Listener,
        }

        #[doc = concat!("Listens, from now on, whether ", $what, ".")]
        ///
        /// # Errors
        /// If the process cannot have a handler for the console's events.
        ///
        /// # Examples
        /// ```no_run
        /// # fn main() -> std::io::Result<()> {
        /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        #[doc = concat!("let mut events = selkie::signal::windows::", stringify!($make), "()?;")]
        /// events.recv().await;
        /// # Ok(())
        /// # })
        /// # }
        /// ```
        pub fn $make() -> io::Result<$name> {
            Ok($name {
                listener: Listener::new($event)?,
            })
        }

        impl $name {
            /// Waits for the next event; never `None`.
            ///
            /// # Cancel safety
            /// No event is lost when the future is dropped.
            pub async fn recv(&mut self) -> Option<()> {
                poll_fn(|cx| self.poll_recv(cx)).await
            }

            /// Waits for the next event, as a poll; never `None`.
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
                self.listener.poll(cx).map(Some)
            }
        }
    )*};
}

listeners! {
    CtrlC, ctrl_c, CTRL_C_EVENT, "the user pressed Ctrl-C";
    CtrlBreak, ctrl_break, CTRL_BREAK_EVENT, "the user pressed Ctrl-Break";
    CtrlClose, ctrl_close, CTRL_CLOSE_EVENT, "the user closed the console";
    CtrlLogoff, ctrl_logoff, CTRL_LOGOFF_EVENT, "the user logs off";
    CtrlShutdown, ctrl_shutdown, CTRL_SHUTDOWN_EVENT, "the system shuts down";
}
