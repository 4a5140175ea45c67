//! hyper and hyper-util: HTTP/1 and HTTP/2, a pooled client, upgrades, bodies in both directions.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers with the request's body, or with its version.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let version = format!("{:?}", request.version());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = if body.is_empty() {
        Bytes::from(version)
    } else {
        body
    };
    Ok(Response::new(Full::new(body)))
}

async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder.http1().timer(TokioTimer::new());
                builder.http2().timer(TokioTimer::new());
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooled_client_over_http_1() {
    let at = serve().await;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build_http();
    for size in [1, 1_000, 1_000_000] {
        let body = Bytes::from(vec![b's'; size]);
        let request = Request::post(format!("http://{at}/"))
            .body(Full::new(body.clone()))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            body
        );
    }
    let requests = (0..64).map(|_| client.get(format!("http://{at}/").parse().unwrap()));
    for response in futures::future::join_all(requests).await {
        assert_eq!(response.unwrap().version(), Version::HTTP_11);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_over_one_http_2_connection() {
    let at = serve().await;
    let stream = TcpStream::connect(at).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let requests = (0..200).map(|number| {
        let mut sender = sender.clone();
        async move {
            let chunks =
                futures::stream::iter((0..10).map(move |_| {
                    Ok::<_, Infallible>(Frame::data(Bytes::from(format!("{number} "))))
                }));
            let request = Request::post("http://sea/")
                .body(StreamBody::new(chunks))
                .unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.version(), Version::HTTP_2);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, format!("{number} ").repeat(10));
        }
    });
    futures::stream::iter(requests)
        .buffer_unordered(50)
        .collect::<()>()
        .await;
    drop(sender);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_upgraded_connection_carries_bytes() {
    async fn upgrade(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        tokio::spawn(async move {
            let upgraded = hyper::upgrade::on(request).await.unwrap();
            let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
            tokio::io::copy(&mut read, &mut write).await.unwrap();
            write.shutdown().await.unwrap();
        });
        let response = Response::builder().status(101).header("upgrade", "echo");
        Ok(response.body(Empty::new()).unwrap())
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(upgrade));
        connection.with_upgrades().await.unwrap();
    });
    let stream = TcpStream::connect(at).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection.with_upgrades());
    let request = Request::get("/")
        .header("connection", "upgrade")
        .header("upgrade", "echo");
    let response = sender
        .send_request(request.body(Empty::<Bytes>::new()).unwrap())
        .await
        .unwrap();
    let mut upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    upgraded.write_all(b"to the land").await.unwrap();
    upgraded.shutdown().await.unwrap();
    let mut heard = String::new();
    upgraded.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "to the land");
}
