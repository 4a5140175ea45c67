//! UDP and unix sockets, both ends in one process: processor time of a round trip.

use crate::same;

/// Round trips of one measurement.
const TRIPS: u64 = 20_000;
/// Bytes of a message.
const BYTES: usize = 64;

same!({
    use rt::io::{AsyncReadExt, AsyncWriteExt};
    use rt::net::{UdpSocket, UnixStream};

    use super::{BYTES, TRIPS};
    use crate::measurement::processor_nanos;

    async fn udp() {
        let one = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let two = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        one.connect(two.local_addr().expect("bound"))
            .await
            .expect("connected");
        two.connect(one.local_addr().expect("bound"))
            .await
            .expect("connected");
        let other = rt::spawn(async move {
            let mut buffer = [0; BYTES];
            for _ in 0..TRIPS {
                let length = two.recv(&mut buffer).await.expect("a datagram");
                two.send(&buffer[..length]).await.expect("sent");
            }
        });
        let mut buffer = [7; BYTES];
        for _ in 0..TRIPS {
            one.send(&buffer).await.expect("sent");
            assert_eq!(one.recv(&mut buffer).await.expect("a datagram"), BYTES);
        }
        other.await.expect("no panic");
    }

    async fn unix() {
        let (mut one, mut two) = UnixStream::pair().expect("a pair");
        let other = rt::spawn(async move {
            let mut buffer = [0; BYTES];
            for _ in 0..TRIPS {
                two.read_exact(&mut buffer).await.expect("a message");
                two.write_all(&buffer).await.expect("sent");
            }
        });
        let mut buffer = [7; BYTES];
        for _ in 0..TRIPS {
            one.write_all(&buffer).await.expect("sent");
            one.read_exact(&mut buffer).await.expect("a message");
        }
        other.await.expect("no panic");
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        let udp_or_unix = match benchmark {
            "udp" => true,
            "unix" => false,
            _ => return None,
        };
        Some(on(workers, async move {
            let begun = processor_nanos();
            match udp_or_unix {
                true => udp().await,
                false => unix().await,
            }
            (processor_nanos() - begun) as f64 / TRIPS as f64
        }))
    }
});
