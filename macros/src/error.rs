//! A mistake of the user's, and where it stands.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A text for the user, with the first and the last of the tokens that are meant.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    first: Span,
    last: Span,
}

impl Error {
    /// A mistake at one place.
    pub(crate) fn new(at: Span, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            first: at,
            last: at,
        }
    }

    /// A mistake that is all of `tokens`.
    pub(crate) fn over(tokens: &[TokenTree], text: impl Into<String>) -> Self {
        let span = |token: Option<&TokenTree>| token.map_or_else(Span::call_site, TokenTree::span);
        Self {
            text: text.into(),
            first: span(tokens.first()),
            last: span(tokens.last()),
        }
    }

    /// `::core::compile_error! { "text" }`, which the compiler shows at those tokens.
    pub(crate) fn to_compile_error(&self) -> TokenStream {
        let punct = |character, spacing| {
            let mut punct = Punct::new(character, spacing);
            punct.set_span(self.first);
            TokenTree::Punct(punct)
        };
        let word = |word| TokenTree::Ident(Ident::new(word, self.first));
        let mut text = Literal::string(&self.text);
        text.set_span(self.last);
        let mut group = Group::new(Delimiter::Brace, TokenTree::Literal(text).into());
        group.set_span(self.last);
        let tokens = [
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            word("core"),
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            word("compile_error"),
            punct('!', Spacing::Alone),
            TokenTree::Group(group),
        ];
        tokens.into_iter().collect()
    }
}
