//! The options of the entry points: `flavor = "…", worker_threads = N, …`.

use proc_macro::{Delimiter, Literal, Span, TokenStream, TokenTree};

use crate::attribute::{Attribute, Kind};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::literal;
use crate::template::{at, fill};

/// Which scheduler the runtime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
    Local,
}

/// One option as it was written.
struct RawOption {
    path: Vec<TokenTree>,
    /// What stands behind the `=`, if there is one.
    value: Option<Vec<TokenTree>>,
}

impl RawOption {
    /// What comes next, up to the comma after it.
    fn parse(cursor: &mut Cursor) -> Self {
        let (mut path, mut value) = (Vec::new(), None);
        while !cursor.is_operator(",") {
            if value.is_none() && cursor.skip_operator("=") {
                value = Some(Vec::new());
                continue;
            }
            let Some(token) = cursor.next() else { break };
            let to = value.as_mut().unwrap_or(&mut path);
            match token {
                // A macro's argument stands in a group without signs.
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    to.extend(group.stream());
                }
                token => to.push(token),
            }
        }
        cursor.skip_operator(",");
        Self { path, value }
    }

    fn name(&self) -> String {
        // What stands in parentheses behind a name is not part of it.
        let words = self
            .path
            .iter()
            .filter(|token| !matches!(token, TokenTree::Group(_)));
        let name: String = words.map(ToString::to_string).collect();
        name.to_lowercase()
    }
}

/// The options as they were written, each with its position.
#[derive(Default)]
struct RawOptions {
    flavor: Option<(Flavor, Span)>,
    worker_threads: Option<(usize, Span)>,
    start_paused: Option<(bool, Span)>,
    unhandled_panic: Option<(&'static str, Span)>,
    name: Option<(String, Span)>,
    path: Option<(TokenStream, Span)>,
}

/// A runtime that can be built: options that were checked against each other.
pub(crate) struct Options {
    pub(crate) flavor: Flavor,
    pub(crate) path: TokenStream,
    worker_threads: Option<usize>,
    start_paused: Option<bool>,
    unhandled_panic: Option<&'static str>,
    name: Option<String>,
}

impl Options {
    /// Reads `options` and checks them.
    pub(crate) fn parse(options: TokenStream, attribute: &Attribute) -> Result<Self> {
        let mut cursor = Cursor::new(options);
        let mut raw = RawOptions::default();
        while !cursor.is_empty() {
            raw.take(&RawOption::parse(&mut cursor), attribute)?;
        }
        raw.check(attribute)
    }

    /// Options that always hold.
    pub(crate) fn fallback(attribute: &Attribute) -> Self {
        Self::parse(TokenStream::new(), attribute).expect("no options are good options")
    }

