//! How many units of a task's budget operations cost.

use std::future::{Future, poll_fn};
use std::pin::pin;

use selkie::net::UdpSocket;
use selkie::runtime::Builder;

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
