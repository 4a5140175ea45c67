//! Values, clones and closures of the program inside channels, cells and streams: a panic there reaches the caller, and
//! everybody else goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use selkie::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf};
use selkie::runtime::{Builder, Runtime};
use selkie::sync::{OnceCell, broadcast, mpsc, oneshot, watch};
use selkie::task::JoinSet;

const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs `future` with a limit.
fn within_a_limit<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(async { selkie::time::timeout(LONG, future).await.expect("it hangs") })
}

/// Whether `f` panics.
fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Counts its drops, of which the first one panics.
#[derive(Clone)]
struct Value(Arc<AtomicUsize>);

impl Value {
    fn some(count: usize) -> (Vec<Self>, Arc<AtomicUsize>) {
        let drops = Arc::default();
        (vec![Self(Arc::clone(&drops)); count], drops)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let is_first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        assert!(!is_first, "a value's drop, asked for");
    }
}

#[test]
fn a_value_whose_drop_panics_does_not_keep_others_in_an_mpsc_channel() {
    let (values, drops) = Value::some(10);
    let (sender, receiver) = mpsc::channel(10);
    for value in values {
        assert!(sender.try_send(value).is_ok());
    }
    assert!(panics(|| drop(receiver)));
    assert_eq!(drops.load(Ordering::SeqCst), 10);
    within_a_limit(sender.closed());
}

#[test]
fn a_value_whose_drop_panics_does_not_keep_others_in_a_broadcast_channel() {
    let (values, drops) = Value::some(4);
    let (sender, receiver) = broadcast::channel(8);
    for value in values {
        assert!(sender.send(value).is_ok());
    }
    let mut other = sender.subscribe();
    assert!(panics(|| drop(receiver)));
    assert_eq!(drops.load(Ordering::SeqCst), 4);
    assert_eq!((sender.len(), sender.receiver_count()), (0, 1));
    let (mut more, _) = Value::some(1);
    assert!(sender.send(more.pop().unwrap()).is_ok());
    // It comes, and its drop is this caller's.
    assert!(panics(|| drop(within_a_limit(other.recv()))));
    assert_eq!(sender.len(), 0);
}

#[test]
fn a_value_whose_drop_panics_leaves_a_watch_usable() {
    let (mut values, drops) = Value::some(1);
    let (sender, mut receiver) = watch::channel(values.pop().unwrap());
    let (mut more, _) = Value::some(1);
    assert!(panics(|| sender.send(more.pop().unwrap())));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    within_a_limit(receiver.changed()).unwrap();
    std::mem::forget((sender, receiver));
}

#[test]
fn only_the_receiver_whose_clone_panics_sees_the_panic() {
    struct PanickingClone(Arc<AtomicUsize>);
    impl Clone for PanickingClone {
        fn clone(&self) -> Self {
            let is_first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            assert!(!is_first, "a clone, asked for");
            Self(Arc::clone(&self.0))
        }
    }
    let (sender, mut first) = broadcast::channel(2);
    let mut second = sender.subscribe();
    let mut third = sender.subscribe();
    assert!(sender.send(PanickingClone(Arc::default())).is_ok());
    assert!(panics(|| within_a_limit(first.recv()).is_ok()));
    assert!(within_a_limit(second.recv()).is_ok());
    assert!(within_a_limit(third.recv()).is_ok());
    assert_eq!(sender.len(), 0, "the value has been seen by all");
}

#[test]
fn closures_that_change_a_watch_may_panic() {
    let (sender, mut receiver) = watch::channel(1);
    assert!(panics(|| sender.send_modify(|_| panic!("asked for"))));
    assert!(panics(|| sender.send_if_modified(|_| panic!("asked for"))));
    assert!(panics(|| within_a_limit(
        receiver.wait_for(|_| panic!("asked for"))
    )
    .is_ok()));
    sender.send(2).unwrap();
    within_a_limit(receiver.changed()).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn a_cell_whose_initialiser_panics_is_initialised_by_the_next() {
    let cell = OnceCell::new();
    assert!(panics(|| within_a_limit(
        cell.get_or_init(|| async { panic!("asked for") })
    )));
    assert_eq!(*within_a_limit(cell.get_or_init(|| async { 7 })), 7);
}

#[test]
fn a_value_that_sends_itself_again_in_its_drop_is_refused() {
    struct ResendOnDrop(mpsc::UnboundedSender<ResendOnDrop>, Arc<AtomicUsize>);
    impl Drop for ResendOnDrop {
        fn drop(&mut self) {
            if self.1.fetch_add(1, Ordering::SeqCst) < 3 {
                let again = ResendOnDrop(self.0.clone(), Arc::clone(&self.1));
                assert!(self.0.send(again).is_err(), "the channel is closed");
            }
        }
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    let drops = Arc::default();
    assert!(
        sender
            .send(ResendOnDrop(sender.clone(), Arc::clone(&drops)))
            .is_ok()
    );
    drop(receiver);
    assert_eq!(drops.load(Ordering::SeqCst), 4);
}

#[test]
fn only_the_receiver_sees_the_panic_of_a_dropped_oneshot_value() {
    let (mut values, drops) = Value::some(1);
    let (sender, receiver) = oneshot::channel();
    assert!(sender.send(values.pop().unwrap()).is_ok());
    assert!(panics(|| drop(receiver)));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}

#[test]
fn an_iterator_that_panics_leaves_no_task_of_its_set() {
    let runtime = runtime();
    runtime.block_on(async {
        let made = (0..5).map(|number| {
            assert!(number < 3, "asked for");
            std::future::pending::<()>()
        });
        assert!(panics(|| made.collect::<JoinSet<()>>()));
        let metrics = selkie::runtime::Handle::current().metrics();
        let ended = async {
            while metrics.num_alive_tasks() > 0 {
                selkie::task::yield_now().await;
            }
        };
        selkie::time::timeout(LONG, ended)
            .await
            .expect("tasks stay");
    });
}

/// Panics at its first read, then ends.
struct Reader(bool);

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        assert!(std::mem::replace(&mut self.0, true), "asked for");
        Poll::Ready(Ok(()))
    }
}

#[test]
fn only_the_task_of_a_reader_that_panics_sees_the_panic() {
    let mut buffered = BufReader::new(Reader(false));
    let mut text = String::new();
    assert!(panics(|| within_a_limit(
        buffered.read_to_string(&mut text)
    )
    .is_ok()));
    assert_eq!(
        within_a_limit(buffered.read_to_string(&mut text)).unwrap(),
        0
    );

    let runtime = runtime();
    let (near, mut far) = selkie::io::duplex(16);
    let copying = runtime.spawn(async move {
        let mut near = near;
        selkie::io::copy(&mut Reader(false), &mut near).await
    });
    runtime.block_on(async {
        assert!(copying.await.unwrap_err().is_panic());
        // The other end sees that nobody writes any more.
        assert_eq!(far.read(&mut [0; 4]).await.unwrap(), 0);
        assert!(far.write_all(b"!").await.is_err());
    });
}
