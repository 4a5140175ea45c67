//! Networks of tasks whose outcome does not depend on the order in which they run.
//!
//! Idea        Each edge has one sender and one receiver, and leads to a later task: so what each task
//!             sees, in which order, is defined also on several workers, and every network ends.

use crate::program::Random;

/// One step of a task.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(usize),
    Receive(usize),
    Yield,
    /// So many microseconds.
    Sleep(u64),
    /// To a sum that all tasks share.
    Add(u64),
    Burn(usize),
    /// Spawns a task and joins it.
    Child(u64),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Unbounded,
    Bounded,
    Oneshot,
    Notify,
    Permits,
}

#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) kind: Kind,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) messages: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) workers: usize,
    pub(crate) edges: Vec<Edge>,
    pub(crate) scripts: Vec<Vec<Step>>,
}

impl Network {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed ^ 0x5e1f);
        let tasks = 2 + random.below(9);
        let edges: Vec<Edge> = (0..1 + random.below(2 * tasks))
            .map(|_| edge(random, tasks))
            .collect();
        let mut scripts = vec![Vec::new(); tasks];
        for script in &mut scripts {
            for _ in 0..random.below(6) {
                let step = match random.below(12) {
                    0..=4 => Step::Yield,
                    5 => Step::Sleep(random.below(1500) as u64),
                    6 | 7 => Step::Add(random.below(100) as u64),
                    8 => Step::Burn(1 + random.below(200)),
                    _ => Step::Child(random.below(100) as u64),
                };
                script.push(step);
            }
        }
        for (number, edge) in edges.iter().enumerate() {
            for _ in 0..edge.messages {
                for (task, step) in [
                    (edge.from, Step::Send(number)),
                    (edge.to, Step::Receive(number)),
                ] {
                    let at = random.below(scripts[task].len() + 1);
                    scripts[task].insert(at, step);
                }
            }
        }
        Self {
            workers: 1 + random.below(4),
            edges,
            scripts,
        }
    }
}

fn edge(random: &mut Random, tasks: usize) -> Edge {
    let from = random.below(tasks - 1);
    let kind = match random.below(5) {
        0 => Kind::Unbounded,
        1 => Kind::Bounded,
        2 => Kind::Oneshot,
        3 => Kind::Notify,
        _ => Kind::Permits,
    };
    Edge {
        kind,
        from,
        to: from + 1 + random.below(tasks - from - 1),
        messages: match kind {
            // A notification that was not waited for is not counted twice.
            Kind::Oneshot | Kind::Notify => 1,
            _ => 1 + random.below(5),
        },
    }
}
