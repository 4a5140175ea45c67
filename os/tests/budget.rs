//! How many units of a task's budget operations cost.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;

use selkie::io::{copy, copy_buf, duplex};
use selkie::net::UdpSocket;
use selkie::runtime::Builder;
use selkie::task::yield_now;

#[test]
fn datagrams_cost_a_unit_each() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let pendings = runtime.block_on(async {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        one.connect(two.local_addr().unwrap()).await.unwrap();
        two.connect(one.local_addr().unwrap()).await.unwrap();
        // From here on both are known to be ready, and stay so.
        one.send(b"ahoy").await.unwrap();
        two.recv(&mut [0; 8]).await.unwrap();
        let mut work = pin!(async {
            for _ in 0..1024 {
                one.send(b"ahoy").await.unwrap();
                two.recv(&mut [0; 8]).await.unwrap();
            }
        });
        let mut pendings = 0;
        poll_fn(|cx| {
            let polled = work.as_mut().poll(cx);
            pendings += usize::from(polled.is_pending());
            polled
        })
        .await;
        pendings
    });
    // The units of the two datagrams before count.
    assert_eq!(pendings, 1024 * 2 / 128);
}

#[test]
fn a_loop_of_copies_that_fail_yields() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (mut broken, _) = duplex(4);
        let mut broken_too = duplex(4).0;
        let bytes = b"ahoy";
        let (copies, buffered) = (Cell::new(0), Cell::new(0));
        let mut copying = pin!(async {
            while copies.get() < 1000 {
                let copied = copy(&mut &bytes[..], &mut broken).await;
                assert_eq!(copied.unwrap_err().kind(), ErrorKind::BrokenPipe);
                copies.set(copies.get() + 1);
            }
        });
        let mut copying_buffered = pin!(async {
            while buffered.get() < 1000 {
                let copied = copy_buf(&mut &bytes[..], &mut broken_too).await;
                assert_eq!(copied.unwrap_err().kind(), ErrorKind::BrokenPipe);
                buffered.set(buffered.get() + 1);
            }
        });
        yield_now().await;
        poll_fn(|cx| {
            assert!(copying.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        yield_now().await;
        poll_fn(|cx| {
            assert!(copying_buffered.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!((copies.get(), buffered.get()), (128, 128));
        copying.await;
        copying_buffered.await;
    });
}
