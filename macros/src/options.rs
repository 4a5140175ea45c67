//! The options of the entry points: `flavor = "…", worker_threads = N, …`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Meta, MetaNameValue, Path, Result, Token};

use crate::attribute::{Attribute, Kind};

/// Which scheduler the runtime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
    Local,
}

/// The options as they were written, each with its position.
#[derive(Default)]
struct RawOptions {
    flavor: Option<(Flavor, Span)>,
    worker_threads: Option<(usize, Span)>,
    start_paused: Option<(bool, Span)>,
    unhandled_panic: Option<(TokenStream, Span)>,
    name: Option<(String, Span)>,
    path: Option<(Path, Span)>,
}

/// A runtime that can be built: options that were checked against each other.
pub(crate) struct Options {
    pub(crate) flavor: Flavor,
    pub(crate) path: Path,
    worker_threads: Option<usize>,
    start_paused: Option<bool>,
    unhandled_panic: Option<TokenStream>,
    name: Option<String>,
}

impl Options {
    /// Reads `options` and checks them.
    pub(crate) fn parse(options: TokenStream, attribute: &Attribute) -> Result<Self> {
        let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(options)?;
        let mut raw = RawOptions::default();
        for meta in &metas {
            raw.take(meta, attribute)?;
        }
        raw.check(attribute)
    }

    /// Options that always hold.
    pub(crate) fn fallback(attribute: &Attribute) -> Self {
        Self::parse(TokenStream::new(), attribute).expect("no options are good options")
    }

