//! Work that blocks, beside tasks that do not: on the blocking pool, at most so many at once, and stopped when it is time.
//!
//! ```sh
//! cargo run -p selkie-examples --bin blocking_work
//! ```

use std::sync::Arc;
use std::time::Duration;

use selkie::sync::Semaphore;
use selkie::task::{JoinSet, StopToken, Stopped, spawn_blocking};

/// How many computations run side by side.
const AT_ONCE: usize = 2;

/// The number of primes below `end`, unless it is time to stop.
fn primes_below(end: u32, stop: &StopToken) -> Result<usize, Stopped> {
    let mut count = 0;
    for number in 2..end {
        if number % 1024 == 0 {
            stop.check()?;
        }
        let mut divisors = (2..number).take_while(|divisor| divisor * divisor <= number);
        count += usize::from(!divisors.any(|divisor| number % divisor == 0));
    }
    Ok(count)
}

#[selkie::main]
async fn main() {
    let stop = StopToken::new();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut work = JoinSet::new();
    for end in [10_000, 20_000, 30_000] {
        let (permits, stop) = (Arc::clone(&permits), stop.clone());
        work.spawn(async move {
            let _permit = permits.acquire_owned().await.expect("nobody closes it");
            let count = spawn_blocking(move || primes_below(end, &stop)).await;
            (end, count.expect("it does not panic"))
        });
    }
    while let Some(result) = work.join_next().await {
        match result.expect("no task panics") {
            (end, Ok(count)) => println!("{count} primes below {end}"),
            (end, Err(stopped)) => println!("below {end}: {stopped}"),
        }
    }

    // One that would take hours, stopped after a moment.
    let told = stop.clone();
    let endless = spawn_blocking(move || primes_below(u32::MAX, &told));
    selkie::time::sleep(Duration::from_millis(20)).await;
    stop.stop();
    let stopped = endless.await.expect("it does not panic").unwrap_err();
    println!("the last one: {stopped}");
}
