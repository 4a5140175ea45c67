//! One replica's state and the rules by which it changes.
//!
//! Invariants  I1 Nothing is answered that depends on the term, the vote or the log before they are synced.
//!             I2 What is committed is in the log of every leader to come.
//!             I3 A term has one leader.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::journal::{Journal, KeptState, Record};
use super::message::{Answer, Command, Entry, Request};
use super::observer::Observer;

/// All replicas.
pub(super) const NAMES: [&str; 3] = ["one", "two", "three"];
const MAJORITY: usize = 2;
/// Entries in one request.
const BATCH: usize = 8;
/// How long a leader believes that it leads without hearing from others, where reads are by lease.
const LEASE: Duration = Duration::from_millis(600);

/// What is wrong with a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    None,
    /// A write is acknowledged when the leader has it.
    EarlyAnswer,
    /// A vote is given before it is synced.
    UnsyncedVote,
    /// An entry of an older term is committed because a majority has it (the paper's figure 8).
    CountedOldEntry,
    /// A vote does not depend on the candidate's log.
    UncomparedLogs,
    /// A leader answers reads by itself while it believes that it leads.
    LeaseRead,
}

/// How far another replica is.
#[derive(Debug)]
struct Progress {
    /// Entries that it has for certain.
    matched: usize,
    /// Entries that it may have.
    next: usize,
    answered: Instant,
}

#[derive(Debug)]
enum Role {
    Follower,
    Candidate { votes: Vec<String> },
    Leader { others: BTreeMap<String, Progress> },
}

#[derive(Debug)]
pub(super) struct Node {
    name: String,
    bug: Bug,
    journal: Journal,
    term: u64,
    vote: Option<String>,
    log: Vec<Entry>,
    role: Role,
    leader: Option<String>,
    /// When a leader or a candidate that was voted for was heard.
    heard: Instant,
    commit: usize,
    applied: usize,
    values: BTreeMap<u64, u64>,
    /// Clients that wait for an entry of this leader, by how many entries stand before it.
    waiting: BTreeMap<usize, oneshot::Sender<u64>>,
    observer: Arc<Observer>,
}

impl Node {
    pub(super) async fn open(name: &str, bug: Bug, observer: Arc<Observer>) -> io::Result<Self> {
        let (journal, KeptState { term, vote, log }) = Journal::open().await?;
        Ok(Self {
            name: name.to_owned(),
            bug,
            journal,
            term,
            vote,
            log,
            role: Role::Follower,
            leader: None,
            heard: Instant::now(),
            commit: 0,
            applied: 0,
            values: BTreeMap::new(),
            waiting: BTreeMap::new(),
            observer,
        })
    }

    /// The term and the index of the last of `count` entries.
    fn last_of(&self, count: usize) -> (u64, usize) {
        let last = count.checked_sub(1).map(|at| self.log[at].term);
        (last.unwrap_or(0), count)
    }

    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    pub(super) fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// Whether it still asks for votes in `term`.
    pub(super) fn is_candidate_in(&self, term: u64) -> bool {
        self.term == term && matches!(self.role, Role::Candidate { .. })
    }

    async fn keep_vote(&mut self, is_synced: bool) -> io::Result<()> {
        let (term, vote) = (self.term, self.vote.clone());
        let record = Record::Vote { term, vote };
        self.journal.write(&[record], is_synced).await
    }

    fn follow(&mut self) {
        self.role = Role::Follower;
        self.waiting.clear();
    }

    /// Somebody is in `term`: it follows, if that is later than its own.
    async fn see(&mut self, term: u64) -> io::Result<()> {
        if term > self.term {
            (self.term, self.vote, self.leader) = (term, None, None);
            self.follow();
            self.keep_vote(true).await?;
        }
        Ok(())
    }

    /// A candidate asks for its vote.
    pub(super) async fn on_vote(
        &mut self,
        term: u64,
        candidate: String,
        last: (u64, usize),
    ) -> io::Result<Answer> {
        self.see(term).await?;
        let is_complete = last >= self.last_of(self.log.len()) || self.bug == Bug::UncomparedLogs;
        let is_free = self.vote.as_ref().is_none_or(|vote| *vote == candidate);
        let is_granted = term == self.term && is_complete && is_free;
        if is_granted {
            self.vote = Some(candidate);
            self.heard = Instant::now();
            self.keep_vote(self.bug != Bug::UnsyncedVote).await?;
        }
        let term = self.term;
        Ok(Answer::Vote { term, is_granted })
    }

