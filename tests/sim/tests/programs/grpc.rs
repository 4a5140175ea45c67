//! A service of tonic with its client: the health service, whose code its package has made from its protocol buffers.

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Answer;
use tonic_health::pb::health_client::HealthClient;

use super::setting::{disturb, ends, seeds};

const SERVICE: &str = "shop";

async fn serve() {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(SERVICE, ServingStatus::Serving)
        .await;
    tokio::spawn(async move {
        let states = [ServingStatus::NotServing, ServingStatus::Serving];
        for status in states.into_iter().cycle() {
            tokio::time::sleep(Duration::from_secs(3)).await;
            reporter.set_service_status(SERVICE, status).await;
        }
    });
    let listener = TcpListener::bind("0.0.0.0:50051").await.unwrap();
    Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
        .unwrap();
}

fn request() -> HealthCheckRequest {
    HealthCheckRequest {
        service: String::from(SERVICE),
    }
}

async fn watch() {
    let channel = Endpoint::from_static("http://server:50051")
        .connect()
        .await
        .unwrap();
    let mut client = HealthClient::new(channel);
    let once = client.check(request()).await.unwrap().into_inner();
    assert_eq!(once.status(), Answer::Serving);
    let mut states = client.watch(request()).await.unwrap().into_inner();
    let expected = [
        Answer::Serving,
        Answer::NotServing,
        Answer::Serving,
        Answer::NotServing,
    ];
    for expected in expected {
        let next = states.message().await.unwrap().unwrap();
        assert_eq!(next.status(), expected);
    }
}

#[test]
fn a_service_is_watched() {
    seeds().run(|world| async move {
        let _server = world.host("server").start(serve);
        world.sleep(Duration::from_secs(1)).await;
        let client = world.host("client").start(watch);
        ends(&world, &client, Duration::from_secs(60)).await;
    });
}

/// Asks until there were so many answers.
async fn insist() {
    let channel: Channel = Endpoint::from_static("http://server:50051")
        .connect_timeout(Duration::from_secs(1))
        .http2_keep_alive_interval(Duration::from_secs(1))
        .keep_alive_timeout(Duration::from_secs(1))
        .connect_lazy();
    let mut client = HealthClient::new(channel);
    let mut answers = 0;
    while answers < 30 {
        let asked = tokio::time::timeout(Duration::from_secs(1), client.check(request())).await;
        answers += u32::from(matches!(asked, Ok(Ok(_))));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn a_service_answers_in_spite_of_faults() {
    seeds().run(|world| async move {
        let server = world.host("server").start(serve);
        let client = world.host("client").start(insist);
        disturb(&world, &[&server, &client]).await;
        ends(&world, &client, Duration::from_secs(120)).await;
    });
}
