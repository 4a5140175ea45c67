//! Which request is answered by what.

use std::sync::Arc;

use http::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, StatusCode};
use selkie::sync::Semaphore;

use super::dump::dump;
use super::metrics::metrics;
use super::page::page;
use super::parameters::{Format, Parameters, format};
use super::stats::stats;
use super::tasks::tasks;
use super::trace::trace;
use crate::access::{Access, Refusal};
use crate::reply::{Reply, problem};
use crate::runtimes::{InspectedRuntime, Runtimes};

/// Requests that are answered at a time.
const MOST_REQUESTS: usize = 64;

/// What is shown, and how much of it at a time.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) runtimes: Arc<Runtimes>,
    requests: Semaphore,
    /// One dump at a time: each costs every task a poll.
    dumps: Semaphore,
    /// One recording at a time.
    recordings: Arc<Semaphore>,
}

impl State {
    pub(crate) fn new(runtimes: Arc<Runtimes>) -> Self {
        Self {
            runtimes,
            requests: Semaphore::new(MOST_REQUESTS),
            dumps: Semaphore::new(1),
            recordings: Arc::new(Semaphore::new(1)),
        }
    }
}

/// The answer to the request `head`.
pub(crate) async fn answer(shown: &State, access: &Access, head: &Parts) -> Reply {
    if let Err(refusal) = access.check(head) {
        return refuse(refusal);
    }
    if head.method != Method::GET && head.method != Method::HEAD {
        let mut reply = problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD are answered",
        );
        let methods = HeaderValue::from_static("GET, HEAD");
        reply.headers_mut().insert(ALLOW, methods);
        return reply;
    }
    let Ok(_permit) = shown.requests.try_acquire() else {
        let why = format!("{MOST_REQUESTS} requests are being answered already");
        return problem(StatusCode::SERVICE_UNAVAILABLE, why);
    };
    let parameters = Parameters::of(head);
    match head.uri.path() {
        "/" | "" => return page(),
        "/metrics" => return metrics(&shown.runtimes.all()),
        _ => {}
    }
    let runtime = match shown.runtimes.find(parameters.get("runtime")) {
        Ok(runtime) => runtime,
        Err(why) => return problem(StatusCode::NOT_FOUND, why),
    };
    of_runtime(shown, runtime, head, &parameters).await
}

async fn of_runtime(
    shown: &State,
    runtime: InspectedRuntime,
    head: &Parts,
    parameters: &Parameters,
) -> Reply {
    match format(head) {
        ("/api/stats", Format::Json) => stats(&runtime, &shown.runtimes.all()),
        ("/tasks", format) => tasks(runtime, parameters, format).await,
        ("/dump", format) => {
            // Never closed.
            let _turn = shown.dumps.acquire().await;
            dump(runtime, parameters, format).await
        }
        ("/trace", Format::Json) => {
            let Ok(turn) = Arc::clone(&shown.recordings).try_acquire_owned() else {
                let why = "another request is recording; ask again when it has ended";
                return problem(StatusCode::SERVICE_UNAVAILABLE, why);
            };
            trace(runtime, parameters, turn).await
        }
        _ => problem(
            StatusCode::NOT_FOUND,
            "not found; there are /, /metrics, /tasks and /dump (.json, .txt), /trace and /api/stats",
        ),
    }
}

fn refuse(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Token => {
            let why = "a token is needed: `Authorization: Bearer TOKEN` or ?token=TOKEN";
            let mut reply = problem(StatusCode::UNAUTHORIZED, why);
            let scheme = HeaderValue::from_static("Bearer");
            reply.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            reply
        }
        Refusal::Host => {
            let why = "the Host header must name this machine, as localhost or a loopback address";
            problem(StatusCode::FORBIDDEN, why)
        }
        Refusal::Site => problem(StatusCode::FORBIDDEN, "a page of another site asked"),
    }
}
