//! One connection: requests one after the other, each with its answer.

use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use selkie::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use selkie::time::{sleep, timeout};

use super::head::{HeadError, MOST_BYTES, read_head};
use crate::access::Access;
use crate::endpoints::{State, answer};
use crate::reply::{Reply, problem};

/// How long a client may take to read a part of an answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How long an answer may still take when the client has said that it says no more: most have gone then.
const GRACE: Duration = Duration::from_secs(1);
/// What is read of a request that was refused, so that its client gets the answer and no reset.
const MOST_DRAINED: u64 = 256 * 1024;
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Answers until the client goes, or breaks the rules.
pub(super) async fn serve_connection<S>(mut stream: S, shown: &State, access: &Access)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    loop {
        let (mut reply, is_head, keep_alive) = match read_head(&mut stream, &mut buffer).await {
            Ok(head) => {
                let answer = answer(shown, access, &head.parts);
                let Some(reply) = or_gone(answer, gone(&mut stream, &mut buffer)).await else {
                    return;
                };
                let is_head = head.parts.method == Method::HEAD;
                (reply, is_head, head.keep_alive)
            }
            Err(HeadError::Closed) => return,
            Err(HeadError::Refused(status, why)) => (problem(status, why), false, false),
        };
        if send(&mut stream, &mut reply, is_head, keep_alive)
            .await
            .is_err()
        {
            return;
        }
        if !keep_alive {
            // The client may have gone already.
            let _closed = close(stream).await;
            return;
        }
    }
}

/// Returns when the client has gone, or says no more and has waited for [`GRACE`]. What it says meanwhile is kept.
async fn gone<S>(stream: &mut S, buffer: &mut Vec<u8>)
where
    S: AsyncRead + Unpin,
{
    while buffer.len() < MOST_BYTES {
        match stream.read_buf(buffer).await {
            Ok(1..) => {}
            Ok(_) => return sleep(GRACE).await,
            Err(_) => return,
        }
    }
    // It waits for answers until it is read on.
    pending().await
}

/// What `answer` returns, unless `gone` is over before.
async fn or_gone<T>(answer: impl Future<Output = T>, gone: impl Future<Output = ()>) -> Option<T> {
    let (mut answer, mut gone) = (pin!(answer), pin!(gone));
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending => gone.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Sends an answer: a client may take a while for each part of it.
pub(super) async fn send<S>(
    stream: &mut S,
    reply: &mut Reply,
    is_head: bool,
    keep_alive: bool,
) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let mut part = head(reply, keep_alive);
    let body = reply.body_mut();
    loop {
        timeout(WRITE_LIMIT, stream.write_all(&part)).await??;
        if is_head {
            return Ok(());
        }
        part = match poll_fn(|cx| body.poll_chunk(cx)).await {
            Some(chunk) => chunk,
            // It has said how much would come.
            None if body.len() > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => return Ok(()),
        };
    }
}

/// What stands before the content.
fn head(reply: &Reply, keep_alive: bool) -> Bytes {
    let status = reply.status();
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in reply.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let option = if keep_alive { "keep-alive" } else { "close" };
    let length = reply.body().len();
    let rest = format!("content-length: {length}\r\nconnection: {option}\r\n\r\n");
    bytes.extend_from_slice(rest.as_bytes());
    bytes.into()
}

/// Says that this was all, and reads what is still in flight: a socket that is closed with unread bytes resets the
/// connection, and the client may lose the answer.
pub(super) async fn close<S>(mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let mut rest = stream.take(MOST_DRAINED);
    let drained = async {
        let mut block = [0; 4096];
        while rest.read(&mut block).await? > 0 {}
        Ok(())
    };
    timeout(DRAIN_LIMIT, drained).await.unwrap_or(Ok(()))
}
