//! A backtrace in names, files and lines.

use std::ffi::c_void;
use std::path::{Path, PathBuf};

/// The calls that led to a place, innermost first.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use selkie::runtime::dump::{Backtrace, Trace};
/// use selkie::sync::Notify;
///
/// /// The innermost call whose function has a name.
/// fn innermost(backtrace: &Backtrace) -> Option<String> {
///     let symbols = backtrace.frames().flat_map(|frame| frame.symbols());
///     symbols.filter_map(|symbol| symbol.name_demangled()).next().map(str::to_owned)
/// }
///
/// let notify = Notify::new();
/// let mut waiting = pin!(notify.notified());
/// let mut cx = Context::from_waker(Waker::noop());
/// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
/// assert!(innermost(&trace.resolve_backtraces()[0]).is_some());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Backtrace {
    frames: Box<[BacktraceFrame]>,
}

/// One call; several functions, where some were inlined into others.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use selkie::runtime::dump::{BacktraceFrame, Trace};
/// use selkie::sync::Notify;
///
/// /// A line for each function of a call, also for those that were inlined.
/// fn lines(frame: &BacktraceFrame) -> Vec<String> {
///     let name = |name: Option<&str>| name.unwrap_or("?").to_owned();
///     frame.symbols().map(|symbol| name(symbol.name_demangled())).collect()
/// }
///
/// let notify = Notify::new();
/// let mut waiting = pin!(notify.notified());
/// let mut cx = Context::from_waker(Waker::noop());
/// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
/// let backtraces = trace.resolve_backtraces();
/// assert!(!backtraces[0].frames().flat_map(lines).collect::<Vec<_>>().is_empty());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BacktraceFrame {
    ip: usize,
    symbol_address: usize,
    symbols: Box<[BacktraceSymbol]>,
}

/// One function of a call.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use selkie::runtime::dump::{BacktraceSymbol, Trace};
/// use selkie::sync::Notify;
///
/// /// File and line, if the program has debug information.
/// fn place(symbol: &BacktraceSymbol) -> Option<String> {
///     Some(format!("{}:{}", symbol.filename()?.display(), symbol.lineno()?))
/// }
///
/// let notify = Notify::new();
/// let mut waiting = pin!(notify.notified());
/// let mut cx = Context::from_waker(Waker::noop());
/// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
/// let backtraces = trace.resolve_backtraces();
/// for symbol in backtraces[0].frames().flat_map(|frame| frame.symbols()) {
///     let _place = place(symbol);
///     assert!(symbol.name_raw().is_some() || symbol.addr().is_some());
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BacktraceSymbol {
    name_raw: Option<Box<[u8]>>,
    name_demangled: Option<Box<str>>,
    addr: Option<usize>,
    filename: Option<PathBuf>,
    lineno: Option<u32>,
    colno: Option<u32>,
}

impl Backtrace {
    pub(super) fn new(frames: impl Iterator<Item = BacktraceFrame>) -> Self {
        Self {
            frames: frames.collect(),
        }
    }

    /// The calls, innermost first.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use selkie::runtime::dump::Trace;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let mut waiting = pin!(notify.notified());
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
    /// let innermost = trace.resolve_backtraces()[0].frames().next().map(|frame| frame.ip());
    /// assert!(!innermost.unwrap().is_null());
    /// # }
    /// ```
    pub fn frames(&self) -> impl Iterator<Item = &BacktraceFrame> {
        self.frames.iter()
    }
}

impl BacktraceFrame {
    /// Looks the functions at `ip` up.
    pub(super) fn resolve(ip: usize, symbol_address: usize) -> Self {
        let mut symbols = Vec::new();
        let pointer = std::ptr::without_provenance_mut(ip);
        backtrace::resolve(pointer, |symbol| symbols.push(BacktraceSymbol::new(symbol)));
        Self {
            ip,
            symbol_address,
            symbols: symbols.into(),
        }
    }

    /// Where the call will return to.
    pub fn ip(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.ip)
    }

    /// Where the function begins.
    pub fn symbol_address(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.symbol_address)
    }

    /// The functions, innermost first; none without debug information.
    pub fn symbols(&self) -> impl Iterator<Item = &BacktraceSymbol> {
        self.symbols.iter()
    }
}

impl BacktraceSymbol {
    fn new(symbol: &backtrace::Symbol) -> Self {
        let name = symbol.name();
        Self {
            name_raw: name.as_ref().map(|name| name.as_bytes().into()),
            name_demangled: name.map(|name| format!("{name:#}").into()),
            addr: symbol.addr().map(<*mut c_void>::addr),
            filename: symbol.filename().map(Path::to_owned),
            lineno: symbol.lineno(),
            colno: symbol.colno(),
        }
    }

    /// The name as the linker knows it.
    pub fn name_raw(&self) -> Option<&[u8]> {
        self.name_raw.as_deref()
    }

    /// The name as it is written in Rust.
    pub fn name_demangled(&self) -> Option<&str> {
        self.name_demangled.as_deref()
    }

    /// Where the function begins.
    pub fn addr(&self) -> Option<*mut c_void> {
        self.addr.map(std::ptr::without_provenance_mut)
    }

    /// The source file.
    pub fn filename(&self) -> Option<&Path> {
        self.filename.as_deref()
    }

    /// The line of the call.
    pub fn lineno(&self) -> Option<u32> {
        self.lineno
    }

    /// The column of the call.
    pub fn colno(&self) -> Option<u32> {
        self.colno
    }
}
