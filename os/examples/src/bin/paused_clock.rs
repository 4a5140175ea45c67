//! A retry with longer and longer pauses, and its test, which takes no time.
//!
//! ```sh
//! cargo test -p selkie-examples --bin paused_clock
//! ```

use std::time::Duration;

use selkie::time::sleep;

/// Calls `attempt` until it succeeds, `attempts` times at most, with a pause of 1, 2, 4, … seconds in between.
async fn retry<T, E>(
    attempts: u32,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut pause = Duration::from_secs(1);
    for _ in 1..attempts {
        if let Ok(value) = attempt().await {
            return Ok(value);
        }
        sleep(pause).await;
        pause *= 2;
    }
    attempt().await
}

#[selkie::main(flavor = "current_thread")]
async fn main() {
    let mut count = 0;
    let outcome = retry(2, async || {
        count += 1;
        if count < 2 { Err("not yet") } else { Ok(count) }
    });
    println!("{:?}", outcome.await);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use selkie::time::Instant;

    use super::retry;

    #[selkie::test(start_paused = true)]
    async fn pauses_grow_and_the_last_error_comes_out() {
        let begin = Instant::now();
        let mut times = Vec::new();
        let outcome: Result<(), _> = retry(5, async || {
            times.push(begin.elapsed().as_secs());
            Err("never")
        })
        .await;
        assert_eq!(outcome, Err("never"));
        assert_eq!(times, [0, 1, 3, 7, 15]);
    }

    #[selkie::test(start_paused = true)]
    async fn a_success_ends_it() {
        let begin = Instant::now();
        assert_eq!(retry(5, async || Ok::<_, ()>(7)).await, Ok(7));
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
