//! Descriptors through sockets, and many datagrams per call.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};

use selkie::io::AsyncReadExt;
use selkie::net::{UdpSocket, UnixDatagram, UnixStream};
use selkie::runtime::Builder;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

#[test]
fn descriptors_arrive_in_order_up_to_the_limit() {
    block_on(async {
        let (one, two) = UnixStream::pair().unwrap();
        let (read, write) = std::io::pipe().unwrap();
        let mut fds: Vec<BorrowedFd<'_>> = vec![read.as_fd(); 252];
        fds.push(write.as_fd());
        let (mut buf, mut came) = ([0; 8], Vec::new());
        // The receiver waits first.
        let (sent, received) = selkie::join!(
            async {
                selkie::task::yield_now().await;
                one.send_with_fds(b"all", &fds).await
            },
            two.recv_with_fds(&mut buf, &mut came)
        );
        assert_eq!((sent.unwrap(), received.unwrap(), came.len()), (3, 3, 253));
        let mut writer = std::fs::File::from(came.pop().unwrap());
        let mut reader = std::fs::File::from(came.pop().unwrap());
        writer.write_all(b"through").unwrap();
        let mut text = [0; 7];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"through");

        fds.push(read.as_fd());
        let error = one.send_with_fds(b"all", &fds).await.unwrap_err();
        assert_eq!(error.to_string(), "too many descriptors: 254 of 253");
        let error = one.try_send_with_fds(b"", &fds[..1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = two.try_recv_with_fds(&mut buf, &mut came).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_datagram_brings_its_own_descriptors_and_bytes_may_come_alone() {
    block_on(async {
        let (one, two) = UnixDatagram::pair().unwrap();
        let path = std::env::temp_dir().join(format!("selkie-rights-{}", std::process::id()));
        let mut file = std::fs::File::create_new(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        one.send_with_fds(b"with", &[file.as_fd()]).await.unwrap();
        one.send_with_fds(b"alone", &[]).await.unwrap();
        let (mut buf, mut came) = ([0; 8], Vec::new());
        assert_eq!(two.recv_with_fds(&mut buf, &mut came).await.unwrap(), 4);
        let mut theirs = std::fs::File::from(came.pop().unwrap());
        theirs.write_all(b"twelve bytes").unwrap();
        assert_eq!(file.stream_position().unwrap(), 12);
        assert_eq!(two.recv_with_fds(&mut buf, &mut came).await.unwrap(), 5);
        assert!(came.is_empty());

        // A plain read closes what came.
        let (one, mut two) = UnixStream::pair().unwrap();
        let (read, mut write) = std::io::pipe().unwrap();
        one.send_with_fds(b"!", &[read.as_fd()]).await.unwrap();
        two.read_exact(&mut buf[..1]).await.unwrap();
        drop(read);
        assert_eq!(write.write(b"!").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_batch_has_64_datagrams_at_most() {
    block_on(async {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = two.local_addr().unwrap();
        let texts: Vec<_> = (0..65).map(|i| vec![i as u8; i + 1]).collect();
        let datagrams: Vec<_> = texts.iter().map(|text| (IoSlice::new(text), to)).collect();
        assert_eq!(one.send_many(&datagrams).await.unwrap(), 64);
        assert_eq!(one.try_send_many(&datagrams[64..]).unwrap(), 1);
        assert_eq!(one.send_many(&[]).await.unwrap(), 0);

        let mut memory = vec![[0; 40]; 65];
        let mut bufs: Vec<_> = memory.iter_mut().map(|buf| IoSliceMut::new(buf)).collect();
        let mut received = Vec::new();
        assert_eq!(two.recv_many(&mut bufs, &mut received).await.unwrap(), 64);
        assert_eq!(
            two.try_recv_many(&mut bufs[64..], &mut received).unwrap(),
            1
        );
        let error = two.try_recv_many(&mut bufs, &mut received).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(received.len(), 65);
        for (i, (told, buf)) in received.iter().zip(&memory).enumerate() {
            let len = (i + 1).min(40);
            assert_eq!((told.len, told.segment_len), (len, len));
            assert_eq!(told.truncated, i + 1 > 40);
            assert_eq!(told.from, one.local_addr().unwrap());
            assert_eq!(buf[..len], texts[i][..len]);
        }
    });
}

#[test]
fn the_kernel_splits_and_joins_datagrams() {
    block_on(async {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if one.set_gso(Some(100)).is_err() || two.set_gro(true).is_err() {
            eprintln!("skipped: this kernel does not segment UDP");
            return;
        }
        let to = two.local_addr().unwrap();
        assert_eq!(one.send_to(&[7; 950], to).await.unwrap(), 950);
        let mut memory = vec![[0; 2048]; 16];
        let mut received = Vec::new();
        let mut total = 0;
        while total < 950 {
            let mut bufs: Vec<_> = memory.iter_mut().map(|buf| IoSliceMut::new(buf)).collect();
            received.clear();
            two.recv_many(&mut bufs, &mut received).await.unwrap();
            total += received.iter().map(|told| told.len).sum::<usize>();
            assert!(received.iter().all(|told| told.segment_len <= 100));
        }
        assert_eq!(total, 950);
        // Whole again.
        one.set_gso(None).unwrap();
        two.set_gro(false).unwrap();
        one.send_to(&[7; 950], to).await.unwrap();
        assert_eq!(two.recv_from(&mut memory[0]).await.unwrap().0, 950);
    });
}
