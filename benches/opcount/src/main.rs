//! Runs one operation many times, on Selkie or on Tokio, for `count` to run it under callgrind and strace.
//!
//! `opcount RUNTIME OPERATION TIMES`, for example `opcount selkie spawn_join_ct 1000`. The cost of one
//! operation is the difference between two runs, divided by the difference of their times.

mod fs;
mod net;
mod sync;

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::{Value, ValueExt};

/// The operations on one runtime: the same text for both, so that both do the same work.
macro_rules! operations {
    ($name:ident) => {
        mod $name {
            use super::Duration;
            use ::$name::runtime::{Builder, Runtime};

            fn ct() -> Runtime {
                Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime")
            }

            fn mt() -> Runtime {
                let mut builder = Builder::new_multi_thread();
                builder
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .expect("a runtime")
            }

            async fn spawn_join(times: u64) {
                for n in 0..times {
                    assert_eq!(::$name::spawn(async move { n }).await.expect("no panic"), n);
                }
            }

            pub(super) fn run(operation: &str, times: u64) -> bool {
                match operation {
                    "spawn_join_ct" => ct().block_on(spawn_join(times)),
                    "spawn_join_mt" => {
                        let rt = mt();
                        rt.block_on(async {
                            ::$name::spawn(spawn_join(times)).await.expect("no panic")
                        });
                    }
                    "yield_ct" => ct().block_on(async {
                        let task = ::$name::spawn(async move {
                            for _ in 0..times {
                                ::$name::task::yield_now().await;
                            }
                        });
                        task.await.expect("no panic");
                    }),
                    "block_on_ct" => {
                        let rt = ct();
                        for n in 0..times {
                            assert_eq!(rt.block_on(async { n }), n);
                        }
                    }
                    "timer_ct" => ct().block_on(async {
                        let task = ::$name::spawn(async move {
                            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                            for _ in 0..times {
                                let sleep = ::$name::time::sleep(Duration::from_secs(3600));
                                let mut sleep = std::pin::pin!(sleep);
                                assert!(sleep.as_mut().poll(&mut cx).is_pending());
                            }
                        });
                        task.await.expect("no panic");
                    }),
                    _ => {
                        return crate::sync::$name::run(operation, times)
                            || crate::fs::$name::run(operation, times)
                            || crate::net::$name::run(operation, times);
                    }
                }
                true
            }
        }
    };
}

operations!(selkie);
operations!(tokio);

/// The runtime, the operation and how often, as the command line says them.
fn arguments() -> Result<(String, String, u64), lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut word = |name: &str| match parser.next()? {
        Some(Value(word)) => Ok(word),
        Some(argument) => Err(argument.unexpected()),
        None => Err(lexopt::Error::from(format!("{name} is missing"))),
    };
    let runtime = word("the runtime")?.string()?;
    let operation = word("the operation")?.string()?;
    Ok((runtime, operation, word("how often")?.parse()?))
}

fn main() -> ExitCode {
    let known = arguments().is_ok_and(|(runtime, operation, times)| match runtime.as_str() {
        "selkie" => selkie::run(&operation, times) || net::splice::run(&operation, times),
        "tokio" => tokio::run(&operation, times),
        _ => false,
    });
    if known {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "usage: opcount selkie|tokio \
         spawn_join_ct|spawn_join_mt|yield_ct|block_on_ct|timer_ct|\
         oneshot|mpsc_16|mpsc_1024|mpsc_unbounded|broadcast|watch|watch_look|\
         mutex|rwlock_read|rwlock_write|semaphore|notify_kept|notify_round_trip|\
         file_read_4k|file_rewind_4k|fs_read_4k|fs_read_64k|fs_metadata|\
         echo_ct|echo_mt|copy_64k|copy_file_64k|splice_64k|send_file_64k TIMES"
    );
    ExitCode::from(2)
}
