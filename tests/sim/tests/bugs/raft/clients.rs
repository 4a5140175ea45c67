//! Clients that read and write, and note what they have seen.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::history::{Call, History};
use super::message::{Answer, Command, Request, ask};
use super::node::NAMES;

pub(super) const KEYS: u64 = 3;
const CLIENTS: u64 = 3;
/// How often each client calls.
const CALLS: u64 = 60;
/// Calls in the end, when all is well, each of which must be answered.
const LAST: u64 = 3;
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_millis(400);

/// A number that the seed decides.
pub(super) fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// Makes one call; whether it was answered. Says who leads, as far as that is known.
async fn call_once(history: &History, number: u64, leader: &mut &'static str) -> bool {
    let key = random(KEYS);
    let is_write = random(2) == 0;
    let command = match is_write {
        true => Command::Write { key, value: number },
        false => Command::Read { key },
    };
    let begin = history.now();
    let answer = ask(leader, &Request::Client(command), PATIENCE).await;
    let end = history.now();
    let mut call = Call {
        key,
        begin,
        end: None,
        value: number,
        is_write,
    };
    match answer {
        Ok(Answer::Done { value }) => {
            (call.value, call.end) = (value, Some(end));
            history.add(call);
            return true;
        }
        Ok(Answer::NotLeader { leader: known }) => {
            let known = NAMES
                .into_iter()
                .find(|name| known.as_deref() == Some(name));
            *leader = known.unwrap_or(NAMES[random(3) as usize]);
        }
        _ => {
            if is_write {
                history.add(call);
            }
            *leader = NAMES[random(3) as usize];
        }
    }
    false
}

async fn client(history: Arc<History>, client: u64) {
    let mut leader = NAMES[random(3) as usize];
    for number in 0..CALLS {
        // Each value is written once; 0 is what nobody has written.
        call_once(&history, 1 + client * 1000 + number, &mut leader).await;
        sleep(PAUSE + Duration::from_millis(random(50))).await;
    }
}

/// Calls for some seconds, while all may be wrong.
pub(super) async fn call(history: Arc<History>) {
    let clients = (0..CLIENTS).map(|number| tokio::spawn(client(Arc::clone(&history), number)));
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Calls until each of some calls was answered.
pub(super) async fn call_in_the_end(history: Arc<History>) {
    let mut leader = NAMES[0];
    let mut answered = 0;
    let mut number = 1 + CLIENTS * 1000;
    while answered < LAST {
        answered += u64::from(call_once(&history, number, &mut leader).await);
        number += 1;
        sleep(PAUSE).await;
    }
}
