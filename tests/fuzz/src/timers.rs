//! The timer wheel against a sorted map, under a paused clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use selkie::runtime::Builder;
use selkie::time::{Instant, Sleep, advance, sleep_until};

use crate::tasks::Tasks;

/// Steps of one run.
const STEPS: usize = 100;
/// What a deadline may be late by: it is rounded up to a tick, and a tick is a bit more than a millisecond.
const LATE: Duration = Duration::from_millis(3);

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Step {
    /// A timer so many units ahead; the unit is `2^scale` milliseconds.
    Sleep {
        units: u8,
        scale: u8,
    },
    /// A timer in the past.
    Past(u8),
    Reset {
        which: u8,
        units: u8,
        scale: u8,
    },
    Cancel(u8),
    Advance {
        units: u8,
        scale: u8,
    },
    AdvanceLittle(u8),
}

fn span(units: u8, scale: u8) -> Duration {
    Duration::from_millis(u64::from(units) << (scale % 24))
}

type Timer = Rc<RefCell<Pin<Box<Sleep>>>>;

/// Timers that are made, moved, dropped, while time goes on in steps.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut timers: BTreeMap<u32, (Instant, Timer)> = BTreeMap::new();
        let mut tasks: Tasks<u32> = Tasks::default();
        let mut number = 0;
        for _ in 0..STEPS {
            let Ok(step) = input.arbitrary::<Step>() else {
                break;
            };
            if input.is_empty() {
                break;
            }
            let now = Instant::now();
            match step {
                Step::Sleep { units, scale } => {
                    number += 1;
                    start(&mut timers, &mut tasks, number, now + span(units, scale));
                }
                Step::Past(millis) => {
                    number += 1;
                    let past = now.checked_sub(Duration::from_millis(millis.into()));
                    start(&mut timers, &mut tasks, number, past.unwrap_or(now));
                }
                Step::Reset {
                    which,
                    units,
                    scale,
                } => {
                    let count = timers.len();
                    let at = usize::from(which).checked_rem(count);
                    if let Some((deadline, timer)) = at.and_then(|at| timers.values_mut().nth(at)) {
                        *deadline = now + span(units, scale);
                        timer.borrow_mut().as_mut().reset(*deadline);
                    }
                }
                Step::Cancel(which) => tasks.cancel(which.into()),
                Step::Advance { units, scale } => advance(span(units, scale)).await,
                Step::AdvanceLittle(micros) => {
                    advance(Duration::from_micros(u64::from(micros) * 10)).await;
                }
            }
            check(&mut timers, &mut tasks);
        }
    });
}

fn start(
    timers: &mut BTreeMap<u32, (Instant, Timer)>,
    tasks: &mut Tasks<u32>,
    number: u32,
    deadline: Instant,
) {
    let timer = Rc::new(RefCell::new(Box::pin(sleep_until(deadline))));
    let polled = Rc::clone(&timer);
    timers.insert(number, (deadline, timer));
    let ended = tasks.start(async move {
        poll_fn(|cx| polled.borrow_mut().as_mut().poll(cx)).await;
        number
    });
    if let Some(number) = ended {
        fired(timers, number);
    }
}

/// A timer is ready: not before its time.
fn fired(timers: &mut BTreeMap<u32, (Instant, Timer)>, number: u32) {
    let (deadline, _timer) = timers.remove(&number).expect("a timer fires once");
    assert!(
        deadline <= Instant::now(),
        "a timer fired before its deadline"
    );
}

/// Whoever is woken is ready in time; whoever is overdue is woken.
fn check(timers: &mut BTreeMap<u32, (Instant, Timer)>, tasks: &mut Tasks<u32>) {
    while let Some(polled) = tasks.poll_woken() {
        if let Some(number) = polled {
            fired(timers, number);
        }
    }
    // Timers that were cancelled have only the map's handle left.
    timers.retain(|_, (_, timer)| Rc::strong_count(timer) > 1);
    let now = Instant::now();
    for (deadline, _) in timers.values() {
        assert!(now < *deadline + LATE, "a timer is overdue");
    }
    let _pending: Poll<()> = Poll::Pending;
}
