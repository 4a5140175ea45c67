//! The inspector as a service of tower, for servers of axum, hyper and others.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use selkie::task::AbortOnDrop;
use tower_service::Service;

use crate::access::Access;
use crate::endpoints::answer;
use crate::reply::{Body, problem};
use crate::thread::InspectorThread;

/// Answers requests about the runtimes of an [`Inspector`](crate::Inspector): made by
/// [`Inspector::service`](crate::Inspector::service).
///
/// Answers are made on the inspector's own thread: the server's task only waits for them. Only the head of a request
/// is looked at, so bodies may be of any type. Under a prefix the server has to take the prefix off the path, as axum's
/// `nest_service` does.
///
/// It asks for the inspector's token, if there is one. If not, whoever reaches the route sees the program's inside: put
/// it behind the authentication of your server, or on an address of its own.
#[derive(Clone)]
pub struct InspectService {
    pub(crate) thread: Arc<InspectorThread>,
    pub(crate) access: Arc<Access>,
}

impl fmt::Debug for InspectService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectService").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for InspectService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, _body) = request.into_parts();
        let Self { thread, access } = self.clone();
        Box::pin(async move {
            let shown = Arc::clone(&thread.shown);
            let answering = thread.spawn(async move { answer(&shown, &access, &head).await });
            // A server drops this when the client has gone.
            let answered = AbortOnDrop::new(answering).await;
            let failed = |error| problem(StatusCode::SERVICE_UNAVAILABLE, error);
            Ok(answered.unwrap_or_else(failed))
        })
    }
}
