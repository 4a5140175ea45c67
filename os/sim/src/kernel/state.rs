//! The whole simulated world as one value, which whoever has the turn may change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::Duration;

use super::barrier::Barrier;
use super::channel::Channel;
use super::descriptors::Descriptors;
use super::event::{Event, EventTime, Events};
use super::object::Objects;
use super::pipe::Pipes;
use super::policy::Policy;
use super::shared_file::SharedFile;
use super::threads::{Phase, Thread};
use crate::host::{HostState, WORLD};
use crate::ids::{HostId, ThreadId};
use crate::network::Network;
use crate::random::Random;
use crate::trace::Trace;

/// Looks at a clock after which a thread that does nothing else gives its turn away.
const LOOKS: u64 = 64;

/// What one call costs of the simulated time.
const CALL_COST: u64 = 500;

/// Everything that a seed decides.
#[derive(Debug)]
pub(crate) struct State {
    /// Nanoseconds since the simulation began.
    pub(crate) now: u64,
    /// The thread that has the turn.
    pub(crate) current: ThreadId,
    pub(crate) threads: Vec<Thread>,
    pub(crate) hosts: Vec<HostState>,
    pub(crate) objects: Objects,
    pub(crate) descriptors: Descriptors,
    pub(super) pipes: Pipes,
    pub(crate) network: Network,
    /// Files that programs have mapped shared.
    pub(super) shared: Vec<SharedFile>,
    pub(crate) trace: Trace,
    /// Functions that are not simulated and that programs were warned of.
    pub(crate) warned: BTreeSet<&'static str>,
    /// Buffered files of C, by address, and their descriptors.
    pub(crate) buffered: BTreeMap<usize, i32>,
    /// Barriers of C, by address.
    pub(crate) barriers: BTreeMap<usize, Barrier>,
    /// Numbers for programs, `getrandom`.
    pub(crate) entropy: Random,
    pub(super) choices: Random,
    pub(super) waiting: BTreeMap<Channel, Vec<ThreadId>>,
    pub(super) step: u64,
    looks: u64,
    pub(super) limit: u64,
    policy: Policy,
    ready: Vec<ThreadId>,
    events: Events,
    fault_runs: u64,
    faults: u64,
}

