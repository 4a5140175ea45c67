//! Where the macros find the end of an expression or a pattern, against the parser of `syn`: on every expression and every pattern of
//! this repository's own sources.
//!
//! The macros' cursor is compiled into this test, on `proc_macro2` in place of the compiler's tokens.
#![allow(missing_docs)]

extern crate proc_macro2 as proc_macro;

#[allow(dead_code, clippy::cmp_owned)]
#[path = "../../macros/src/cursor.rs"]
mod cursor;
#[allow(dead_code)]
#[path = "../../macros/src/error.rs"]
mod error;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::{self, Visit};

use crate::cursor::Cursor;

/// Longer ones consist of others.
const LONGEST: usize = 600;

#[derive(Default)]
struct ExpressionVisitor {
    seen: HashSet<String>,
    wrong: Vec<String>,
}

impl ExpressionVisitor {
    /// Whether `read` finds the end of `text` before `tail`.
    fn check(&mut self, text: &str, tail: &str, read: fn(&mut Cursor) -> TokenStream) {
        let whole = format!("{text} {tail}");
        if text.len() > LONGEST || !self.seen.insert(whole.clone()) {
            return;
        }
        let (Ok(whole), Ok(wanted)) = (whole.parse(), text.parse::<TokenStream>()) else {
            return;
        };
        let found = read(&mut Cursor::new(whole)).to_string();
        if found != wanted.to_string() {
            self.wrong.push(format!("{text}\n    is read as {found}"));
        }
    }
}

impl<'a> Visit<'a> for ExpressionVisitor {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        // `let` in a condition is no expression of its own.
        if !matches!(expression, syn::Expr::Let(_) | syn::Expr::Verbatim(_)) {
            let text = expression.to_token_stream().to_string();
            self.check(&text, ", if x => y", Cursor::expression);
            self.check(&text, "=> { z }", Cursor::expression);
        }
        visit::visit_expr(self, expression);
    }

    fn visit_pat(&mut self, pattern: &'a syn::Pat) {
        let text = pattern.to_token_stream().to_string();
        // A parameter's type and an arm's condition are no parts of a pattern here.
        if !matches!(pattern, syn::Pat::Type(_)) && !text.contains(" if ") {
            self.check(&text, "= f(x) => y", Cursor::pattern);
        }
        visit::visit_pat(self, pattern);
    }
}

fn check_folder(folder: &Path, visitor: &mut ExpressionVisitor) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            check_folder(&path, visitor);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // Some parts of macros' tests are no Rust by themselves.
            if let Ok(file) = syn::parse_file(&fs::read_to_string(&path).unwrap()) {
                visitor.visit_file(&file);
            }
        }
    }
}

#[test]
fn ends_are_where_a_parser_finds_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut visitor = ExpressionVisitor::default();
    for folder in [
        "core/src",
        "os/src",
        "macros/src",
        "tests",
        "benches",
        "boards/src",
    ] {
        check_folder(&root.join(folder), &mut visitor);
    }
    let (seen, wrong) = (visitor.seen.len(), visitor.wrong);
    assert!(
        wrong.is_empty(),
        "{} of {seen}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(seen > 100_000, "only {seen} were found");
}

/// What these sources do not have: `as` before operators, casts of casts, attributes, labels, qualified paths.
#[test]
fn rare_expressions_end_where_they_end() {
    let mut visitor = ExpressionVisitor::default();
    for text in [
        "a || b",
        "a && || b",
        "1 << 4 | x << 2",
        "x as u32 & y < z",
        "x as &'static [u8] as *const [u8]",
        "x as usize + y < z",
        "x as isize <= 0",
        "a as Vec<A, B>",
        "a as fn(A, B) -> C<D, E>",
        "<<T as X<A, B>>::Y as Z<C, D>>::f::<E, F>()",
        "#[inline] |a, b| a",
        "&mut || a",
        "move |a, b| -> C<A, B> { a }",
        "async move { a }",
        "'a: loop { break 'a x }",
        "if a as u32 { b } else if c < d { e } else { f }",
        "match x { A => b, _ => c }",
        "return a || b",
        "..=b",
        "!a || -b < *c",
    ] {
        visitor.check(text, ", if x => y", Cursor::expression);
        visitor.check(text, "=> { z }", Cursor::expression);
    }
    assert!(visitor.wrong.is_empty(), "{}", visitor.wrong.join("\n"));
}
