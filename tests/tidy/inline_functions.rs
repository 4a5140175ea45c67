//! What is compiled in the crate that uses it.
//!
//! A function with `#[inline]` is compiled by each crate that calls it, and by none that does not. So a program pays for
//! recordings, rings or statistics in the time of its build if it has them. It takes only one function without the attribute
//! to have the library compile all that this function calls: hence every function in these files has it.

use super::source::Source;

/// The files and folders whose functions are compiled where they are called. See docs/decisions/0216.
const PLACES: [&str; 47] = [
    "core/src/sync/barrier.rs",
    "os/src/async_io/memory/",
    "os/src/driver/uring/",
    "os/src/fs/",
    "os/src/net/datagram.rs",
    "os/src/net/fast_open.rs",
    "os/src/net/methods.rs",
    "os/src/net/shared_port.rs",
    "os/src/net/splice/",
    "os/src/net/tcp/listener.rs",
    "os/src/net/tcp/socket.rs",
    "os/src/net/udp.rs",
    "os/src/net/udp_batch.rs",
    "os/src/net/udp_options.rs",
    "os/src/net/unix/datagram.rs",
    "os/src/net/unix/listener.rs",
    "os/src/net/unix/pipe/",
    "os/src/net/unix/rights.rs",
    "os/src/net/unix/socket",
    "os/src/observability/histogram.rs",
    "os/src/observability/latency.rs",
    "os/src/observability/log_histogram.rs",
    "os/src/observability/names.rs",
    "os/src/observability/number_hasher.rs",
    "os/src/observability/observer.rs",
    "os/src/observability/probes",
    "os/src/observability/recorder/",
    "os/src/observability/running_polls.rs",
    "os/src/observability/statistics/",
    "os/src/observability/timed_probes.rs",
    "os/src/observability/watchdog.rs",
    "os/src/process/",
    "os/src/runtime/builder_probes.rs",
    "os/src/runtime/recording",
    "os/src/runtime/report",
    "os/src/runtime/requested_probes.rs",
    "os/src/runtime/start_watchdog.rs",
    "os/src/runtime/statistics.rs",
    "os/src/stdio/",
    "os/src/sys/directory.rs",
    "os/src/sys/exact_input/",
    "os/src/sys/page_cache/",
    "os/src/sys/replaced_file/",
    "os/src/sys/ticks.rs",
    "os/src/sys/timer_fd/",
    "os/src/time/precise_sleep.rs",
    "os/src/uring/",
];

/// Files in these places that other code needs in every program, or that no feature of `full` has.
const EXCEPT: [&str; 2] = [
    "os/src/driver/uring/rings.rs",
    "os/src/observability/recorder/trace_events.rs",
];

/// Functions in these places that the library compiles for everybody.
pub(crate) fn for_everybody(sources: &[Source]) -> Vec<String> {
    let is_meant = |path: &str| {
        PLACES.iter().any(|place| path.starts_with(place))
            && !EXCEPT.contains(&path)
            && !path.contains("/windows")
    };
    let mut found = Vec::new();
    for source in sources {
        if source.is_test() || !is_meant(&source.path) {
            continue;
        }
        let lines = source.lines();
        for (index, line) in lines.iter().enumerate() {
            if is_function(line) && has_body(&lines[index..]) && !is_marked(&lines[..index]) {
                found.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    for place in PLACES {
        if !sources.iter().any(|source| source.path.starts_with(place)) {
            found.push(format!("{place}: there is no such place"));
        }
    }
    found
}

/// Whether a line declares a function that a crate may compile: a `const` one is left to the compiler.
fn is_function(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| {
        *word == "pub"
            || word.starts_with("pub(")
            || word.ends_with(")")
            || ["async", "unsafe"].contains(word)
    });
    words.next() == Some("fn")
}

/// Whether the function that begins here has a body: one that a trait asks for has none.
fn has_body(lines: &[&str]) -> bool {
    let end = lines.iter().find(|line| line.ends_with(['{', ';', '}']));
    end.is_none_or(|line| !line.ends_with(';'))
}

/// Whether the attributes that end here have an `#[inline]`.
fn is_marked(before: &[&str]) -> bool {
    let attributes = before.iter().rev().map(|line| line.trim());
    attributes
        .take_while(|line| line.starts_with("#[") || line.is_empty())
        .any(|line| line.starts_with("#[inline") && !line.contains("never"))
}

/// How many functions of an example the rule finds: one of three.
pub(crate) fn example() -> usize {
    let text = "#[inline]\nfn marked() {\n}\n\nfn bare(\n    n: u8,\n) {\n}\n\ntrait Asks {\n    fn asked(&self);\n}\n";
    let source = Source::example("os/src/uring/example.rs", text);
    let lines = source.lines();
    (0..lines.len())
        .filter(|&index| {
            is_function(lines[index]) && has_body(&lines[index..]) && !is_marked(&lines[..index])
        })
        .count()
}
