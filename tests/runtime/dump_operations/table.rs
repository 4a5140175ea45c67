//! The table: a future that waits, and what its trace must name.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Handle, Runtime};

type RowFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that waits for ever, in a function of a file.
pub(super) struct Row {
    function: &'static str,
    file: &'static str,
    future: RowFuture,
}

/// A row: `future` waits in a function whose name contains `function`, and whose file's path ends with `file`.
pub(super) fn row<T>(
    function: &'static str,
    file: &'static str,
    future: impl Future<Output = T> + Send + 'static,
) -> Row {
    let future = Box::pin(async move {
        let _unexpected = future.await;
    });
    Row {
        function,
        file,
        future,
    }
}

/// What this build's debug information tells of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SymbolLevel {
    None,
    /// Files and lines, and some names without the types and modules that they belong to.
    Lines,
    Whole,
}

impl SymbolLevel {
    fn of_this_build() -> Self {
        let (_keep, receive) = selkie::sync::oneshot::channel::<()>();
        let mut receive = Box::pin(receive);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let poll = || receive.as_mut().poll(&mut cx);
        let (_pending, trace) = selkie::runtime::dump::Trace::capture(poll);
        let (mut has_lines, mut has_names) = (false, true);
        for backtrace in trace.resolve_backtraces() {
            for symbol in backtrace.frames().flat_map(|frame| frame.symbols()) {
                // The standard library's functions have lines in any build.
                let file = symbol.filename().and_then(|file| file.to_str());
                let has_line = file.is_some_and(|file| {
                    file.ends_with("dump_operations/table.rs")
                        || file.contains("core/src/sync/oneshot")
                });
                has_lines |= has_line;
                let name = symbol.name_demangled().unwrap_or_default();
                has_names &= !has_line || name.contains("::");
            }
        }
        match (has_lines, has_names) {
            (false, _) => Self::None,
            (true, false) => Self::Lines,
            (true, true) => Self::Whole,
        }
    }
}

/// Whether names can be checked; if not, prints why.
pub(crate) fn has_names() -> bool {
    match SymbolLevel::of_this_build() {
        SymbolLevel::Whole => return true,
        SymbolLevel::Lines => eprintln!(
            "NOT CHECKED: names; this build's debug information has files and lines alone. Build with debug = 1, or more"
        ),
        SymbolLevel::None => eprintln!(
            "NOT CHECKED: names, files and lines; this build has no debug information. Build with debug = 1, or more"
        ),
    }
    false
}

fn runtimes() -> [Runtime; 2] {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(2);
    [Builder::new_current_thread(), threads]
        .map(|mut builder| builder.enable_all().build().expect("a runtime"))
}

/// Spawns each row's future on a runtime of each flavor, and fails for each that its dump does not show.
pub(super) fn check(rows: impl Fn() -> Vec<Row>) {
    for runtime in runtimes() {
        let missing = runtime.block_on(async { missing_of(rows()).await });
        runtime.shutdown_background();
        assert!(
            missing.is_empty(),
            "not in the dump:\n{}",
            missing.join("\n")
        );
    }
}

async fn missing_of(rows: Vec<Row>) -> Vec<String> {
    let mut tasks: Vec<_> = rows
        .into_iter()
        .map(|row| (row.function, row.file, selkie::spawn(row.future)))
        .collect();
    let names = has_names();
    let lines = SymbolLevel::of_this_build() != SymbolLevel::None;
    let begun = Instant::now();
    loop {
        // Some need a while until they come to where they wait.
        selkie::time::sleep(Duration::from_millis(20)).await;
        let is_last = begun.elapsed() > Duration::from_secs(3);
        let dump = Handle::current().dump().await;
        let mut missing = Vec::new();
        for (function, file, task) in &mut tasks {
            if task.is_finished() {
                missing.push(format!("{function} has ended: {:?}", task.await));
                return missing;
            }
            let dumped = dump.tasks().iter().find(|d| d.id() == task.id());
            let text = dumped.map(|dumped| dumped.trace().to_string());
            let text = text.unwrap_or_default();
            let is_named = text
                .lines()
                .filter_map(|line| line.split_once(" at "))
                .any(|(name, place)| (name.contains(*function) || !names) && place.contains(*file));
            let is_there = !text.is_empty() && (is_named || !lines);
            if !is_there {
                missing.push(format!("{function} in {file}; its trace is:\n{text}"));
            }
        }
        if missing.is_empty() || is_last {
            return missing;
        }
    }
}
