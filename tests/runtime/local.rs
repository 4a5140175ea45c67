//! Runtimes that stay on one thread.

use std::cell::Cell;
use std::rc::Rc;

use selkie::runtime::{Builder, LocalOptions, LocalRuntime};
use selkie::task::{self, JoinSet, LocalSet};

fn runtime() -> LocalRuntime {
    Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .unwrap()
}

#[test]
fn tasks_need_not_be_send_and_may_spawn_others() {
    let runtime = runtime();
    let sum = Rc::new(Cell::new(0));
    let theirs = Rc::clone(&sum);
    runtime.block_on(async {
        let mut set = JoinSet::new();
        for n in 1..=10 {
            let sum = Rc::clone(&theirs);
            set.spawn_local(async move {
                let inner = Rc::clone(&sum);
                task::spawn_local(async move { inner.set(inner.get() + n) })
                    .await
                    .unwrap();
            });
        }
        set.join_all().await;
    });
    assert_eq!(sum.get(), 55);
}

#[test]
fn a_handle_on_another_thread_spawns_onto_the_runtime_s_thread() {
    let runtime = runtime();
    let here = std::thread::current().id();
    let handle = runtime.handle().clone();
    let task = std::thread::spawn(move || handle.spawn(async { std::thread::current().id() }))
        .join()
        .unwrap();
    assert_eq!(runtime.block_on(task).unwrap(), here);
}

#[test]
fn waiting_tasks_are_dropped_with_the_runtime_on_its_thread() {
    struct SetOnDrop(Rc<Cell<bool>>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let set_on_drop = SetOnDrop(Rc::clone(&dropped));
    let runtime = runtime();
    runtime.spawn_local(async move {
        let _noting = set_on_drop;
        std::future::pending::<()>().await;
    });
    runtime.block_on(task::yield_now());
    assert!(!dropped.get());
    drop(runtime);
    assert!(dropped.get());
}

#[test]
fn spawn_local_uses_the_innermost_local_set() {
    let runtime = runtime();
    let set = LocalSet::new();
    let _context = runtime.enter();
    let task = {
        let _nearer = set.enter();
        task::spawn_local(std::future::pending::<()>())
    };
    drop(set);
    // Dropped with the set, though the runtime goes on.
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
}

#[test]
#[should_panic(expected = "Only current_thread is supported")]
fn a_local_runtime_has_one_thread() {
    let _runtime = Builder::new_multi_thread().build_local(LocalOptions::default());
}
