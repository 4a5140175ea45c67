//! What is answered: a status, a kind of content, and all of the content at once.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};

pub(crate) type Reply = Response<Body>;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The content of an answer, which is there as a whole.
#[derive(Debug, Clone, Default)]
pub struct Body(Bytes);

impl Body {
    /// The content.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let content = std::mem::take(&mut self.0);
        let frame = (!content.is_empty()).then(|| Ok(Frame::data(content)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// An answer with `content` of the kind `kind`.
pub(crate) fn reply(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Body(content.into()));
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
