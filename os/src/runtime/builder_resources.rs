//! Methods of the builder for what lives beside a runtime.

use std::io;

use super::build_hooks::without_build_hooks;
use super::builder::Builder;
use super::runtime::Runtime;
use crate::context::{Handle, Resource};
use crate::sys::StackSignal;

impl Builder {
    /// Builds a runtime that is a part of another one: no function of [`on_build`](super::on_build) is called.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    #[allow(dead_code, reason = "only Unix has runtimes that wait for signals")]
    pub(crate) fn build_part(&mut self) -> io::Result<Runtime> {
        without_build_hooks(|| self.build())
    }

    /// Which signal a thread is sent for its stack.
    #[allow(dead_code, reason = "only Unix has signals")]
    pub(crate) fn set_stack_signal(&mut self, number: Option<i32>) -> &mut Self {
        self.parts.stack_signal = number.map_or(StackSignal::Never, StackSignal::Number);
        self
    }

    /// Has `start` called for each runtime that is built; what it returns is dropped when the runtime shuts down.
    pub(crate) fn add_resource<F>(&mut self, start: F) -> &mut Self
    where
        F: Fn(&Handle) -> io::Result<Resource> + Send + Sync + 'static,
    {
        self.resources.push(Box::new(start));
        self
    }
}
