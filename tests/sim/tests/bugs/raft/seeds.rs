//! The seeds: each bug is found, and nothing is found without one.

use std::sync::Arc;
use std::time::Duration;

use selkie_sim::disk::{CrashMode, JournalMode, Profile};
use selkie_sim::{Faults, Host, World};

use super::clients::{KEYS, call, call_in_the_end, random};
use super::history::History;
use super::node::{Bug, NAMES};
use super::observer::Observer;
use super::replica::run;
use crate::setting::{finds, passes_seeds};

/// The seeds that find nothing in the right version, with each kind of faults.
const RIGHT: u64 = 60;
/// How long faults befall the replicas.
const LASTS: Duration = Duration::from_secs(6);

/// A disk on which nothing fails, and of which a crash leaves anything that was not synced, or nothing.
fn disk() -> Profile {
    Profile {
        journal: JournalMode::Strict,
        crash: CrashMode::Sectors,
        ..Profile::calm()
    }
}

/// What befalls the replicas.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// Anything anywhere.
    Any,
    /// Whoever leads is struck, some at once and some after a while: rare orders of elections come often.
    Leaders,
}

fn milliseconds(below: u64) -> Duration {
    Duration::from_millis(random(below))
}

async fn crash(world: &World, host: &Host, lasts: Duration) {
    host.crash();
    world.sleep(lasts).await;
    host.restart();
}

/// Cuts leaders off or crashes them, and one who voted for them.
async fn strike_leaders(world: &World, replicas: &[Host; 3], observer: &Observer) {
    let end = world.now() + LASTS;
    let mut struck = 0;
    while world.now() < end {
        world.sleep(Duration::from_millis(1)).await;
        let Some((term, name)) = observer.last_leader().filter(|last| last.0 > struck) else {
            continue;
        };
        struck = term;
        if random(2) == 0 {
            world.sleep(milliseconds(300)).await;
        }
        let at = NAMES.iter().position(|&other| *other == name).unwrap();
        let (leader, others) = (&replicas[at], [1, 2].map(|by| &replicas[(at + by) % 3]));
        world.heal_all();
        match random(4) {
            0 => crash(world, leader, milliseconds(250)).await,
            // The others ask for votes in the same terms, and find it when it is back.
            1 => {
                world.partition(others[0], others[1]);
                crash(world, leader, milliseconds(250)).await;
            }
            way => {
                for other in others {
                    world.partition(leader, other);
                }
                if way == 2 {
                    crash(world, others[random(2) as usize], milliseconds(20)).await;
                }
            }
        }
    }
    world.heal_all();
}

async fn trouble(world: &World, replicas: &[Host; 3], observer: &Observer, trouble: Trouble) {
    match trouble {
        Trouble::Any => {
            let faults = Faults::hostile()
                .every(Duration::from_millis(150))
                .lasts(Duration::from_millis(600))
                .clock_shifts(0);
            world.faults(&faults, &replicas.each_ref(), LASTS).await;
        }
        Trouble::Leaders => strike_leaders(world, replicas, observer).await,
    }
}

async fn play(world: World, bug: Bug, kind: Trouble) {
    let observer = Arc::new(Observer::default());
    let history = Arc::new(History::default());
    let replicas = NAMES.map(|name| {
        let observer = Arc::clone(&observer);
        let host = world.host(name).disk(disk());
        host.start(move || run(name, bug, Arc::clone(&observer)))
    });
    let seen = Arc::clone(&observer);
    world.always("replicas agree", move || seen.holds());
    let called = Arc::clone(&history);
    let clients = world
        .host("clients")
        .start(move || call(Arc::clone(&called)));
    trouble(&world, &replicas, &observer, kind).await;
    let is_over = || clients.ended().is_some();
    world
        .eventually(Duration::from_secs(60), "the clients end", is_over)
        .await;
    let last = Arc::clone(&history);
    let clients = world
        .host("last client")
        .start(move || call_in_the_end(Arc::clone(&last)));
    let is_over = || clients.ended().is_some();
    world
        .eventually(Duration::from_secs(10), "calls are answered", is_over)
        .await;
    world.note(&format!("{} calls", history.len()));
    history.check(KEYS);
}

#[test]
fn an_answer_before_a_majority_has_it_is_found() {
    finds("not linearizable", |world| {
        play(world, Bug::EarlyAnswer, Trouble::Any)
    });
}

#[test]
fn a_vote_that_is_not_synced_is_found() {
    finds("has two leaders", |world| {
        play(world, Bug::UnsyncedVote, Trouble::Leaders)
    });
}

#[test]
fn an_old_entry_that_is_committed_by_counting_is_found() {
    finds("logs differ", |world| {
        play(world, Bug::CountedOldEntry, Trouble::Leaders)
    });
}

#[test]
fn an_election_that_compares_no_logs_is_found() {
    finds("logs differ", |world| {
        play(world, Bug::UncomparedLogs, Trouble::Any)
    });
}

#[test]
fn a_read_by_lease_is_found() {
    finds("not linearizable", |world| {
        play(world, Bug::LeaseRead, Trouble::Leaders)
    });
}

#[test]
fn nothing_is_found_in_the_right_store() {
    passes_seeds(RIGHT, |world| play(world, Bug::None, Trouble::Any));
}

#[test]
fn nothing_is_found_in_the_right_store_whose_leaders_are_struck() {
    passes_seeds(RIGHT, |world| play(world, Bug::None, Trouble::Leaders));
}
