//! Windows' console events, which are what it has for signals.
//!
//! While an event has listeners, its default action does not happen. When the console is closed, the user logs off, or
//! the machine shuts down, Windows ends the process all the same, some seconds later: until then the process can end
//! itself in an orderly way.

mod events;

mod listeners;

pub use listeners::{
    CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
    ctrl_logoff, ctrl_shutdown,
};