impl State {
    /// The world of a seed; in a simpler one, threads lose their turns only when they wait.
    pub(crate) fn new(seed: u64, limit: Duration, is_simpler: bool) -> Self {
        let random = Random::new(seed);
        let mut choices = random.fork("choices");
        let world = HostState::world(&random);
        let mut network = Network::new(random.fork("network"));
        for &address in &world.addresses {
            network.links.add_address(address, WORLD);
        }
        Self {
            now: 0,
            current: ThreadId(0),
            threads: Vec::new(),
            hosts: vec![world],
            objects: Objects::default(),
            descriptors: Descriptors::default(),
            pipes: Pipes::default(),
            network,
            shared: Vec::new(),
            trace: Trace::new(seed),
            warned: BTreeSet::new(),
            buffered: BTreeMap::new(),
            barriers: BTreeMap::new(),
            entropy: random.fork("entropy"),
            policy: if is_simpler {
                Policy::Waiting
            } else {
                Policy::new(&mut choices)
            },
            choices,
            waiting: BTreeMap::new(),
            step: 0,
            looks: 0,
            limit: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX),
            ready: Vec::new(),
            events: Events::default(),
            fault_runs: 0,
            faults: 0,
        }
    }

    /// The host whose calls the running thread makes: its own, or the one whose signal handler it runs.
    pub(crate) fn host(&self) -> HostId {
        let thread = &self.threads[self.current.0 as usize];
        thread.acts_for.unwrap_or(thread.host)
    }

    /// Says for which host the running thread makes calls, if not for its own.
    pub(crate) fn act_for(&mut self, host: Option<HostId>) {
        self.threads[self.current.0 as usize].acts_for = host;
    }

    /// Whether the thread never runs again.
    pub(super) fn is_frozen(&self, thread: ThreadId) -> bool {
        self.threads[thread.0 as usize].phase == Phase::Frozen
    }

    /// A new thread of `host`, which can run.
    pub(crate) fn add_thread(&mut self, host: HostId) -> ThreadId {
        let thread = ThreadId(u32::try_from(self.threads.len()).expect("fewer threads"));
        self.threads.push(Thread::new(host));
        self.make_ready(thread);
        thread
    }

    /// Whether the running thread's last wait ended by time.
    pub(crate) fn timed_out(&self) -> bool {
        self.threads[self.current.0 as usize].timed_out
    }

    /// Fills `bytes` with what the seed says.
    pub(crate) fn fill_random(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let number = self.entropy.next_u64().to_le_bytes();
            part.copy_from_slice(&number[..part.len()]);
        }
    }

    /// Sets what happens in `after` nanoseconds.
    pub(crate) fn set_event(&mut self, after: u64, event: Event) -> EventTime {
        self.events.add(self.now.saturating_add(after), event)
    }

    /// A call begins: it costs time, and the turn may be given away. Whether it is.
    pub(super) fn begin_call(&mut self) -> bool {
        self.now += CALL_COST;
        self.step += 1;
        self.looks = 0;
        let current = self.current;
        self.threads[current.0 as usize].timed_out = false;
        let preempts = self.policy.preempts(&mut self.choices, self.step, current);
        if preempts {
            self.ready.push(current);
        }
        preempts
    }

    /// Whether the running thread has looked so often without a call that others get the turn.
    pub(super) fn has_looked_enough(&mut self) -> bool {
        self.looks += 1;
        let is_enough = self.looks >= LOOKS;
        if is_enough {
            self.looks = 0;
            self.policy.demote(self.current);
            self.ready.push(self.current);
        }
        is_enough
    }

    /// The running thread waits.
    pub(super) fn wait(&mut self, channels: Vec<Channel>, until: Option<u64>) {
        let current = self.current;
        for &channel in &channels {
            self.waiting.entry(channel).or_default().push(current);
        }
        let thread = &mut self.threads[current.0 as usize];
        thread.phase = Phase::Waiting(channels);
        thread.timeout = until.map(|until| {
            let at = until.max(self.now);
            self.events.add(at, Event::Timeout { thread: current })
        });
    }

    /// Lets all go on that wait for `channel`.
    pub(crate) fn wake(&mut self, channel: Channel) {
        self.wake_some(channel, usize::MAX);
    }

    /// Lets `count` threads go on that wait for `channel`, which ones the seed says; how many there were.
    pub(crate) fn wake_some(&mut self, channel: Channel, count: usize) -> usize {
        let mut woken = 0;
        while woken < count {
            let Some(waiting) = self.waiting.get(&channel) else {
                break;
            };
            let at = if count >= waiting.len() {
                0
            } else {
                self.choices.below(waiting.len() as u64) as usize
            };
            let thread = waiting[at];
            self.end_wait(thread, false);
            woken += 1;
        }
        woken
    }

    /// The thread's wait is over.
    fn end_wait(&mut self, thread: ThreadId, timed_out: bool) {
        let at = &mut self.threads[thread.0 as usize];
        let phase = std::mem::replace(&mut at.phase, Phase::Ready);
        at.timed_out = timed_out;
        if let Some(timeout) = at.timeout.take() {
            self.events.cancel(timeout);
        }
        let Phase::Waiting(channels) = phase else {
            at.phase = phase;
            return;
        };
        self.forget_wait(thread, &channels);
        self.make_ready(thread);
    }

    fn forget_wait(&mut self, thread: ThreadId, channels: &[Channel]) {
        for channel in channels {
            if let Some(waiting) = self.waiting.get_mut(channel) {
                waiting.retain(|&other| other != thread);
                if waiting.is_empty() {
                    self.waiting.remove(channel);
                }
            }
        }
    }

    fn make_ready(&mut self, thread: ThreadId) {
        let host = self.threads[thread.0 as usize].host;
        match &mut self.hosts[host.0].paused {
            Some(held) => held.push(thread),
            None => self.ready.push(thread),
        }
    }

    /// The running thread has ended.
    pub(super) fn end_thread(&mut self) {
        let current = self.current;
        self.threads[current.0 as usize].phase = Phase::Ended;
        self.wake(Channel::End(current));
    }

    /// The threads of `host` never run again.
    pub(crate) fn freeze(&mut self, host: HostId) {
        for at in 0..self.threads.len() {
            let thread = &mut self.threads[at];
            if thread.host != host || thread.phase == Phase::Ended {
                continue;
            }
            let phase = std::mem::replace(&mut thread.phase, Phase::Frozen);
            if let Some(timeout) = thread.timeout.take() {
                self.events.cancel(timeout);
            }
            if let Phase::Waiting(channels) = phase {
                self.forget_wait(ThreadId(at as u32), &channels);
            }
        }
        let threads = &self.threads;
        self.ready
            .retain(|thread| threads[thread.0 as usize].host != host);
        self.hosts[host.0].paused = None;
    }

    /// The threads of `host` stand still until they are released.
    pub(crate) fn pause(&mut self, host: HostId) {
        if self.hosts[host.0].paused.is_some() {
            return;
        }
        let threads = &self.threads;
        let (held, ready) = std::mem::take(&mut self.ready)
            .into_iter()
            .partition(|thread| threads[thread.0 as usize].host == host);
        self.ready = ready;
        self.hosts[host.0].paused = Some(held);
    }

    /// The threads of `host` go on.
    pub(crate) fn resume(&mut self, host: HostId) {
        let held = self.hosts[host.0].paused.take();
        self.ready.extend(held.unwrap_or_default());
    }

    /// Who runs next; nobody if nothing can happen any more, or the time is up.
    pub(super) fn next_turn(&mut self) -> Option<ThreadId> {
        loop {
            while let Some(event) = self.events.due(self.now) {
                self.happen(event);
            }
            if self.now > self.limit {
                return None;
            }
            if !self.ready.is_empty() {
                let at = self.policy.choose(&mut self.choices, &self.ready);
                let next = self.ready.swap_remove(at);
                self.current = next;
                let host = self.threads[next.0 as usize].host;
                self.trace.turn(self.now, host, next);
                return Some(next);
            }
            self.now = self.events.next()?;
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Timeout { thread } => self.end_wait(thread, true),
            Event::Delivery(delivery) => self.deliver(delivery),
        }
    }

    /// Whether a place of the program goes its rare way now: never in three runs of four.
    pub(crate) fn maybe(&mut self, probability: f64, place: &str) -> bool {
        let is_chosen = self.entropy.fork(place).chance(0.25);
        let goes = self.choices.chance(probability) && is_chosen;
        if goes {
            self.trace.cover("maybe");
            self.note(format_args!("maybe {place}"));
        }
        goes
    }

    /// Choices of faults, which do not depend on what programs do; others each time.
    pub(crate) fn fault_choices(&mut self) -> Random {
        let label = match self.fault_runs {
            0 => String::from("faults"),
            number => format!("faults {number}"),
        };
        self.fault_runs += 1;
        self.entropy.fork(&label)
    }

    /// The number of the next fault, in the order in which faults are chosen.
    pub(crate) fn next_fault(&mut self) -> u64 {
        self.faults += 1;
        self.faults
    }

    /// Notes something in the trace.
    pub(crate) fn note(&mut self, what: impl Display) {
        let id = self.host();
        self.trace
            .note(self.now, (id, &self.hosts[id.0].name), what);
    }
}
