//! The attributes `main` and `test`, of the crate `selkie` and of its facade.

use proc_macro::{Span, TokenStream};

use crate::template::fill;

/// What the function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

/// The attribute that the user wrote.
pub(crate) struct Attribute {
    pub(crate) kind: Kind,
    pub(crate) has_multi_thread: bool,
    krate: &'static str,
}

impl Attribute {
    /// An attribute of the crate `selkie`.
    pub(crate) fn selkie(kind: Kind, has_multi_thread: bool) -> Self {
        Self {
            kind,
            has_multi_thread,
            krate: "selkie",
        }
    }

    /// An attribute of the facade `tokio`.
    pub(crate) fn tokio(kind: Kind, has_multi_thread: bool) -> Self {
        Self {
            kind,
            has_multi_thread,
            krate: "tokio",
        }
    }

    /// Where the runtime is found, unless an option says so.
    pub(crate) fn path(&self) -> TokenStream {
        fill(&format!("::{}", self.krate), Span::call_site(), &[])
    }

    /// The attribute as the user writes it.
    pub(crate) fn name(&self) -> String {
        let kind = match self.kind {
            Kind::Main => "main",
            Kind::Test => "test",
        };
        format!("{}::{kind}", self.krate)
    }
}
