//! `cargo run -p selkie-inspect --example trouble -- KIND [ADDRESS]`: a program with one thing wrong, to be found from outside.
//!
//! KIND is `stuck`, `slow`, `lost` or `leak`. `docs/slow.md` finds each of them. A task named `heartbeat` ticks every 10 ms:
//! it is the part of the program that users complain about.

use std::error::Error;
use std::future::{Future, pending};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use selkie::runtime::Builder;
use selkie::task::Builder as TaskBuilder;
use selkie::time::{interval, sleep};
use selkie_inspect::Inspector;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let address = arguments.next();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .name("trouble")
        .track_tasks()
        .build()?;
    let inspector = Inspector::builder().attach(runtime.handle());
    let inspector = inspector.serve(&address.unwrap_or_else(|| "127.0.0.1:6669".to_owned()))?;
    runtime.block_on(async {
        named("heartbeat").spawn(heartbeat())?;
        match &*kind {
            "stuck" => drop(named("report").spawn(report())?),
            "slow" => drop(named("render").spawn(render())?),
            "lost" => lost()?,
            "leak" => drop(named("acceptor").spawn(accept())?),
            _ => return Err("say stuck, slow, lost or leak".into()),
        }
        if let Some(address) = inspector.address() {
            println!("look at http://{address}/");
        }
        pending().await
    })
}

fn named(name: &str) -> TaskBuilder<'_> {
    TaskBuilder::new().name(name)
}

async fn heartbeat() {
    let mut ticks = interval(Duration::from_millis(10));
    loop {
        ticks.tick().await;
    }
}

/// Stuck: never gives its worker back.
async fn report() {
    sleep(Duration::from_millis(100)).await;
    black_box(sum_for_ever());
}

fn sum_for_ever() -> u64 {
    let mut sum = 0_u64;
    loop {
        sum = black_box(sum.wrapping_add(1));
    }
}

/// Slow: 30 ms of computing between two awaits.
async fn render() {
    loop {
        sleep(Duration::from_millis(70)).await;
        draw();
    }
}

fn draw() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(30) {
        std::hint::spin_loop();
    }
}

/// A flag that one task sets and another waits for.
#[derive(Debug, Clone, Default)]
struct Flag(Arc<AtomicBool>);

impl Future for Flag {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        // Acquire: pairs with the Release in `lost`.
        match self.0.load(Ordering::Acquire) {
            true => Poll::Ready(()),
            // The mistake: nobody keeps the waker.
            false => Poll::Pending,
        }
    }
}

/// Lost: the flag is set, and whoever waits for it sleeps on.
fn lost() -> Result<(), Box<dyn Error>> {
    let flag = Flag::default();
    named("consumer").spawn(flag.clone())?;
    named("producer").spawn(async move {
        sleep(Duration::from_millis(50)).await;
        // Release: pairs with the Acquire in `poll`.
        flag.0.store(true, Ordering::Release);
        pending::<()>().await;
    })?;
    Ok(())
}

/// Leak: a task for each client, that stays when the client has gone.
async fn accept() {
    loop {
        sleep(Duration::from_millis(2)).await;
        selkie::spawn(async {
            let request = vec![0_u8; 1024];
            pending::<()>().await;
            drop(request);
        });
    }
}
