//! Random operations, several in flight at a time, which complete at random times and with random results.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::operations::{ALL, Fixture, Operation, drive, limited, pass_until, runtime};
use crate::driver::stub::{CompletionTime, Control, OnCancel, Plan, PlannedOutcome};

/// Seeds that are tried each time, beside one that is new.
const SEEDS: u64 = 64;
const STEPS: u64 = 24;
/// Operations at once.
const AT_ONCE: usize = 4;

/// Random choices that follow from a seed.
struct Random(fastrand::Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Another generator, which follows from the same seed.
    fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(..limit)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        *self.0.choice(all).expect("there is one at least")
    }

    fn when(&mut self) -> CompletionTime {
        match self.below(3) {
            0 => CompletionTime::Early,
            _ => CompletionTime::Late(1 + self.below(9) as u32),
        }
    }

    fn fate(&mut self, is_receive: bool, is_accept: bool) -> Plan {
        let errno = self.one_of(&[
            libc::EIO,
            libc::EINTR,
            libc::EAGAIN,
            libc::ENOMEM,
            libc::ECANCELED,
            libc::EINVAL,
        ]);
        let how = match self.below(6) {
            0 => PlannedOutcome::Fails(errno),
            1 => PlannedOutcome::Short,
            2 if !is_accept => PlannedOutcome::Zero,
            3 if is_receive => PlannedOutcome::FailsWithBuffer(errno),
            _ => PlannedOutcome::Done,
        };
        // A buffer of its own is taken at once: later there may be none.
        let when = match how {
            PlannedOutcome::FailsWithBuffer(_) => CompletionTime::Early,
            _ => self.when(),
        };
        let cancels = [OnCancel::Ends, OnCancel::IsLate, OnCancel::Misses];
        let mut fate = Plan::new(when, how).on_cancel(self.one_of(&cancels));
        if self.below(3) == 0 {
            fate = fate.ends_after(1 + self.below(2) as u32);
        }
        fate.notification(self.when())
    }
}

fn control(random: &mut Random) -> Control {
    let mut theirs = random.fork();
    let fates = move |code| {
        let is_receive = code == io_uring::opcode::Recv::CODE;
        let is_accept = code == io_uring::opcode::Accept::CODE;
        theirs.fate(is_receive, is_accept)
    };
    let mut control = Control::new(fates)
        .watches()
        .room(1 + random.below(8) as usize)
        .batch(1 + random.below(4) as usize)
        .bundles(random.below(2) == 0)
        .shuffled(random.below(u64::from(u32::MAX)) as usize | 1);
    if random.below(2) == 0 {
        control = control.strict();
    }
    let refusals = [0, libc::EAGAIN, libc::EINTR, libc::ENOMEM, libc::EBUSY];
    let planned: Vec<_> = (0..40).map(|_| random.one_of(&refusals)).collect();
    control.refuse_entering(planned);
    control
}

fn schedule(seed: u64) {
    let what = format!("seed {seed}");
    let mut random = Random::new(seed);
    let control = control(&mut random);
    control.install();
    let runtime = runtime();
    runtime.block_on(async {
        let mut scene = Fixture::new(&control, random.below(2) == 0).await;
        let mut tasks = Vec::new();
        for _ in 0..STEPS {
            scene.renew();
            let operation = random.one_of(&ALL);
            let polls = random.below(8);
            let mut doing = scene.begin(operation);
            tasks.push(crate::spawn(async move {
                // Half of them are given up.
                for _ in 0..polls.min(4) {
                    let polled = std::future::poll_fn(|cx| {
                        std::task::Poll::Ready(doing.as_mut().poll(cx).is_ready())
                    });
                    if polled.await {
                        return;
                    }
                    crate::task::yield_now().await;
                }
                if polls >= 4 {
                    let _any = doing.await;
                }
            }));
            control.turn();
            crate::task::yield_now().await;
            if tasks.len() >= AT_ONCE {
                let first = tasks.swap_remove(random.below(AT_ONCE as u64) as usize);
                pass_until(&control, &what, || first.is_finished()).await;
                first.await.unwrap();
            }
        }
        for task in tasks {
            pass_until(&control, &what, || task.is_finished()).await;
            task.await.unwrap();
        }
        pass_until(&control, &what, || control.in_flight() == 0).await;
        control.plan(|_| Plan::new(CompletionTime::Early, PlannedOutcome::Done));
        for operation in ALL {
            scene.renew();
            let next = scene.begin(operation);
            let came = drive(&control, &what, next).await;
            if operation != Operation::Accept {
                assert_eq!(
                    came,
                    operation.expected(PlannedOutcome::Done),
                    "{what}, {operation:?}"
                );
            }
            scene.assert_effect(operation, &came);
        }
        pass_until(&control, &what, || control.in_flight() == 0).await;
        crate::task::yield_now().await;
        scene.assert_nothing_lost(&what);
        scene.end(&what);
    });
    drop(runtime);
    assert_eq!(control.files(), 0, "{what}: files in the table");
    control.remove();
}

#[test]
fn random_completions_lose_nothing() {
    let new = RandomState::new().hash_one(0) >> 32;
    println!("seeds 0 to {SEEDS}, and {new}");
    for seed in (0..SEEDS).chain([new]) {
        limited(&format!("seed {seed}"), move || schedule(seed));
    }
}
