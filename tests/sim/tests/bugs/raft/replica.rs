//! The tasks of a replica: one answers, one sees to elections, and one for each other replica tells it what is new.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};

use super::message::{Answer, Request, ask, serve};
use super::node::{Bug, NAMES, Node};
use super::observer::Observer;

/// How long an answer of another replica is waited for.
const PATIENCE: Duration = Duration::from_millis(60);
/// How often a leader is heard.
const HEARTBEAT: Duration = Duration::from_millis(40);
/// How long a follower hears nothing before it asks for votes, in milliseconds.
const ELECTION: (u64, u64) = (120, 160);

struct Replica {
    name: String,
    node: Mutex<Node>,
    /// Whether there is something new for the others.
    news: BTreeMap<&'static str, Notify>,
}

/// A replica whose disk fails stops: it does not know any more what it has kept.
fn or_stop<T>(done: io::Result<T>) -> T {
    done.unwrap_or_else(|error| {
        eprintln!("the journal fails: {error}");
        std::process::exit(1)
    })
}

fn election_timeout() -> Duration {
    let (least, most) = ELECTION;
    let number = RandomState::new().hash_one(0);
    Duration::from_millis(least + number % (most - least))
}

impl Replica {
    fn others(&self) -> impl Iterator<Item = &'static str> + '_ {
        NAMES.into_iter().filter(|&name| name != self.name)
    }

    fn tell_all(&self) {
        self.news.values().for_each(Notify::notify_one);
    }

    async fn answer(&self, request: Request) -> Answer {
        let mut node = self.node.lock().await;
        match request {
            Request::Vote {
                term,
                candidate,
                last,
            } => or_stop(node.on_vote(term, candidate, last).await),
            Request::Append {
                term,
                leader,
                previous,
                entries,
                commit,
            } => {
                let from = (term, leader);
                or_stop(node.on_append(from, previous, entries, commit).await)
            }
            Request::Client(command) => match or_stop(node.on_client(command).await) {
                Ok(answer) => {
                    drop(node);
                    self.tell_all();
                    answer
                }
                Err(done) => {
                    drop(node);
                    self.tell_all();
                    done.await
                        .map_or(Answer::Unknown, |value| Answer::Done { value })
                }
            },
        }
    }

    /// Asks for votes when no leader is heard.
    async fn elect(self: Arc<Self>) {
        loop {
            let wait = election_timeout();
            sleep(wait).await;
            let mut node = self.node.lock().await;
            if node.is_leader() || node.heard().elapsed() < wait {
                continue;
            }
            let (term, request) = or_stop(node.campaign().await);
            drop(node);
            for other in self.others() {
                let (replica, request) = (Arc::clone(&self), request.clone());
                tokio::spawn(async move { replica.ask_for_vote(term, other, &request).await });
            }
        }
    }

    /// Asks until there is an answer, or it does not matter any more.
    async fn ask_for_vote(&self, asked: u64, other: &str, request: &Request) {
        loop {
            let answer = ask(other, request, PATIENCE).await;
            let mut node = self.node.lock().await;
            if let Ok(Answer::Vote { term, is_granted }) = answer {
                let answered = (term, is_granted);
                if or_stop(node.on_voted(asked, other, answered).await) {
                    self.tell_all();
                }
                return;
            }
            if !node.is_candidate_in(asked) {
                return;
            }
            drop(node);
            sleep(PATIENCE / 4).await;
        }
    }

    /// Says something to `other` as the leader of the term `asked`; whether there is more to say.
    async fn tell(&self, other: &str, asked: u64, request: &Request) -> bool {
        let answer = ask(other, request, PATIENCE).await;
        let Ok(Answer::Append { term, matched }) = answer else {
            return false;
        };
        let mut node = self.node.lock().await;
        or_stop(node.on_appended(asked, other, (term, matched)).await)
    }

    /// Says to `other` what is new, while it leads.
    async fn replicate(self: Arc<Self>, other: &'static str) {
        loop {
            let next = self.node.lock().await.next_for(other);
            let has_more = match next {
                Some((term, request)) => self.tell(other, term, &request).await,
                None => false,
            };
            if !has_more {
                let _news = timeout(HEARTBEAT, self.news[other].notified()).await;
            }
        }
    }
}

/// Runs a replica on this host.
pub(super) async fn run(name: &'static str, bug: Bug, observer: Arc<Observer>) {
    let node = or_stop(Node::open(name, bug, observer).await);
    let replica = Arc::new(Replica {
        name: name.to_owned(),
        node: Mutex::new(node),
        news: NAMES.map(|name| (name, Notify::new())).into(),
    });
    tokio::spawn(Arc::clone(&replica).elect());
    for other in replica.others() {
        tokio::spawn(Arc::clone(&replica).replicate(other));
    }
    serve(move |request| {
        let replica = Arc::clone(&replica);
        async move { replica.answer(request).await }
    })
    .await;
}
