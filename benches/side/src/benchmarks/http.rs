//! hyper on the runtime's sockets, keep-alive: processor time of the server for each request.

use crate::client::Load;
use crate::same;

/// Connections of wrk.
const WRK_CONNECTIONS: usize = 64;

/// The load of a benchmark.
fn load(benchmark: &str) -> Option<Load> {
    let (connections, requests) = match benchmark {
        "http_1" => (1, 20_000),
        "http" => (64, 60_000),
        "http_512" => (512, 60_000),
        _ => return None,
    };
    Some(Load {
        connections,
        depth: 1,
        requests,
        kind: "http",
    })
}

same!({
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::body::Incoming;
    use hyper::rt::ReadBufCursor;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use rt::io::{AsyncRead, AsyncWrite, ReadBuf};
    use rt::net::{TcpListener, TcpStream};

    use crate::client;
    use crate::measurement::processor_nanos;

    /// The runtime's stream, as hyper wants it.
    struct Io(TcpStream);

    impl hyper::rt::Read for Io {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            mut buffer: ReadBufCursor<'_>,
        ) -> Poll<std::io::Result<()>> {
            // SAFETY: only initialised bytes are written, so nothing becomes uninitialised.
            let mut read = ReadBuf::uninit(unsafe { buffer.as_mut() });
            ready!(Pin::new(&mut self.0).poll_read(cx, &mut read))?;
            let filled = read.filled().len();
            // SAFETY: so many bytes were just filled.
            unsafe { buffer.advance(filled) };
            Poll::Ready(Ok(()))
        }
    }

    impl hyper::rt::Write for Io {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<std::io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }

    async fn answer(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        Ok(Response::new(Full::new(Bytes::from_static(
            b"Hello from the sea",
        ))))
    }

    pub(crate) async fn serve(listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket option");
            rt::spawn(async move {
                let connection =
                    http1::Builder::new().serve_connection(Io(stream), service_fn(answer));
                // The client ends by closing its sockets.
                let _end = connection.await;
            });
        }
    }

    /// Processor time per request of a server to which `load` sends requests and says how many.
    fn served(
        workers: Option<usize>,
        load: impl FnOnce(std::net::SocketAddr) -> Option<u64> + Send + 'static,
    ) -> Option<f64> {
        on(workers, async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("bound");
            let server = rt::spawn(serve(listener));
            let begun = processor_nanos();
            let requests = rt::task::spawn_blocking(move || load(address)).await;
            let used = (processor_nanos() - begun) as f64;
            server.abort();
            Some(used / requests.expect("no panic")? as f64)
        })
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        if benchmark == "http_wrk" {
            return served(workers, |address| {
                client::wrk(address, super::WRK_CONNECTIONS)
            });
        }
        let load = super::load(benchmark)?;
        served(workers, move |address| {
            let ended = client::start(address, load).wait();
            assert!(
                ended.is_ok_and(|ended| ended.success()),
                "the client failed"
            );
            Some(load.requests as u64)
        })
    }
});
