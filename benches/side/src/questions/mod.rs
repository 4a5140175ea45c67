//! What is asked, one file a question.

mod block_on;
mod blocking;
mod channels;
mod datagrams;
pub(crate) mod echo;
mod files;
pub(crate) mod http;
#[cfg(target_os = "linux")]
mod local;
mod locks;
mod memory;
mod process;
#[cfg(target_os = "linux")]
mod rings;
mod spawn;
mod stuck;
mod timers;
mod turns;

use crate::peer::Peer;

/// The runtimes whose tasks stay on their thread, where there are such.
fn local(peer: Peer, question: &str) -> Option<f64> {
    #[cfg(target_os = "linux")]
    return local::ask(peer, question);
    #[cfg(not(target_os = "linux"))]
    None
}

/// One question.
pub struct Question {
    pub name: &'static str,
    /// What the figure counts; less is better.
    pub unit: &'static str,
    pub about: &'static str,
    /// The figure for a runtime, or `None` if it makes no sense there.
    pub ask: fn(Peer, &str) -> Option<f64>,
}

const fn q(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    ask: fn(Peer, &str) -> Option<f64>,
) -> Question {
    Question {
        name,
        unit,
        about,
        ask,
    }
}

/// Every question, in the order of the table.
pub const ALL: &[Question] = &[
    q("spawn_one", "ns", "spawn a task and await it", spawn::ask),
    q(
        "spawn_batch",
        "ns",
        "spawn 1,000 tasks, then await them",
        spawn::ask,
    ),
    q(
        "spawn_remote",
        "ns",
        "another thread spawns 10,000 tasks, and waits",
        spawn::ask,
    ),
    q(
        "spawn_tree",
        "ns",
        "tasks that spawn two tasks each, ten levels",
        spawn::ask,
    ),
    q(
        "spawn_4k",
        "ns",
        "spawn and await a future of 4 KiB",
        spawn::ask,
    ),
    q("yield_one", "ns", "a lone task yields", turns::ask),
    q("yield_many", "ns", "1,000 tasks yield in turn", turns::ask),
    q(
        "ping_pong",
        "ns",
        "two tasks send a number to and fro",
        turns::ask,
    ),
    q(
        "chain",
        "ns",
        "each task spawns the next, 1,000 long",
        turns::ask,
    ),
    q(
        "wake_storm",
        "ns",
        "1,000 waiting tasks are woken at once",
        turns::ask,
    ),
    q(
        "block_on",
        "ns",
        "block_on of a ready future",
        block_on::ask,
    ),
    q(
        "start_stop",
        "ns",
        "build and drop a runtime",
        block_on::ask,
    ),
    q(
        "oneshot",
        "ns",
        "make, send, receive, in one task",
        channels::ask,
    ),
    q(
        "mpsc",
        "ns",
        "send and receive in one task, 64 slots",
        channels::ask,
    ),
    q(
        "mpsc_4",
        "ns",
        "four tasks send to one, 64 slots",
        channels::ask,
    ),
    q(
        "unbounded_4",
        "ns",
        "four tasks send to one, no limit",
        channels::ask,
    ),
    q(
        "watch",
        "ns",
        "send and see the change, in one task",
        channels::ask,
    ),
    q(
        "unbounded",
        "ns",
        "send and receive in one task, no limit",
        channels::ask,
    ),
    q(
        "broadcast",
        "ns",
        "send and receive in one task",
        channels::ask,
    ),
    q(
        "oneshot_4",
        "ns",
        "between two tasks, four pairs at once",
        channels::ask,
    ),
    q(
        "watch_4",
        "ns",
        "one sends, four see changes",
        channels::ask,
    ),
    q("broadcast_4", "ns", "one sends to four", channels::ask),
    q("mutex", "ns", "lock and unlock, nobody else", locks::ask),
    q("rwlock", "ns", "read and write, nobody else", locks::ask),
    q(
        "semaphore",
        "ns",
        "acquire and release, nobody else",
        locks::ask,
    ),
    q("barrier_4", "ns", "four tasks meet", locks::ask),
    q(
        "mutex_4",
        "ns",
        "four tasks, one lock, a yield inside",
        locks::ask,
    ),
    q(
        "rwlock_4",
        "ns",
        "four readers, every tenth writes",
        locks::ask,
    ),
    q("semaphore_4", "ns", "four tasks, two permits", locks::ask),
    q("notify", "ns", "a round trip between two tasks", locks::ask),
    q(
        "timer_drop",
        "ns",
        "make, poll and drop a sleep",
        timers::ask,
    ),
    q(
        "timer_drop_busy",
        "ns",
        "the same beside 10,000 sleepers",
        timers::ask,
    ),
    q(
        "timer_drop_4",
        "ns",
        "four tasks make, poll and drop sleeps",
        timers::ask,
    ),
    q(
        "timer_late",
        "us",
        "how late a sleep of 2 ms ends, median",
        timers::ask,
    ),
    q(
        "sleepers",
        "ns",
        "a million sleepers: make, end, per sleeper",
        timers::ask,
    ),
    q(
        "blocking_one",
        "ns",
        "spawn_blocking and await",
        blocking::ask,
    ),
    q(
        "blocking_burst",
        "ns",
        "1,000 closures at once",
        blocking::ask,
    ),
    q(
        "echo_1",
        "ns",
        "TCP echo of 64 bytes, one connection, processor time",
        echo::ask,
    ),
    q("echo_64", "ns", "64 connections", echo::ask),
    q("echo_512", "ns", "512 connections", echo::ask),
    q("echo_4096", "ns", "4,096 connections", echo::ask),
    q(
        "echo_deep",
        "ns",
        "64 connections, 16 requests in flight each",
        echo::ask,
    ),
    q(
        "churn",
        "ns",
        "connect, one request, close; processor time",
        echo::ask,
    ),
    q(
        "udp",
        "ns",
        "UDP round trip of 64 bytes, processor time",
        datagrams::ask,
    ),
    q(
        "unix",
        "ns",
        "unix stream round trip of 64 bytes, processor time",
        datagrams::ask,
    ),
    q(
        "http_1",
        "ns",
        "hyper, keep-alive, 1 connection, processor time of server",
        http::ask,
    ),
    q(
        "http",
        "ns",
        "hyper, keep-alive, 64 connections, processor time of the server",
        http::ask,
    ),
    q(
        "http_512",
        "ns",
        "hyper, keep-alive, 512 connections, processor time of the server",
        http::ask,
    ),
    q(
        "http_wrk",
        "ns",
        "the same with 64, asked by wrk",
        http::ask,
    ),
    q(
        "read_4k",
        "ns",
        "read 4 KiB of an open file, cached",
        files::ask,
    ),
    q("read_file", "ns", "fs::read of 4 KiB, cached", files::ask),
    q(
        "read_2000",
        "ns",
        "2,000 files of 4 KiB at once, cached",
        files::ask,
    ),
    q("read_large", "ns", "fs::read of 2 MiB, cached", files::ask),
    q(
        "read_cold",
        "ns",
        "fs::read of 64 KiB, not cached",
        files::ask,
    ),
    q("metadata", "ns", "fs::metadata, cached", files::ask),
    q("write_sync", "ns", "write 4 KiB and sync", files::ask),
    q("process", "ns", "run /bin/true and wait", process::ask),
    q(
        "process_large",
        "ns",
        "the same from a process of 512 MiB",
        process::ask,
    ),
    q(
        "stuck_worker",
        "us",
        "how late others' 1 ms sleeps end while a worker is stuck 50 ms, worst",
        stuck::ask,
    ),
    q("task_bytes", "B", "memory of an idle task", memory::ask),
    q(
        "sleeper_bytes",
        "B",
        "memory of a sleeping task",
        memory::ask,
    ),
    q(
        "connection_bytes",
        "B",
        "memory of an idle TCP connection with its task",
        memory::ask,
    ),
    q(
        "channel_bytes",
        "B",
        "memory of an mpsc channel of 16, unused",
        memory::ask,
    ),
];

/// The question of this name.
pub fn named(name: &str) -> Option<&'static Question> {
    ALL.iter().find(|question| question.name == name)
}
