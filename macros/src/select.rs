//! `select!`: the first of several futures to be ready.
//!
//! Idea        Futures are pinned in local variables and polled from a random one on; what the first
//!             ready one yields, if its pattern matches, leaves as a variant of a local enum, so
//!             that its handler runs outside of the poll, where it may use `?`, `break` and
//!             `return`, and borrow what the other futures borrowed.

use std::fmt::Write;

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::template::{Argument, concat, fill};

/// Branches of one `select!`: a bit each.
const MAX_BRANCHES: usize = 64;

/// What a branch looks like, for who wrote it otherwise.
const BRANCH: &str = "a branch of `select!` is `pattern = future => handler` or \
                      `pattern = future, if condition => handler`";

struct Branch {
    pattern: TokenStream,
    future: TokenStream,
    guard: Option<TokenStream>,
    handler: TokenStream,
}

struct Select {
    krate: TokenStream,
    is_biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<TokenStream>,
}

impl Select {
    fn parse(input: TokenStream) -> Result<Self> {
        let mut cursor = Cursor::new(input);
        let krate = cursor.parenthesized();
        let is_biased = cursor.skip_biased();
        let (mut branches, mut otherwise) = (Vec::new(), None);
        while !cursor.is_empty() {
            if cursor.is_word("else") {
                cursor.next();
                cursor.expect_operator("=>", "expected `=>`")?;
                otherwise = Some(handler(&mut cursor)?);
                if !cursor.is_empty() {
                    return Err(cursor.error("`else` is the last branch of `select!`"));
                }
                break;
            }
            branches.push(Branch::parse(&mut cursor)?);
        }
        if branches.is_empty() && otherwise.is_none() {
            return Err(Error::new(
                Span::call_site(),
                "select! requires at least one branch.",
            ));
        }
        if branches.len() > MAX_BRANCHES {
            let text = format!("select! takes {MAX_BRANCHES} branches at most");
            return Err(Error::new(Span::call_site(), text));
        }
        Ok(Self {
            krate,
            is_biased,
            branches,
            otherwise,
        })
    }
}

impl Branch {
    fn parse(cursor: &mut Cursor) -> Result<Self> {
        let pattern = cursor.pattern();
        if pattern.is_empty() || cursor.is_operator("=>") {
            return Err(cursor.error(BRANCH));
        }
        cursor.expect_operator("=", BRANCH)?;
        let future = filled(cursor.expression(), cursor)?;
        let mut guard = None;
        if cursor.skip_operator(",") {
            if !cursor.is_word("if") {
                return Err(cursor.error(BRANCH));
            }
            cursor.next();
            guard = Some(filled(cursor.expression(), cursor)?);
        }
        cursor.expect_operator("=>", BRANCH)?;
        Ok(Self {
            pattern,
            future,
            guard,
            handler: handler(cursor)?,
        })
    }
}

/// `expression`, or an error if it is empty.
fn filled(expression: TokenStream, cursor: &Cursor) -> Result<TokenStream> {
    if expression.is_empty() {
        return Err(cursor.error("expected an expression"));
    }
    Ok(expression)
}

/// A block, with or without a comma, or an expression and a comma, which the last may leave out.
fn handler(cursor: &mut Cursor) -> Result<TokenStream> {
    if let Some(TokenTree::Group(group)) = cursor.peek() {
        if group.delimiter() == Delimiter::Brace {
            let block = cursor.next().into_iter().collect();
            cursor.skip_operator(",");
            return Ok(block);
        }
    }
    let expression = filled(cursor.expression(), cursor)?;
    if !cursor.is_empty() {
        cursor.expect_operator(",", "expected `,`")?;
    }
    Ok(expression)
}

/// The whole expansion.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match Select::parse(input) {
        Ok(select) => select.expand(),
        Err(error) => error.to_compile_error(),
    }
}