    /// The calls on the builder, from `Builder::new_…` to before `build`.
    pub(crate) fn builder(&self) -> TokenStream {
        let path = &self.path;
        let new = match self.flavor {
            Flavor::MultiThread => quote! { new_multi_thread() },
            Flavor::CurrentThread | Flavor::Local => quote! { new_current_thread() },
        };
        let threads = self.worker_threads.map(|n| quote! { .worker_threads(#n) });
        let paused = self
            .start_paused
            .map(|paused| quote! { .start_paused(#paused) });
        let name = self.name.as_ref().map(|name| quote! { .name(#name) });
        let panic = self.unhandled_panic.as_ref().map(|panic| {
            quote! { .unhandled_panic(#path::runtime::UnhandledPanic::#panic) }
        });
        quote! {
            #path::runtime::Builder::#new.enable_all() #threads #paused #panic #name
        }
    }
}

impl RawOptions {
    fn take(&mut self, meta: &Meta, attribute: &Attribute) -> Result<()> {
        let Meta::NameValue(MetaNameValue { path, value, .. }) = meta else {
            return Err(Self::misplaced(meta, attribute));
        };
        let name = path.to_token_stream().to_string().to_lowercase();
        let at = value.span();
        let again = match name.as_str() {
            "flavor" => set(&mut self.flavor, flavor(value)?, at),
            "worker_threads" => set(&mut self.worker_threads, number(value, &name)?, at),
            "start_paused" => set(&mut self.start_paused, boolean(value, &name)?, at),
            "unhandled_panic" => set(&mut self.unhandled_panic, panic_policy(value)?, at),
            "name" => set(&mut self.name, text(value, &name)?, at),
            "crate" => set(&mut self.path, crate_path(value, &name)?, at),
            "core_threads" => {
                return Err(Error::new(
                    at,
                    "the option `core_threads` is called `worker_threads`",
                ));
            }
            _ => return Err(unknown(path, &name)),
        };
        if again {
            return Err(Error::new(
                path.span(),
                format!("`{name}` is set more than once"),
            ));
        }
        Ok(())
    }

    fn misplaced(meta: &Meta, attribute: &Attribute) -> Error {
        let name = meta.path().to_token_stream().to_string().to_lowercase();
        let shown = attribute.name();
        let text = match name.as_str() {
            "threaded_scheduler" | "multi_thread" => {
                format!("set the runtime by #[{shown}(flavor = \"multi_thread\")]")
            }
            "basic_scheduler" | "current_thread" | "single_threaded" => {
                format!("set the runtime by #[{shown}(flavor = \"current_thread\")]")
            }
            "flavor" | "worker_threads" | "start_paused" | "crate" | "unhandled_panic" | "name" => {
                format!("the option `{name}` needs a value: `{name} = …`")
            }
            _ => return unknown(meta.path(), &name),
        };
        Error::new_spanned(meta, text)
    }

    fn check(self, attribute: &Attribute) -> Result<Options> {
        let default = match (attribute.kind, attribute.has_multi_thread) {
            (Kind::Main, true) => Flavor::MultiThread,
            _ => Flavor::CurrentThread,
        };
        let (flavor, at) = self.flavor.unwrap_or((default, Span::call_site()));
        if flavor == Flavor::MultiThread && !attribute.has_multi_thread {
            let text = "the flavor \"multi_thread\" needs the crate's feature `rt-multi-thread`";
            return Err(Error::new(at, text));
        }
        if let (Some((_, at)), true) = (self.worker_threads, flavor != Flavor::MultiThread) {
            let how = format!("#[{}(flavor = \"multi_thread\")]", attribute.name());
            let text = format!("the option `worker_threads` needs the multi-thread runtime: {how}");
            return Err(Error::new(at, text));
        }
        if let (Some((_, at)), true) = (self.start_paused, flavor == Flavor::MultiThread) {
            let how = format!("#[{}(flavor = \"current_thread\")]", attribute.name());
            let text = format!("the option `start_paused` needs a current-thread runtime: {how}");
            return Err(Error::new(at, text));
        }
        if let (Some((_, at)), true) = (&self.unhandled_panic, flavor == Flavor::MultiThread) {
            let how = format!("#[{}(flavor = \"current_thread\")]", attribute.name());
            let text =
                format!("the option `unhandled_panic` needs a current-thread runtime: {how}");
            return Err(Error::new(*at, text));
        }
        Ok(Options {
            flavor,
            path: self
                .path
                .map_or_else(|| attribute.path.clone(), |(path, _)| path),
            worker_threads: self.worker_threads.map(|(n, _)| n),
            start_paused: self.start_paused.map(|(paused, _)| paused),
            unhandled_panic: self.unhandled_panic.map(|(panic, _)| panic),
            name: self.name.map(|(name, _)| name),
        })
    }
}

/// Sets `option` and says whether it was set before.
fn set<T>(option: &mut Option<(T, Span)>, value: T, at: Span) -> bool {
    option.replace((value, at)).is_some()
}

fn unknown(path: &Path, name: &str) -> Error {
    let text = format!(
        "unknown option `{name}`; there are `flavor`, `worker_threads`, `start_paused`, `crate`, \
         `unhandled_panic` and `name`"
    );
    Error::new_spanned(path, text)
}

fn literal<'a>(value: &'a Expr, name: &str, want: &str) -> Result<&'a Lit> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Ok(lit),
        _ => Err(Error::new_spanned(
            value,
            format!("the value of `{name}` must be {want}"),
        )),
    }
}

fn number(value: &Expr, name: &str) -> Result<usize> {
    let want = "an integer above zero";
    let bad = || Error::new_spanned(value, format!("the value of `{name}` must be {want}"));
    match literal(value, name, want)? {
        Lit::Int(int) => match int.base10_parse::<usize>() {
            Ok(0) | Err(_) => Err(bad()),
            Ok(number) => Ok(number),
        },
        _ => Err(bad()),
    }
}

fn boolean(value: &Expr, name: &str) -> Result<bool> {
    match literal(value, name, "true or false")? {
        Lit::Bool(boolean) => Ok(boolean.value),
        lit => Err(Error::new(
            lit.span(),
            format!("the value of `{name}` must be true or false"),
        )),
    }
}

fn text(value: &Expr, name: &str) -> Result<String> {
    match literal(value, name, "a string")? {
        Lit::Str(text) => Ok(text.value()),
        lit => Err(Error::new(
            lit.span(),
            format!("the value of `{name}` must be a string"),
        )),
    }
}

fn flavor(value: &Expr) -> Result<Flavor> {
    match text(value, "flavor")?.as_str() {
        "current_thread" => Ok(Flavor::CurrentThread),
        "multi_thread" => Ok(Flavor::MultiThread),
        "local" => Ok(Flavor::Local),
        other => {
            let text = format!(
                "no such runtime flavor: `{other}`; there are `multi_thread`, `current_thread` and \
                 `local`"
            );
            Err(Error::new_spanned(value, text))
        }
    }
}

fn panic_policy(value: &Expr) -> Result<TokenStream> {
    match text(value, "unhandled_panic")?.as_str() {
        "ignore" => Ok(quote! { Ignore }),
        "shutdown_runtime" => Ok(quote! { ShutdownRuntime }),
        other => {
            let text =
                format!("no such policy: `{other}`; there are `ignore` and `shutdown_runtime`");
            Err(Error::new_spanned(value, text))
        }
    }
}

fn crate_path(value: &Expr, name: &str) -> Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path.clone()),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => text.parse().map_err(|_| {
            let what = format!("the value of `{name}` is not a path: \"{}\"", text.value());
            Error::new(text.span(), what)
        }),
        _ => Err(Error::new_spanned(
            value,
            format!("the value of `{name}` must be a path"),
        )),
    }
}
