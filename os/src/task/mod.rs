//! Room task.

/// Stand-in.
#[derive(Debug)]
pub struct JoinHandle<R>(pub(crate) Option<R>);

impl<R: Unpin> Future for JoinHandle<R> {
    type Output = Result<R, std::io::Error>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::task::Poll::Ready(Ok(self.0.take().unwrap()))
    }
}

pub(crate) fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    JoinHandle(f().into())
}
