//! `join!` and `try_join!`: several futures, polled in turns until all are ready.
//!
//! Idea        Each future is pinned in a local variable that keeps its output when it is ready.
//!             Every poll starts with another future, so that none eats the budget of the rest.

use std::fmt::Write;

use proc_macro::{Span, TokenStream};

use crate::cursor::Cursor;
use crate::error::Result;
use crate::template::{Argument, fill};

/// When the futures are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    AllReady,
    FirstError,
}

struct Join {
    krate: TokenStream,
    is_biased: bool,
    futures: Vec<TokenStream>,
}

impl Join {
    fn parse(input: TokenStream) -> Result<Self> {
        let mut cursor = Cursor::new(input);
        let krate = cursor.parenthesized();
        let is_biased = cursor.skip_biased();
        let mut futures = Vec::new();
        while !cursor.is_empty() {
            let future = cursor.expression();
            if future.is_empty() {
                return Err(cursor.error("expected an expression"));
            }
            futures.push(future);
            if !cursor.is_empty() {
                cursor.expect_operator(",", "expected `,`")?;
            }
        }
        Ok(Self {
            krate,
            is_biased,
            futures,
        })
    }
}

/// The whole expansion.
pub(crate) fn expand(input: TokenStream, until: Until) -> TokenStream {
    match Join::parse(input) {
        Ok(join) => join.expand(until),
        Err(error) => error.to_compile_error(),
    }
}

impl Join {
    fn expand(self, until: Until) -> TokenStream {
        let count = self.futures.len();
        if count == 0 {
            let nothing = match until {
                Until::AllReady => "()",
                Until::FirstError => "::core::result::Result::Ok(())",
            };
            return fill(nothing, Span::call_site(), &[]);
        }
        let (mut makes, mut names, mut pins) = (String::new(), String::new(), String::new());
        let (mut arms, mut outputs) = (String::new(), String::new());
        for index in 0..count {
            let _ = write!(
                makes,
                "$krate::macros::support::maybe_done($future{index}),"
            );
            let _ = write!(names, "future{index},");
            let _ = write!(
                pins,
                "let mut future{index} = unsafe {{ $krate::macros::support::Pin::new_unchecked(future{index}) }};"
            );
            arms.push_str(&arm(index, until));
            outputs.push_str(&output(index, until));
        }
        let rotator = if self.is_biased {
            "BiasedRotator".to_owned()
        } else {
            format!("Rotator::<{count}u32>")
        };
        let done = match until {
            Until::AllReady => format!("({outputs})"),
            Until::FirstError => format!("::core::result::Result::Ok(({outputs}))"),
        };
        let text = format!(
            r#"{{
                let mut futures = ({makes});
                // One pointer for all of them keeps the future small.
                let futures = &mut futures;
                let mut rotator = <$krate::macros::support::{rotator} as ::core::default::Default>::default();
                $krate::macros::support::poll_fn(move |context| {{
                    let ({names}) = &mut *futures;
                    // SAFETY: fields of a local variable that nothing moves any more, as in `pin!`.
                    {pins}
                    let skip: u32 = rotator.num_skip();
                    let mut is_waiting = false;
                    for step in 0..{count}u32 {{
                        match (skip + step) % {count}u32 {{
                            {arms}
                            _ => ::core::unreachable!("futures are counted modulo their number"),
                        }}
                    }}
                    if is_waiting {{
                        $krate::macros::support::Poll::Pending
                    }} else {{
                        $krate::macros::support::Poll::Ready({done})
                    }}
                }})
                .await
            }}"#
        );
        let names: Vec<String> = (0..count).map(|index| format!("future{index}")).collect();
        let mut arguments: Vec<Argument<'_>> = vec![("krate", self.krate)];
        arguments.extend(names.iter().map(String::as_str).zip(self.futures));
        fill(&text, Span::mixed_site(), &arguments)
    }
}

/// The output of a future that is ready.
fn output(index: usize, until: Until) -> String {
    let output =
        format!(r#"future{index}.as_mut().take_output().expect("a joined future is ready")"#);
    match until {
        Until::AllReady => format!("{output},"),
        Until::FirstError => format!(r#"{output}.ok().expect("errors were returned"),"#),
    }
}

/// One future's turn.
fn arm(index: usize, until: Until) -> String {
    let check = match until {
        Until::AllReady => String::new(),
        Until::FirstError => format!(
            r#"else if future{index}.as_mut().output_mut().is_some_and(|output| output.is_err()) {{
                return $krate::macros::support::Poll::Ready(::core::result::Result::Err(
                    future{index}.as_mut().take_output().and_then(|output| output.err())
                        .expect("the error is there"),
                ));
            }}"#
        ),
    };
    format!(
        "{index}u32 => {{
            if $krate::macros::support::Future::poll(future{index}.as_mut(), context).is_pending() {{
                is_waiting = true;
            }}
            {check}
        }}"
    )
}
