//! Cases that need nothing of the host.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};

/// One case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What its panic says, if it is to panic.
    pub(crate) panics: Option<&'static str>,
    pub(crate) run: fn(),
}

impl Case {
    pub(crate) fn passes(name: &'static str, run: fn()) -> Self {
        Self {
            name,
            panics: None,
            run,
        }
    }

    pub(crate) fn panics(name: &'static str, message: &'static str, run: fn()) -> Self {
        Self {
            name,
            panics: Some(message),
            run,
        }
    }
}

/// The cases.
pub(crate) fn all() -> Vec<Case> {
    vec![
        Case::passes("tasks return and are joined", tasks),
        Case::passes("an aborted task is cancelled", abort),
        Case::passes("tasks that yield take turns", yields),
        Case::passes("local tasks share what is not Send", local_tasks),
        Case::passes("mpsc keeps order and limit", bounded),
        Case::passes("oneshot, watch and broadcast", other_channels),
        Case::passes("mutex, semaphore and notify", locks),
        Case::passes("select! and join!", macros),
        Case::passes("io utilities over a duplex", duplex),
        Case::passes("a runtime ends with tasks that wait", ends),
        Case::panics(
            "a wait that nobody can end",
            "deadlock: everything waits",
            || runtime().block_on(std::future::pending()),
        ),
        Case::panics(
            "a blocking receive that nobody can end",
            "deadlock: everything waits",
            || {
                let (_sender, mut receiver) = mpsc::channel::<()>(1);
                receiver.blocking_recv();
            },
        ),
        Case::panics(
            "a thread for blocking work",
            "OS can't spawn worker thread",
            || drop(runtime().block_on(async { tokio::task::spawn_blocking(|| ()).await })),
        ),
    ]
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn block_on<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}

fn tasks() {
    let sum = block_on(async {
        let mut tasks = JoinSet::new();
        for number in 0..100_u32 {
            tasks.spawn(async move {
                tokio::task::yield_now().await;
                number
            });
        }
        let mut sum = 0;
        while let Some(number) = tasks.join_next().await {
            sum += number.expect("a task that returns");
        }
        sum
    });
    assert_eq!(sum, 4950);
}

fn abort() {
    let error = block_on(async {
        let task = tokio::spawn(std::future::pending::<()>());
        tokio::task::yield_now().await;
        task.abort();
        task.await.expect_err("it was aborted")
    });
    assert!(error.is_cancelled());
}

fn yields() {
    let trace = Rc::new(RefCell::new(Vec::new()));
    let write = Rc::clone(&trace);
    LocalSet::new().block_on(&runtime(), async move {
        let mut tasks = Vec::new();
        for name in ['a', 'b'] {
            let write = Rc::clone(&write);
            tasks.push(tokio::task::spawn_local(async move {
                for _ in 0..3 {
                    write.borrow_mut().push(name);
                    tokio::task::yield_now().await;
                }
            }));
        }
        for task in tasks {
            task.await.expect("a task that returns");
        }
    });
    // Tokio's order: who yielded last comes back first.
    assert_eq!(trace.borrow().iter().collect::<String>(), "abbaab");
}

fn local_tasks() {
    let shared = Rc::new(RefCell::new(0));
    let inside = Rc::clone(&shared);
    LocalSet::new().block_on(&runtime(), async move {
        tokio::task::spawn_local(async move { *inside.borrow_mut() += 1 })
            .await
            .expect("a task that returns");
    });
    assert_eq!(*shared.borrow(), 1);
}

fn bounded() {
    block_on(async {
        let (sender, mut receiver) = mpsc::channel(2);
        let producer = tokio::spawn(async move {
            for number in 0..100 {
                sender.send(number).await.expect("somebody receives");
            }
        });
        for expected in 0..100 {
            assert_eq!(receiver.recv().await, Some(expected));
        }
        assert_eq!(receiver.recv().await, None);
        producer.await.expect("a task that returns");
    });
}

fn other_channels() {
    block_on(async {
        let (answer, question) = oneshot::channel();
        let (state, mut seen) = watch::channel(0);
        let (all, mut one) = broadcast::channel(4);
        let mut other = all.subscribe();
        tokio::spawn(async move {
            answer.send(1).expect("somebody waits");
            state.send(2).expect("somebody looks");
            all.send(3).expect("somebody listens");
        });
        assert_eq!(question.await, Ok(1));
        seen.changed().await.expect("it changed");
        assert_eq!(*seen.borrow(), 2);
        assert_eq!(one.recv().await, Ok(3));
        assert_eq!(other.recv().await, Ok(3));
    });
}

fn locks() {
    block_on(async {
        let shared = std::sync::Arc::new((Mutex::new(0), Semaphore::new(1), Notify::new()));
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let shared = std::sync::Arc::clone(&shared);
            tasks.spawn(async move {
                let _permit = shared.1.acquire().await.expect("it is open");
                let mut count = shared.0.lock().await;
                tokio::task::yield_now().await;
                *count += 1;
                shared.2.notify_one();
            });
        }
        tasks.join_all().await;
        shared.2.notified().await;
        assert_eq!(*shared.0.lock().await, 10);
    });
}

fn macros() {
    block_on(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let (sent, received) = tokio::join!(sender.send(5), receiver.recv());
        sent.expect("somebody receives");
        assert_eq!(received, Some(5));
        let first = tokio::select! {
            biased;
            () = std::future::pending() => 0,
            () = tokio::task::yield_now() => 1,
        };
        assert_eq!(first, 1);
    });
}

fn duplex() {
    block_on(async {
        let (mut near, far) = tokio::io::duplex(8);
        let writer = tokio::spawn(async move {
            near.write_all(b"one line\nand the rest")
                .await
                .expect("it is open");
        });
        let mut far = BufReader::new(far);
        let mut line = String::new();
        far.read_line(&mut line).await.expect("a line");
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.expect("the rest");
        assert_eq!(
            (line.as_str(), &rest[..]),
            ("one line\n", &b"and the rest"[..])
        );
        writer.await.expect("a task that returns");
    });
}

fn ends() {
    struct Flag(std::sync::Arc<std::sync::atomic::AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let dropped = std::sync::Arc::default();
    let runtime = runtime();
    let flag = Flag(std::sync::Arc::clone(&dropped));
    runtime.spawn(async move {
        let _flag = flag;
        std::future::pending::<()>().await;
    });
    runtime.block_on(tokio::task::yield_now());
    drop(runtime);
    assert!(dropped.load(std::sync::atomic::Ordering::Relaxed));
}
