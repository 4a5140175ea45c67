//! How figures change with the number of workers: rates that should stay flat, and how late things are while all
//! workers are busy.

mod busy;
mod flat;
mod server;
mod table;

pub use table::{one, run};

/// The figures of one question, with their names.
pub type Figures = Vec<(&'static str, f64)>;

/// One question.
pub struct Question {
    pub name: &'static str,
    pub unit: &'static str,
    pub about: &'static str,
    /// Whether the process gets one processor, whatever the number of its workers.
    pub on_one_processor: bool,
    /// Who is asked.
    pub runtimes: &'static [&'static str],
    pub ask: fn(&str, usize, &str) -> Option<Figures>,
}

/// Runtimes of several workers.
const RUNTIMES: &[&str] = &["selkie", "tokio"];

const fn q(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    ask: fn(&str, usize, &str) -> Option<Figures>,
) -> Question {
    Question {
        name,
        unit,
        about,
        on_one_processor: false,
        runtimes: RUNTIMES,
        ask,
    }
}

/// A question of servers: each figure has its own unit.
const fn served(name: &'static str, about: &'static str) -> Question {
    Question {
        runtimes: server::RUNTIMES,
        ..q(name, "", about, server::ask)
    }
}

const fn crowded(question: Question, name: &'static str) -> Question {
    Question {
        name,
        on_one_processor: true,
        ..question
    }
}

const WAKE_BUSY: Question = q(
    "wake_busy",
    "us",
    "a task is woken from another thread while 4 tasks a worker compute 50 us and yield",
    busy::ask,
);

const SLEEP_BUSY: Question = q(
    "sleep_busy",
    "us",
    "a sleep of 1 to 8 ms ends late while 2 tasks a worker compute 50 us and yield",
    busy::ask,
);

const STORM: Question = q(
    "storm",
    "ns",
    "a wake of 512 tasks that wait for one `Notify`, by one that yields until all wait",
    flat::ask,
);

/// Every question, in the order of the table.
pub const ALL: &[Question] = &[
    q(
        "pairs",
        "ns",
        "worker's time of a message that is answered by a oneshot, 2 pairs a worker, nothing shared",
        flat::ask,
    ),
    q(
        "yields",
        "ns",
        "worker's time of a yield, 64 tasks a worker",
        flat::ask,
    ),
    q(
        "spawn_all",
        "ns",
        "worker's time of a spawn and its end, a task a worker spawns",
        flat::ask,
    ),
    q(
        "spawn_from_one",
        "ns",
        "a spawn by one task for all workers",
        flat::ask,
    ),
    q(
        "broadcast",
        "ns",
        "processor time of a receive, one task sends to 2 a worker",
        flat::ask,
    ),
    STORM,
    crowded(STORM, "storm_crowded"),
    WAKE_BUSY,
    crowded(WAKE_BUSY, "wake_busy_crowded"),
    SLEEP_BUSY,
    crowded(SLEEP_BUSY, "sleep_busy_crowded"),
    q(
        "wake_idle",
        "us",
        "a task of a runtime that sleeps is woken from another thread",
        busy::ask,
    ),
    served(
        "echo_64",
        "TCP echo of 64 bytes, 64 connections, as many threads of clients as workers",
    ),
    served("echo_512", "the same, 512 connections"),
    served("echo_2048", "the same, 2,048 connections"),
    served("http_64", "hyper, keep-alive, 64 connections"),
    served("http_1024", "the same, 1,024 connections"),
];

/// Runs `future` on a runtime of several workers and returns what it comes to.
#[macro_export]
macro_rules! by_workers {
    ($({ $($body:tt)* })*) => {
        $crate::same_for!(selkie { $($($body)*)* });
        $crate::same_for!(tokio { $($($body)*)* });

        pub fn ask(
            runtime: &str,
            workers: usize,
            question: &str,
        ) -> Option<$crate::scale::Figures> {
            match runtime {
                "selkie" => selkie::ask(workers, question),
                "tokio" => tokio::ask(workers, question),
                _ => None,
            }
        }
    };
}
