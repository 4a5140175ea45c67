//! Windows' console events, which are what it has for signals.
//!
//! While an event has listeners, it does not do what it does by default. Of closing, logging off and
//! shutting down the system ends the process nevertheless, after a few seconds: in that time it may
//! end itself in order.

mod events;

mod listeners;

pub use listeners::{
    CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
    ctrl_logoff, ctrl_shutdown,
};