    /// The calls on the builder, from `Builder::new_…` to before `build`.
    pub(crate) fn builder(&self) -> TokenStream {
        let new = match self.flavor {
            Flavor::MultiThread => "new_multi_thread",
            Flavor::CurrentThread | Flavor::Local => "new_current_thread",
        };
        let mut text = format!("$path::runtime::Builder::{new}().enable_all()");
        if let Some(threads) = self.worker_threads {
            text += &format!(".worker_threads({threads}usize)");
        }
        if let Some(paused) = self.start_paused {
            text += &format!(".start_paused({paused})");
        }
        if let Some(policy) = self.unhandled_panic {
            text += &format!(".unhandled_panic($path::runtime::UnhandledPanic::{policy})");
        }
        if let Some(name) = &self.name {
            text += &format!(".name({})", Literal::string(name));
        }
        fill(&text, Span::call_site(), &[("path", self.path.clone())])
    }
}

impl RawOptions {
    fn take(&mut self, option: &RawOption, attribute: &Attribute) -> Result<()> {
        let RawOption { path, value } = option;
        let name = option.name();
        let Some(value) = value else {
            return Err(misplaced(path, &name, attribute));
        };
        let at = value.first().map_or_else(Span::call_site, TokenTree::span);
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
            let text = format!("`{name}` is set more than once");
            return Err(Error::over(path, text));
        }
        Ok(())
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
            path: self.path.map_or_else(|| attribute.path(), |(path, _)| path),
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

/// An option without a value.
fn misplaced(path: &[TokenTree], name: &str, attribute: &Attribute) -> Error {
    let shown = attribute.name();
    let text = match name {
        "threaded_scheduler" | "multi_thread" => {
            format!("set the runtime by #[{shown}(flavor = \"multi_thread\")]")
        }
        "basic_scheduler" | "current_thread" | "single_threaded" => {
            format!("set the runtime by #[{shown}(flavor = \"current_thread\")]")
        }
        "flavor" | "worker_threads" | "start_paused" | "crate" | "unhandled_panic" | "name" => {
            format!("the option `{name}` needs a value: `{name} = …`")
        }
        _ => return unknown(path, name),
    };
    Error::over(path, text)
}

fn unknown(path: &[TokenTree], name: &str) -> Error {
    let text = format!(
        "unknown option `{name}`; there are `flavor`, `worker_threads`, `start_paused`, `crate`, \
         `unhandled_panic` and `name`"
    );
    Error::over(path, text)
}

/// The only token of a value.
fn single(value: &[TokenTree], name: &str, want: &str) -> Result<TokenTree> {
    match value {
        [token] => Ok(token.clone()),
        _ => Err(wrong(value, name, want)),
    }
}

fn wrong(value: &[TokenTree], name: &str, want: &str) -> Error {
    Error::over(value, format!("the value of `{name}` must be {want}"))
}

fn number(value: &[TokenTree], name: &str) -> Result<usize> {
    let want = "an integer above zero";
    match literal::integer(&single(value, name, want)?.to_string()) {
        Some(0) | None => Err(wrong(value, name, want)),
        Some(number) => Ok(number),
    }
}

fn boolean(value: &[TokenTree], name: &str) -> Result<bool> {
    let want = "true or false";
    match single(value, name, want)?.to_string().parse() {
        Ok(boolean) => Ok(boolean),
        Err(_) => Err(wrong(value, name, want)),
    }
}

fn text(value: &[TokenTree], name: &str) -> Result<String> {
    let want = "a string";
    let text = literal::string(&single(value, name, want)?.to_string());
    text.ok_or_else(|| wrong(value, name, want))
}

fn flavor(value: &[TokenTree]) -> Result<Flavor> {
    match text(value, "flavor")?.as_str() {
        "current_thread" => Ok(Flavor::CurrentThread),
        "multi_thread" => Ok(Flavor::MultiThread),
        "local" => Ok(Flavor::Local),
        other => {
            let text = format!(
                "no such runtime flavor: `{other}`; there are `multi_thread`, `current_thread` and \
                 `local`"
            );
            Err(Error::over(value, text))
        }
    }
}

fn panic_policy(value: &[TokenTree]) -> Result<&'static str> {
    match text(value, "unhandled_panic")?.as_str() {
        "ignore" => Ok("Ignore"),
        "shutdown_runtime" => Ok("ShutdownRuntime"),
        other => {
            let text =
                format!("no such policy: `{other}`; there are `ignore` and `shutdown_runtime`");
            Err(Error::over(value, text))
        }
    }
}

/// A path, as it is or in a string.
fn crate_path(value: &[TokenTree], name: &str) -> Result<TokenStream> {
    let [TokenTree::Literal(literal)] = value else {
        let path: TokenStream = value.iter().cloned().collect();
        return if is_path(path.clone()) {
            Ok(path)
        } else {
            Err(wrong(value, name, "a path"))
        };
    };
    let Some(text) = literal::string(&literal.to_string()) else {
        return Err(wrong(value, name, "a path"));
    };
    match text.parse::<TokenStream>() {
        Ok(path) if is_path(path.clone()) => Ok(at(path, literal.span())),
        _ => {
            let text = format!("the value of `{name}` is not a path: \"{text}\"");
            Err(Error::over(value, text))
        }
    }
}

/// Whether `tokens` are words with `::` between them, and perhaps in front of them.
fn is_path(tokens: TokenStream) -> bool {
    let mut cursor = Cursor::new(tokens);
    cursor.skip_operator("::");
    loop {
        // A macro's `$crate` is a word, too.
        if cursor.word().is_none() {
            return false;
        }
        cursor.next();
        if cursor.is_empty() {
            return true;
        }
        if !cursor.skip_operator("::") {
            return false;
        }
    }
}