    /// A leader has entries for it.
    pub(super) async fn on_append(
        &mut self,
        (term, leader): (u64, String),
        previous: (u64, usize),
        entries: Vec<Entry>,
        commit: usize,
    ) -> io::Result<Answer> {
        self.see(term).await?;
        let refused = Answer::Append {
            term: self.term,
            matched: None,
        };
        if term < self.term {
            return Ok(refused);
        }
        self.follow();
        self.leader = Some(leader);
        self.heard = Instant::now();
        let (_, count) = previous;
        if count > self.log.len() || self.last_of(count) != previous {
            return Ok(refused);
        }
        let matched = count + entries.len();
        let mut records = Vec::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let before = count + at;
            if self.log.get(before) != Some(&entry) {
                self.log.truncate(before);
                self.log.push(entry.clone());
                records.push(Record::Entry { before, entry });
            }
        }
        if !records.is_empty() {
            self.journal.write(&records, true).await?;
        }
        self.commit = self.commit.max(commit.min(matched));
        self.apply();
        let term = self.term;
        let matched = Some(matched);
        Ok(Answer::Append { term, matched })
    }

    /// It asks for votes in the next term.
    pub(super) async fn campaign(&mut self) -> io::Result<(u64, Request)> {
        self.term += 1;
        self.vote = Some(self.name.clone());
        self.leader = None;
        self.heard = Instant::now();
        self.keep_vote(true).await?;
        let votes = vec![self.name.clone()];
        self.role = Role::Candidate { votes };
        let request = Request::Vote {
            term: self.term,
            candidate: self.name.clone(),
            last: self.last_of(self.log.len()),
        };
        Ok((self.term, request))
    }

    /// `voter` has answered; whether it leads from now on.
    pub(super) async fn on_voted(
        &mut self,
        asked: u64,
        voter: &str,
        (term, is_granted): (u64, bool),
    ) -> io::Result<bool> {
        self.see(term).await?;
        let Role::Candidate { votes } = &mut self.role else {
            return Ok(false);
        };
        if !is_granted || asked != self.term || votes.iter().any(|vote| vote == voter) {
            return Ok(false);
        }
        votes.push(voter.to_owned());
        if votes.len() < MAJORITY {
            return Ok(false);
        }
        let others = NAMES.iter().filter(|&&name| name != self.name);
        let progress = || Progress {
            matched: 0,
            next: self.log.len(),
            answered: Instant::now(),
        };
        let others = others.map(|&name| (name.to_owned(), progress()));
        let others = others.collect();
        self.role = Role::Leader { others };
        self.leader = Some(self.name.clone());
        self.observer.leads(self.term, &self.name);
        if self.bug != Bug::CountedOldEntry {
            self.add(Command::Nothing).await?;
        }
        Ok(true)
    }

    /// A leader adds an entry; how many stand before it.
    async fn add(&mut self, command: Command) -> io::Result<usize> {
        let (before, term) = (self.log.len(), self.term);
        let entry = Entry { term, command };
        self.log.push(entry.clone());
        let record = Record::Entry { before, entry };
        self.journal.write(&[record], true).await?;
        Ok(before)
    }

    /// A client wants something done: what is answered at once, or how the value comes.
    pub(super) async fn on_client(
        &mut self,
        command: Command,
    ) -> io::Result<Result<Answer, oneshot::Receiver<u64>>> {
        let Role::Leader { others } = &self.role else {
            let leader = self.leader.clone();
            return Ok(Ok(Answer::NotLeader { leader }));
        };
        if let (Bug::LeaseRead, Command::Read { key }) = (self.bug, &command) {
            let mut answers = others.values().map(|other| other.answered.elapsed());
            if answers.any(|ago| ago < LEASE) {
                let value = self.values.get(key).copied().unwrap_or(0);
                return Ok(Ok(Answer::Done { value }));
            }
        }
        let written = match command {
            Command::Write { value, .. } => Some(value),
            _ => None,
        };
        let before = self.add(command).await?;
        match written {
            Some(value) if self.bug == Bug::EarlyAnswer => Ok(Ok(Answer::Done { value })),
            _ => {
                let (sender, receiver) = oneshot::channel();
                self.waiting.insert(before, sender);
                Ok(Err(receiver))
            }
        }
    }

    /// What a leader has to say to `other`, which may be nothing new, and its term.
    pub(super) fn next_for(&self, other: &str) -> Option<(u64, Request)> {
        let Role::Leader { others } = &self.role else {
            return None;
        };
        let next = others[other].next;
        let end = self.log.len().min(next + BATCH);
        let request = Request::Append {
            term: self.term,
            leader: self.name.clone(),
            previous: self.last_of(next),
            entries: self.log[next..end].to_vec(),
            commit: self.commit,
        };
        Some((self.term, request))
    }

    /// `other` has answered what a leader said in the term `asked`; whether there is more to say.
    pub(super) async fn on_appended(
        &mut self,
        asked: u64,
        other: &str,
        (term, matched): (u64, Option<usize>),
    ) -> io::Result<bool> {
        self.see(term).await?;
        let Role::Leader { others } = &mut self.role else {
            return Ok(false);
        };
        if asked != self.term {
            return Ok(false);
        }
        let progress = others.get_mut(other).expect("one of the others");
        progress.answered = Instant::now();
        match matched {
            Some(matched) => {
                progress.matched = progress.matched.max(matched);
                progress.next = progress.matched;
            }
            None => progress.next = progress.next.saturating_sub(1),
        }
        let has_more = progress.next < self.log.len() || matched.is_none();
        let mut counts: Vec<_> = others.values().map(|other| other.matched).collect();
        counts.push(self.log.len());
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let most = counts[MAJORITY - 1];
        let (last_term, _) = self.last_of(most);
        if most > self.commit && (last_term == self.term || self.bug == Bug::CountedOldEntry) {
            self.commit = most;
            self.apply();
        }
        Ok(has_more)
    }

    fn apply(&mut self) {
        while self.applied < self.commit {
            let before = self.applied;
            let entry = &self.log[before];
            self.observer.applies(&self.name, before, entry);
            let value = match entry.command {
                Command::Nothing => 0,
                Command::Write { key, value } => {
                    self.values.insert(key, value);
                    value
                }
                Command::Read { key } => self.values.get(&key).copied().unwrap_or(0),
            };
            if let Some(client) = self.waiting.remove(&before) {
                // The client may not wait any more.
                let _sent = client.send(value);
            }
            self.applied += 1;
        }
    }
}