impl Select {
    fn expand(&self) -> TokenStream {
        if self.branches.is_empty() {
            return self.otherwise.clone().unwrap_or_default();
        }
        let (mut variants, mut fields) = (String::new(), String::new());
        for index in 0..self.branches.len() {
            let _ = write!(variants, "Branch{index},");
            let _ = write!(fields, "Branch{index}(Branch{index}),");
        }
        let text = format!(
            "{{
                // An item's name is not hygienic: no user has this one.
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                enum __SelkieOutcome<{variants}> {{
                    {fields}
                    Disabled,
                }}
                $guards
                #[allow(unused_mut)]
                let mut outcome = {{
                    $futures
                    $poll
                }};
                #[allow(unreachable_patterns, unreachable_code)]
                match outcome {{
                    $handlers
                    __SelkieOutcome::Disabled => $otherwise,
                    _ => ::core::unreachable!(\"a pattern that matched does not match any more\"),
                }}
            }}"
        );
        let otherwise = self.otherwise.clone().unwrap_or_else(|| {
            let text = r#"::core::panic!("all branches are disabled and there is no else branch")"#;
            fill(text, Span::call_site(), &[])
        });
        let arguments = [
            ("guards", self.guards()),
            ("futures", self.futures()),
            ("poll", self.poll()),
            ("handlers", self.handlers()),
            ("otherwise", otherwise),
        ];
        fill(&text, Span::mixed_site(), &arguments)
    }

    /// An arm for each outcome, at the place of its handler.
    fn handlers(&self) -> TokenStream {
        concat(self.branches.iter().enumerate().map(|(index, branch)| {
            let handler = branch.handler.clone();
            let first = handler.clone().into_iter().next();
            fill(
                &format!("__SelkieOutcome::Branch{index}($pattern) => $handler,"),
                first.map_or_else(Span::call_site, |token| token.span()),
                &[("pattern", branch.pattern.clone()), ("handler", handler)],
            )
        }))
    }

    /// `disabled`: the bits of the branches whose guard is false, in as few bytes as will do.
    fn guards(&self) -> TokenStream {
        let bits = match self.branches.len() {
            0..=8 => "u8",
            9..=16 => "u16",
            17..=32 => "u32",
            _ => "u64",
        };
        let declaration = format!(
            "#[allow(unused_mut, unused_assignments, unused_parens, clippy::nonminimal_bool)]
            let mut disabled: {bits} = 0;"
        );
        let site = Span::mixed_site();
        let guards = self
            .branches
            .iter()
            .enumerate()
            .filter_map(|(index, branch)| {
                let guard = branch.guard.clone()?;
                let text = format!("if !($guard) {{ disabled |= {}; }}", 1_u64 << index);
                Some(fill(&text, site, &[("guard", guard)]))
            });
        concat([fill(&declaration, site, &[])].into_iter().chain(guards))
    }

    /// Every future, made in the order of the branches, in one tuple that does not move any more.
    fn futures(&self) -> TokenStream {
        // Each in a `let` of its own, so that what it borrows from a temporary value lives on.
        let (mut lets, mut tuple) = (String::new(), String::new());
        for index in 0..self.branches.len() {
            let _ = write!(lets, "let made{index} = $future{index};");
            let _ = write!(
                tuple,
                "$krate::macros::support::IntoFuture::into_future(made{index}),"
            );
        }
        let text = format!(
            "{lets}
            let mut futures = ({tuple});
            // One pointer for all of them keeps the future small.
            let futures = &mut futures;"
        );
        let names: Vec<String> = (0..self.branches.len())
            .map(|index| format!("future{index}"))
            .collect();
        let futures = self.branches.iter().map(|branch| branch.future.clone());
        let mut arguments: Vec<Argument<'_>> = vec![("krate", self.krate.clone())];
        arguments.extend(names.iter().map(String::as_str).zip(futures));
        fill(&text, Span::mixed_site(), &arguments)
    }

    /// One poll of the branches that are not disabled, from `start` on.
    fn poll(&self) -> TokenStream {
        let count = self.branches.len();
        let arms = self.branches.iter().enumerate().map(|(index, branch)| {
            let text = ARM.replace("INDEX", &index.to_string());
            let pattern = unbound(branch.pattern.clone());
            let arguments = [("krate", self.krate.clone()), ("pattern", pattern)];
            fill(&text, Span::mixed_site(), &arguments)
        });
        let start = if self.is_biased {
            "0".to_owned()
        } else {
            format!("$krate::macros::support::below({count}u32)")
        };
        let text = format!(
            "$krate::macros::support::poll_fn(|context| {{
                ::core::task::ready!($krate::macros::support::poll_budget_available(context));
                let futures = &mut *futures;
                let start: u32 = {start};
                let mut is_waiting = false;
                for step in 0..{count}u32 {{
                    #[allow(clippy::modulo_one)]
                    let branch: u32 = (start + step) % {count}u32;
                    if disabled & (1 << branch) != 0 {{
                        continue;
                    }}
                    #[allow(unreachable_code)]
                    match branch {{
                        $arms
                        _ => ::core::unreachable!(\"branches are counted modulo their number\"),
                    }}
                }}
                if is_waiting {{
                    $krate::macros::support::Poll::Pending
                }} else {{
                    $krate::macros::support::Poll::Ready(__SelkieOutcome::Disabled)
                }}
            }})
            .await"
        );
        let arguments = [("krate", self.krate.clone()), ("arms", concat(arms))];
        fill(&text, Span::mixed_site(), &arguments)
    }
}

/// One branch's turn.
const ARM: &str = "INDEXu32 => {
    // SAFETY: a field of a local variable that nothing moves any more, as in `pin!`.
    let future = unsafe { $krate::macros::support::Pin::new_unchecked(&mut futures.INDEX) };
    let output = match $krate::macros::support::Future::poll(future, context) {
        $krate::macros::support::Poll::Ready(output) => output,
        // `continue` lets an output that nobody names be `()`.
        $krate::macros::support::Poll::Pending => {
            is_waiting = true;
            continue;
        }
    };
    disabled |= 1 << branch;
    #[allow(unused_variables, unreachable_patterns, clippy::all)]
    match &output {
        $pattern => {
            return $krate::macros::support::Poll::Ready(__SelkieOutcome::BranchINDEX(output));
        }
        _ => {}
    }
}";

/// `pattern` for a reference to what it is for: by-value and by-reference bindings become plain ones.
fn unbound(pattern: TokenStream) -> TokenStream {
    let tokens = pattern.into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) if matches!(word.to_string().as_str(), "mut" | "ref") => None,
        TokenTree::Group(group) => {
            let mut plain = Group::new(group.delimiter(), unbound(group.stream()));
            plain.set_span(group.span());
            Some(TokenTree::Group(plain))
        }
        token => Some(token),
    });
    tokens.collect()
}
