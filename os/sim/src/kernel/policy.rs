//! Which of the threads that can run does so.

use crate::ids::ThreadId;
use crate::random::Random;

/// How the next thread is chosen.
///
/// # Source
/// Sebastian Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010), for
/// the second kind.
#[derive(Debug)]
pub(crate) enum Policy {
    /// Each with the same probability, when a thread waits, and at no other time.
    Waiting,
    /// Each with the same probability, at each turn. One call in `preempt` gives the turn away.
    Uniform { preempt: u64 },
    /// The one with the highest priority; after some steps, which were chosen before, the running one gets the lowest.
    Priorities {
        priorities: Vec<u64>,
        changes: Vec<u64>,
        lowest: u64,
    },
}

/// Steps among which the changes of priorities lie: as many as the program makes, or some of them do nothing. That is not known before, so
/// the seed guesses.
const STEPS: [u64; 4] = [300, 1_200, 5_000, 20_000];

impl Policy {
    /// The seed chooses the kind too.
    pub(crate) fn new(random: &mut Random) -> Self {
        if random.below(4) != 0 {
            let preempt = [8, 32, 128, 1024][random.below(4) as usize];
            return Self::Uniform { preempt };
        }
        let count = 1 + random.below(6);
        let steps = STEPS[random.below(4) as usize];
        let mut changes: Vec<_> = (0..count).map(|_| random.below(steps)).collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        Self::Priorities {
            priorities: Vec::new(),
            changes,
            lowest: 1 << 32,
        }
    }

    /// Whether a running thread gives its turn away at this step.
    pub(crate) fn preempts(&mut self, random: &mut Random, step: u64, thread: ThreadId) -> bool {
        match self {
            Self::Waiting => false,
            Self::Uniform { preempt } => random.below(*preempt) == 0,
            Self::Priorities { changes, .. } => {
                // A thread that never waits must not keep the others from what they wait for.
                let is_due = changes.last().is_some_and(|&change| change <= step);
                if !is_due && random.below(1024) != 0 {
                    return false;
                }
                if is_due {
                    changes.pop();
                }
                self.demote(thread);
                true
            }
        }
    }

    /// The thread waits for others: any of them goes first.
    pub(crate) fn demote(&mut self, thread: ThreadId) {
        if let Self::Priorities {
            priorities, lowest, ..
        } = self
        {
            *lowest -= 1;
            if let Some(priority) = priorities.get_mut(thread.0 as usize) {
                *priority = *lowest;
            }
        }
    }

    /// The index in `ready` of the thread that runs next.
    pub(crate) fn choose(&mut self, random: &mut Random, ready: &[ThreadId]) -> usize {
        match self {
            Self::Waiting | Self::Uniform { .. } => random.below(ready.len() as u64) as usize,
            Self::Priorities { priorities, .. } => {
                let most = ready.iter().map(|thread| thread.0).max().unwrap_or(0);
                while priorities.len() <= most as usize {
                    priorities.push((1 << 32) + random.below(1 << 31));
                }
                let best = (0..ready.len()).max_by_key(|&at| priorities[ready[at].0 as usize]);
                best.unwrap_or(0)
            }
        }
    }
}
