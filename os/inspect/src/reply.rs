//! What is answered: a status, a kind of content, and the content, at once or in parts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use selkie::sync::mpsc;

pub(crate) type Reply = Response<Body>;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The content of an answer, whose length is known.
#[derive(Debug, Default)]
pub struct Body {
    chunks: Chunks,
    /// How many bytes are still to come.
    rest: u64,
}

#[derive(Debug)]
enum Chunks {
    /// The content is there as a whole.
    Whole(Bytes),
    /// It is written while it is read.
    Stream(mpsc::Receiver<Bytes>),
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Body {
    pub(crate) fn len(&self) -> u64 {
        self.rest
    }

    /// The next part of it; `None` at the end. What is written while it is read ends early if it cannot be written.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let chunk = match &mut self.chunks {
            Chunks::Whole(content) => Some(std::mem::take(content)).filter(|all| !all.is_empty()),
            Chunks::Stream(chunks) => ready!(chunks.poll_recv(cx)),
        };
        self.rest -= chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(chunk)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = ready!(self.poll_chunk(cx));
        match chunk {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None if self.rest == 0 => Poll::Ready(None),
            None => {
                self.rest = 0;
                let why = "the rest of the answer could not be written";
                Poll::Ready(Some(Err(io::Error::other(why))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest)
    }
}

/// An answer with `content` of the kind `kind`.
pub(crate) fn reply(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Reply {
    let content = content.into();
    let rest = content.len() as u64;
    let chunks = Chunks::Whole(content);
    with_body(status, kind, Body { chunks, rest })
}

/// An answer of `length` bytes, which come by `chunks`.
pub(crate) fn stream(kind: &'static str, length: u64, chunks: mpsc::Receiver<Bytes>) -> Reply {
    let chunks = Chunks::Stream(chunks);
    let rest = length;
    with_body(StatusCode::OK, kind, Body { chunks, rest })
}

fn with_body(status: StatusCode, kind: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address may have the secret in it.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let own = HeaderValue::from_static("same-origin");
    headers.insert("cross-origin-resource-policy", own);
    reply
}

/// An answer in JSON.
pub(crate) fn json(value: &serde_json::Value) -> Reply {
    reply(StatusCode::OK, JSON, format!("{value}\n"))
}

/// An answer in plain text.
pub(crate) fn text(content: impl Into<Bytes>) -> Reply {
    reply(StatusCode::OK, TEXT, content)
}

/// Why there is no answer, in one sentence.
pub(crate) fn problem(status: StatusCode, why: impl std::fmt::Display) -> Reply {
    reply(status, TEXT, format!("{why}\n"))
}
