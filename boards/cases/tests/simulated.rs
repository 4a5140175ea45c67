//! A thread that simulates a chip: other threads are its interrupts and its urgent executor.

use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use selkie_cases::{Machine, on_interrupt};
use selkie_core::executor::{Arena, Executor, ThreadPark, ThreadUnpark, TimedPark};
use selkie_core::park::Unpark;
use selkie_core::time::Timers;

static URGENT_ARENA: Arena<4, 256> = Arena::new();
static URGENT_UNPARK: ThreadUnpark = ThreadUnpark::new();
static URGENT: Executor = Executor::new(&URGENT_UNPARK, &URGENT_ARENA);
static INTERRUPTS: OnceLock<Sender<()>> = OnceLock::new();

/// The thread.
pub(crate) struct SimulatedMachine;

impl Machine for SimulatedMachine {
    fn interrupt(&self) {
        let controller = INTERRUPTS.get().expect("started");
        controller.send(()).expect("the controller runs");
    }

    fn urgent(&self) -> &'static Executor {
        &URGENT
    }

    fn spin(&self) {
        // The other threads are the interrupts.
        thread::yield_now();
    }

    fn sleeps(&self) -> Option<u32> {
        None
    }

    fn report(&self, case: &str, outcome: Result<(), &'static str>) {
        println!("{case}: {outcome:?}");
    }
}

/// Runs `main` in a simulated world, several seeds of it: time there does not depend on what else the processor does.
pub(crate) fn in_a_world(main: fn()) {
    selkie_sim::Builder::new()
        .runs(8)
        .run(move |world| async move {
            let host = world.host("chip").start_main(main);
            let ended = || host.ended().is_some();
            world
                .eventually(Duration::from_secs(600), "all cases end", ended)
                .await;
        });
}

/// Threads in place of the interrupt controller and of the urgent priority.
pub(crate) fn start() {
    static ONCE: OnceLock<()> = OnceLock::new();
    static TIMERS: Timers = Timers::new();
    ONCE.get_or_init(|| {
        let (sender, receiver) = channel();
        INTERRUPTS.set(sender).expect("set once");
        thread::spawn(move || receiver.iter().for_each(|()| on_interrupt()));
        thread::spawn(|| {
            let park = ThreadPark::new(&URGENT_UNPARK);
            let mut park = TimedPark::new(park, &TIMERS, unparks(&URGENT_UNPARK));
            URGENT.set_timers(park.handle());
            URGENT.run(&mut park, |_| {})
        });
    });
}

/// A waker that ends a thread's sleep.
pub(crate) fn unparks(unpark: &'static ThreadUnpark) -> std::task::Waker {
    struct Ends(&'static ThreadUnpark);
    impl std::task::Wake for Ends {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    std::task::Waker::from(std::sync::Arc::new(Ends(unpark)))
}
