//! A position in a list of tokens, which reads what macros of this crate are given.
//!
//! Idea        A pattern or an expression is taken as it stands, without knowing its grammar: only its end has to be
//!             found, a `=`, a `=>` or a comma outside of all brackets. Parentheses, braces and square brackets are
//!             groups already, so what remains is to tell the `<` that opens generic arguments from the one that
//!             compares, and the `|` that opens a closure's parameters from the one that is an operator: each is
//!             known by what stands before it.

use proc_macro::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};

use crate::error::{Error, Result};

/// Words after which an operand begins, as after an operator.
const WORDS_BEFORE_OPERANDS: [&str; 14] = [
    "return", "break", "continue", "move", "async", "in", "if", "while", "match", "else", "let",
    "static", "unsafe", "mut",
];

/// Words that a type goes on after.
const WORDS_BEFORE_TYPES: [&str; 5] = ["mut", "const", "dyn", "unsafe", "extern"];

/// Tokens that are read from the front.
pub(crate) struct Cursor {
    tokens: Vec<TokenTree>,
    at: usize,
}

impl Cursor {
    /// At the front of `tokens`.
    pub(crate) fn new(tokens: TokenStream) -> Self {
        let tokens = tokens.into_iter().collect();
        Self { tokens, at: 0 }
    }

    /// The content of the parentheses that come next, which are there.
    pub(crate) fn parenthesized(&mut self) -> TokenStream {
        match self.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                group.stream()
            }
            _ => panic!("this macro is called by another one, with parentheses in front"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.tokens.len()
    }

    pub(crate) fn peek(&self) -> Option<&TokenTree> {
        self.tokens.get(self.at)
    }

    pub(crate) fn next(&mut self) -> Option<TokenTree> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Everything from the next token on.
    pub(crate) fn rest(&self) -> &[TokenTree] {
        &self.tokens[self.at..]
    }

    /// The word that comes next.
    pub(crate) fn word(&self) -> Option<&Ident> {
        match self.peek() {
            Some(TokenTree::Ident(word)) => Some(word),
            _ => None,
        }
    }

    /// Whether the word `word` comes next.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word().is_some_and(|next| next.to_string() == word)
    }

    /// Whether the operator `operator` comes next, or a longer one that begins so.
    pub(crate) fn is_operator(&self, operator: &str) -> bool {
        self.is_operator_at(0, operator)
    }

    fn is_operator_at(&self, skip: usize, operator: &str) -> bool {
        let last = operator.len() - 1;
        operator.chars().enumerate().all(|(index, character)| {
            match self.tokens.get(self.at + skip + index) {
                Some(TokenTree::Punct(punct)) => {
                    punct.as_char() == character
                        && (index == last || punct.spacing() == Spacing::Joint)
                }
                _ => false,
            }
        })
    }

    /// Skips `operator` if it comes next.
    pub(crate) fn skip_operator(&mut self, operator: &str) -> bool {
        let is_next = self.is_operator(operator);
        self.at += if is_next { operator.len() } else { 0 };
        is_next
    }

    /// Skips `biased;` if it comes next.
    pub(crate) fn skip_biased(&mut self) -> bool {
        let is_next = self.is_word("biased") && self.is_operator_at(1, ";");
        self.at += if is_next { 2 } else { 0 };
        is_next
    }

    /// A mistake at the next token.
    pub(crate) fn error(&self, text: &str) -> Error {
        match self.peek() {
            Some(token) => Error::new(token.span(), text),
            None => Error::new(
                Span::call_site(),
                format!("unexpected end of input, {text}"),
            ),
        }
    }

    /// Skips the operator `operator`, or says that `text` was expected there.
    pub(crate) fn expect_operator(&mut self, operator: &str, text: &str) -> Result<()> {
        if self.skip_operator(operator) {
            return Ok(());
        }
        Err(self.error(text))
    }

    /// A pattern, up to the `=` after it. Empty if there is none.
    pub(crate) fn pattern(&mut self) -> TokenStream {
        let start = self.at;
        while !self.is_empty() {
            // Ranges have a `=` of their own.
            if self.skip_operator("..=") {
                continue;
            }
            if self.is_operator("=") {
                break;
            }
            self.at += 1;
        }
        self.tokens[start..self.at].iter().cloned().collect()
    }

    /// An expression, up to the comma or the `=>` after it, or to the end. Empty if there is none.
    pub(crate) fn expression(&mut self) -> TokenStream {
        let start = self.at;
        // Whether what comes next is an operand, or begins a type; and whether a type goes on.
        let (mut is_operand, mut is_type) = (true, false);
        while !self.is_empty() && !self.is_operator(",") && !self.is_operator("=>") {
            let is_less = self.is_operator("<") && !self.is_operator("<=");
            if is_less && (is_operand || is_type) {
                self.skip_generics();
                is_operand = false;
            } else if self.is_operator("|") && is_operand {
                self.skip_parameters();
                is_type = false;
            } else if self.skip_operator("||") || self.skip_operator("<<") {
                (is_operand, is_type) = (true, false);
            } else if self.skip_operator("->") {
                (is_operand, is_type) = (true, true);
            } else if self.skip_operator("::") {
                if self.is_operator("<") {
                    self.skip_generics();
                }
            } else {
                (is_operand, is_type) = self.skip_token(is_operand, is_type);
            }
        }
        self.tokens[start..self.at].iter().cloned().collect()
    }

    /// Skips one token of an expression; whether an operand or a type comes then, and whether a type goes on.
    fn skip_token(&mut self, is_operand: bool, is_type: bool) -> (bool, bool) {
        match self.next() {
            Some(TokenTree::Ident(word)) => match word.to_string().as_str() {
                "as" => (true, true),
                word if is_type => (WORDS_BEFORE_TYPES.contains(&word), true),
                word => (WORDS_BEFORE_OPERANDS.contains(&word), false),
            },
            Some(TokenTree::Punct(punct)) => match punct.as_char() {
                '?' => (false, false),
                '&' | '*' if is_operand => (true, is_type),
                // The name of a label or of a lifetime follows, or the brackets of an attribute.
                '\'' | '#' => {
                    self.at += 1;
                    (true, is_type)
                }
                _ => (true, false),
            },
            // A block ends a type.
            Some(TokenTree::Group(group)) => {
                (false, is_type && group.delimiter() != Delimiter::Brace)
            }
            Some(TokenTree::Literal(_)) | None => (false, false),
        }
    }

    /// From a `<` to behind the `>` that belongs to it.
    pub(crate) fn skip_generics(&mut self) {
        let mut depth = 0_usize;
        while !self.is_empty() {
            if self.skip_operator("->") || self.skip_operator("=>") {
                continue;
            }
            if self.is_operator("<") {
                depth += 1;
            } else if self.is_operator(">") {
                depth -= 1;
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// A closure's parameters, with the bars around them.
    fn skip_parameters(&mut self) {
        self.at += 1;
        while !self.is_empty() && !self.skip_operator("|") {
            self.at += 1;
        }
    }
}
